"""The servers that `up` started, for verbs that are run beside it."""

from collections.abc import MutableMapping
from typing import Final

from event_platform.core.settings.loading import load
from event_platform.local.servers import external_servers

_SETTINGS: Final = {"kafka": "KAFKA_BROKERS", "postgres": "DATABASE_URL", "redis": "REDIS_URL"}


def adopt(environment: MutableMapping[str, str]) -> None:
    """Name in ``environment`` the running platform's servers, except those that the settings name already.

    Where no platform runs in `EVENT_PLATFORM_HOME` nothing is changed, and the verb says itself what it misses.
    """
    settings = load("adopt")
    missing = _SETTINGS.keys() - external_servers.names(settings)
    if not missing:
        return
    # Where all are named, as they are on Windows, none of the supervisor's code is needed.
    from event_platform.local.supervisor import control_protocol  # noqa: PLC0415 - it wants POSIX

    answer = control_protocol.ask(settings.event_platform_home.absolute(), control_protocol.Request("status"))
    if answer is not None:
        environment.update({_SETTINGS[name]: answer.entries[name].address for name in missing})
