"""Answers that carry JSON exactly as it is stored: spliced in as text, never read as numbers and written again."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgspec
from fastapi import Response
from psycopg import sql

from event_platform.admin.queries.database import Connection

MAX_PAGE_BYTES: Final = 8 * 1_048_576
"""A page ends before its payloads or originals grow beyond this, because one alone may have megabytes."""


@dataclass
class Page:
    """Rows of one answer, and whether there are more."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False


async def read_page(
    connection: Connection,
    query: sql.Composed,
    parameters: Mapping[str, Any],
    limit: int,
    size: Callable[[dict[str, Any]], int],
) -> Page:
    """The first rows of ``query``, at most ``limit``, and of at most `MAX_PAGE_BYTES` together unless it is one row.

    Args:
        connection: To read from.
        query: Has a ``LIMIT %(limit)s``; one row more than ``limit`` is asked for, to know whether there are more.
        parameters: All other parameters of the query.
        limit: How many rows at most.
        size: Bytes of a row.
    """
    page, used = Page(), 0
    stream = connection.cursor().stream(query, {**parameters, "limit": limit + 1})
    async with aclosing(cast("AsyncGenerator[dict[str, Any]]", stream)) as rows:
        async for row in rows:
            used += size(row)
            if len(page.rows) == limit or (page.rows and used > MAX_PAGE_BYTES):
                page.more = True
                break
            page.rows.append(row)
    return page


def spliced(text: str | None) -> msgspec.Raw | None:
    """JSON text as it is, to be put into an answer."""
    return None if text is None else msgspec.Raw(text.encode())


def answer(body: Mapping[str, Any]) -> Response:
    """``body`` as JSON; times are RFC 3339 with ``Z``."""
    return Response(msgspec.json.encode(body), media_type="application/json")
