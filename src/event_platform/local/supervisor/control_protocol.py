"""The protocol between command line and supervisor: one JSON request and one JSON response over a Unix socket."""

import contextlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.local.process.identity import ProcessIdentity
from event_platform.local.supervisor.periodic_tasks import PeriodicTasks
from event_platform.local.supervisor.supervised_process import ProcessSnapshot

log = get_logger(__name__)

_DELAY_AFTER_FAILED_ACCEPT_SECONDS: Final = 0.5
_REQUEST_TIMEOUT_SECONDS: Final = 5.0
_LONGEST_SOCKET_PATH_BYTES: Final = 100
_MESSAGE_BYTES: Final = 1_048_576


class ControlRequest(msgspec.Struct, frozen=True):
    """``status``, or ``start`` or ``stop`` with a program's name; ``environment`` is for ``start``."""

    verb: str
    name: str = ""
    environment: dict[str, str] = {}


class ComponentStatus(msgspec.Struct, frozen=True):
    """A service or server; ``snapshot`` is None for an external server."""

    kind: str
    address: str
    snapshot: ProcessSnapshot | None


class ControlResponse(msgspec.Struct, frozen=True):
    """The result of a request, and the supervisor that carried it out; ``error`` is empty on success."""

    error: str = ""
    changed: bool = True
    started: bool = True
    entries: dict[str, ComponentStatus] = {}
    supervisor: ProcessIdentity | None = None


Handler = Callable[[ControlRequest], ControlResponse]


def serve(home: Path, handler: Handler) -> Path:
    """Answer requests in the background; return the socket's path, which the file ``control`` in ``home`` holds."""
    path = _socket_path(home)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(16)
    (home / "control").write_text(str(path), "utf-8")
    threading.Thread(target=_accept_forever, args=(listener, handler), name="control", daemon=True).start()
    return path


def _socket_path(home: Path) -> Path:
    inside = home / "control.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH_BYTES:
        return inside
    return Path(tempfile.mkdtemp(prefix="event-platform-", dir="/tmp")) / "control.sock"


def close(home: Path, path: Path) -> None:
    """Remove the files that `serve` created, ignoring those that are gone."""
    for each in (path, home / "control"):
        with contextlib.suppress(OSError):
            each.unlink()
    if path.parent != home:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def _accept_forever(listener: socket.socket, handler: Handler) -> None:
    tasks = PeriodicTasks()
    while True:
        if not tasks.run("accepting control requests", partial(_accept, listener, handler)):
            time.sleep(_DELAY_AFTER_FAILED_ACCEPT_SECONDS)


def _accept(listener: socket.socket, handler: Handler) -> None:
    connection, _ = listener.accept()
    threading.Thread(target=_answer, args=(connection, handler), daemon=True).start()


def _answer(connection: socket.socket, handler: Handler) -> None:
    with connection, contextlib.suppress(OSError, msgspec.DecodeError):
        connection.settimeout(_REQUEST_TIMEOUT_SECONDS)
        request = msgspec.json.decode(_read_line(connection), type=ControlRequest)
        response = _handle(request, handler)
        connection.sendall(msgspec.json.encode(response) + b"\n")


def _handle(request: ControlRequest, handler: Handler) -> ControlResponse:
    try:
        return handler(request)
    except PlatformError as error:
        return ControlResponse(error=str(error))
    except Exception as error:
        log.exception("control request failed", verb=request.verb, name=request.name)
        return ControlResponse(error=f"{request.verb} {request.name} failed: {error!r}")


def _read_line(connection: socket.socket) -> bytes:
    text = b""
    while not text.endswith(b"\n") and len(text) < _MESSAGE_BYTES:
        chunk = connection.recv(65_536)
        if not chunk:
            break
        text += chunk
    return text


def send(home: Path, request: ControlRequest, timeout_seconds: float = 10.0) -> ControlResponse | None:
    """Send a request to the supervisor of ``home``; None where no supervisor runs.

    Raises:
        UnavailableError: The supervisor does not answer.
    """
    try:
        path = (home / "control").read_text("utf-8")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_seconds)
            connection.connect(path)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            return msgspec.json.decode(_read_line(connection), type=ControlResponse)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (TimeoutError, OSError, msgspec.DecodeError) as error:
        raise UnavailableError(f"the supervisor in {home} does not answer: {error}") from error
