"""Every row of the API's table of responses to POST /events."""

import json

import pytest
from tests.fixtures.ingest_client import MakeProducer, Producer, Published, code, new_key
from tests.fixtures.services import Service


def test_new_event(producer: Producer) -> None:
    """A new event is accepted under the id that the answer names."""
    response = producer.post(new_key())
    assert response.status_code == 202
    assert response.json() == {
        "status": "accepted",
        "request_id": response.headers["x-request-id"],
        "duplicate": False,
    }


def test_record(producer: Producer, published: Published) -> None:
    """The record is the envelope around the producer's own bytes."""
    key, body = new_key(), b' {"b": 1.0,\n "a": "\\u00e9"} '
    request_id = producer.post(key, body).json()["request_id"]
    (value,) = [value for value in published.values() if key.encode() in value]
    wrapper = json.loads(value)
    assert value.endswith(b'"event":' + body + b"}")
    assert wrapper["tenant_id"] == "tenant_a"
    assert wrapper["request_id"] == request_id
    assert wrapper["idempotency_key"] == key


def test_duplicate(producer: Producer) -> None:
    """The same key and body, in whatever order and spacing, is a duplicate with the first request's id."""
    key = new_key()
    first = producer.post(key, b'{"a":1,"b":[1.0]}').json()
    again = producer.post(key, b'{ "b" : [1.0], "a":1 }')
    assert again.status_code == 202
    assert again.json() == {"status": "accepted", "request_id": first["request_id"], "duplicate": True}


@pytest.mark.parametrize(
    "other", [b'{"a":1.0}', b'{"a":"1"}', b'{"a":2}', b'{"a":[1]}', b'{"A":1}', b'{"a":1,"b":null}']
)
def test_reused_key(producer: Producer, other: bytes) -> None:
    """The same key with another body is rejected, and 1, 1.0 and "1" are different."""
    key = new_key()
    producer.post(key, b'{"a":1}')
    response = producer.post(key, other)
    assert (response.status_code, code(response)) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_quoted_key(producer: Producer) -> None:
    """A structured field's string is the same key as the bare one."""
    key = new_key()
    first = producer.post(key).json()
    assert producer.post(f'"{key}"').json() == first | {"duplicate": True}


def test_keys_of_tenants(ingest: Service, producer_of: MakeProducer) -> None:
    """Tenants' keys are independent."""
    key = new_key()
    answers = [producer_of(ingest, api_key).post(key).json() for api_key in ("key_a", "key_b")]
    assert [answer["duplicate"] for answer in answers] == [False, False]


def test_missing_key(producer: Producer) -> None:
    """A request without Idempotency-Key is rejected."""
    response = producer.post(None)
    assert (response.status_code, code(response)) == (400, "MISSING_IDEMPOTENCY_KEY")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, '""', '"a b"', "a\tb"])
def test_invalid_key(producer: Producer, key: str) -> None:
    """An Idempotency-Key that is not 1 to 255 visible ASCII characters is rejected."""
    response = producer.post(key)
    assert (response.status_code, code(response)) == (400, "INVALID_IDEMPOTENCY_KEY")


@pytest.mark.parametrize("space", [b"\xa0", b"\x85"])
def test_key_with_non_ascii_space(producer: Producer, space: bytes) -> None:
    """White space beyond ASCII makes a key invalid; it is not stripped."""
    lines = b"X-API-Key: key_a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    key = new_key().encode() + space
    answer = producer.raw(
        b"POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%bIdempotency-Key: %b\r\n\r\n{}" % (lines, key)
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"INVALID_IDEMPOTENCY_KEY" in answer


def test_blanks_around_values(producer: Producer, published: Published) -> None:
    """Blanks and tabs around a header's value are stripped (RFC 9110, section 5.5)."""
    key = new_key()
    values = {
        "X-API-Key": "key_a",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
        "Ordering-Key": "customer 9",
        "traceparent": TRACE,
        "Expect": "100-continue",
    }
    lines = "".join(f"{name}: \t {value} \t\r\n" for name, value in values.items()).encode()
    answer = producer.raw(
        b"POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n%b\r\n{}" % lines
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")
    (message,) = [each for each in published.messages() if key.encode() in (each.value() or b"")]
    assert (message.key(), message.headers()) == (b"tenant_a:customer 9", [("traceparent", TRACE.encode())])


def test_longest_key(producer: Producer) -> None:
    """A key of 255 characters is accepted."""
    assert producer.post((new_key() + "x" * 255)[:255]).status_code == 202


@pytest.mark.parametrize("api_key", ["", "wrong", "key_a ", "x" * 1_000])
def test_unauthorized(ingest: Service, producer_of: MakeProducer, api_key: str) -> None:
    """An unknown API key of any form gets the same response as a missing one, without the key."""
    response = producer_of(ingest, api_key.strip() or "none").post(new_key())
    missing = producer_of(ingest).client.post(f"{ingest.url}/events")
    if api_key.strip() != "key_a":
        assert (response.status_code, code(response)) == (401, "UNAUTHORIZED")
        assert response.json()["error"]["message"] == missing.json()["error"]["message"]
        assert "wrong" not in response.text
    assert (missing.status_code, code(missing)) == (401, "UNAUTHORIZED")


def test_api_key_of_any_bytes(producer: Producer) -> None:
    """A key with bytes beyond ASCII is an unknown key."""
    answer = producer.raw(b"POST /events HTTP/1.1\r\nHost: x\r\nX-API-Key: \xff\xfe\xc3\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "identity"},
        {"Content-Type": "application/jsonx"},
    ],
)
def test_media_type(producer: Producer, headers: dict[str, str]) -> None:
    """Media types other than plain JSON in UTF-8 are rejected."""
    response = producer.post(new_key(), **headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_second_content_type(producer: Producer) -> None:
    """A second Content-Type is rejected."""
    response = producer.client.post(
        f"{producer.service.url}/events",
        content=b"{}",
        headers=[*producer.headers(new_key()).items(), ("Content-Type", "application/json")],
    )
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "given", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']
)
def test_media_type_with_charset(producer: Producer, given: str) -> None:
    """The charset UTF-8 may be given."""
    assert producer.post(new_key(), Content_Type=given).status_code == 202


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{]", b"nope", b'{"a":NaN}', b'{"a":1}{}', b'{"a":"\xff"}', b"\xef\xbb\xbf{}"]
)
def test_invalid_json(producer: Producer, body: bytes) -> None:
    """A body that is not strict JSON in UTF-8 is rejected."""
    response = producer.post(new_key(), body)
    assert (response.status_code, code(response)) == (400, "INVALID_JSON")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b'{"a":' * 65 + b"1" + b"}" * 65])
