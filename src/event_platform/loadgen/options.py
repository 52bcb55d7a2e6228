"""The command line's options, checked and turned into the configuration of a run."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from event_platform.core.addresses import http_url
from event_platform.core.envelope import TENANT_NAME
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.settings.value_types import parse_pairs
from event_platform.loadgen.reconciliation.admin_api import AdminApi
from event_platform.loadgen.report import fail_conditions
from event_platform.loadgen.report.fail_conditions import FailCondition
from event_platform.loadgen.sending.run_config import RunConfig, SendOptions
from event_platform.loadgen.sending.target import parse_target
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.overrides import Overrides, apply_overrides

_MAX_CONNECTIONS: Final = 800
"""Bound on the open connections of all workers together; ingest accepts 1,000."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options as given; None if the default comes from the settings or the scenario. The help describes each."""

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


def run_config(options: Options, attempt_log: Path | None = None) -> RunConfig:
    """Return what the workers are to send; each attempt is logged to ``attempt_log`` if given.

    Raises:
        ConfigurationError: An option is wrong; the message names it.
    """
    overrides = Overrides(options.rps, options.minutes, options.duplicate_rate, options.bad_rate)
    settings = None if options.url and options.keys else load("loadgen")
    return RunConfig(
        scenario=apply_overrides(scenario_files.load(options.scenario), overrides),
        target=parse_target(options.url or _ingest_url(settings), _api_keys(options, settings)),
        seed=time.time_ns() // 1_000 if options.seed is None else options.seed,
        send_options=_send_options(options),
        batch_size=options.batch,
        attempt_log=attempt_log,
    )


def admin_api(options: Options) -> AdminApi:
    """Return a client of the admin API that the options or the settings name.

    Raises:
        ConfigurationError: The settings that locate it are wrong.
    """
    if options.admin_url:
        return AdminApi(options.admin_url, options.admin_token)
    settings = load("loadgen")
    token = options.admin_token or next(iter(settings.named_tokens().values()), None)
    return AdminApi(_url("ADMIN_PORT", settings.admin_host, settings.admin_port, "--admin-url"), token)


def parse_fail_conditions(options: Options) -> tuple[FailCondition, ...]:
    """Return the conditions of ``--fail-if``.

    Raises:
        ConfigurationError: A condition is wrong.
    """
    return tuple(map(fail_conditions.parse, options.fail_if))


def _send_options(options: Options) -> SendOptions:
    return SendOptions(
        timeout_seconds=options.timeout,
        connections=max(_MAX_CONNECTIONS // options.workers, 1),
        retries=options.retry,
        as_batches=options.batch is not None,
    )


def _ingest_url(settings: Settings | None) -> str:
    settings = settings or load("loadgen")
    return _url("INGEST_PORT", settings.ingest_host, settings.ingest_port, "--url")


def _url(setting: str, host: str, port: int, option: str) -> str:
    if port == 0:
        raise ConfigurationError(f"{setting}=0 does not tell the port that was taken: give {option}")
    return http_url(host, port)


def _api_keys(options: Options, settings: Settings | None) -> Mapping[str, str]:
    """Return one API key for each tenant that sends."""
    given = dict(_parse_keys(options.keys) if options.keys else (settings or load("loadgen")).key_pairs())
    if options.tenants > len(given):
        raise ConfigurationError(
            f"--tenants {options.tenants}: there are keys of {len(given)} only; give more with --keys tenant:key,…"
        )
    return dict(list(given.items())[: options.tenants])


def _parse_keys(text: str) -> tuple[tuple[str, str], ...]:
    named = parse_pairs(text)
    if not all(TENANT_NAME.fullmatch(tenant) and key.isascii() and key.isprintable() and key for tenant, key in named):
        raise ConfigurationError("--keys: expected tenant:key,…")
    return named
