"""What a run sends, where and how."""

from dataclasses import dataclass
from pathlib import Path

from event_platform.loadgen.sending.target import Target
from event_platform.loadgen.traffic.scenario import Scenario


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How requests are sent.

    Attributes:
        timeout_seconds: Limit for one attempt, the wait for a connection included.
        connections: Limit of open connections.
        retries: Whether to retry as a well-behaved producer does.
        as_batches: Whether events go to ``/events/batch``.
    """

    timeout_seconds: float = 10.0
    connections: int = 500
    retries: bool = False
    as_batches: bool = False


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What to send, where and how, and which share of it this worker sends.

    Attributes:
        batch_size: Events per batch; None sends single events.
        attempt_log: File for every attempt; None keeps none.
        share: Index of this worker from 0, and the number of workers.
    """

    scenario: Scenario
    target: Target
    seed: int
    send_options: SendOptions
    batch_size: int | None = None
    attempt_log: Path | None = None
    share: tuple[int, int] = (0, 1)
