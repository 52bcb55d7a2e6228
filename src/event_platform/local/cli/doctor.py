"""`event-platform doctor`: one line for each thing that must be in order, and what to do where it is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

from event_platform.core.errors import PlatformError
from event_platform.core.settings.declaration import Settings
from event_platform.local.servers import external_servers, java, kafka, kafka_jars
from event_platform.local.servers.required_packages import check_installed
from event_platform.local.state_dir import directory, lock
from event_platform.local.state_dir.directory import Place
from event_platform.local.supervisor import control_protocol, services
from event_platform.local.supervisor.control_protocol import Request
from event_platform.local.supervisor.supervised_process import State


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is in order, and what was found or is to be done."""

    about: str
    is_ok: bool
    text: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that `up` needs, in its order."""
    found = directory.find(settings.event_platform_home)
    yield _try("state folder", found.check, f"{found.home}, servers' data in {found.servers}")
    yield from (Finding("settings", is_ok=True, text=remark) for remark in settings.remarks)
    yield _try("API keys", lambda: f"{len(settings.key_pairs())} are known")
    yield _try("rate limits", lambda: "; ".join(settings.check_limits()), "each is of a tenant that has a key")
    yield _try("admin tokens", lambda: f"{len(settings.named_tokens())} are known")
    named = external_servers.names(settings)
    if len(named) < len(_GIVEN_CHECKS):
        yield _try("packages", check_installed, "all of the extra [local] are installed")
    for name in ("kafka", "postgres", "redis"):
        if name in named:
            yield _try(name, partial(_GIVEN_CHECKS[name], settings), "the one you named answers")
    if "kafka" not in named:
        yield _try("java", lambda: str(java.find(found)))
        yield _kafka_jars(settings, found)
    yield from (_running(found) if lock.is_held(found.lock) else _service_ports(settings))
    yield _dashboard()


_GIVEN_CHECKS: dict[str, Callable[[Settings], None]] = {
    "kafka": external_servers.check_kafka,
    "postgres": external_servers.check_postgres,
    "redis": external_servers.check_redis,
}


def _try(about: str, check: Callable[[], str | None], ok: str = "") -> Finding:
    try:
        return Finding(about, is_ok=True, text=check() or ok)
    except PlatformError as error:
        return Finding(about, is_ok=False, text=str(error))


def _kafka_jars(settings: Settings, where: Place) -> Finding:
    if settings.kafka_home:
        return _try("kafka", partial(kafka.check_home, settings.kafka_home), "KAFKA_HOME has its jars")
    missing = len(kafka_jars.missing(where.cache(), kafka_jars.listed()))
    if missing:
        return Finding("kafka", is_ok=True, text=f"{missing} files (54 MB at most) will be fetched by the first `up`")
    return Finding("kafka", is_ok=True, text=f"{kafka_jars.VERSION} is in {where.cache()}")


def _service_ports(settings: Settings) -> Iterator[Finding]:
    for name, (host, port) in services.addresses(settings).items():
        yield _try(f"port of {name}", partial(services.check_port, name, host, port), f"{port} is free")


def _running(where: Place) -> Iterator[Finding]:
    yield Finding("ports", is_ok=True, text="the platform is running; `event-platform status` shows its ports")
    answer = control_protocol.ask(where.home, Request("status"))
    for name, entry in (answer.entries if answer else {}).items():
        if entry.snapshot and entry.snapshot.state is not State.READY:
            yield Finding(name, is_ok=False, text=_remedy(name, entry.snapshot.state))


def _remedy(name: str, state: State) -> str:
    if state is State.STOPPED:
        return f"is stopped: `event-platform start {name}`"
    return f"is {state}, and not ready: `event-platform logs {name}` may say why"


def _dashboard() -> Finding:
    built = files("event_platform.admin").joinpath("dashboard", "index.html").is_file()
    text = "is built" if built else "is not built: run `make dashboard`, or install a built wheel"
    return Finding("dashboard", is_ok=built, text=text)
