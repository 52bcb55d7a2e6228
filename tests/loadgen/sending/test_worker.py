"""What a sending process reports to its parent, and in which order."""

import threading
import time
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any, cast

from tests.loadgen.conftest import Stub, make_job, steady

from event_platform.loadgen.recording.counters import Tally
from event_platform.loadgen.sending import worker
from event_platform.loadgen.sending.worker import Finished

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SLOW_SECONDS = 0.5


class SlowPipe:
    """A pipe through which the first report gets only after the last word, or late."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        """Nothing is sent yet."""
        self._pipe = pipe
        self._last_word_is_out = threading.Event()
        self._is_first = True

    def recv(self) -> Any:  # noqa: ANN401 - as the pipe's
        """As the pipe's."""
        return self._pipe.recv()

    def send(self, message: object) -> None:
        """As the pipe's."""
        if isinstance(message, Tally) and self._is_first:
            self._is_first = False
            self._last_word_is_out.wait(SLOW_SECONDS)
        self._pipe.send(message)
        if isinstance(message, Finished):
            self._last_word_is_out.set()


def test_every_report_comes_before_the_last_word(stub: Stub) -> None:
    """Also one that is still on its way when the run ends: who reads until the last word has counted everything."""
    ours, theirs = Pipe()
    seconds = worker.REPORT_SECONDS + SLOW_SECONDS / 2
    job = make_job(stub, steady(20, seconds))
    sending = threading.Thread(target=worker.main, args=(job, cast("Connection[Any, Any]", SlowPipe(theirs))))
    sending.start()
    assert ours.recv() == "ready"
    ours.send(time.monotonic())
    tally = Tally()
    while not isinstance(message := ours.recv(), Finished):
        tally.add(message)
    ours.close()
    sending.join()
    theirs.close()
    assert tally.sent == len(stub.received) > 0
