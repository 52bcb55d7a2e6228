"""How the command line talks to the supervisor: one JSON request and one JSON answer over a Unix socket."""

import contextlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from event_platform.core.errors import PlatformError, UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.local.process.identity import Identity
from event_platform.local.supervisor.periodic_tasks import Duties
from event_platform.local.supervisor.supervised_process import Snapshot

log = get_logger(__name__)

_PAUSE_SECONDS = 0.5
_LONGEST_PATH_BYTES = 100
_MESSAGE_BYTES = 1_048_576


class Request(msgspec.Struct, frozen=True):
    """``status``, or ``start`` or ``stop`` with a program's name; ``environment`` is for ``start``."""

    verb: str
    name: str = ""
    environment: dict[str, str] = {}


class Entry(msgspec.Struct, frozen=True):
    """A service or server; ``snapshot`` is None for a server that the user named."""

    kind: str
    address: str
    snapshot: Snapshot | None


class Answer(msgspec.Struct, frozen=True):
    """What came of a request, and who answers; ``error`` is empty where it went well."""

    error: str = ""
    changed: bool = True
    started: bool = True
    entries: dict[str, Entry] = {}
    supervisor: Identity | None = None


Handle = Callable[[Request], Answer]


def serve(home: Path, handle: Handle) -> Path:
    """Answer requests in the background; the socket's path is kept in the state folder, and returned."""
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
    threading.Thread(target=_serve, args=(listener, handle), name="control", daemon=True).start()
    return path


def _socket_path(home: Path) -> Path:
    inside = home / "control.sock"
    if len(os.fsencode(inside)) <= _LONGEST_PATH_BYTES:
        return inside
    return Path(tempfile.mkdtemp(prefix="event-platform-", dir="/tmp")) / "control.sock"


def close(home: Path, path: Path) -> None:
    """Remove what `serve` made, as far as it can be removed."""
    for each in (path, home / "control"):
        with contextlib.suppress(OSError):
            each.unlink()
    if path.parent != home:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def _serve(listener: socket.socket, handle: Handle) -> None:
    duties = Duties()
    while True:
        if not duties.run("accepting requests", partial(_accept, listener, handle)):
            time.sleep(_PAUSE_SECONDS)


def _accept(listener: socket.socket, handle: Handle) -> None:
    connection, _ = listener.accept()
    threading.Thread(target=_answer, args=(connection, handle), daemon=True).start()


def _answer(connection: socket.socket, handle: Handle) -> None:
    with connection, contextlib.suppress(OSError, msgspec.DecodeError):
        connection.settimeout(5)
        request = msgspec.json.decode(_read_line(connection), type=Request)
        try:
            answer = handle(request)
        except PlatformError as error:
            answer = Answer(error=str(error))
        except Exception as error:
            log.exception("request failed", verb=request.verb, name=request.name)
            answer = Answer(error=f"{request.verb} {request.name} failed: {error!r}")
        connection.sendall(msgspec.json.encode(answer) + b"\n")


def _read_line(connection: socket.socket) -> bytes:
    text = b""
    while not text.endswith(b"\n") and len(text) < _MESSAGE_BYTES:
        chunk = connection.recv(65_536)
        if not chunk:
            break
        text += chunk
    return text


def ask(home: Path, request: Request, timeout_seconds: float = 10.0) -> Answer | None:
    """The supervisor's answer; None where none is running.

    Raises:
        UnavailableError: It does not answer.
    """
    try:
        path = (home / "control").read_text("utf-8")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_seconds)
            connection.connect(path)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            return msgspec.json.decode(_read_line(connection), type=Answer)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (TimeoutError, OSError, msgspec.DecodeError) as error:
        raise UnavailableError(f"the supervisor in {home} does not answer: {error}") from error
