"""Letting the verbs `migrate`, `topics` and `rewind` use the servers that `up` started."""

from collections.abc import MutableMapping
from typing import Final

from event_platform.core.settings.loading import load
from event_platform.local.servers import external_servers

_SETTINGS: Final = {"kafka": "KAFKA_BROKERS", "postgres": "DATABASE_URL", "redis": "REDIS_URL"}


def add_to(environment: MutableMapping[str, str]) -> None:
    """Add the addresses of the running platform's servers to ``environment``, except those that the settings name.

    Where no platform runs in `EVENT_PLATFORM_HOME` nothing is added, and the verb itself reports the missing setting.
    """
    settings = load("running_servers")
    missing = _SETTINGS.keys() - external_servers.names(settings)
    if not missing:
        return
    # With all of them named, as on Windows, none of the supervisor's code is needed.
    from event_platform.local.supervisor import control_protocol  # noqa: PLC0415 - it needs POSIX

    home = settings.event_platform_home.absolute()
    response = control_protocol.send(home, control_protocol.ControlRequest("status"))
    if response is not None:
        environment.update({_SETTINGS[name]: response.entries[name].address for name in missing})
