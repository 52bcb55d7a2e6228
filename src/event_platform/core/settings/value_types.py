"""The types of settings: each parses and checks the text of one value, and says what was expected."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from event_platform.core.envelope import TENANT_NAME

_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
_HOST_PORT: Final = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_TOPIC: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_SECRET: Final = re.compile(r"[\x21-\x7e]+")
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,8}")
_VERSION: Final = re.compile(r"[0-9]{1,9}")


def _split(text: str) -> list[str]:
    """Return the parts of ``a,b,…`` without surrounding blanks; keeps empty parts, which are reported as mistakes."""
    return [part.strip() for part in text.split(",")]


def parse_pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of ``name:value,…``; a part without a colon gets an empty value."""
    return tuple((name.strip(), value.strip()) for name, _, value in (part.partition(":") for part in _split(text)))


def _expect(check: Callable[[str], bool], expected: str) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if not check(text):
            raise ValueError(f"expected {expected}")
        return text

    return checked


def _expect_secret(check: Callable[[str], bool], expected: str) -> Callable[[SecretStr], SecretStr]:
    checked = _expect(check, expected)

    def checked_secret(given: SecretStr) -> SecretStr:
        checked(given.get_secret_value())
        return given

    return checked_secret


def _is_host_port(text: str) -> bool:
    match = _HOST_PORT.fullmatch(text)
    return match is not None and 1 <= int(match[1]) <= 65_535  # noqa: PLR2004 - TCP has no more ports


def _are_api_keys(text: str) -> bool:
    return all(TENANT_NAME.fullmatch(tenant) and _SECRET.fullmatch(key) for tenant, key in parse_pairs(text))


def _are_tokens(text: str) -> bool:
    named = parse_pairs(text)
    return all(name and _SECRET.fullmatch(token) for name, token in named) and len(dict(named)) == len(named)


def _is_http_url(text: str) -> bool:
    parts = _split_http(text)
    # A user or password would appear in logs; `/health` is appended, so there can be no query and no fragment.
    return parts is not None and "@" not in parts.netloc and not any(mark in text for mark in "?#")


def _split_http(text: str) -> SplitResult | None:
    """Split an ``http`` or ``https`` URL with a host and a valid port; return None for anything else."""
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_url and _SECRET.fullmatch(text) and _HOST.fullmatch(parts.hostname or "") else None


def _origin(text: str) -> str:
    """Return the origin as browsers send it: in lower case, without the scheme's default port."""
    parts = _split_http(text.removesuffix("/"))
    if parts is None or parts.path or "@" in parts.netloc or any(mark in text for mark in "?#"):
        raise ValueError("expected origins like http://localhost:5173, separated by commas")
    default_port = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default_port)}"


def _parse_origins(given: object) -> object:
    return tuple(_origin(part) for part in _split(given)) if isinstance(given, str) else given


def _parse_limits(given: object) -> object:
    if not isinstance(given, str):
        return given
    named = parse_pairs(given)
    wrong = any(not TENANT_NAME.fullmatch(tenant) or not _LIMIT.fullmatch(limit) for tenant, limit in named)
    if wrong or len(dict(named)) < len(named):
        raise ValueError("expected tenant:limit,… with whole limits of at least 1, each tenant once")
    return {tenant: int(limit) for tenant, limit in named}


def _parse_versions(given: object) -> object:
    if not isinstance(given, str):
        return given
    if not all(_VERSION.fullmatch(part) for part in _split(given)):
        raise ValueError("expected whole numbers, separated by commas")
    return frozenset(int(part) for part in _split(given))


def _parse_hosts(given: object) -> object:
    if not isinstance(given, str):
        return given
    if not all(_HOST.fullmatch(part) for part in _split(given)):
        raise ValueError("expected host names, separated by commas")
    return tuple(_split(given))


def _lower(given: object) -> object:
    return given.lower() if isinstance(given, str) else given


Port = Annotated[int, Field(ge=0, le=65_535)]
Days = Annotated[int, Field(ge=1, le=3_650)]
Host = Annotated[str, AfterValidator(_expect(lambda t: bool(_HOST.fullmatch(t)), "a host name or an IP address"))]
HostPort = Annotated[str, AfterValidator(_expect(_is_host_port, "host:port"))]
Brokers = Annotated[
    str,
    AfterValidator(
        _expect(lambda t: all(map(_is_host_port, _split(t))), "host:port, or several of them separated by commas")
    ),
]
HttpUrl = Annotated[
    str,
    AfterValidator(_expect(_is_http_url, "http://host:port or https://host, without user or password")),
    AfterValidator(lambda text: text.rstrip("/")),
]
TopicName = Annotated[
    str,
    AfterValidator(
        _expect(lambda t: bool(_TOPIC.fullmatch(t)), "1 to 249 letters, digits, dots, underscores or hyphens")
    ),
]
Name = Annotated[str, AfterValidator(_expect(lambda t: bool(_SECRET.fullmatch(t)), "a name without blanks"))]

RedisUrl = Annotated[
    SecretStr,
    AfterValidator(
        _expect_secret(
            lambda t: t.startswith(("redis://", "rediss://")), "redis://[:password@]host:port/database, or rediss://…"
        )
    ),
]
PostgresUrl = Annotated[
    SecretStr,
    AfterValidator(
        _expect_secret(
            lambda t: t.startswith(("postgresql://", "postgres://")), "postgresql://user:password@host:port/database"
        )
    ),
]
ApiKeys = Annotated[
    SecretStr,
    AfterValidator(
        _expect_secret(
            _are_api_keys,
            "tenant:key,… with tenants of 1 to 64 letters, digits, dots, underscores or hyphens, "
            "and keys of visible ASCII characters",
        )
    ),
]
Tokens = Annotated[
    SecretStr,
    AfterValidator(_expect_secret(_are_tokens, "name:token,… with each name once and tokens of visible characters")),
]

# `NoDecode` keeps pydantic-settings from parsing these as JSON.
TenantLimits = Annotated[dict[str, Annotated[int, Field(ge=1)]], NoDecode, BeforeValidator(_parse_limits)]
Versions = Annotated[frozenset[int], NoDecode, BeforeValidator(_parse_versions)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parse_hosts)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parse_origins)]
AnyCase = BeforeValidator(_lower)


def is_secret(annotation: Any) -> bool:  # noqa: ANN401 - a type of any form
    """Return whether values of that type, or of a part of it, must never be shown."""
    parts = getattr(annotation, "__args__", ())
    return annotation is SecretStr or any(is_secret(part) for part in parts)
