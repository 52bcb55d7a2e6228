"""The command line's options, read and checked: what to send, where, and with whose keys."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from event_platform.core.envelope import TENANT_NAME
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.core.settings.values import http_url, pairs
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.report import fail_conditions
from event_platform.loadgen.sending import request_encoder
from event_platform.loadgen.sending.sender import Manner
from event_platform.loadgen.sending.worker import Job
from event_platform.loadgen.traffic import scenario
from event_platform.loadgen.traffic.overrides import Changes, tailored

_OPEN_CONNECTIONS = 800
"""Of all workers together; ingest takes 1,000."""


@dataclass(frozen=True)
class Options:
    """As given; None where a default is found elsewhere. The command's help says what each means."""

    scenario: str = "baseline"
    rps: float | None = None
    minutes: float | None = None
    duplicate_rate: float | None = None
    bad_rate: float | None = None
    tenants: int = 2
    seed: int | None = None
    url: str | None = None
    keys: str | None = None
    workers: int = 1
    batch: int | None = None
    retry: bool = False
    timeout: float = 10.0
    fail_if: tuple[str, ...] = ()
    verify: bool = False
    verify_timeout: float = 120.0
    admin_url: str | None = None
    admin_token: str | None = None
    json_file: Path | None = None
    html_file: Path | None = None
    quiet: bool = False


def job(options: Options, ledger: Path | None = None) -> Job:
    """What the workers are to do; each attempt goes into ``ledger`` if it is given.

    Raises:
        ConfigurationError: An option is wrong; the message names it.
    """
    changes = Changes(options.rps, options.minutes, options.duplicate_rate, options.bad_rate)
    settings = None if options.url and options.keys else load("loadgen")
    return Job(
        scenario=tailored(scenario.load(options.scenario), changes),
        target=request_encoder.target(options.url or _ingest_url(settings), _keys(options, settings)),
        seed=time.time_ns() // 1_000 if options.seed is None else options.seed,
        manner=Manner(
            timeout_seconds=options.timeout,
            connections=max(_OPEN_CONNECTIONS // options.workers, 1),
            retries=options.retry,
            as_batches=options.batch is not None,
        ),
        batch=options.batch,
        ledger=ledger,
    )


def admin_api(options: Options) -> AdminApi:
    """The admin API that is to be asked.

    Raises:
        ConfigurationError: The settings that say where it is are wrong.
    """
    if options.admin_url:
        return AdminApi(options.admin_url, options.admin_token)
    settings = load("loadgen")
    token = options.admin_token or next(iter(settings.named_tokens().values()), None)
    return AdminApi(_url("ADMIN_PORT", settings.admin_host, settings.admin_port, "--admin-url"), token)


def conditions(options: Options) -> tuple[fail_conditions.Condition, ...]:
    """Those of ``--fail-if``."""
    return tuple(map(fail_conditions.parse, options.fail_if))


def _ingest_url(settings: Settings | None) -> str:
    settings = settings or load("loadgen")
    return _url("INGEST_PORT", settings.ingest_host, settings.ingest_port, "--url")


def _url(setting: str, host: str, port: int, option: str) -> str:
    if port == 0:
        raise ConfigurationError(f"{setting}=0 does not tell the port that was taken: give {option}")
    return http_url(host, port)


def _keys(options: Options, settings: Settings | None) -> Mapping[str, str]:
    """One key each of the first tenants."""
    given = dict(_read_keys(options.keys) if options.keys else (settings or load("loadgen")).key_pairs())
    if options.tenants > len(given):
        raise ConfigurationError(
            f"--tenants {options.tenants}: there are keys of {len(given)} only; give more with --keys tenant:key,…"
        )
    return dict(list(given.items())[: options.tenants])


def _read_keys(text: str) -> tuple[tuple[str, str], ...]:
    named = pairs(text)
    if not all(TENANT_NAME.fullmatch(tenant) and key.isascii() and key.isprintable() and key for tenant, key in named):
        raise ConfigurationError("--keys: expected tenant:key,…")
    return named
