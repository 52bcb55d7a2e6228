"""Every control request gets a response, whatever goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.error_watch import ExpectErrors

from event_platform.core.errors import ConfigurationError
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ControlRequest, ControlResponse


def _handler(request: ControlRequest) -> ControlResponse:
    if request.verb == "start":
        raise OSError(28, "No space left on device")
    if request.verb == "stop":
        raise ConfigurationError("no such program")
    return ControlResponse(changed=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state directory whose control socket is served."""
    path = control_protocol.serve(tmp_path, _handler)
    yield tmp_path
    control_protocol.close(tmp_path, path)


def test_a_failed_request_gets_an_error_response(home: Path, expect_errors: ExpectErrors) -> None:
    """Expected and unexpected errors both reach the client, and the next request is still served."""
    expect_errors("request failed")
    failed, refused = (
        control_protocol.send(home, ControlRequest("start", "ingest")),
        control_protocol.send(home, ControlRequest("stop", "ingest")),
    )
    assert failed
    assert "start ingest failed: OSError(28, 'No space left on device')" in failed.error
    assert refused
    assert refused.error == "no such program"
    assert control_protocol.send(home, ControlRequest("status")) == ControlResponse(changed=False)


def test_closing_tolerates_a_missing_socket(tmp_path: Path) -> None:
    """Shutdown succeeds although somebody removed the socket and its file."""
    path = control_protocol.serve(tmp_path, _handler)
    (tmp_path / "control").unlink()
    path.unlink()
    control_protocol.close(tmp_path, path)
    assert control_protocol.send(tmp_path, ControlRequest("status")) is None
