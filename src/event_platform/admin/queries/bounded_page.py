"""Pages of rows, bounded in rows and in bytes, because one payload alone can have megabytes."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, cast

from psycopg import sql

from event_platform.admin.queries.database import Connection

MAX_PAGE_BYTES: Final = 8 * 1_048_576


@dataclass(slots=True)
class Page:
    """Rows of one response, and whether the query has more."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False


async def read_page(
    connection: Connection,
    query: sql.Composed,
    parameters: Mapping[str, Any],
    limit: int,
    size: Callable[[dict[str, Any]], int],
) -> Page:
    """Stream the first rows of ``query``: at most ``limit`` rows and `MAX_PAGE_BYTES`, but at least one row.

    Args:
        connection: The connection to read from.
        query: Has a ``LIMIT %(limit)s``; it gets one more than ``limit``, to find out whether there are more rows.
        parameters: All other parameters of the query.
        limit: Maximum number of rows.
        size: Returns the size of a row in bytes.
    """
    page, page_bytes = Page(), 0
    stream = connection.cursor().stream(query, {**parameters, "limit": limit + 1})
    async with aclosing(cast("AsyncGenerator[dict[str, Any]]", stream)) as rows:
        async for row in rows:
            page_bytes += size(row)
            if len(page.rows) == limit or (page.rows and page_bytes > MAX_PAGE_BYTES):
                page.more = True
                break
            page.rows.append(row)
    return page
