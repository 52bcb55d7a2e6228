"""The supervisor answers whatever it is asked, and whatever goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.error_watch import ExpectErrors

from event_platform.core.errors import ConfigurationError
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import Answer, Request


def _handle(request: Request) -> Answer:
    if request.verb == "start":
        raise OSError(28, "No space left on device")
    if request.verb == "stop":
        raise ConfigurationError("no such program")
    return Answer(changed=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose requests are answered."""
    path = control_protocol.serve(tmp_path, _handle)
    yield tmp_path
    control_protocol.close(tmp_path, path)


def test_a_request_that_fails_is_answered(home: Path, expect_errors: ExpectErrors) -> None:
    """With what went wrong, expected or not; and so is the next."""
    expect_errors("request failed")
    failed, refused = (
        control_protocol.ask(home, Request("start", "ingest")),
        control_protocol.ask(home, Request("stop", "ingest")),
    )
    assert failed
    assert "start ingest failed: OSError(28, 'No space left on device')" in failed.error
    assert refused
    assert refused.error == "no such program"
    assert control_protocol.ask(home, Request("status")) == Answer(changed=False)


def test_a_socket_that_is_gone_is_closed(tmp_path: Path) -> None:
    """Ending is not kept by what somebody removed."""
    path = control_protocol.serve(tmp_path, _handle)
    (tmp_path / "control").unlink()
    path.unlink()
    control_protocol.close(tmp_path, path)
    assert control_protocol.ask(tmp_path, Request("status")) is None
