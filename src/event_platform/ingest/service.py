"""One process of the service: builds its components, connects them to Redis and Kafka, and closes them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import ASGIApp

from event_platform.core import sighup
from event_platform.core.connections import kafka, redis
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest import http_limits, operator_endpoints, routing
from event_platform.ingest.accept import IngestComponents
from event_platform.ingest.admission import Admission
from event_platform.ingest.admission_batcher import AdmissionBatcher
from event_platform.ingest.admission_script import PROBE, SCRIPT
from event_platform.ingest.auth import ApiKeys, reload_key_settings
from event_platform.ingest.background_tasks import BackgroundTasks
from event_platform.ingest.body_budget import BodyBudget
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.fallback_limiter import FallbackLimiter
from event_platform.ingest.offloaded_parsing import OffloadedParser
from event_platform.ingest.operator_endpoints import EndpointState
from event_platform.ingest.over_limit_tenants import OverLimitTenants
from event_platform.ingest.publisher import DELIVERY_TIMEOUT_SECONDS, Publisher
from event_platform.ingest.rate_limits import RateLimits
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_client import RedisScriptClient
from event_platform.ingest.redis_outage import OutagePolicy
from event_platform.ingest.request_ids import RequestIdGenerator
from event_platform.ingest.shared_counters import Counters, CounterTable
from event_platform.ingest.shared_rate_counts import SharedRateCounts

LEASE_MARGIN_SECONDS: Final = 5.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Index of this process, how many there are, and the counters that they share."""

    worker: int
    workers: int
    counter_table: CounterTable


@dataclass(frozen=True, slots=True)
class Service:
    """A running process of the service."""

    app: ASGIApp
    background_tasks: BackgroundTasks


@asynccontextmanager
async def open_service(settings: Settings, context: WorkerContext) -> AsyncIterator[Service]:
    """Build the service; close it when all requests are answered.

    Raises:
        ConfigurationError: A setting is missing or wrong.
    """
    counters = Counters(context.counter_table.row(context.worker))
    fallback = FallbackLimiter(lambda: time.monotonic() * 1_000, _rate_counts(context))
    # A Redis that fails may lose its latest writes.
    redis_status = DependencyStatus("redis", on_down=fallback.mark_redis_stale)
    kafka_status, clock_status = DependencyStatus("kafka"), DependencyStatus("clock")
    # Until a comparison with Redis finds a difference.
    clock_status.mark_up()
    client = RedisScriptClient(RedisAddress.parse(redis.url(settings)), SCRIPT, redis_status, clock_status)
    batcher = AdmissionBatcher(client, _times_ms(settings), redis_status, counters, fallback.mark_redis_stale)
    publisher = Publisher(settings.topic_raw, _producer_config(settings), kafka_status, counters)
    ingest = IngestComponents(
        api_keys=ApiKeys(settings.key_pairs(), RateLimits(settings)),
        admission=Admission(batcher, fallback, OutagePolicy(fallback, settings.redis_outage, counters)),
        publisher=publisher,
        budget=BodyBudget(http_limits.BODIES_BYTES),
        parser=OffloadedParser(),
        counters=counters,
        max_event_bytes=settings.max_event_bytes,
        over_limit=OverLimitTenants(batcher, time.monotonic),
    )
    state = EndpointState(redis_status, kafka_status, clock_status, settings.redis_outage, context.counter_table)
    background_tasks = BackgroundTasks(settings, publisher, batcher, kafka_status, counters)
    _reload_keys_on_sighup(settings, ingest)
    connecting = asyncio.create_task(client.keep_connected(PROBE))
    try:
        # Requests before the first attempt to connect would bypass the rate limit and the records of their keys.
        await client.first_attempt_done.wait()
        app = routing.build(ingest, operator_endpoints.build(state), RequestIdGenerator())
        yield Service(app, background_tasks)
    finally:
        await ingest.parser.close()
        await publisher.close()
        connecting.cancel()
        client.close()


def _rate_counts(context: WorkerContext) -> SharedRateCounts:
    """Return this process's counts, which the other processes see."""
    path = context.counter_table.path
    if path is None:
        return SharedRateCounts(SharedRateCounts.memory(1), 0, 1)
    return SharedRateCounts.shared(path.with_name("rate_counts"), context.worker, context.workers)


def _times_ms(settings: Settings) -> tuple[int, int]:
    """Return the TTL of an idempotency record and the lease of a claim."""
    return settings.idempotency_ttl_seconds * 1_000, int((DELIVERY_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS) * 1_000)


def _producer_config(settings: Settings) -> dict[str, Any]:
    return {
        **kafka.client_config(settings, "event-platform-ingest"),
        "enable.idempotence": True,
        "acks": "all",
        "message.timeout.ms": int(DELIVERY_TIMEOUT_SECONDS * 1_000),
        "message.max.bytes": settings.max_event_bytes + 8_192,
        # Events of one turn of the loop leave together, and none waits longer: under load they gather by themselves,
        # because at most two requests are in flight to a broker (docs/benchmarks/ingest.md).
        "linger.ms": 0.1,
        "max.in.flight.requests.per.connection": 2,
        # Bounds what waits for Kafka; more is answered 503.
        "queue.buffering.max.messages": 20_000,
        "queue.buffering.max.kbytes": 65_536,
    }


def _reload_keys_on_sighup(settings: Settings, ingest: IngestComponents) -> None:
    def reload() -> None:
        try:
            now = reload_key_settings(settings)
            ingest.api_keys.replace(now.key_pairs(), RateLimits(now))
        except ConfigurationError as error:
            log.error("API keys not reloaded; keeping the previous keys and limits", error=str(error))  # noqa: TRY400 - the message says all
        else:
            ingest.over_limit.clear()
            log.info("API keys reloaded", rate_limit_per_min=now.rate_limit_per_min, rate_limits=now.rate_limits)

    sighup.handle_in_loop(reload)
