"""The limits of a service's HTTP server. Those that differ between the services have no default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may make a service hold, and for how long.

    Attributes:
        max_connections: Connections served at once.
        max_refused_connections: Further connections that get a 503; those beyond are closed without a response.
        evicts_slow_clients: Whether a new connection beyond the limit replaces the one whose client has kept the
            service waiting for longest. Otherwise the new one is refused.
        response_budget_bytes: Total size of responses larger than `portion_bytes` that wait for their clients.
        shutdown_seconds: How long SIGTERM waits for requests in progress.
        shutdown_client_seconds: How long it waits for clients: for the rest of a body, or to read a response.
        max_headers: Headers of a request.
        max_head_bytes: Size of request line and headers together.
        long_target_bytes: By how much a long request target may exceed that.
        max_parse_bytes: Bytes parsed at once; pipelined requests beyond that wait as bytes.
        portion_bytes: Bytes of a response written at once; the rest of a larger one waits for the client to read it.
        head_seconds: From the connection, or a request's first byte, to the end of its headers.
        body_seconds: From the end of the headers to the end of the body.
        response_seconds: From the end of the body until the client has read the response, except for the two or three
            portions that the transport may hold.
        idle_seconds: Between two requests of a connection.
    """

    max_connections: int
    max_refused_connections: int
    evicts_slow_clients: bool
    response_budget_bytes: int
    shutdown_seconds: int
    shutdown_client_seconds: float = 3.0
    max_headers: int = 100
    max_head_bytes: int = 16_384
    long_target_bytes: int = 0
    max_parse_bytes: int = 4_096
    portion_bytes: int = 32_768
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    response_seconds: float = 30.0
    idle_seconds: float = 75.0

    @property
    def max_unfinished_bytes(self) -> int:
        """Received bytes that form no complete part yet: of a head, of trailers, or between two chunks of a body."""
        return self.max_head_bytes + self.long_target_bytes

    @property
    def open_files(self) -> int:
        """File descriptors for the connections, those being refused, and the service's own to its dependencies."""
        return self.max_connections + 500
