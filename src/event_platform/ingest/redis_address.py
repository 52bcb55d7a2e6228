"""Address, credentials and TLS settings of Redis, from `REDIS_URL`."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from redis.connection import SSLConnection, parse_url

from event_platform.core.errors import ConfigurationError

DEFAULT_PORT: Final = 6379
_VERIFICATION: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """The parts of a Redis URL; ``tls`` is None for a plain connection."""

    host: str
    port: int
    username: str | None
    password: str | None
    database: int
    tls: Any = None

    @classmethod
    def parse(cls, url: str) -> "RedisAddress":
        """Parse a ``redis://`` or ``rediss://`` URL the way redis-py does.

        Raises:
            ConfigurationError: ``url`` is not such a URL.
        """
        try:
            parts: Mapping[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]  # it has no annotations
            return cls(
                parts.get("host", "localhost"),
                parts.get("port", DEFAULT_PORT),
                parts.get("username"),
                parts.get("password"),
                parts.get("db", 0),
                _tls(parts),
            )
        except (ValueError, OSError, KeyError):
            # The parser's message may quote a part of the password.
            raise ConfigurationError("REDIS_URL: expected redis://[:password@]host:port/database") from None

    def handshake_commands(self) -> list[tuple[str | int, ...]]:
        """Return the commands that authenticate a new connection and select its database."""
        commands: list[tuple[str | int, ...]] = []
        if self.password is not None:
            commands.append(("AUTH", *([self.username] if self.username else []), self.password))
        if self.database:
            commands.append(("SELECT", self.database))
        return commands


def _tls(parts: Mapping[str, Any]) -> ssl.SSLContext | None:
    if parts.get("connection_class") is not SSLConnection:
        return None
    context = ssl.create_default_context(cafile=parts.get("ssl_ca_certs"))
    verification = _VERIFICATION[str(parts.get("ssl_cert_reqs", "required")).lower()]
    context.check_hostname = verification is ssl.CERT_REQUIRED and parts.get("ssl_check_hostname") in {None, True}
    context.verify_mode = verification
    if parts.get("ssl_certfile"):
        context.load_cert_chain(parts["ssl_certfile"], parts.get("ssl_keyfile"))
    return context
