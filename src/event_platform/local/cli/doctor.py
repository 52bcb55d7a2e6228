"""`event-platform doctor`: checks every prerequisite, and names the remedy where one is not met."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Final

from event_platform.core.errors import PlatformError
from event_platform.core.settings.model import Settings
from event_platform.local.servers import external_servers, kafka, kafka_jars, local_servers
from event_platform.local.servers.java import find_java
from event_platform.local.servers.required_packages import check_installed
from event_platform.local.state_dir import directory, lock
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.supervisor import control_protocol, services
from event_platform.local.supervisor.control_protocol import ControlRequest
from event_platform.local.supervisor.supervised_process import ProcessState


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check; ``message`` says what was found, or what is wrong and what to do."""

    subject: str
    is_ok: bool
    message: str


def run_checks(settings: Settings) -> Iterator[CheckResult]:
    """Check everything that `up` needs, in the order in which `up` needs it."""
    state_dir = directory.locate(settings.event_platform_home)
    where = f"{state_dir.home}, servers' data in {state_dir.server_data}"
    yield _check("state directory", state_dir.check, where)
    yield from _settings(settings)
    yield from _servers(settings, state_dir)
    yield from (_running_platform(state_dir) if lock.is_held(state_dir.lock_file) else _service_ports(settings))
    yield _dashboard()


def _settings(settings: Settings) -> Iterator[CheckResult]:
    yield from (CheckResult("settings", is_ok=True, message=remark) for remark in settings.warnings)
    yield _check("API keys", lambda: f"{len(settings.key_pairs())} are known")
    yield _check("rate limits", lambda: "; ".join(settings.check_limits()), "each belongs to a tenant with a key")
    yield _check("admin tokens", lambda: f"{len(settings.named_tokens())} are known")


_EXTERNAL_CHECKS: Final[dict[str, Callable[[Settings], None]]] = {
    "kafka": external_servers.check_kafka,
    "postgres": external_servers.check_postgres,
    "redis": external_servers.check_redis,
}


def _servers(settings: Settings, state_dir: StateDirectory) -> Iterator[CheckResult]:
    external = external_servers.names(settings)
    if len(external) < len(local_servers.NAMES):
        yield _check("packages", check_installed, "all packages of the extra [local] are installed")
    for name, check in _EXTERNAL_CHECKS.items():
        if name in external:
            yield _check(name, partial(check, settings), "the external server answers")
    if "kafka" not in external:
        yield _check("java", lambda: str(find_java(state_dir)))
        yield _kafka_jars(settings, state_dir)


def _check(subject: str, check: Callable[[], str | None], ok: str = "") -> CheckResult:
    try:
        return CheckResult(subject, is_ok=True, message=check() or ok)
    except PlatformError as error:
        return CheckResult(subject, is_ok=False, message=str(error))


def _kafka_jars(settings: Settings, state_dir: StateDirectory) -> CheckResult:
    if settings.kafka_home:
        return _check("kafka", partial(kafka.check_home, settings.kafka_home), "KAFKA_HOME has its jars")
    cache = state_dir.cache_directory()
    missing = len(kafka_jars.missing(cache, kafka_jars.required_jars()))
    if missing:
        message = f"{missing} files (54 MB at most) will be fetched by the first `up`"
        return CheckResult("kafka", is_ok=True, message=message)
    return CheckResult("kafka", is_ok=True, message=f"{kafka_jars.VERSION} is in {cache}")


def _service_ports(settings: Settings) -> Iterator[CheckResult]:
    for name, (host, port) in services.addresses(settings).items():
        yield _check(f"port of {name}", partial(services.check_port, name, host, port), f"{port} is free")


def _running_platform(state_dir: StateDirectory) -> Iterator[CheckResult]:
    message = "the platform is running; `event-platform status` shows its ports"
    yield CheckResult("ports", is_ok=True, message=message)
    response = control_protocol.send(state_dir.home, ControlRequest("status"))
    for name, component in (response.entries if response else {}).items():
        if component.snapshot and component.snapshot.state is not ProcessState.READY:
            yield CheckResult(name, is_ok=False, message=_remedy(name, component.snapshot.state))


def _remedy(name: str, state: ProcessState) -> str:
    if state is ProcessState.STOPPED:
        return f"is stopped: `event-platform start {name}`"
    return f"is {state}, and not ready: `event-platform logs {name}` may say why"


def _dashboard() -> CheckResult:
    is_built = files("event_platform.admin").joinpath("dashboard", "index.html").is_file()
    message = "is built" if is_built else "is not built: run `make dashboard`, or install a built wheel"
    return CheckResult("dashboard", is_ok=is_built, message=message)
