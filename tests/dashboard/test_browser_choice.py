"""The browser that is used: the installed one, else the system's package, else Playwright's, else a sentence."""

import pytest
from tests.dashboard import browser

NPX = ["npx"]


@pytest.fixture(autouse=True)
def _no_choice_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)


def _nothing(_name: str) -> None:
    return None


def test_installed_browser_is_used_and_nothing_fetched() -> None:
    """A Chrome on PATH is enough."""
    found = browser.find(
        NPX, is_root=True, which=lambda name: f"/bin/{name}" if name == "google-chrome" else None, run=lambda _: False
    )
    assert found == {"CHROMIUM_PATH": "/bin/google-chrome"}


def test_root_on_debian_installs_the_package() -> None:
    """Where apt is there and may be used, it is."""
    ran: list[list[str]] = []

    def run(command: list[str]) -> bool:
        ran.append(command)
        return True

    def which(name: str) -> str | None:
        there = name == "apt-get" or (name == "chromium" and len(ran) == 2)
        return f"/usr/bin/{name}" if there else None

    assert browser.find(NPX, is_root=True, which=which, run=run) == {"CHROMIUM_PATH": "/usr/bin/chromium"}
    assert [command[:2] for command in ran] == [["apt-get", "update"], ["apt-get", "install"]]


def test_ordinary_user_gets_playwrights_own() -> None:
    """Without root no package is tried, though apt is there."""
    ran: list[list[str]] = []

    def run(command: list[str]) -> bool:
        ran.append(command)
        return True

    found = browser.find(
        NPX, is_root=False, which=lambda name: "/usr/bin/apt-get" if name == "apt-get" else None, run=run
    )
    assert found == {}
    assert ran == [["npx", "playwright", "install", "chromium"]]


def test_without_any_one_sentence_says_what_helps() -> None:
    """It fails, and is not skipped, with the command."""
    with pytest.raises(browser.BrowserMissingError, match="apt-get install chromium"):
        browser.find(NPX, is_root=True, which=_nothing, run=lambda _: False)


def test_browser_named_by_the_user_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHROMIUM_PATH is left as it is."""
    monkeypatch.setenv("CHROMIUM_PATH", "/opt/mine")
    found = browser.find(NPX, is_root=True, which=lambda name: f"/bin/{name}", run=lambda _: False)
    assert found == {"CHROMIUM_PATH": "/opt/mine"}
