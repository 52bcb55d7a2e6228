"""The admin API's connections have its own session settings, and a database that cannot be used is explained."""

import asyncio

import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.services import RunService

from event_platform.admin.queries.database import Database
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings

SHOWN = ("TimeZone", "DateStyle", "default_transaction_read_only", "statement_timeout", "work_mem")


async def _read(settings: Settings) -> dict[str, str]:
    database = Database(settings)
    await database.open()
    try:
        async with database.connection() as connection:
            cursor = await connection.execute(
                "SELECT name, current_setting(name) AS value FROM unnest(%s::text[]) AS name", [[*SHOWN]]
            )
            return {row["name"]: row["value"] async for row in cursor}
    finally:
        await database.close()


def _at(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"admin_database_url": SecretStr(url)})


def test_session_settings_override_those_of_the_url(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read-only, the timeout, UTC and ISO dates always hold; other settings of the URL take effect."""
    monkeypatch.setenv("PGTZ", "Asia/Kathmandu")
    monkeypatch.setenv("PGDATESTYLE", "German")
    assert settings.database_url
    options = "-c work_mem=7MB -c statement_timeout=1h -c default_transaction_read_only=off"
    url = make_conninfo(settings.database_url.get_secret_value(), options=options)
    assert asyncio.run(_read(_at(settings, url))) == dict(
        zip(SHOWN, ("UTC", "ISO, MDY", "on", "2s", "7MB"), strict=True)
    )


def test_a_database_with_another_encoding_is_refused(foreign_database: tuple[str, str], settings: Settings) -> None:
    """The error names the encoding and the command that fixes it."""
    url, encoding = foreign_database
    with pytest.raises(UnavailableError, match=rf"has the encoding {encoding}.*CREATE DATABASE"):
        asyncio.run(_read(_at(settings, url)))


def test_recovery_after_postgres_was_cut_off(
    proxy: MakeProxy, run_service: RunService, environment: dict[str, str]
) -> None:
    """Pooled connections that died unnoticed fail no request after the recovery."""
    between = proxy(environment["ADMIN_DATABASE_URL"])
    admin = run_service("admin", ADMIN_DATABASE_URL=between.url)
    assert admin.get("/admin/overview").status_code == 200
    between.cut()
    assert admin.get("/admin/overview").status_code == 503
    between.heal()
    assert admin.get("/admin/overview").status_code == 200
