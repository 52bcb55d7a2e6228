"""`event-platform status`, for people and for scripts."""

from urllib.parse import unquote, urlsplit, urlunsplit

from event_platform.local.supervisor.control_protocol import Entry
from event_platform.local.supervisor.supervised_process import State

_HEADINGS = ("NAME", "STATE", "PID", "RESTARTS", "ADDRESS", "")


def without_password(address: str) -> str:
    """A URL without the password in it; other text as it is."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    user = f"{parts.username}@" if parts.username else ""
    # Both Postgres and Redis take it as a parameter, too.
    query = "&".join(each for each in parts.query.split("&") if "password" not in unquote(each).lower())
    return urlunsplit(parts._replace(netloc=f"{user}{parts.netloc.rpartition('@')[2]}", query=query))


def as_json(entries: dict[str, Entry], *, secrets: bool) -> dict[str, dict[str, dict[str, str | int | None]]]:
    """The platform for scripts; ``pid`` is None where no process of ours runs."""
    told: dict[str, dict[str, dict[str, str | int | None]]] = {"services": {}, "servers": {}}
    for name, entry in entries.items():
        address = entry.address if secrets else without_password(entry.address)
        key = "brokers" if name == "kafka" else "url"
        told[f"{entry.kind}s"][name] = {key: address, "pid": entry.snapshot.pid if entry.snapshot else None}
    return told


def as_table(entries: dict[str, Entry], *, secrets: bool) -> str:
    """The platform for people."""
    rows = [_HEADINGS, *(_row(name, entry, secrets=secrets) for name, entry in entries.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(name: str, entry: Entry, *, secrets: bool) -> tuple[str, ...]:
    address = entry.address if secrets else without_password(entry.address)
    now = entry.snapshot
    if now is None:
        return (name, "given" if entry.kind == "server" else "waiting", "-", "-", address, "")
    ended = f"last ended by {now.last_end}" if now.last_end and (now.restarts or now.state is not State.READY) else ""
    return (name, now.state, str(now.pid or "-"), str(now.restarts), address, ended)
