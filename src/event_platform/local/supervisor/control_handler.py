"""What the supervisor does when asked: tell its status, start and stop single programs."""

import os
from collections.abc import Mapping

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.files import names, other_form, read_secrets, secret_names
from event_platform.core.settings.loading import load
from event_platform.core.settings.values import http_url
from event_platform.local.process import readiness
from event_platform.local.process.identity import identify
from event_platform.local.servers import local_servers
from event_platform.local.supervisor import services
from event_platform.local.supervisor.control_protocol import Answer, Entry, Request
from event_platform.local.supervisor.process_group import Fleet
from event_platform.local.supervisor.startup import Plan


class Orders:
    """Requests of the command line, carried out on a fleet."""

    def __init__(self, plan: Plan, fleet: Fleet) -> None:
        """Nothing is asked yet."""
        self._plan = plan
        self._fleet = fleet

    def handle(self, request: Request) -> Answer:
        """Carry out a request.

        Raises:
            PlatformError: It cannot be done; says why.
        """
        match request.verb:
            case "start":
                return self._start(request)
            case "stop":
                self._fleet.keeper(request.name).stop()
                return Answer()
            case _:
                home = self._plan.place.home
                return Answer(entries=self._entries(), supervisor=identify(os.getpid(), home))

    def _start(self, request: Request) -> Answer:
        keeper = self._fleet.keeper(request.name)
        if request.environment:
            _check_overrides(request.name, request.environment)
        changed = keeper.start(_with_other_forms(request.environment))
        keeper.wait_until_ready(readiness.START_TIMEOUT_SECONDS)
        return Answer(changed=changed)

    def _entries(self) -> dict[str, Entry]:
        keepers = self._fleet.keepers()
        addresses = {name: ("service", address) for name, address in self._service_addresses().items()}
        addresses |= {name: ("server", address) for name, address in self._server_addresses().items()}
        return {
            name: Entry(kind, address, keepers[name].snapshot() if name in keepers else None)
            for name, (kind, address) in addresses.items()
        }

    def _service_addresses(self) -> dict[str, str]:
        return {name: http_url(*address) for name, address in services.addresses(self._plan.settings).items()}

    def _server_addresses(self) -> dict[str, str]:
        connections = self._plan.connections
        settings = {"kafka": "KAFKA_BROKERS", "postgres": "DATABASE_URL", "redis": "REDIS_URL"}
        return {name: connections[setting] for name, setting in settings.items()}


def _check_overrides(name: str, environment: Mapping[str, str]) -> None:
    if name in local_servers.NAMES:
        raise ConfigurationError(f"{name} takes no settings of ours; only services can be started with --env")
    # The supervisor looks for a service where it was when all was started, and knows its processes by the folder.
    fixed = {f"{name.upper()}_HOST", f"{name.upper()}_PORT", "EVENT_PLATFORM_HOME"}
    if moved := sorted(fixed & set(environment)):
        raise ConfigurationError(f"{', '.join(moved)}: fixed while the platform runs; set it for `event-platform up`")
    if unknown := sorted(set(environment) - names(Settings.model_fields)):
        raise ConfigurationError(f"{', '.join(unknown)}: no such setting; docs/reference/settings.md lists them")
    # A service that could not start with them would have been stopped for nothing.
    values = {setting.lower(): value for setting, value in environment.items()}
    files = read_secrets(secret_names(Settings.model_fields), [environment])
    settings = load(**values | {setting.lower(): value for setting, value in files.items()})
    settings.check_limits()
    settings.named_tokens()


def _with_other_forms(environment: Mapping[str, str]) -> dict[str, str]:
    """With a setting its file is overridden as well, and the other way round: an empty variable is none."""
    secrets = secret_names(Settings.model_fields)
    others = {other_form(name) for name in environment if {name, other_form(name)} & secrets}
    return dict.fromkeys(others, "") | dict(environment)
