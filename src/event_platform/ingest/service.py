"""One process of the service: builds what requests work with, keeps it in touch with Redis and Kafka, and ends it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.types import ASGIApp

from event_platform.core import sighup
from event_platform.core.connections import kafka, redis
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest import http_limits, pages, routing
from event_platform.ingest.accept import Ingest
from event_platform.ingest.admission import Admission
from event_platform.ingest.auth import ApiKeys, read_again
from event_platform.ingest.body_budget import BodyBudget
from event_platform.ingest.charges import Charges
from event_platform.ingest.exhausted import Exhausted
from event_platform.ingest.fallback_limiter import FallbackLimiter
from event_platform.ingest.limits import Limits
from event_platform.ingest.publisher import DELIVERY_TIMEOUT_SECONDS, Publisher
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_link import RedisLink
from event_platform.ingest.request_ids import Tickets
from event_platform.ingest.script_calls import PROBE, SCRIPT, ScriptCalls
from event_platform.ingest.slow_lane import SlowLane
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Table, Tally
from event_platform.ingest.upkeep import Upkeep

LEASE_MARGIN_SECONDS = 5.0

log = get_logger(__name__)


class Place(msgspec.Struct, frozen=True):
    """Which of the service's processes this is, of how many, and where all of them count."""

    worker: int
    workers: int
    table: Table


class Service(msgspec.Struct, frozen=True):
    """A process of the service while it runs."""

    app: ASGIApp
    upkeep: Upkeep


@asynccontextmanager
async def open_service(settings: Settings, place: Place) -> AsyncIterator[Service]:
    """Build it, and end it when all requests are answered.

    Raises:
        ConfigurationError: A setting is missing or wrong.
    """
    tally = Tally(place.table.row(place.worker))
    fallback = FallbackLimiter(lambda: time.monotonic() * 1_000, _charges(place))
    # Whenever Redis goes away it may lose what it was told of late.
    redis_standing = Standing("redis", fell=fallback.distrust)
    kafka_standing, clock_standing = Standing("kafka"), Standing("clock")
    # As long as nobody says otherwise.
    clock_standing.rise()
    link = RedisLink(RedisAddress.parse(redis.url(settings)), SCRIPT, redis_standing, clock_standing)
    calls = ScriptCalls(link, _times_ms(settings), redis_standing, tally, fallback.distrust)
    publisher = Publisher(settings.topic_raw, _producer_config(settings), kafka_standing, tally)
    ingest = Ingest(
        api_keys=ApiKeys(settings.key_pairs(), Limits(settings)),
        admission=Admission(calls, fallback, settings.redis_outage, tally),
        publisher=publisher,
        budget=BodyBudget(http_limits.BODIES_BYTES),
        slow_lane=SlowLane(),
        tally=tally,
        max_event_bytes=settings.max_event_bytes,
        exhausted=Exhausted(calls, time.monotonic),
    )
    tickets = Tickets()
    state = pages.State(redis_standing, kafka_standing, clock_standing, settings.redis_outage, place.table, tickets)
    upkeep = Upkeep(settings, publisher, calls, kafka_standing, tally)
    _read_again_on_sighup(settings, ingest)
    connected = asyncio.create_task(link.keep_connected(PROBE))
    try:
        # Requests that came before Redis could be asked would pass by the limit and by what it knows of their keys.
        await link.tried.wait()
        yield Service(routing.build(ingest, pages.build(state), tickets), upkeep)
    finally:
        await ingest.slow_lane.close()
        await publisher.close()
        connected.cancel()
        link.close()


def _charges(place: Place) -> Charges:
    """What this process counts, where the others see it."""
    path = place.table.path
    if path is None:
        return Charges(Charges.memory(1), 0, 1)
    return Charges.shared(path.with_name("charges"), place.worker, place.workers)


def _times_ms(settings: Settings) -> tuple[int, int]:
    """TTL of an idempotency record, and lease of a claim."""
    return settings.idempotency_ttl_seconds * 1_000, int((DELIVERY_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS) * 1_000)


def _producer_config(settings: Settings) -> dict[str, Any]:
    return {
        **kafka.client_config(settings, "event-platform-ingest"),
        "enable.idempotence": True,
        "acks": "all",
        "message.timeout.ms": int(DELIVERY_TIMEOUT_SECONDS * 1_000),
        "message.max.bytes": settings.max_event_bytes + 8_192,
        # What a turn of the loop hands over leaves together, and nothing waits longer: under load events gather by
        # themselves, because no more than two requests are on their way to a broker (docs/benchmarks/ingest.md).
        "linger.ms": 0.1,
        "max.in.flight.requests.per.connection": 2,
        # Bounds what waits for Kafka: more is answered 503.
        "queue.buffering.max.messages": 20_000,
        "queue.buffering.max.kbytes": 65_536,
    }


def _read_again_on_sighup(settings: Settings, ingest: Ingest) -> None:
    def take() -> None:
        try:
            now = read_again(settings)
            ingest.api_keys.replace(now.key_pairs(), Limits(now))
        except ConfigurationError as error:
            log.error("API keys were not read again, nor limits; those known before stay", error=str(error))  # noqa: TRY400 - the message says all
        else:
            ingest.exhausted.forget()
            log.info("API keys were read again", rate_limit_per_min=now.rate_limit_per_min, rate_limits=now.rate_limits)

    sighup.handle_in_loop(take)
