"""The failure demo's acts, in order: what each sends, and what it does meanwhile."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from event_platform.loadgen.demo.platform_control import start
from event_platform.loadgen.demo.runner import Stage, quota
from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.sending.load_run import Run
from event_platform.loadgen.traffic import scenario
from event_platform.loadgen.traffic.overrides import Changes, tailored
from event_platform.loadgen.traffic.scenario import Scenario

HIGH_QUOTA: Final = 600_000
_LOW_QUOTA_PER_SECOND: Final = 100
"""For each second that outages last: more than went before in the same minute, less than this act sends."""

_BEFORE_SECONDS: Final = 5.0
_RATE: Final = 50.0


class Act(Struct, frozen=True):
    """A part of the demo.

    Attributes:
        name: As given on the command line.
        promise: What it shows.
        traffic: What is sent, given how long outages last.
        script: What happens meanwhile.
        prepare: What happens before, with the tenants' names.
        conclude: What is said of the traffic afterwards.
        retries: Whether the producers send again what got no acknowledgement.
    """

    name: str
    promise: str
    traffic: Callable[[float], Scenario]
    script: Callable[[Stage], None]
    prepare: Callable[[Stage, list[str]], None] = lambda _stage, _tenants: None
    conclude: Callable[[Stage, Run], None] = lambda _stage, _run: None
    retries: bool = True


def _around_outage(outage_seconds: float) -> Scenario:
    # It lasts as long after the outage as during it, so that one sees the platform heal under load.
    seconds = _BEFORE_SECONDS + 2 * outage_seconds
    return tailored(scenario.load("baseline"), Changes(rps=_RATE, minutes=seconds / 60))


def _stop_of(name: str) -> Callable[[Stage], None]:
    def script(stage: Stage) -> None:
        stage.pause(_BEFORE_SECONDS)
        stage.outage(name)
        stage.watch_drain()

    return script


def _ends(stage: Stage, run: Run) -> None:
    tally = run.tally
    answers = ", ".join(f"{label}: {number:,}" for label, number in tally.answers.most_common())
    stage.say(f"{tally.sent:,} events, {tally.retries:,} sent again. Answers: {answers}")


def _poison(outage_seconds: float) -> Scenario:
    return tailored(scenario.load("poison"), Changes(rps=_RATE, minutes=outage_seconds / 120))


def _see_dead_letters(stage: Stage) -> None:
    before = _dead_by_code(stage)
    stage.ended.wait()
    stage.watch_drain()
    grown = {code: count - before.get(code, 0) for code, count in _dead_by_code(stage).items()}
    stage.say(f"new dead letters: {', '.join(f'{code} {count:,}' for code, count in grown.items() if count)}")
    stage.say(f"each with its reason and its bytes on {stage.api.url}/dlq")


def _dead_by_code(stage: Stage) -> dict[str, int]:
    overview: dict[str, Any] = stage.api.get("/admin/overview")
    return {each["code"]: each["count"] for each in overview["dead_by_code"]}


def _lower_quota(stage: Stage, tenants: list[str]) -> None:
    low = round(_LOW_QUOTA_PER_SECOND * stage.outage_seconds)
    limits = [(tenants[0], low), *((tenant, HIGH_QUOTA) for tenant in tenants[1:])]
    stage.say(f"starting ingest with a quota of {low:,} a minute for {tenants[0]}")
    start("ingest", quota(limits))


def _hot(outage_seconds: float) -> Scenario:
    return tailored(scenario.load("hot-tenant"), Changes(rps=300, minutes=0.75 * outage_seconds / 60))


def _by_tenant(stage: Stage, run: Run) -> None:
    for tenant in run.job.target.keys:
        limited = run.tally.count(Outcome.RATE_LIMITED, tenant)
        taken = run.tally.count(Outcome.ACCEPTED, tenant) + run.tally.count(Outcome.DUPLICATE, tenant)
        stage.say(f"{tenant}: {taken:,} accepted, {limited:,} answered 429")
    stage.say("starting ingest with the raised quota again")
    start("ingest", quota((tenant, HIGH_QUOTA) for tenant in run.job.target.keys))


ACTS: Final = (
    Act(
        "processor",
        "The processor is stopped under load: events wait in Kafka, and none is lost.",
        _around_outage,
        _stop_of("processor"),
        conclude=_ends,
    ),
    Act(
        "poison",
        "Broken events between good ones: each is refused or becomes a dead letter, alone.",
        _poison,
        _see_dead_letters,
        conclude=_ends,
        retries=False,
    ),
    Act(
        "quota",
        "One tenant goes over its quota: it gets 429, the other notices nothing.",
        _hot,
        lambda _stage: None,
        prepare=_lower_quota,
        conclude=_by_tenant,
        retries=False,
    ),
    Act(
        "postgres",
        "Postgres is stopped under load: ingest goes on, the processor waits, no event is dead-lettered for it.",
        _around_outage,
        _stop_of("postgres"),
        conclude=_ends,
    ),
    Act(
        "redis",
        "Redis is stopped under load: events are accepted all the same, and the store recognises the copies.",
        _around_outage,
        _stop_of("redis"),
        conclude=_ends,
    ),
    Act(
        "kafka",
        "Kafka is stopped under load: ingest acknowledges nothing that Kafka does not have, and producers send again.",
        _around_outage,
        _stop_of("kafka"),
        conclude=_ends,
    ),
)
