"""The limit of open files, of which every connection is one."""

from typing import Final

from event_platform.core.telemetry import get_logger

UNLIMITED: Final = -1

log = get_logger(__name__)


def raise_limit(needed: int) -> None:
    """Raise the soft limit, which is 1,024 on most systems, to ``needed`` or as far as the hard limit allows."""
    try:
        import resource  # noqa: PLC0415 - absent on Windows, where sockets have no such limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = soft_limit_for(soft, hard, needed)
    if allowed != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if UNLIMITED < allowed < needed:
        log.warning("limit of open files is below the number of connections; raise ulimit -n", limit=allowed)


def soft_limit_for(soft: int, hard: int, needed: int) -> int:
    """Return the soft limit to set, which never is below ``soft`` or above ``hard``; -1 means unlimited."""
    if soft == UNLIMITED or soft >= needed:
        return soft
    return needed if hard == UNLIMITED else min(needed, hard)
