"""The limit of open files, which every connection counts against."""

from event_platform.core.telemetry import get_logger

UNLIMITED = -1

log = get_logger(__name__)


def raise_limit(needed: int) -> None:
    """Raise the soft limit, 1,024 for an ordinary user on most systems, as far as is needed and the hard one allows."""
    try:
        import resource  # noqa: PLC0415 - it does not exist on Windows, whose sockets have no such limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = enough(soft, hard, needed)
    if allowed != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if UNLIMITED < allowed < needed:
        log.warning("fewer files may be open than connections are allowed; raise ulimit -n", limit=allowed)


def enough(soft: int, hard: int, needed: int) -> int:
    """The soft limit to set: never less than it was, never more than ``hard``; -1 is no limit."""
    if soft == UNLIMITED or soft >= needed:
        return soft
    return needed if hard == UNLIMITED else min(needed, hard)
