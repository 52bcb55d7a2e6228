"""Carries out control requests: reports the status, starts and stops single programs."""

import os
from collections.abc import Mapping

from event_platform.core.addresses import http_url
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.settings.names import accepted_names, counterpart_name, secret_names
from event_platform.core.settings.secret_files import read_secrets
from event_platform.local.process import readiness
from event_platform.local.process.identity import HOME_VARIABLE, identify
from event_platform.local.servers import local_servers
from event_platform.local.supervisor import services
from event_platform.local.supervisor.control_protocol import ComponentStatus, ControlRequest, ControlResponse
from event_platform.local.supervisor.process_group import ProcessGroup
from event_platform.local.supervisor.startup import StartupPlan


class ControlHandler:
    """Applies the command line's requests to a process group."""

    def __init__(self, plan: StartupPlan, group: ProcessGroup) -> None:
        self._plan = plan
        self._group = group

    def handle(self, request: ControlRequest) -> ControlResponse:
        """Carry out one request.

        Raises:
            PlatformError: It cannot be carried out; says why.
        """
        match request.verb:
            case "start":
                return self._start(request)
            case "stop":
                self._group.process(request.name).stop()
                return ControlResponse()
            case _:
                home = self._plan.state_dir.home
                return ControlResponse(entries=self._components(), supervisor=identify(os.getpid(), home))

    def _start(self, request: ControlRequest) -> ControlResponse:
        process = self._group.process(request.name)
        if request.environment:
            _check_overrides(request.name, request.environment)
        changed = process.start(_with_other_forms(request.environment))
        process.wait_until_ready(readiness.START_TIMEOUT_SECONDS)
        return ControlResponse(changed=changed)

    def _components(self) -> dict[str, ComponentStatus]:
        processes = self._group.processes()
        addresses = {name: ("service", address) for name, address in self._service_addresses().items()}
        addresses |= {name: ("server", address) for name, address in self._server_addresses().items()}
        return {
            name: ComponentStatus(kind, address, processes[name].snapshot() if name in processes else None)
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
    # Readiness is checked at the address of the first start, and a process is recognised by its state directory.
    fixed = {f"{name.upper()}_HOST", f"{name.upper()}_PORT", HOME_VARIABLE}
    if moved := sorted(fixed & set(environment)):
        raise ConfigurationError(f"{', '.join(moved)}: fixed while the platform runs; set it for `event-platform up`")
    if unknown := sorted(set(environment) - accepted_names(Settings.model_fields)):
        raise ConfigurationError(f"{', '.join(unknown)}: no such setting; docs/reference/settings.md lists them")
    _check_loadable(environment)


def _check_loadable(environment: Mapping[str, str]) -> None:
    # Checked before the running service is stopped: it could not be started again with settings that do not load.
    values = {setting.lower(): value for setting, value in environment.items()}
    files = read_secrets(secret_names(Settings.model_fields), [environment])
    settings = load(**values | {setting.lower(): value for setting, value in files.items()})
    settings.check_limits()
    settings.named_tokens()


def _with_other_forms(environment: Mapping[str, str]) -> dict[str, str]:
    """Blank the other form of each overridden secret, `X` for `X_FILE` and back; a blank variable counts as unset."""
    secrets = secret_names(Settings.model_fields)
    others = {counterpart_name(name) for name in environment if {name, counterpart_name(name)} & secrets}
    return dict.fromkeys(others, "") | dict(environment)
