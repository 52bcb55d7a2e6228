"""What is sent ahead of its turn waits as bytes."""

import socket

import psutil
from tests.fixtures.bare_server import Serve


def test_requests_sent_ahead(serve: Serve) -> None:
    """Requests far ahead of their turn are answered in order, and wait as bytes: their memory is bounded."""
    request = b"GET / HTTP/1.1\r\nHost:x\r\n\r\n"
    number = 100_000 // len(request)
    process = psutil.Process()
    running = serve()
    before = most = process.memory_info().rss
    connections = [running.connect() for _ in range(16)]
    for connection in connections:
        connection.sendall(request * number)
    for connection in connections:
        assert connection.recv(1, socket.MSG_PEEK), "an answer was begun"
    answered, begun = 0, b"HTTP/1.1 200 "
    received = b""
    while answered < number:
        received = received[1 - len(begun) :] + connections[0].recv(1_000_000)
        answered += received.count(begun)
        most = max(most, process.memory_info().rss)
    assert most - before < 40_000_000
