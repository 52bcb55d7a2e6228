"""HTTP's own bounds, over raw sockets; ``test_deadlines.py`` has the deadlines with shorter limits."""

import random
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.fixtures.ingest_client import Producer, new_key
from tests.fixtures.services import Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.ingest.http_limits import BOUNDS

BODY = b"{}"


def request(*lines: bytes, body: bytes = BODY, path: bytes = b"/events", version: bytes = b"1.1") -> bytes:
    """A request with an API key, a new idempotency key, and further header lines."""
    head = [
        b"POST %b HTTP/%b" % (path, version),
        b"X-API-Key: key_a",
        b"Idempotency-Key: " + new_key().encode(),
        b"Content-Type: application/json",
        *lines,
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


LENGTH = b"Content-Length: 2"
HOST = b"Host: x"
CLOSE = b"Connection: close"
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request(HOST, LENGTH, CLOSE), 202),
        (request(LENGTH, CLOSE), 400),
        (request(HOST, HOST, LENGTH, CLOSE), 400),
        (request(LENGTH, version=b"1.0"), 202),
        (request(HOST, LENGTH, b"Transfer-Encoding: chunked", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 400),
        (request(HOST, LENGTH, b"Content-Length: 3", CLOSE), 400),
        (request(HOST, b"Content-Length: -2", CLOSE), 400),
        (request(HOST, b"Content-Length: 99999999999999999999999", CLOSE), 400),
        (request(HOST, b"Transfer-Encoding: chunked", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 202),
        (request(HOST, b"Transfer-Encoding: chunked", CLOSE, body=b"zz\r\n{}\r\n0\r\n\r\n"), 400),
        (request(HOST, LENGTH, *[b"X-%d: y" % n for n in range(100)], CLOSE), 431),
        (request(HOST, LENGTH, b"X-Long: " + b"y" * 17_000, CLOSE), 431),
        (request(HOST, LENGTH, CLOSE, path=b"/events?" + b"y" * 17_000), 431),
        (b"GET /" + b"y" * 100_000, 431),
        (request(HOST, LENGTH, CLOSE, b"Connection: Upgrade", b"Upgrade: websocket"), 202),
        (request(HOST, LENGTH, CLOSE, b"Expect: 100-continue"), 100),
        (request(HOST, b"Content-Length: 300000", CLOSE, b"Expect: 100-continue", body=b""), 413),
        (request(LENGTH, b"Expect: 100-continue", version=b"1.0"), 202),
        (request(HOST, LENGTH, version=b"2.0"), 400),
        (request(HOST, LENGTH, version=b"1.2"), 400),
        (request(HOST, CLOSE, body=b""), 400),
        (request(HOST, b"Content-Length: +2", CLOSE), 400),
        (request(HOST, b"Content-Length: 2,2", CLOSE), 400),
        (request(HOST, LENGTH, LENGTH, CLOSE), 400),
        (request(HOST, b"Content-Length:", CLOSE), 400),
        (request(HOST, LENGTH, b": x", CLOSE), 400),
        (request(HOST, LENGTH, b"X-A : b", CLOSE), 400),
        (request(HOST, LENGTH, b"X-A:", CLOSE), 202),
        (request(HOST, LENGTH, b"X-A: b\r\n  c", CLOSE), 400),
        (request(HOST, LENGTH, b"X-A: b\0c", CLOSE), 400),
        (request(HOST, LENGTH, b"X-A: b\rc", CLOSE), 400),
        (request(HOST, LENGTH, b"X-A: \xff", CLOSE), 202),
        (request(HOST, LENGTH, CLOSE).replace(b"\r\n", b"\n"), 400),
        (request(HOST, LENGTH, b"Idempotency-Key: again", CLOSE), 400),
        (request(HOST, LENGTH, b"X-API-Key: key_a", CLOSE), 401),
        (request(HOST, CHUNKED, CLOSE, body=b'1;a=b;c="d"\r\n{\r\n1\r\n}\r\n0\r\n\r\n'), 202),
        (request(HOST, CHUNKED, CLOSE, body=b"2;" + b"a" * 30_000 + b"\r\n{}\r\n0\r\n\r\n"), 431),
        (request(HOST, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\nX-API-Key: x\r\nHost: y\r\n\r\n"), 202),
        (request(HOST, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\nX-T: " + b"y" * 50_000), 431),
        (request(HOST, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\n" + b"X-T: y\r\n" * 5_000), 431),
        (request(HOST, CHUNKED, CLOSE, body=b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"), 400),
        (request(HOST, CHUNKED, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 400),
        (request(HOST, b"Transfer-Encoding: gzip, chunked", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 400),
        (request(HOST, b"Transfer-Encoding: gzip", CLOSE), 400),
        (request(HOST, b"Transfer-Encoding: CHUNKED", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 202),
        (request(HOST, LENGTH, CLOSE, path=b"/events?a=b"), 202),
        (request(HOST, LENGTH, CLOSE, path=b"/x/../events"), 404),
        (request(HOST, LENGTH, CLOSE, path=b"/events%00"), 404),
        (request(HOST, LENGTH, CLOSE, path=b"/\xc3\xa9"), 400),
        (request(HOST, LENGTH, CLOSE, path=b"events"), 400),
        (request(HOST, LENGTH, CLOSE, path=b"http://x"), 400),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /livez\r\n\r\n", 400),
        (b"\r\n\r\n" + request(HOST, LENGTH, CLOSE), 202),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (request(HOST, LENGTH, CLOSE, path=b"/%65vents"), 404),
        (request(HOST, LENGTH, CLOSE, path=b"http://x/events"), 202),
    ],
)
def test_raw_request(producer: Producer, data: bytes, status: int) -> None:
    """What comes over the wire has the answer that stands here, and the connection ends."""
    answer = producer.raw(data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]


def test_pipelined_requests(producer: Producer) -> None:
    """Requests sent at once are answered in order."""
    answer = producer.raw(request(HOST, LENGTH) + request(HOST, LENGTH, path=b"/nope") + request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"202", b"404", b"202"]


def test_trailers(producer: Producer) -> None:
    """Trailers are no headers: none of them lets anybody in, and the next request is read rightly."""
    head = b"POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-API-Key\r\n\r\n"
    answer = producer.raw(head + b"2\r\n{}\r\n0\r\nX-API-Key: key_a\r\n\r\n" + request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"401", b"202"]


@pytest.mark.parametrize("path", [b"/nope", b"/events"])
def test_answer_before_the_body(producer: Producer, path: bytes) -> None:
    """Who is refused before the body was read has it dropped, and the next request of the connection is answered."""
    refused = request(HOST, b"Content-Length: 300000", b"X-API-Key: twice", path=path, body=b"x" * 300_000)
    answer = producer.raw(refused + request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"404" if path == b"/nope" else b"401", b"202"]


@pytest.mark.parametrize("sent", [request(HOST, LENGTH), request(HOST, LENGTH) * 3])
def test_half_closed(producer: Producer, sent: bytes) -> None:
    """A client that closes its side after its requests gets all answers, and then the connection ends."""
    with socket.create_connection(producer.service.address, DEADLINE_SECONDS) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answers = b""
        while part := connection.recv(65_536):
            answers += part
    assert answers.count(b"HTTP/1.1 202 ") == sent.count(b"POST /")


def test_wish_for_http2(producer: Producer) -> None:
    """A wish for HTTP/2 is ignored, and the connection goes on, with either framing of the body."""
    wish = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
    chunked = request(HOST, b"Transfer-Encoding: chunked", *wish, body=b"2\r\n{}\r\n0\r\n\r\n")
    answer = producer.raw(request(HOST, LENGTH, *wish) + chunked + request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"202", b"202", b"202"]


def test_rubbish_after_a_request(producer: Producer) -> None:
    """A good request keeps its answer although rubbish follows it."""
    answer = producer.raw(request(HOST, LENGTH) + b"\x00rubbish\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_raw_bytes(producer: Producer, ingest: Service) -> None:
    """Requests with bytes changed, dropped and added at random never give a 5xx, and the service lives on."""
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(request(HOST, LENGTH, CLOSE))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        answer = producer.raw(bytes(data), timeout_seconds=0.05)
        assert answer == b"" or answer.split(b" ")[1][:1] in b"1234", answer[:200]
    assert ingest.get("/livez").status_code == 200


HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.long
@pytest.mark.timing
@pytest.mark.parametrize(
    ("sent", "trickle", "seconds"),
    [
        (b"", b"", BOUNDS.head_seconds),
        (HEAD, b"X-A: b\r\n", BOUNDS.head_seconds),
        (request(HOST, b"Content-Length: 1000", body=b"{"), b" ", BOUNDS.body_seconds),
    ],
)
def test_slow_request(ingest: Service, promised: Promised, sent: bytes, trickle: bytes, seconds: float) -> None:
    """A head or body that does not come to its end ends the connection at its deadline, however it trickles."""

    def seconds_open() -> float:
        with socket.create_connection(ingest.address) as connection:
            connection.settimeout(1)
            started = time.monotonic()
            connection.sendall(sent)
            eventually(lambda: _is_ended(connection, trickle), "the connection to be ended")
            return time.monotonic() - started

    promised.within(seconds + 3, seconds_open)


def _is_ended(connection: socket.socket, trickle: bytes) -> bool:
    try:
        connection.sendall(trickle)
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.fixture
def many_files(ingest: Service) -> Iterator[None]:
    """This process may open as many; the service, which runs already, has had to see to that itself."""
    assert ingest.pid
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_too_many_connections(ingest: Service, producer: Producer) -> None:
    """Beyond 1,000 connections a request is answered 503, and is accepted again when others have gone."""
    with ExitStack() as stack:
        for _ in range(BOUNDS.max_connections + 5):
            stack.enter_context(socket.create_connection(ingest.address))
        answer = producer.raw(request(HOST, LENGTH))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"UNAVAILABLE" in answer
        assert b"retry-after" in answer
    eventually(
        lambda: producer.raw(request(HOST, LENGTH, CLOSE)).startswith(b"HTTP/1.1 202 "),
        "a request to be accepted again",
    )
