"""The bounds of HTTP itself. What differs between services has no default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a service allows its clients to hold, and for how long.

    Attributes:
        max_connections: How many are served at once.
        max_refused_connections: So many more are open at once to be told 503; one beyond them ends without a word.
        gives_way: Whether a connection whose client is waited for ends as soon as a new one needs its room. Otherwise
            the new one is refused.
        answers_bytes: Answers, as far as they are larger than `portion_bytes`, that wait for their clients together.
        shutdown_seconds: SIGTERM waits for so long for what was accepted.
        shutdown_client_seconds: And for so long for clients: for the rest of a body, or until an answer is taken.
        max_headers: Of a request.
        max_head_bytes: Request line and headers together.
        long_target_bytes: A request's target may take so much beyond that.
        parsed_bytes: So much is parsed at once; requests sent ahead of their turn wait as bytes.
        portion_bytes: So much of an answer leaves at once; of a larger one the rest waits until the client takes it.
        head_seconds: From the connection, or a request's first byte, to the end of its headers.
        body_seconds: From the end of the headers to the end of the body.
        answer_seconds: From the end of the body until the client has taken the answer, but for two or three portions
            that the transport may hold.
        idle_seconds: Between two requests of a connection.
    """

    max_connections: int
    max_refused_connections: int
    gives_way: bool
    answers_bytes: int
    shutdown_seconds: int
    shutdown_client_seconds: float = 3.0
    max_headers: int = 100
    max_head_bytes: int = 16_384
    long_target_bytes: int = 0
    parsed_bytes: int = 4_096
    portion_bytes: int = 32_768
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    answer_seconds: float = 30.0
    idle_seconds: float = 75.0

    @property
    def max_unfinished_bytes(self) -> int:
        """Bytes that came and are no whole part yet: a head, trailers, what lies between two parts of a body."""
        return self.max_head_bytes + self.long_target_bytes

    @property
    def open_files(self) -> int:
        """Of connections that are served, those being refused at the moment, and our own to the servers."""
        return self.max_connections + 500
