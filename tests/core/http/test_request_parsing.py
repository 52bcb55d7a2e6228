"""Requests as bytes: which are valid HTTP, which are refused, and what comes after them."""

import random

import pytest
from tests.core.http.conftest import CLOSE, HOST, LENGTH, event_request
from tests.fixtures.ingest_client import Producer
from tests.fixtures.services import Service

CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (event_request(HOST, LENGTH, CLOSE), 202),
        (event_request(LENGTH, CLOSE), 400),
        (event_request(HOST, HOST, LENGTH, CLOSE), 400),
        (event_request(LENGTH, version=b"1.0"), 202),
        (event_request(HOST, LENGTH, b"Transfer-Encoding: chunked", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 400),
        (event_request(HOST, LENGTH, b"Content-Length: 3", CLOSE), 400),
        (event_request(HOST, b"Content-Length: -2", CLOSE), 400),
        (event_request(HOST, b"Content-Length: 99999999999999999999999", CLOSE), 400),
        (event_request(HOST, b"Transfer-Encoding: chunked", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 202),
        (event_request(HOST, b"Transfer-Encoding: chunked", CLOSE, body=b"zz\r\n{}\r\n0\r\n\r\n"), 400),
        (event_request(HOST, LENGTH, *[b"X-%d: y" % n for n in range(100)], CLOSE), 431),
        (event_request(HOST, LENGTH, b"X-Long: " + b"y" * 17_000, CLOSE), 431),
        (event_request(HOST, LENGTH, CLOSE, path=b"/events?" + b"y" * 17_000), 431),
        (b"GET /" + b"y" * 100_000, 431),
        (event_request(HOST, LENGTH, CLOSE, b"Connection: Upgrade", b"Upgrade: websocket"), 202),
        (event_request(HOST, LENGTH, CLOSE, b"Expect: 100-continue"), 100),
        (event_request(HOST, b"Content-Length: 300000", CLOSE, b"Expect: 100-continue", body=b""), 413),
        (event_request(LENGTH, b"Expect: 100-continue", version=b"1.0"), 202),
        (event_request(HOST, LENGTH, version=b"2.0"), 400),
        (event_request(HOST, LENGTH, version=b"1.2"), 400),
        (event_request(HOST, CLOSE, body=b""), 400),
        (event_request(HOST, b"Content-Length: +2", CLOSE), 400),
        (event_request(HOST, b"Content-Length: 2,2", CLOSE), 400),
        (event_request(HOST, LENGTH, LENGTH, CLOSE), 400),
        (event_request(HOST, b"Content-Length:", CLOSE), 400),
        (event_request(HOST, LENGTH, b": x", CLOSE), 400),
        (event_request(HOST, LENGTH, b"X-A : b", CLOSE), 400),
        (event_request(HOST, LENGTH, b"X-A:", CLOSE), 202),
        (event_request(HOST, LENGTH, b"X-A: b\r\n  c", CLOSE), 400),
        (event_request(HOST, LENGTH, b"X-A: b\0c", CLOSE), 400),
        (event_request(HOST, LENGTH, b"X-A: b\rc", CLOSE), 400),
        (event_request(HOST, LENGTH, b"X-A: \xff", CLOSE), 202),
        (event_request(HOST, LENGTH, CLOSE).replace(b"\r\n", b"\n"), 400),
        (event_request(HOST, LENGTH, b"Idempotency-Key: again", CLOSE), 400),
        (event_request(HOST, LENGTH, b"X-API-Key: key_a", CLOSE), 401),
        (event_request(HOST, CHUNKED, CLOSE, body=b'1;a=b;c="d"\r\n{\r\n1\r\n}\r\n0\r\n\r\n'), 202),
        (event_request(HOST, CHUNKED, CLOSE, body=b"2;" + b"a" * 30_000 + b"\r\n{}\r\n0\r\n\r\n"), 431),
        (event_request(HOST, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\nX-API-Key: x\r\nHost: y\r\n\r\n"), 202),
        (event_request(HOST, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\nX-T: " + b"y" * 50_000), 431),
        (event_request(HOST, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\n" + b"X-T: y\r\n" * 5_000), 431),
        (event_request(HOST, CHUNKED, CLOSE, body=b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"), 400),
        (event_request(HOST, CHUNKED, CHUNKED, CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 400),
        (event_request(HOST, b"Transfer-Encoding: gzip, chunked", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 400),
        (event_request(HOST, b"Transfer-Encoding: gzip", CLOSE), 400),
        (event_request(HOST, b"Transfer-Encoding: CHUNKED", CLOSE, body=b"2\r\n{}\r\n0\r\n\r\n"), 202),
        (event_request(HOST, LENGTH, CLOSE, path=b"/events?a=b"), 202),
        (event_request(HOST, LENGTH, CLOSE, path=b"/x/../events"), 404),
        (event_request(HOST, LENGTH, CLOSE, path=b"/events%00"), 404),
        (event_request(HOST, LENGTH, CLOSE, path=b"/\xc3\xa9"), 400),
        (event_request(HOST, LENGTH, CLOSE, path=b"events"), 400),
        (event_request(HOST, LENGTH, CLOSE, path=b"http://x"), 400),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /livez\r\n\r\n", 400),
        (b"\r\n\r\n" + event_request(HOST, LENGTH, CLOSE), 202),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (event_request(HOST, LENGTH, CLOSE, path=b"/%65vents"), 404),
        (event_request(HOST, LENGTH, CLOSE, path=b"http://x/events"), 202),
    ],
)
def test_raw_request(producer: Producer, data: bytes, status: int) -> None:
    """Each request gets the expected status, and the connection is closed."""
    answer = producer.raw(data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]


def test_pipelined_requests(producer: Producer) -> None:
    """Requests sent at once get their responses in order."""
    answer = producer.raw(
        event_request(HOST, LENGTH) + event_request(HOST, LENGTH, path=b"/nope") + event_request(HOST, LENGTH, CLOSE)
    )
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"202", b"404", b"202"]


def test_trailers(producer: Producer) -> None:
    """Trailers do not count as headers: an API key among them is ignored, and the next request is parsed."""
    head = b"POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-API-Key\r\n\r\n"
    answer = producer.raw(head + b"2\r\n{}\r\n0\r\nX-API-Key: key_a\r\n\r\n" + event_request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"401", b"202"]


@pytest.mark.parametrize("path", [b"/nope", b"/events"])
def test_response_before_the_body(producer: Producer, path: bytes) -> None:
    """The body of a request that is refused early is discarded, and the connection's next request gets its response."""
    refused = event_request(HOST, b"Content-Length: 300000", b"X-API-Key: twice", path=path, body=b"x" * 300_000)
    answer = producer.raw(refused + event_request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"404" if path == b"/nope" else b"401", b"202"]


def test_upgrade_to_http2(producer: Producer) -> None:
    """A request to upgrade to HTTP/2 is ignored, with either framing of the body, and the connection stays open."""
    upgrade = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
    chunked = event_request(HOST, b"Transfer-Encoding: chunked", *upgrade, body=b"2\r\n{}\r\n0\r\n\r\n")
    answer = producer.raw(event_request(HOST, LENGTH, *upgrade) + chunked + event_request(HOST, LENGTH, CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"202", b"202", b"202"]


def test_garbage_after_a_request(producer: Producer) -> None:
    """A valid request gets its response although garbage follows."""
    answer = producer.raw(event_request(HOST, LENGTH) + b"\x00rubbish\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_raw_bytes(producer: Producer, ingest: Service) -> None:
    """Requests with bytes changed, dropped and added at random never get a 5xx, and the service survives."""
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(event_request(HOST, LENGTH, CLOSE))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        answer = producer.raw(bytes(data), timeout_seconds=0.05)
        assert answer == b"" or answer.split(b" ")[1][:1] in b"1234", answer[:200]
    assert ingest.get("/livez").status_code == 200
