"""The main loop of a worker: when to poll, when to process, and how to keep Kafka served meanwhile."""

import threading
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.batch_in_flight import BatchInFlight
from event_platform.processor.consumer.broker_loss import LostConsumerDetector
from event_platform.processor.consumer.positioning import PartitionPositioner
from event_platform.processor.consumer.source import Source
from event_platform.processor.outages.retry import StoppedError
from event_platform.processor.outages.stuck_detector import StuckDetector
from event_platform.processor.pipeline import Pipeline, process
from event_platform.processor.reporter import Reporter
from event_platform.processor.storage.writer import WriteResult

POLL_SECONDS: Final = 0.2
POLL_WHILE_STORING_SECONDS: Final = 0.005
PAUSE_AFTER_SECONDS: Final = 1.0
FINISH_WITHIN_SECONDS: Final = 3.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoopMonitors:
    """What the loop calls in every turn, besides its work."""

    reporter: Reporter
    lost_consumer: LostConsumerDetector
    stuck_detectors: tuple[StuckDetector, ...]


class Loop:
    """Runs with one consumer, on the main thread."""

    def __init__(
        self,
        pipeline: Pipeline,
        source: Source,
        positioner: PartitionPositioner,
        monitors: LoopMonitors,
        stop: threading.Event,
    ) -> None:
        """Process the batches of ``source`` until ``stop`` is set."""
        self._pipeline = pipeline
        self._source = source
        self._positioner = positioner
        self._monitors = monitors
        self._stop = stop
        self._in_flight = BatchInFlight[WriteResult](
            pipeline.session.thread,
            on_start=monitors.reporter.batch_started,
            on_finish=self._batch_stored,
            while_waiting=self._keep_polling,
        )

    def run(self) -> None:
        """Process until told to stop.

        Raises:
            FencedInstanceError: Another member of the group has our name.
            LostConsumerError: The consumer finds no broker any more, though other clients do.
        """
        try:
            self._source.subscribe()
            while not self._stop.is_set():
                self._turn()
        except StoppedError:
            log.info("stopping; what is not stored is read again after the restart")
        finally:
            self._finish_last_batch()

    def _turn(self) -> None:
        self._positioner.update(is_idle=self._in_flight.is_empty())
        polled = self._source.poll(self._poll_seconds())
        if polled is not None:
            process(polled, self._pipeline, self._in_flight)
        elif self._in_flight.is_done():
            self._in_flight.finish()
        self._check_stuck()
        self._monitors.lost_consumer.check()
        self._monitors.reporter.observe(self._source)

    def _check_stuck(self) -> None:
        for detector in self._monitors.stuck_detectors:
            detector.check()

    def _poll_seconds(self) -> float:
        """How long to wait for records: briefly while a batch may finish soon, but not all through an outage."""
        is_storing = not self._in_flight.is_empty() and self._in_flight.seconds() < PAUSE_AFTER_SECONDS
        return POLL_WHILE_STORING_SECONDS if is_storing or self._positioner.expects_answer() else POLL_SECONDS

    def _batch_stored(self, write_result: WriteResult) -> None:
        self._source.resume()
        self._monitors.reporter.batch_stored(write_result)
        if write_result.mismatched:
            log.info(
                "offset mismatch with Postgres; repositioning partitions", partitions=sorted(write_result.mismatched)
            )
            self._source.assignment.reset_positions(write_result.mismatched)

    def _keep_polling(self) -> None:
        """Stay a member of the group while the next batch waits for the one in flight."""
        if self._stop.is_set():
            raise StoppedError
        self._check_stuck()
        if self._in_flight.seconds() > PAUSE_AFTER_SECONDS:
            self._source.serve_paused()
        self._monitors.reporter.observe(self._source)

    def _finish_last_batch(self) -> None:
        """Store the batch in flight completely, or roll it back."""
        try:
            write_result = self._in_flight.last_result(FINISH_WITHIN_SECONDS)
        except (StoppedError, FutureTimeoutError):
            self._pipeline.session.database.abort()
        else:
            if write_result is not None:
                self._monitors.reporter.batch_stored(write_result)
