"""Every setting of the platform: its name, type, default and description."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, SettingsConfigDict

from event_platform.core.addresses import http_url
from event_platform.core.settings import credentials
from event_platform.core.settings.credentials import DEFAULT_API_KEYS, MIN_SECRET_CHARACTERS
from event_platform.core.settings.env_file import ENCODING
from event_platform.core.settings.value_types import (
    AnyCase,
    ApiKeys,
    Brokers,
    Days,
    Host,
    HostPort,
    Hosts,
    HttpUrl,
    Name,
    Origins,
    Port,
    PostgresUrl,
    RedisUrl,
    TenantLimits,
    Tokens,
    TopicName,
    Versions,
)

ENV_FILE: Final = ".env"
SECONDS_PER_DAY: Final = 86_400


class Settings(BaseSettings):
    """The settings, which are immutable. Their order is that of the reference page."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding=ENCODING, extra="ignore", frozen=True, env_ignore_empty=True
    )

    ingest_host: Host = Field(
        "127.0.0.1", description="Address on which ingest listens; any other than loopback requires `API_KEYS`."
    )
    ingest_port: Port = Field(8080, description="Port of ingest; 0 chooses a free port, which is logged.")
    admin_host: Host = Field(
        "127.0.0.1",
        description="Address on which the admin API listens; any other than loopback requires `ADMIN_TOKENS`.",
    )
    admin_port: Port = Field(8081, description="Port of the admin API and the dashboard; 0 chooses a free port.")
    processor_host: Host = Field("127.0.0.1", description="Address of the processor's health and metrics.")
    processor_port: Port = Field(8082, description="Port of the processor's health and metrics; 0 chooses a free port.")
    ingest_url: HttpUrl | None = Field(
        None,
        description="URL at which the admin API reads ingest's health; by default `INGEST_HOST` and `INGEST_PORT`.",
        examples=["http://127.0.0.1:8080"],
    )
    processor_url: HttpUrl | None = Field(
        None,
        description="URL at which the admin API reads the processor's health; by default `PROCESSOR_HOST` and "
        "`PROCESSOR_PORT`.",
        examples=["http://127.0.0.1:8082"],
    )

    kafka_brokers: Brokers | None = Field(
        None, description="`host:port,…` of the Kafka to use; without it `up` starts one.", examples=["localhost:9092"]
    )
    redis_addr: HostPort | None = Field(
        None, description="`host:port` of the Redis to use; `REDIS_URL` takes precedence.", examples=["localhost:6379"]
    )
    redis_url: RedisUrl | None = Field(
        None,
        description="`redis://` or `rediss://` URL of the Redis to use, with password and database number if needed.",
        examples=["redis://localhost:6379/0"],
    )
    database_url: PostgresUrl | None = Field(
        None,
        description="`postgresql://` URL of the Postgres (16 or later) to use; without it `up` starts one.",
        examples=["postgresql://ep_user:ep_pass@localhost:5432/event_platform"],
    )
    admin_database_url: PostgresUrl | None = Field(
        None,
        description="`postgresql://` URL for the admin API's reads, with a read-only role; by default `DATABASE_URL`.",
    )
    kafka_home: Path | None = Field(
        None, description="Directory of an unpacked Kafka that `up` runs instead of its own."
    )

    topic_raw: TopicName = Field("events.raw", description="Topic of accepted events.")
    topic_dlq: TopicName = Field("events.dlq", description="Topic of dead letters.")
    kafka_group: Name = Field("event-processor", description="Consumer group of the processor.")
    worker_id: Name | None = Field(
        None,
        description="The processor's name in its group, unchanged by a restart; by default a random one is stored.",
    )

    api_keys: ApiKeys | None = Field(
        None,
        description="`tenant:key,…`; a tenant may have several keys. On loopback the default is "
        f"`{DEFAULT_API_KEYS}`; elsewhere keys of at least {MIN_SECRET_CHARACTERS} characters are required.",
        examples=[DEFAULT_API_KEYS],
    )
    api_keys_file: Path | None = Field(
        None, description="File with one `tenant:key` per line and `#` comments; reloaded on SIGHUP."
    )
    rate_limit_per_min: int = Field(
        300, ge=1, description="Requests and batch items that a tenant may send in any 60 s; reloaded on SIGHUP."
    )
    rate_limits: TenantLimits = Field(
        default_factory=dict,
        description="`tenant:n,…`: limits of individual tenants; reloaded on SIGHUP.",
        examples=["tenant_a:60000"],
    )
    idempotency_ttl_seconds: int = Field(
        1_800, ge=10, le=SECONDS_PER_DAY, description="Seconds for which an idempotency key is remembered."
    )
    max_event_bytes: int = Field(262_144, ge=256, le=3_500_000, description="Largest body of an event, in bytes.")
    redis_outage: Annotated[Literal["accept", "reject"], AnyCase] = Field(
        "accept",
        description="While Redis is unavailable, `accept` events (duplicates are dropped when they are stored) or "
        "`reject` them with 503.",
    )

    allowed_schema_versions: Versions = Field(
        frozenset({1}), description="`1,2,…`: the values of `schema_version` that are accepted for storage."
    )
    retention_days: Days = Field(30, description="Days for which events are kept.")
    dlq_retention_days: Days = Field(30, description="Days for which dead letters are kept.")

    admin_tokens: Tokens | None = Field(
        None,
        description="`name:token,…`: Bearer tokens of the admin API; required on any address other than loopback, with "
        f"at least {MIN_SECRET_CHARACTERS} characters each.",
    )
    admin_hosts: Hosts = Field((), description="`name,…`: additional host names that the admin API accepts in `Host`.")
    admin_dev_origins: Origins = Field(
        (),
        description="`http://localhost:5173,…`: origins of development servers that may call the admin API, besides "
        "the dashboard.",
    )
    event_platform_home: Path = Field(
        Path(".event-platform"), description="Directory for the state, logs and data of what `up` starts."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info", description="Lowest level that is logged."
    )
    log_format: Annotated[Literal["auto", "console", "json"], AnyCase] = Field(
        "auto", description="`auto` is `console` on a terminal, else `json`."
    )

    _warnings: tuple[str, ...] = PrivateAttr(())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the log about settings that have no effect, such as names that are no settings."""
        return self._warnings

    @property
    def ingest_address(self) -> str:
        """The base URL at which the admin API reads ingest's health."""
        return self.ingest_url or http_url(self.ingest_host, self.ingest_port)

    @property
    def processor_address(self) -> str:
        """The base URL at which the admin API reads the processor's health."""
        return self.processor_url or http_url(self.processor_host, self.processor_port)

    @property
    def configured_redis_url(self) -> str | None:
        """The URL in `REDIS_URL`, else the one of `REDIS_ADDR`, else None."""
        if self.redis_url:
            return self.redis_url.get_secret_value()
        return f"redis://{self.redis_addr}/0" if self.redis_addr else None

    def rate_limit_of(self, tenant: str) -> int:
        """Return how many requests ``tenant`` may send in any 60 seconds."""
        return self.rate_limits.get(tenant, self.rate_limit_per_min)

    def key_pairs(self) -> tuple[tuple[str, str], ...]:
        """Return ``(tenant, key)`` of every API key: those of `API_KEYS` and of the file, else the default ones.

        Raises:
            ConfigurationError: The file cannot be read, a line of it is not ``tenant:key``, two tenants have the same
                key, no key is given although a service listens beyond loopback, or ingest does and a key is easy to
                guess.
        """
        return credentials.api_keys(self)

    def named_tokens(self) -> dict[str, str]:
        """Return the admin tokens by the names of their holders.

        Raises:
            ConfigurationError: The admin API listens beyond loopback, and a token is easy to guess.
        """
        return credentials.admin_tokens(self)

    def check_limits(self) -> list[str]:
        """Return warnings about tenants in `RATE_LIMITS` that have no API key.

        Raises:
            ConfigurationError: Such a tenant's name is misspelt, or as in `key_pairs`.
        """
        return credentials.check_rate_limits(self)
