"""What tests ask of written batches, and messages made of earlier ones."""

import json
from uuid import uuid4

from tests.processor.conftest import Bench

from event_platform.processor.storage.writer import WriteResult


def tenant_of(message: bytes) -> str:
    """The tenant of a message."""
    return str(json.loads(message)["tenant_id"])


def outcome_counts(bench: Bench, tenant: str) -> dict[str, int]:
    """Records of ``tenant`` by outcome, as the dashboard counts them."""
    rows = bench.query("SELECT outcome, sum(n) FROM throughput WHERE tenant_id = %s GROUP BY 1", tenant)
    hourly = bench.query("SELECT outcome, sum(n) FROM throughput_hourly WHERE tenant_id = %s GROUP BY 1", tenant)
    assert sorted(rows) == sorted(hourly)
    return {outcome: int(n) for outcome, n in rows}


def rows_stored(write_result: WriteResult) -> int:
    """How many rows were stored."""
    return sum(one.stored for one in write_result.transactions)


def resend(message: bytes, **wrapper: object) -> bytes:
    """The same event in another request."""
    return json.dumps({**json.loads(message), "request_id": f"req_{uuid4()}", **wrapper}).encode()
