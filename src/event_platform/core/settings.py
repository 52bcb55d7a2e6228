"""Every setting of the platform: read once from the environment and ``.env``, checked, and told by name when wrong."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from event_platform.core.envelope import TENANT_NAME
from event_platform.core.errors import ConfigurationError

DEFAULT_API_KEYS = "tenant_a:key_a,tenant_b:key_b"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SECONDS_PER_DAY = 86_400

Port = Annotated[int, Field(ge=1, le=65_535)]
Days = Annotated[int, Field(ge=1, le=3_650)]


def _pairs(text: str, expected: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(tuple(part.strip().split(":", 1)) for part in text.split(",") if part.strip())
    if any(len(pair) != 2 or not pair[0] or not pair[1] for pair in pairs):  # noqa: PLR2004 - a pair has two parts
        raise ValueError(f"expected {expected}")
    return pairs  # type: ignore[return-value]  # the lengths were just checked


def _tenant(name: str) -> str:
    if not TENANT_NAME.fullmatch(name):
        raise ValueError("expected tenant names of 1 to 64 letters, digits, dots, underscores or hyphens")
    return name


class Settings(BaseSettings):
    """What the services were told. Immutable; field order is the order of the reference page."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    ingest_host: str = Field("127.0.0.1", description="Address on which ingest listens.")
    ingest_port: Port = Field(8080, description="Port of ingest.")
    admin_host: str = Field(
        "127.0.0.1", description="Address on which the admin API listens; any but loopback needs `ADMIN_TOKENS`."
    )
    admin_port: Port = Field(8081, description="Port of the admin API and the dashboard.")
    processor_host: str = Field("127.0.0.1", description="Address of the processor's health and metrics.")
    processor_port: Port = Field(8082, description="Port of the processor's health and metrics.")

    kafka_brokers: str | None = Field(
        None, description="`host:port,…` of a Kafka to use; without it `up` starts one.", examples=["localhost:9092"]
    )
    redis_addr: str | None = Field(
        None, description="`host:port` of a Redis to use; `REDIS_URL` wins.", examples=["localhost:6379"]
    )
    redis_url: SecretStr | None = Field(
        None, description="`redis://` or `rediss://` URL, with password and database number where needed."
    )
    database_url: SecretStr | None = Field(
        None, description="`postgresql://` URL of a Postgres 16 or later to use; without it `up` starts one."
    )
    admin_database_url: SecretStr | None = Field(
        None, description="The same for the admin API's reads, with a role that may only read; else `DATABASE_URL`."
    )
    kafka_home: Path | None = Field(None, description="Folder of an unpacked Kafka for `up` to run instead of its own.")

    topic_raw: str = Field("events.raw", description="Topic of accepted events.")
    topic_dlq: str = Field("events.dlq", description="Topic of dead letters.")
    kafka_group: str = Field("event-processor", description="Consumer group of the processor.")
    worker_id: str | None = Field(
        None, description="The processor's name in its group, the same after a restart; else a random one is kept."
    )

    api_keys: SecretStr | None = Field(
        None,
        description="`tenant:key,…`; several keys of one tenant are allowed. On loopback the default is "
        f"`{DEFAULT_API_KEYS}`; elsewhere keys must be given.",
    )
    api_keys_file: Path | None = Field(
        None, description="File with a `tenant:key` a line and `#` comments; read again on SIGHUP."
    )
    rate_limit_per_min: int = Field(300, ge=1, description="Requests and batch items a tenant may send in any 60 s.")
    rate_limits: Annotated[dict[str, int], NoDecode] = Field(
        default_factory=dict, description="`tenant:n,…`: limits of single tenants.", examples=["tenant_a:60000"]
    )
    idempotency_ttl_seconds: int = Field(
        1_800, ge=10, le=SECONDS_PER_DAY, description="Seconds for which a key is remembered."
    )
    max_event_bytes: int = Field(262_144, ge=256, le=3_500_000, description="Largest body of an event, in bytes.")
    redis_outage: Literal["accept", "reject"] = Field(
        "accept", description="Without Redis, `accept` events (the store drops copies) or `reject` them with 503."
    )

    allowed_schema_versions: Annotated[frozenset[int], NoDecode] = Field(
        frozenset({1}), description="`1,2,…`: values of `schema_version` that are stored."
    )
    retention_days: Days = Field(30, description="Days for which events are kept.")
    dlq_retention_days: Days = Field(30, description="Days for which dead letters are kept.")

    admin_tokens: SecretStr | None = Field(
        None, description="`name:token,…`: Bearer tokens of the admin API; needed on any address but loopback."
    )
    admin_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="`name,…`: further Host names under which the admin API may be called."
    )
    event_platform_home: Path = Field(
        Path(".event-platform"), description="Folder for the state, logs and data of what `up` starts."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto` is `console` on a terminal, else `json`."
    )

    @field_validator("rate_limits", mode="before")
    @classmethod
    def _read_rate_limits(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        expected = "tenant:limit,… with whole limits of at least 1"
        limits = {_tenant(tenant): limit for tenant, limit in _pairs(given, expected)}
        if any(not re.fullmatch(r"[1-9][0-9]{0,8}", limit) for limit in limits.values()):
            raise ValueError(f"expected {expected}")
        return {tenant: int(limit) for tenant, limit in limits.items()}

    @field_validator("allowed_schema_versions", mode="before")
    @classmethod
    def _read_versions(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*(,\s*[0-9]{1,9}\s*)*", given):
            raise ValueError("expected whole numbers, separated by commas")
        return frozenset(int(part) for part in given.split(","))

    @field_validator("admin_hosts", mode="before")
    @classmethod
    def _read_hosts(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("api_keys", mode="after")
    @classmethod
    def _check_api_keys(cls, given: SecretStr | None) -> SecretStr | None:
        for tenant, _ in _pairs(given.get_secret_value(), "tenant:key,…") if given else ():
            _tenant(tenant)
        return given

    @field_validator("admin_tokens", mode="after")
    @classmethod
    def _check_admin_tokens(cls, given: SecretStr | None) -> SecretStr | None:
        if given:
            _pairs(given.get_secret_value(), "name:token,…")
        return given

    @field_validator("redis_addr", mode="after")
    @classmethod
    def _check_redis_addr(cls, given: str | None) -> str | None:
        if given and not re.fullmatch(r"(\[[^\]]+\]|[^:/\s]+):[0-9]{1,5}", given):
            raise ValueError("expected host:port")
        return given

    @field_validator("kafka_brokers", mode="after")
    @classmethod
    def _check_brokers(cls, given: str | None) -> str | None:
        if given and not all(re.fullmatch(r"\S+:[0-9]{1,5}", part.strip()) for part in given.split(",")):
            raise ValueError("expected host:port, or several separated by commas")
        return given

    @model_validator(mode="after")
    def _contradictions(self) -> Self:
        if self.ingest_host not in LOOPBACK and not (self.api_keys or self.api_keys_file):
            raise ValueError(f"INGEST_HOST={self.ingest_host} is not loopback: API_KEYS or API_KEYS_FILE must be given")
        if self.admin_host not in LOOPBACK and not self.admin_tokens:
            raise ValueError(f"ADMIN_HOST={self.admin_host} is not loopback: ADMIN_TOKENS must be given")
        if self.topic_raw == self.topic_dlq:
            raise ValueError(
                f"TOPIC_RAW and TOPIC_DLQ are both {self.topic_raw}: dead letters need a topic of their own"
            )
        return self

    @property
    def given_redis_url(self) -> str | None:
        """The Redis named by `REDIS_URL`, else by `REDIS_ADDR`, else None."""
        if self.redis_url:
            return self.redis_url.get_secret_value()
        return f"redis://{self.redis_addr}/0" if self.redis_addr else None

    def limit_of(self, tenant: str) -> int:
        """Requests that ``tenant`` may send in any 60 seconds."""
        return self.rate_limits.get(tenant, self.rate_limit_per_min)

    def named_tokens(self) -> dict[str, str]:
        """Admin tokens by the name of who holds them."""
        return dict(_pairs(self.admin_tokens.get_secret_value(), "name:token,…")) if self.admin_tokens else {}

    def key_pairs(self) -> tuple[tuple[str, str], ...]:
        """``(tenant, key)`` of every API key: of `API_KEYS` and of the file, else the default.

        Raises:
            ConfigurationError: The file cannot be read, or a line of it is no ``tenant:key``.
        """
        given = _pairs(self.api_keys.get_secret_value(), "tenant:key,…") if self.api_keys else ()
        given += _key_file(self.api_keys_file) if self.api_keys_file else ()
        return given if self.api_keys or self.api_keys_file else _pairs(DEFAULT_API_KEYS, "")


def _key_file(path: Path) -> tuple[tuple[str, str], ...]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"API_KEYS_FILE={path} cannot be read: {error}") from error
    pairs = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        tenant, colon, key = line.strip().partition(":")
        # The line itself is not shown, because it may hold a key.
        if not colon or not key or not TENANT_NAME.fullmatch(tenant):
            raise ConfigurationError(f"API_KEYS_FILE={path}, line {number}: expected tenant:key")
        pairs.append((tenant, key))
    return tuple(pairs)


def load(**overrides: Any) -> Settings:  # noqa: ANN401 - any field's value; pydantic checks it
    """The settings of the environment and ``.env``; ``overrides`` win, by field name.

    Raises:
        ConfigurationError: Names every wrong setting with what was expected.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_explain(problem) for problem in error.errors())) from None


def _explain(problem: Mapping[str, Any]) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = str(problem["loc"][0])
    shown = "" if name in {"api_keys", "admin_tokens", "redis_url", "database_url"} else f"={problem['input']}"
    return f"{name.upper()}{shown}: {message[0].lower()}{message[1:]}"
