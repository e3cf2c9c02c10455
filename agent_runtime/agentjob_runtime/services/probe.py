"""Asks a service a real question in its own protocol: an open port says nothing, and an agent's image may have no client.

PostgreSQL: https://www.postgresql.org/docs/17/protocol-message-formats.html; Redis: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from agentjob_api.pod import POSTGRES_DATABASE, POSTGRES_PORT, POSTGRES_USER, REDIS_PORT

HOST: Final = "127.0.0.1"
SECONDS: Final = 2.0
"""For connecting, and for each piece of an answer."""
_PROTOCOL: Final = 3 << 16
"""Version 3.0."""
_MAX_MESSAGE: Final = 1 << 16


class ServiceError(Exception):
    """It answers, but does not serve: it is starting or refuses; the message is its own."""


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ServiceError("closed the connection")
        data += piece
    return data


def _messages(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each message up to ReadyForQuery. Raises `ServiceError` for an error message."""
    kind = b""
    while kind != b"Z":
        kind, length = struct.unpack("!cI", _exactly(connection, 5))
        if not 4 <= length <= _MAX_MESSAGE:
            raise ServiceError("does not speak PostgreSQL's protocol")
        body = _exactly(connection, length - 4)
        if kind == b"E":
            raise ServiceError(_error_text(body))
        yield kind, body


def _error_text(body: bytes) -> str:
    fields = {field[:1]: field[1:].decode("utf-8", "replace") for field in body.split(b"\0") if field}
    return fields.get(b"M", "refused without a word")


def ask_postgres(port: int = POSTGRES_PORT, user: str = POSTGRES_USER, database: str = POSTGRES_DATABASE) -> None:
    """Runs `SELECT 1` in the agent's database. Raises `ServiceError` or `OSError`."""
    names = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
    query = b"SELECT 1\0"
    with socket.create_connection((HOST, port), timeout=SECONDS) as connection:
        connection.sendall(struct.pack("!II", len(names) + 8, _PROTOCOL) + names)
        for _ in _messages(connection):
            pass
        connection.sendall(b"Q" + struct.pack("!I", len(query) + 4) + query)
        rows = [body for kind, body in _messages(connection) if kind == b"D"]
        connection.sendall(b"X" + struct.pack("!I", 4))
    if [row[-1:] for row in rows] != [b"1"]:
        raise ServiceError("does not know what 1 is")


def ask_redis(port: int = REDIS_PORT) -> None:
    """Sends `PING`. Raises `ServiceError` (such as LOADING) or `OSError`."""
    with socket.create_connection((HOST, port), timeout=SECONDS) as connection:
        connection.sendall(b"PING\r\n")
        answer = _exactly(connection, 7)
    if answer != b"+PONG\r\n":
        raise ServiceError(f"answers {answer.decode('ascii', 'replace').strip()!r} to PING")


QUESTIONS: Final[Mapping[str, Callable[[], None]]] = MappingProxyType({"Postgres": ask_postgres, "Redis": ask_redis})
"""By the name in `spec.services`."""


def problem_of(ask: Callable[[], None]) -> str:
    """Why the service does not serve; empty when it does."""
    try:
        ask()
    except (ServiceError, OSError) as error:
        return str(error) or type(error).__name__
    return ""
