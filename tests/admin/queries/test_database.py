"""The admin API's connections: its own settings, whatever they inherit, and a sentence where a database is no good."""

import asyncio

import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from event_platform.admin.queries.database import Database
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings

SHOWN = ("TimeZone", "DateStyle", "default_transaction_read_only", "statement_timeout", "work_mem")


async def _read(settings: Settings) -> dict[str, str]:
    database = Database(settings)
    await database.open()
    try:
        async with database.reading() as connection:
            cursor = await connection.execute(
                "SELECT name, current_setting(name) AS value FROM unnest(%s::text[]) AS name", [[*SHOWN]]
            )
            return {row["name"]: row["value"] async for row in cursor}
    finally:
        await database.close()


def _at(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"admin_database_url": SecretStr(url)})


def test_settings_of_the_url_hold_but_for_ours(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It only reads, within its time, in UTC and ISO; what else the URL sets is set."""
    monkeypatch.setenv("PGTZ", "Asia/Kathmandu")
    monkeypatch.setenv("PGDATESTYLE", "German")
    assert settings.database_url
    options = "-c work_mem=7MB -c statement_timeout=1h -c default_transaction_read_only=off"
    url = make_conninfo(settings.database_url.get_secret_value(), options=options)
    assert asyncio.run(_read(_at(settings, url))) == dict(
        zip(SHOWN, ("UTC", "ISO, MDY", "on", "2s", "7MB"), strict=True)
    )


def test_a_database_that_cannot_hold_every_text_is_said(foreign_database: tuple[str, str], settings: Settings) -> None:
    """What asks it is told the encoding, and what to do."""
    url, encoding = foreign_database
    with pytest.raises(UnavailableError, match=rf"has the encoding {encoding}.*CREATE DATABASE"):
        asyncio.run(_read(_at(settings, url)))
