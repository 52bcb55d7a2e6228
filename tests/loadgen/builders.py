"""Scenarios, run configurations and runs for tests."""

from tests.loadgen.stub_server import StubServer

from event_platform.loadgen.sending.load_run import LoadRun, run_load
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.events import Request
from event_platform.loadgen.traffic.plan import Plan
from event_platform.loadgen.traffic.scenario import Phase, Scenario

KEYS = {"tenant_a": "key_a", "tenant_b": "key_b"}
TENANTS = tuple(KEYS)


def steady(rate: float, seconds: float, **mix: float) -> Scenario:
    """Return a scenario with one phase, evenly spaced."""
    return Scenario("a test", (Phase(seconds, rate, mix=mix),))


def requests_of(scenario: Scenario, seed: int = 7) -> list[Request]:
    """Return all requests of a scenario."""
    return list(Plan(scenario, TENANTS, seed))


def make_config(stub: StubServer, scenario: Scenario | str, **send_options: object) -> RunConfig:
    """Return the configuration that sends a scenario to the stub with seed 7."""
    loaded = scenario_files.load(scenario) if isinstance(scenario, str) else scenario
    options = SendOptions(**send_options)  # type: ignore[arg-type]  # its fields, by name
    return RunConfig(loaded, parse_target(stub.url, KEYS), 7, options)


def send(stub: StubServer, scenario: Scenario | str, **send_options: object) -> LoadRun:
    """Send a scenario from one worker; return when every event has its result."""
    return run_load(make_config(stub, scenario, **send_options), 1, lambda _run: None)
