"""Output of `event-platform status`: a table for people, JSON for scripts."""

from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from event_platform.local.supervisor.control_protocol import ComponentStatus
from event_platform.local.supervisor.supervised_process import ProcessState

_HEADINGS: Final = ("NAME", "STATE", "PID", "RESTARTS", "ADDRESS", "")


def without_password(address: str) -> str:
    """A URL without its password; text that is not a URL stays as it is."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    user = f"{parts.username}@" if parts.username else ""
    # Postgres and Redis accept a password as a query parameter, too.
    query = "&".join(each for each in parts.query.split("&") if "password" not in unquote(each).lower())
    return urlunsplit(parts._replace(netloc=f"{user}{parts.netloc.rpartition('@')[2]}", query=query))


def as_json(
    components: dict[str, ComponentStatus], *, secrets: bool
) -> dict[str, dict[str, dict[str, str | int | None]]]:
    """The platform for scripts; ``pid`` is None where the platform runs no process."""
    output: dict[str, dict[str, dict[str, str | int | None]]] = {"services": {}, "servers": {}}
    for name, component in components.items():
        address = _shown_address(component, secrets=secrets)
        key = "brokers" if name == "kafka" else "url"
        pid = component.snapshot.pid if component.snapshot else None
        output[f"{component.kind}s"][name] = {key: address, "pid": pid}
    return output


def as_table(components: dict[str, ComponentStatus], *, secrets: bool) -> str:
    """The platform for people."""
    rows = [_HEADINGS, *(_row(name, component, secrets=secrets) for name, component in components.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(name: str, component: ComponentStatus, *, secrets: bool) -> tuple[str, ...]:
    address = _shown_address(component, secrets=secrets)
    now = component.snapshot
    if now is None:
        return (name, "external" if component.kind == "server" else "waiting", "-", "-", address, "")
    is_unusual = now.restarts or now.state is not ProcessState.READY
    ended = f"last ended by {now.last_end}" if now.last_end and is_unusual else ""
    return (name, now.state, str(now.pid or "-"), str(now.restarts), address, ended)


def _shown_address(component: ComponentStatus, *, secrets: bool) -> str:
    return component.address if secrets else without_password(component.address)
