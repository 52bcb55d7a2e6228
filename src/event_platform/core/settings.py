"""Every setting of the platform: read once from the environment and ``.env``, checked, and told by name when wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from event_platform.core import api_keys
from event_platform.core.errors import ConfigurationError
from event_platform.core.setting_values import (
    AnyCase,
    ApiKeys,
    Brokers,
    Days,
    Host,
    HostPort,
    Hosts,
    Name,
    Port,
    PostgresUrl,
    RedisUrl,
    TenantLimits,
    Tokens,
    TopicName,
    Versions,
    is_secret,
    pairs,
)

DEFAULT_API_KEYS = "tenant_a:key_a,tenant_b:key_b"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SECONDS_PER_DAY = 86_400


class Settings(BaseSettings):
    """What the services were told. Immutable; field order is the order of the reference page."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    ingest_host: Host = Field(
        "127.0.0.1", description="Address on which ingest listens, and where the admin API asks for its health."
    )
    ingest_port: Port = Field(8080, description="Port of ingest; 0 is any free one, which the log names.")
    admin_host: Host = Field(
        "127.0.0.1", description="Address on which the admin API listens; any but loopback needs `ADMIN_TOKENS`."
    )
    admin_port: Port = Field(8081, description="Port of the admin API and the dashboard; 0 as above.")
    processor_host: Host = Field(
        "127.0.0.1",
        description="Address of the processor's health and metrics, where the admin API asks for its health.",
    )
    processor_port: Port = Field(8082, description="Port of the processor's health and metrics; 0 as above.")

    kafka_brokers: Brokers | None = Field(
        None, description="`host:port,…` of a Kafka to use; without it `up` starts one.", examples=["localhost:9092"]
    )
    redis_addr: HostPort | None = Field(
        None, description="`host:port` of a Redis to use; `REDIS_URL` wins.", examples=["localhost:6379"]
    )
    redis_url: RedisUrl | None = Field(
        None,
        description="`redis://` or `rediss://` URL of a Redis to use, with password and database number where needed.",
        examples=["redis://localhost:6379/0"],
    )
    database_url: PostgresUrl | None = Field(
        None,
        description="`postgresql://` URL of a Postgres 16 or later to use; without it `up` starts one.",
        examples=["postgresql://ep_user:ep_pass@localhost:5432/event_platform"],
    )
    admin_database_url: PostgresUrl | None = Field(
        None, description="The same for the admin API's reads, with a role that may only read; else `DATABASE_URL`."
    )
    kafka_home: Path | None = Field(None, description="Folder of an unpacked Kafka for `up` to run instead of its own.")

    topic_raw: TopicName = Field("events.raw", description="Topic of accepted events.")
    topic_dlq: TopicName = Field("events.dlq", description="Topic of dead letters.")
    kafka_group: Name = Field("event-processor", description="Consumer group of the processor.")
    worker_id: Name | None = Field(
        None, description="The processor's name in its group, the same after a restart; else a random one is kept."
    )

    api_keys: ApiKeys | None = Field(
        None,
        description="`tenant:key,…`; several keys of one tenant are allowed. On loopback the default is "
        f"`{DEFAULT_API_KEYS}`; elsewhere keys must be given.",
        examples=[DEFAULT_API_KEYS],
    )
    api_keys_file: Path | None = Field(
        None, description="File with a `tenant:key` a line and `#` comments; read again on SIGHUP."
    )
    rate_limit_per_min: int = Field(300, ge=1, description="Requests and batch items a tenant may send in any 60 s.")
    rate_limits: TenantLimits = Field(
        default_factory=dict, description="`tenant:n,…`: limits of single tenants.", examples=["tenant_a:60000"]
    )
    idempotency_ttl_seconds: int = Field(
        1_800, ge=10, le=SECONDS_PER_DAY, description="Seconds for which a key is remembered."
    )
    max_event_bytes: int = Field(262_144, ge=256, le=3_500_000, description="Largest body of an event, in bytes.")
    redis_outage: Annotated[Literal["accept", "reject"], AnyCase] = Field(
        "accept", description="Without Redis, `accept` events (the store drops copies) or `reject` them with 503."
    )

    allowed_schema_versions: Versions = Field(
        frozenset({1}), description="`1,2,…`: values of `schema_version` that are stored."
    )
    retention_days: Days = Field(30, description="Days for which events are kept.")
    dlq_retention_days: Days = Field(30, description="Days for which dead letters are kept.")

    admin_tokens: Tokens | None = Field(
        None, description="`name:token,…`: Bearer tokens of the admin API; needed on any address but loopback."
    )
    admin_hosts: Hosts = Field((), description="`name,…`: further Host names under which the admin API may be called.")
    event_platform_home: Path = Field(
        Path(".event-platform"), description="Folder for the state, logs and data of what `up` starts."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Annotated[Literal["auto", "console", "json"], AnyCase] = Field(
        "auto", description="`auto` is `console` on a terminal, else `json`."
    )

    @model_validator(mode="after")
    def _contradictions(self) -> Self:
        for found in (self._open_without_keys(), self._same_topic(), self._same_port()):
            if found:
                raise ValueError(found)
        return self

    def _open_without_keys(self) -> str | None:
        if self.ingest_host not in LOOPBACK and not (self.api_keys or self.api_keys_file):
            return f"INGEST_HOST={self.ingest_host} is not loopback: API_KEYS or API_KEYS_FILE must be given"
        if self.admin_host not in LOOPBACK and not self.admin_tokens:
            return f"ADMIN_HOST={self.admin_host} is not loopback: ADMIN_TOKENS must be given"
        return None

    def _same_topic(self) -> str | None:
        # Kafka refuses a topic whose name differs from another's in dots and underscores only.
        if self.topic_raw.replace(".", "_") != self.topic_dlq.replace(".", "_"):
            return None
        return f"TOPIC_RAW={self.topic_raw} and TOPIC_DLQ={self.topic_dlq}: dead letters need a topic of their own"

    def _same_port(self) -> str | None:
        owners: dict[int, str] = {}
        for name in ("ingest_port", "admin_port", "processor_port"):
            port = getattr(self, name)
            # Each 0 becomes another port.
            if port in owners and port != 0:
                return (
                    f"{owners[port].upper()} and {name.upper()} are both {port}: each service needs a port of its own"
                )
            owners[port] = name
        return None

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
        return dict(pairs(self.admin_tokens.get_secret_value())) if self.admin_tokens else {}

    def key_pairs(self) -> tuple[tuple[str, str], ...]:
        """``(tenant, key)`` of every API key: of `API_KEYS` and of the file, else the default.

        Raises:
            ConfigurationError: The file cannot be read, a line of it is no ``tenant:key``, two tenants have the same
                key, or none is given although a service listens beyond loopback.
        """
        if not self.api_keys and not self.api_keys_file:
            return self._default_keys()
        given = pairs(self.api_keys.get_secret_value()) if self.api_keys else ()
        given += api_keys.read_file(self.api_keys_file) if self.api_keys_file else ()
        api_keys.check_distinct(given)
        return given

    def _default_keys(self) -> tuple[tuple[str, str], ...]:
        for name in ("ingest_host", "admin_host", "processor_host"):
            if getattr(self, name) not in LOOPBACK:
                raise ConfigurationError(
                    f"{name.upper()}={getattr(self, name)} is not loopback: API_KEYS or API_KEYS_FILE must be given"
                )
        return pairs(DEFAULT_API_KEYS)


def load(**overrides: Any) -> Settings:  # noqa: ANN401 - any field's value; pydantic checks it
    """The settings of the environment and ``.env``; ``overrides`` win, by field name.

    Raises:
        ConfigurationError: Names every wrong setting with what was expected.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_explain(problem) for problem in error.errors())) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f".env cannot be read: {error}") from error


def _explain(problem: Mapping[str, Any]) -> str:
    if not problem["loc"]:
        return str(problem["ctx"]["error"])
    name = str(problem["loc"][0])
    shown = "" if is_secret(Settings.model_fields[name].annotation) else f"={problem['input']}"
    return f"{name.upper()}{shown}: {_expected(name, problem)}"


def _expected(name: str, problem: Mapping[str, Any]) -> str:
    """What the setting ``name`` should have been, where pydantic found ``problem``."""
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "literal_error":
        return f"expected {problem['ctx']['expected'].replace(chr(39), '')}"
    if Settings.model_fields[name].annotation is int:
        return f"expected a whole number {_range(Settings.model_fields[name].metadata)}"
    return f"expected another form: {problem['msg']}"


def _range(metadata: list[Any]) -> str:
    bounds = {name: getattr(bound, name) for bound in metadata for name in ("ge", "le") if hasattr(bound, name)}
    return f"from {bounds['ge']} to {bounds['le']}" if "le" in bounds else f"of at least {bounds['ge']}"
