"""Pipelined requests wait as bytes."""

import socket

import psutil
from tests.fixtures.bare_server import Serve


def test_memory_of_pipelined_requests_is_bounded(serve: Serve) -> None:
    """Many pipelined requests get their responses in order, and are not parsed before it is their turn."""
    request = b"GET / HTTP/1.1\r\nHost:x\r\n\r\n"
    number = 100_000 // len(request)
    process = psutil.Process()
    running = serve()
    before = most = process.memory_info().rss
    connections = [running.connect() for _ in range(16)]
    for connection in connections:
        connection.sendall(request * number)
    for connection in connections:
        assert connection.recv(1, socket.MSG_PEEK), "a response has begun"
    answered, begun = 0, b"HTTP/1.1 200 "
    received = b""
    while answered < number:
        received = received[1 - len(begun) :] + connections[0].recv(1_000_000)
        answered += received.count(begun)
        most = max(most, process.memory_info().rss)
    assert most - before < 40_000_000
