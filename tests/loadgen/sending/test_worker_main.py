"""What a worker reports to its parent, and in which order."""

import threading
import time
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any, cast

from tests.loadgen.builders import make_config, steady
from tests.loadgen.stub_server import StubServer

from event_platform.loadgen.recording.counters import Counters
from event_platform.loadgen.sending import worker_main
from event_platform.loadgen.sending.worker_main import WorkerFinished

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SLOW_SECONDS = 0.5


class SlowPipe:
    """A pipe that delays the first report until the last message has been sent, or half a second has passed."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._finished_is_sent = threading.Event()
        self._is_first = True

    def recv(self) -> Any:  # noqa: ANN401 - the signature of Connection
        """Receive without delay."""
        return self._pipe.recv()

    def send(self, message: object) -> None:
        """Send; the first report late."""
        if isinstance(message, Counters) and self._is_first:
            self._is_first = False
            self._finished_is_sent.wait(SLOW_SECONDS)
        self._pipe.send(message)
        if isinstance(message, WorkerFinished):
            self._finished_is_sent.set()


def test_every_report_precedes_the_last_message(stub: StubServer) -> None:
    """A parent that reads up to the last message has counted every event, even if a report was slow."""
    parent_end, worker_end = Pipe()
    seconds = worker_main.REPORT_SECONDS + SLOW_SECONDS / 2
    config = make_config(stub, steady(20, seconds))
    sending = threading.Thread(
        target=worker_main.main, args=(config, cast("Connection[Any, Any]", SlowPipe(worker_end)))
    )
    sending.start()
    assert parent_end.recv() == "ready"
    parent_end.send(time.monotonic())
    counters = Counters()
    while not isinstance(message := parent_end.recv(), WorkerFinished):
        counters.merge(message)
    parent_end.close()
    sending.join()
    worker_end.close()
    assert counters.sent == len(stub.received) > 0
