"""The failure demo's experiments, in order: what each sends, and what it does to the platform meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from event_platform.loadgen.demo import platform_control
from event_platform.loadgen.demo.rate_limits import raised_quotas, rate_limits_setting
from event_platform.loadgen.demo.runner import ExperimentRunner
from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.sending.load_run import LoadRun
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.overrides import Overrides, apply_overrides
from event_platform.loadgen.traffic.scenario import Scenario

_LOW_QUOTA_PER_SECOND: Final = 100
"""Per second of an outage: more than was sent earlier in the same minute, less than the quota experiment sends."""

_LEAD_SECONDS: Final = 5.0
"""Traffic before an outage."""

_RATE: Final = 50.0
_QUOTA_RATE: Final = 300.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """One part of the failure demo.

    Attributes:
        name: As given on the command line.
        description: What happens, and what is expected.
        scenario: What is sent, given the length of outages in seconds.
        actions: What happens to the platform meanwhile.
        prepare: What happens before, given the tenants' names.
        conclude: What is said about the traffic afterwards.
        retries: Whether producers retry what was not acknowledged.
    """

    name: str
    description: str
    scenario: Callable[[float], Scenario]
    actions: Callable[[ExperimentRunner], None]
    prepare: Callable[[ExperimentRunner, list[str]], None] = lambda _runner, _tenants: None
    conclude: Callable[[ExperimentRunner, LoadRun], None] = lambda _runner, _run: None
    retries: bool = True


def _around_outage(outage_seconds: float) -> Scenario:
    # Traffic continues after the outage for as long as it lasted, to show the recovery under load.
    seconds = _LEAD_SECONDS + 2 * outage_seconds
    return apply_overrides(scenario_files.load("baseline"), Overrides(rps=_RATE, minutes=seconds / 60))


def _outage_of(name: str) -> Callable[[ExperimentRunner], None]:
    def actions(runner: ExperimentRunner) -> None:
        runner.pause(_LEAD_SECONDS)
        runner.cause_outage(name)
        runner.watch_drain()

    return actions


def _show_answers(runner: ExperimentRunner, run: LoadRun) -> None:
    counters = run.counters
    answers = ", ".join(f"{label}: {number:,}" for label, number in counters.answers.most_common())
    runner.say(f"{counters.sent:,} events, {counters.retries:,} retries. Answers: {answers}")


def _poison(outage_seconds: float) -> Scenario:
    return apply_overrides(scenario_files.load("poison"), Overrides(rps=_RATE, minutes=outage_seconds / 120))


def _show_dead_letters(runner: ExperimentRunner) -> None:
    before = _dead_by_code(runner)
    runner.traffic_ended.wait()
    runner.watch_drain()
    increase = {code: count - before.get(code, 0) for code, count in _dead_by_code(runner).items()}
    runner.say(f"new dead letters: {', '.join(f'{code} {count:,}' for code, count in increase.items() if count)}")
    runner.say(f"each is shown with its reason and its bytes on {runner.api.url}/dlq")


def _dead_by_code(runner: ExperimentRunner) -> dict[str, int]:
    overview: dict[str, Any] = runner.api.get("/admin/overview")
    return {each["code"]: each["count"] for each in overview["dead_by_code"]}


def _lower_quota(runner: ExperimentRunner, tenants: list[str]) -> None:
    low = round(_LOW_QUOTA_PER_SECOND * runner.outage_seconds)
    runner.say(f"restarting ingest with a quota of {low:,} per minute for {tenants[0]}")
    platform_control.start("ingest", rate_limits_setting(raised_quotas(tenants) | {tenants[0]: low}))


def _hot_tenant(outage_seconds: float) -> Scenario:
    minutes = 0.75 * outage_seconds / 60
    return apply_overrides(scenario_files.load("hot-tenant"), Overrides(rps=_QUOTA_RATE, minutes=minutes))


def _show_tenants(runner: ExperimentRunner, run: LoadRun) -> None:
    tenants = run.config.target.keys
    for tenant in tenants:
        limited = run.counters.count(Outcome.RATE_LIMITED, tenant)
        accepted = run.counters.count(Outcome.ACCEPTED, tenant) + run.counters.count(Outcome.DUPLICATE, tenant)
        runner.say(f"{tenant}: {accepted:,} accepted, {limited:,} answered 429")
    runner.say("restarting ingest with the raised quota")
    platform_control.start("ingest", rate_limits_setting(raised_quotas(tenants)))


EXPERIMENTS: Final = (
    Experiment(
        "processor",
        "The processor is stopped under load: events wait in Kafka, and none is lost.",
        _around_outage,
        _outage_of("processor"),
        conclude=_show_answers,
    ),
    Experiment(
        "poison",
        "Malformed events among valid ones: each is refused or dead-lettered on its own.",
        _poison,
        _show_dead_letters,
        conclude=_show_answers,
        retries=False,
    ),
    Experiment(
        "quota",
        "One tenant exceeds its quota: it gets 429, and the other tenant is not affected.",
        _hot_tenant,
        lambda _runner: None,
        prepare=_lower_quota,
        conclude=_show_tenants,
        retries=False,
    ),
    Experiment(
        "postgres",
        "Postgres is stopped under load: ingest continues, the processor waits, and no event is dead-lettered for it.",
        _around_outage,
        _outage_of("postgres"),
        conclude=_show_answers,
    ),
    Experiment(
        "redis",
        "Redis is stopped under load: events are still accepted, and the processor recognises the duplicates.",
        _around_outage,
        _outage_of("redis"),
        conclude=_show_answers,
    ),
    Experiment(
        "kafka",
        "Kafka is stopped under load: ingest acknowledges nothing that Kafka does not have, and producers retry.",
        _around_outage,
        _outage_of("kafka"),
        conclude=_show_answers,
    ),
)
