"""The dashboard in a real browser, on the services of the platform and the run's servers."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.dashboard import browser
from tests.fixtures.services import RunService

ROOT = Path(__file__).parents[2]
WITH_NODE = [str(ROOT / "scripts" / "with-node")]
NPM = [*WITH_NODE, "npm", "--prefix", "dashboard"]
TENANT, API_KEY, TOKEN = "tenant_a", "key_a", "a-token-of-the-tests"
SECONDS = 1_200
"""About a minute on a quiet machine."""


@dataclass(frozen=True)
class Platform:
    """Where its parts are."""

    admin_url: str
    locked_admin_url: str
    ingest_url: str
    processor_pid: int


@pytest.fixture(scope="module")
def platform(run_service_for_module: RunService) -> Platform:
    """All three services, with a quota that the tests stay under; admin once more, with a token."""
    ingest = run_service_for_module("ingest", RATE_LIMIT_PER_MIN=10_000)
    processor = run_service_for_module("processor")
    ports = {"INGEST_PORT": ingest.address[1], "PROCESSOR_PORT": processor.address[1]}
    admin = run_service_for_module("admin", **ports)
    locked = run_service_for_module("admin", ADMIN_TOKENS=f"tests:{TOKEN}", **ports)
    return Platform(admin.url, locked.url, ingest.url, processor.pid)


@pytest.fixture(scope="module")
def browser_environment() -> dict[str, str]:
    """What Playwright must know of the browser."""
    try:
        return browser.find([*WITH_NODE, "npx", "--prefix", "dashboard"], is_root=os.geteuid() == 0)
    except browser.BrowserMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.timeout(SECONDS + 60)
def test_dashboard_in_a_browser(platform: Platform, browser_environment: dict[str, str]) -> None:
    """All of `dashboard/e2e`: what is sent is shown, faults are reported, and the pages are accessible."""
    results = Path(os.environ.get("TEST_RESULTS", ROOT / ".build" / "results")) / "browser.xml"
    finished = subprocess.run(
        [*NPM, "run", "--silent", "e2e", "--", "--reporter=list,junit"],
        cwd=ROOT,
        env=os.environ | browser_environment | _told(platform) | {"PLAYWRIGHT_JUNIT_OUTPUT_FILE": str(results)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout


def _told(platform: Platform) -> dict[str, str]:
    return {
        "BASE_URL": platform.admin_url,
        "LOCKED_URL": platform.locked_admin_url,
        "TOKEN": TOKEN,
        "INGEST_URL": platform.ingest_url,
        "PROCESSOR_PID": str(platform.processor_pid),
        "TENANT": TENANT,
        "API_KEY": API_KEY,
    }