def test_invalid_event(producer: Producer, body: bytes) -> None:
    """A body that is not an object or too deep is rejected."""
    response = producer.post(new_key(), body)
    assert (response.status_code, code(response)) == (400, "INVALID_EVENT")


def test_64_levels(producer: Producer) -> None:
    """An event of 64 levels is accepted."""
    assert producer.post(new_key(), b'{"a":' * 64 + b"1" + b"}" * 64).status_code == 202


@pytest.mark.parametrize("size", [262_145, 300_000, 2_000_000])
def test_too_large(producer: Producer, size: int) -> None:
    """A body over 262,144 bytes is rejected, declared or chunked."""
    body = b'{"a":"' + b"x" * (size - 8) + b'"}'
    for content in (body, iter([body[:1_000], body[1_000:]])):
        response = producer.client.post(
            f"{producer.service.url}/events", content=content, headers=producer.headers(new_key())
        )
        assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


def test_largest(producer: Producer) -> None:
    """An event of exactly 262,144 bytes is accepted by Kafka."""
    assert producer.post(new_key(), b'{"a":"' + b"x" * (262_144 - 8) + b'"}').status_code == 202


def test_ordering_key(producer: Producer, published: Published) -> None:
    """The record's key is the Ordering-Key if given, else the idempotency key, each with the tenant."""
    plain, ordered = new_key(), new_key()
    assert producer.post(plain).status_code == 202
    assert producer.post(ordered, Ordering_Key="customer 9").status_code == 202
    keys = {json.loads(each.value() or b"")["idempotency_key"]: each.key() for each in published.messages()}
    assert keys[plain] == f"tenant_a:{plain}".encode()
    assert keys[ordered] == b"tenant_a:customer 9"
    response = producer.post(new_key(), Ordering_Key="x" * 256)
    assert (response.status_code, code(response)) == (400, "INVALID_EVENT")


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        (TRACE, [("traceparent", TRACE.encode())]),
        (None, None),
        ("00-0", None),
        (TRACE.upper(), None),
        (f"ff{TRACE[2:]}", None),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", None),
    ],
)
def test_traceparent(producer: Producer, published: Published, given: str | None, passed_on: object) -> None:
    """A valid traceparent is passed on; an invalid one is ignored."""
    key = new_key()
    assert producer.post(key, **({"traceparent": given} if given else {})).status_code == 202
    (message,) = [each for each in published.messages() if key.encode() in (each.value() or b"")]
    assert message.headers() == passed_on


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_method(producer: Producer, method: str) -> None:
    """Another method gets a 405 in the form of all errors, with Allow."""
    for path in ("/events", "/events/batch"):
        response = producer.client.request(method, f"{producer.service.url}{path}")
        assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/", "/events/", "/event", "/events%2fbatch", "/EVENTS", "/events/batch/x", "//events"]
)
def test_path(producer: Producer, path: str) -> None:
    """An unknown path gets a 404 in the form of all errors."""
    response = producer.client.post(f"{producer.service.url}{path}", headers=producer.headers(new_key()))
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


def test_operator_endpoint_method(producer: Producer) -> None:
    """An operator endpoint rejects POST."""
    response = producer.client.post(f"{producer.service.url}/health")
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")


def test_head(producer: Producer) -> None:
    """HEAD of an operator endpoint returns headers and no body."""
    response = producer.client.head(f"{producer.service.url}/livez")
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["x-request-id"].startswith("req_")
