"""The idempotency state machine against a real Redis and a model: in any interleaving one key has one id."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis
from tests.fixtures.ingest_client import redis_of

from event_platform.core.settings.model import Settings
from event_platform.ingest.admission_script import SCRIPT

TTL_MS, LEASE_MS = 1_800_000, 10_000
RECEIVED_AT = b"2026-01-31T12:00:00.000000Z"
NEW, IN_PROGRESS, REUSED, DUPLICATE, TAKEN_OVER = range(1, 6)


def machine_of(client: Redis) -> type[RuleBasedStateMachine]:  # noqa: C901 - the rules of one machine
    """Return the state machine over one key of ``client``'s database."""
    script = client.register_script(SCRIPT)

    class Machine(RuleBasedStateMachine):
        """Requests claim, publish with any outcome at any time, and update their claim late or never."""

        def __init__(self) -> None:
            super().__init__()
            client.flushdb()
            self.now_ms = 1_700_000_000_000
            self.requests = 0
            self.running: dict[int, bytes] = {}
            self.copies: set[bytes] = set()
            self.acknowledged: set[bytes] = set()

        def call(self, *arguments: Any) -> list[Any]:  # noqa: ANN401 - the script's arguments vary
            """Run one operation on the key."""
            answers: list[Any] = script(["k"], [TTL_MS, LEASE_MS, len(arguments) + 3, *arguments, self.now_ms])
            return answers

        @rule(body=st.sampled_from([b"f" * 32, b"f" * 32, b"f" * 32, b"g" * 32]))
        def claim(self, body: bytes) -> None:
            """A request with the key arrives."""
            self.requests += 1
            own = b"%036d" % self.requests
            (answer,) = self.call("T", "t", 10**9, b"C" + own + RECEIVED_AT + body)
            kind = answer[0] if isinstance(answer, list) else answer
            if kind == NEW:
                assert not self.copies, "a key with a copy in Kafka was given to a new id"
                self.running[self.requests] = own
            elif kind == TAKEN_OVER:
                assert not self.copies or answer[1] in self.copies, "a take-over under another id"
                self.running[self.requests] = answer[1]
            elif kind == DUPLICATE:
                assert answer[1] in self.acknowledged, "a duplicate of an event that was never acknowledged"

        @precondition(lambda self: self.running)
        @rule(data=st.data())
        def acknowledged_by_kafka(self, data: st.DataObject) -> None:
            """One publication is acknowledged, perhaps long after its lease, and confirmed."""
            request, published = self._some(data)
            self.copies.add(published)
            self.acknowledged.add(published)
            self.call(b"D" + published)
            del self.running[request]

        @precondition(lambda self: self.running)
        @rule(data=st.data(), arrives=st.booleans())
        def unknown(self, data: st.DataObject, *, arrives: bool) -> None:
            """One publication timed out; it may have arrived."""
            request, published = self._some(data)
            if arrives:
                self.copies.add(published)
            self.call(b"U%036d" % request + published)
            del self.running[request]

        @precondition(lambda self: self.running)
        @rule(data=st.data())
        def not_published(self, data: st.DataObject) -> None:
            """One publication certainly failed."""
            request, _ = self._some(data)
            self.call(b"R%036d" % request)
            del self.running[request]

        @precondition(lambda self: self.running)
        @rule(data=st.data(), arrives=st.booleans())
        def killed(self, data: st.DataObject, *, arrives: bool) -> None:
            """One process dies before or after its publication was sent."""
            request, published = self._some(data)
            if arrives:
                self.copies.add(published)
            del self.running[request]

        @rule(milliseconds=st.integers(0, 2 * LEASE_MS))
        def wait(self, milliseconds: int) -> None:
            """Time passes."""
            self.now_ms += milliseconds

        @invariant()
        def one_id(self) -> None:
            """All copies of the event in Kafka have one id."""
            assert len(self.copies) <= 1

        def _some(self, data: st.DataObject) -> tuple[int, bytes]:
            request = data.draw(st.sampled_from(sorted(self.running)))
            return request, self.running[request]

    return Machine


@pytest.fixture
def client(settings: Settings) -> Iterator[Redis]:
    """A client of the module's Redis database."""
    client = redis_of(settings)
    yield client
    client.close()


def test_any_interleaving(client: Redis) -> None:
    """No interleaving of slow owners, take-overs, failures and crashes gives a key two ids."""
    run_state_machine_as_test(
        machine_of(client),
        settings=hypothesis_settings(max_examples=150, stateful_step_count=30),
    )
