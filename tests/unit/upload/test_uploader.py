"""The uploader against a server that misbehaves in the ways stores and networks do."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from agentjob_api.grant import UploadGrant
from agentjob_runtime.common import http_connection
from agentjob_runtime.upload.errors import UploadError
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.uploader import Patience, Uploader
from support.loopback import free_port

QUICK = Patience(seconds=60, first_delay=0.001, longest_delay=0.01)
CREATED = b"HTTP/1.1 204 No Content\r\n\r\n"
Behaviour = Callable[[socket.socket], None]


class Forever:
    """A budget without end."""

    def remaining(self) -> float:
        """Endless."""
        return float("inf")

    def wait(self, seconds: float) -> None:
        """The tests' pauses are tiny: skip them."""


def receive(connection: socket.socket) -> bytes:
    """The next piece. Raises `ConnectionError` when the client has gone."""
    if not (piece := connection.recv(1 << 20)):
        raise ConnectionError("the client closed the connection")
    return piece


def answer(data: bytes) -> Behaviour:
    """Reads the whole request, then answers."""

    def behave(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += receive(connection)
        body = len(head.partition(b"\r\n\r\n")[2])
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]
        while body < length:
            body += len(receive(connection))
        connection.sendall(data)

    return behave


def error(status: str, code: str, message: str = "") -> Behaviour:
    """S3's XML."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return answer(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def reset(connection: socket.socket) -> None:
    """RST in the middle of the request."""
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def refuse_early(connection: socket.socket) -> None:
    """Answers before the body was read, as stores do with a bad policy, and closes."""
    connection.recv(65536)
    connection.sendall(
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<Error><Code>EntityTooLarge</Code></Error>"
    )
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 20):
        pass


@dataclass
class Store:
    """Behaves as told, one behaviour a connection; the last one for ever."""

    behaviours: list[Behaviour]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    connections: int = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            behave = self.behaviours[min(self.connections, len(self.behaviours) - 1)]
            self.connections += 1
            with connection, suppress(ConnectionError):
                behave(connection)


@contextmanager
def serving(*behaviours: Behaviour) -> Iterator[Store]:
    """A running store."""
    store = Store(list(behaviours))
    thread = threading.Thread(target=store.serve, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.listener.shutdown(socket.SHUT_RDWR)
        store.listener.close()
        thread.join()


def uploader(folder: Path, port: int) -> Uploader:
    """With a grant for that port."""
    grant = UploadGrant(
        url=f"http://127.0.0.1:{port}/bucket",
        fields={"policy": "s3cret-policy"},
        key_prefix="p/",
        max_bytes=1 << 30,
        expires_at="2099-01-01T00:00:00Z",
    )
    (folder / "upload.json").write_text(grant.to_json())
    return Uploader(folder / "upload.json", Forever())


@dataclass
class Renewing(Forever):
    """Before the second try the grant leads to another store."""

    folder: Path
    port: int

    def wait(self, seconds: float) -> None:
        """Takes no time."""
        uploader(self.folder, self.port)


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
        answer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 13\r\n\r\n<html></html>"),
        error("500 Internal Server Error", "InternalError"),
        error("503 Slow Down", "SlowDown"),
        error("400 Bad Request", "XAmzContentChecksumMismatch"),
        error("403 Forbidden", "AccessDenied", "Invalid according to Policy: Policy expired."),
        error("403 Forbidden", "RequestTimeTooSkewed"),
        answer(b"HTTP/1.1 204 No Content\r\nx-amz-checksum-sha256: wrong\r\n\r\n"),
        answer(b""),
        answer(b"rubbish\r\n\r\n"),
        reset,
    ],
)
def test_passing_faults_are_tried_again(tmp_path: Path, behaviour: Behaviour) -> None:
    """Twice the fault, then success: stored once, verified."""
    with serving(behaviour, behaviour, answer(CREATED)) as store:
        stored = uploader(tmp_path, store.port).put("result.json", Payload.of(b"x" * 300_000), QUICK)
    assert (stored.key, stored.bytes, store.connections) == ("p/result.json", 300_000, 3)


@pytest.mark.parametrize(
    ("behaviour", "tries", "sentence"),
    [
        (error("404 Not Found", "NoSuchBucket"), 7, "The bucket does not exist"),
        (error("403 Forbidden", "AccessDenied"), 7, "refuses the upload"),
        (error("400 Bad Request", "XAmzContentChecksumMismatch"), 4, "other bytes than were sent"),
        (error("400 Bad Request", "EntityTooLarge"), 1, "for good"),
        (refuse_early, 1, "for good"),
    ],
)
def test_lasting_faults_are_given_up_with_a_sentence(
    tmp_path: Path, behaviour: Behaviour, tries: int, sentence: str
) -> None:
    """A limit for each; no part of the grant in the message."""
    with serving(behaviour) as store, pytest.raises(UploadError, match=sentence) as caught:
        uploader(tmp_path, store.port).put("workspace.zip", Payload.of(b"x" * 20_000_000), QUICK)
    assert store.connections == tries
    assert "s3cret" not in str(caught.value)


def test_a_refused_connection_ends_with_the_patience(tmp_path: Path) -> None:
    """Nobody listens: not for ever."""
    with pytest.raises(UploadError, match="does not answer"):
        uploader(tmp_path, free_port()).put("x", Payload.of(b""), Patience(0.05, 0.01, 0.01))


def test_a_connection_that_nobody_takes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to a pod of the store that has just gone is lost, and soon another one answers: waiting for the first cost the last events.

    A listener with a full queue loses it, too. After five seconds it takes all; who has waited so long is stored there.
    """
    monkeypatch.setattr(http_connection, "CONNECT_SECONDS", 0.2)
    gone = Store([answer(CREATED)], socket.create_server(("127.0.0.1", 0), backlog=0))
    in_the_queue = socket.create_connection(("127.0.0.1", gone.port))

    def take_all() -> None:
        in_the_queue.close()
        gone.serve()

    later = threading.Timer(5, take_all)
    later.start()
    with serving(answer(CREATED)) as back:
        sender = uploader(tmp_path, gone.port)
        sender._budget = Renewing(tmp_path, back.port)
        sender.put("x", Payload.of(b"x"), QUICK)
    later.cancel()
    in_the_queue.close()
    gone.listener.shutdown(socket.SHUT_RDWR)
    gone.listener.close()
    assert back.connections == 1


