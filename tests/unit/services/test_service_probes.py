"""A service that does not serve is told from one that does: by its answer, not by its open port."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from agentjob_runtime.services.probe import ServiceError, ask_postgres, ask_redis, problem_of

AUTHENTICATED = b"R" + struct.pack("!II", 8, 0) + b"Z" + struct.pack("!I", 5) + b"I"
ONE = b"D" + struct.pack("!IHI", 11, 1, 1) + b"1"
DONE = b"Z" + struct.pack("!I", 5) + b"I"
STARTING = b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A server that reads something before each of its answers, and then closes; its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for answer in answers:
                if not self.request.recv(4096):
                    return
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_postgres_that_answers_the_query_serves() -> None:
    """Log in, ask, and get one row with a 1."""
    with answering(AUTHENTICATED, ONE + DONE) as port:
        ask_postgres(port)


def test_postgres_that_starts_says_so() -> None:
    """Its port is open long before."""
    with (
        answering(b"E" + struct.pack("!I", len(STARTING) + 4) + STARTING) as port,
        pytest.raises(ServiceError) as error,
    ):
        ask_postgres(port)
    assert "starting up" in str(error.value)


@pytest.mark.parametrize(
    "answers",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (AUTHENTICATED[:-1],),
        (AUTHENTICATED, DONE),
        (AUTHENTICATED, b"D" + struct.pack("!I", 1 << 30)),
        (),
    ],
    ids=["another protocol", "cut off", "no row", "giant", "closes"],
)
def test_what_is_no_postgres_does_not_serve(answers: tuple[bytes, ...]) -> None:
    """Each of these ends the question at once, with a reason."""
    with answering(*answers) as port:
        assert problem_of(lambda: ask_postgres(port))


def test_redis_that_answers_ping_serves() -> None:
    """`+PONG`."""
    with answering(b"+PONG\r\n") as port:
        ask_redis(port)


def test_redis_that_loads_does_not_serve() -> None:
    """It answers every command with an error until it has loaded."""
    with answering(b"-LOADING Redis is loading the dataset in memory\r\n") as port:
        assert "LOADIN" in problem_of(lambda: ask_redis(port))


def test_nobody_there() -> None:
    """Refused is a problem, not an exception for the caller."""
    with answering() as port:
        pass
    assert "refused" in problem_of(lambda: ask_redis(port))
