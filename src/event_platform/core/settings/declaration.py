"""Every setting of the platform: its name, type, default and meaning."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, SettingsConfigDict

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings import api_keys
from event_platform.core.settings.api_keys import DEFAULT_API_KEYS, SHORTEST_SECRET
from event_platform.core.settings.contradictions import LOOPBACK
from event_platform.core.settings.files import (
    ENCODING,
)
from event_platform.core.settings.values import (
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
    http_url,
    pairs,
)

ENV_FILE = ".env"
SECONDS_PER_DAY = 86_400


class Settings(BaseSettings):
    """What the services were told. Immutable; field order is the order of the reference page."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding=ENCODING, extra="ignore", frozen=True, env_ignore_empty=True
    )

    ingest_host: Host = Field(
        "127.0.0.1", description="Address on which ingest listens; any but loopback needs `API_KEYS`."
    )
    ingest_port: Port = Field(8080, description="Port of ingest; 0 is any free one, which the log names.")
    admin_host: Host = Field(
        "127.0.0.1", description="Address on which the admin API listens; any but loopback needs `ADMIN_TOKENS`."
    )
    admin_port: Port = Field(8081, description="Port of the admin API and the dashboard; 0 as above.")
    processor_host: Host = Field("127.0.0.1", description="Address of the processor's health and metrics.")
    processor_port: Port = Field(8082, description="Port of the processor's health and metrics; 0 as above.")
    ingest_url: HttpUrl | None = Field(
        None,
        description="Where the admin API asks for ingest's health; else at `INGEST_HOST` and `INGEST_PORT`.",
        examples=["http://127.0.0.1:8080"],
    )
    processor_url: HttpUrl | None = Field(
        None,
        description="Where it asks for the processor's; else at `PROCESSOR_HOST` and `PROCESSOR_PORT`.",
        examples=["http://127.0.0.1:8082"],
    )

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
        f"`{DEFAULT_API_KEYS}`; elsewhere keys of at least {SHORTEST_SECRET} characters must be given.",
        examples=[DEFAULT_API_KEYS],
    )
    api_keys_file: Path | None = Field(
        None, description="File with a `tenant:key` a line and `#` comments; read again on SIGHUP."
    )
    rate_limit_per_min: int = Field(
        300, ge=1, description="Requests and batch items a tenant may send in any 60 s; read again on SIGHUP."
    )
    rate_limits: TenantLimits = Field(
        default_factory=dict,
        description="`tenant:n,…`: limits of single tenants; read again on SIGHUP.",
        examples=["tenant_a:60000"],
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
        None,
        description="`name:token,…`: Bearer tokens of the admin API; needed on any address but loopback, with at least "
        f"{SHORTEST_SECRET} characters each.",
    )
    admin_hosts: Hosts = Field((), description="`name,…`: further Host names under which the admin API may be called.")
    admin_dev_origins: Origins = Field(
        (),
        description="`http://localhost:5173,…`: pages of a development server that may call the admin API; none else.",
    )
    event_platform_home: Path = Field(
        Path(".event-platform"), description="Folder for the state, logs and data of what `up` starts."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Annotated[Literal["auto", "console", "json"], AnyCase] = Field(
        "auto", description="`auto` is `console` on a terminal, else `json`."
    )

    _remarks: tuple[str, ...] = PrivateAttr(())

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on what is given in vain, for the log: names that are no settings, and the like."""
        return self._remarks

    @property
    def ingest_address(self) -> str:
        """Base URL at which the admin API asks for ingest's health."""
        return self.ingest_url or http_url(self.ingest_host, self.ingest_port)

    @property
    def processor_address(self) -> str:
        """The same of the processor."""
        return self.processor_url or http_url(self.processor_host, self.processor_port)

    @property
    def given_redis_url(self) -> str | None:
        """The Redis named by `REDIS_URL`, else by `REDIS_ADDR`, else None."""
        if self.redis_url:
            return self.redis_url.get_secret_value()
        return f"redis://{self.redis_addr}/0" if self.redis_addr else None

    def limit_of(self, tenant: str) -> int:
        """Requests that ``tenant`` may send in any 60 seconds."""
        return self.rate_limits.get(tenant, self.rate_limit_per_min)

    def check_limits(self) -> list[str]:
        """Sentences on `RATE_LIMITS` for tenants that no key names.

        Raises:
            ConfigurationError: One is a misspelt tenant; or as `key_pairs`.
        """
        return api_keys.check_limited(self.rate_limits, {tenant for tenant, _ in self.key_pairs()})

    def named_tokens(self) -> dict[str, str]:
        """Admin tokens by the name of who holds them.

        Raises:
            ConfigurationError: The admin API listens beyond loopback, and a token is easily guessed.
        """
        named = dict(pairs(self.admin_tokens.get_secret_value())) if self.admin_tokens else {}
        if self.admin_host not in LOOPBACK:
            api_keys.check_strength(f"ADMIN_HOST={self.admin_host}", named.items(), "admin token")
        return named

    def key_pairs(self) -> tuple[tuple[str, str], ...]:
        """``(tenant, key)`` of every API key: of `API_KEYS` and of the file, else the default.

        Raises:
            ConfigurationError: The file cannot be read, a line of it is no ``tenant:key``, two tenants have the same
                key, none is given although a service listens beyond loopback, or ingest does and one is easily guessed.
        """
        if not self.api_keys and not self.api_keys_file:
            return self._default_keys()
        given = pairs(self.api_keys.get_secret_value()) if self.api_keys else ()
        given += api_keys.read_file(self.api_keys_file) if self.api_keys_file else ()
        api_keys.check_distinct(given)
        if self.ingest_host not in LOOPBACK:
            api_keys.check_strength(f"INGEST_HOST={self.ingest_host}", given, "API key")
        return given

    def _default_keys(self) -> tuple[tuple[str, str], ...]:
        for name in ("ingest_host", "admin_host", "processor_host"):
            if getattr(self, name) not in LOOPBACK:
                raise ConfigurationError(
                    f"{name.upper()}={getattr(self, name)} is not loopback: API_KEYS or API_KEYS_FILE must be given"
                )
        return pairs(DEFAULT_API_KEYS)