def test_nothing_is_tried_again_when_the_budget_is_used_up(tmp_path: Path) -> None:
    """SIGTERM leaves no time for pauses: it was refused, and that was the last try."""

    class Over(Forever):
        def remaining(self) -> float:
            return 0.0001

    with serving(error("503 Slow Down", "SlowDown")) as store:
        sender = uploader(tmp_path, store.port)
        sender._budget = Over()
        with pytest.raises(UploadError):
            sender.put("x", Payload.of(b"x"), QUICK)
    assert store.connections == 1


def test_a_renewed_grant_is_used_by_the_next_try(tmp_path: Path) -> None:
    """The Secret is mounted as a volume: the kubelet replaces the file while the courier works."""
    with serving(error("403 Forbidden", "AccessDenied", "Policy expired.")) as old, serving(answer(CREATED)) as new:
        sender = uploader(tmp_path, old.port)
        sender._budget = Renewing(tmp_path, new.port)
        sender.put("x", Payload.of(b"x"), QUICK)
    assert (old.connections, new.connections) == (1, 1)


def test_an_unreadable_grant_is_waited_for_and_never_quoted(tmp_path: Path) -> None:
    """Half-written or missing for a moment."""
    sender = uploader(tmp_path, 1)
    (tmp_path / "upload.json").write_text('{"fields": {"policy": "s3cret-policy"')
    with pytest.raises(UploadError, match="cannot be read") as caught:
        sender.put("x", Payload.of(b"x"), QUICK)
    assert "s3cret" not in str(caught.value)


def test_a_long_upload_is_broken_off_when_the_pod_s_time_is_over(tmp_path: Path) -> None:
    """A slow network must not carry it past the pod's grace: the report comes after it."""

    class Shrinking(Forever):
        left = 5.0

        def remaining(self) -> float:
            self.left -= 1
            return self.left

    with serving(answer(CREATED)) as store:
        sender = uploader(tmp_path, store.port)
        sender._budget = Shrinking()
        with pytest.raises(UploadError, match="the pod's time is over"):
            sender.put("workspace.zip", Payload.of(b"x" * (20 << 20)), QUICK)
