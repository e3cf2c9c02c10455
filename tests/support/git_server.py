"""A real Git host over HTTP: `git http-backend` behind a small server on loopback, which can ask for a password or answer with an error.

`GitServer.requests` remembers every request with its Authorization header, so that a test can see where a credential went.
"""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    """Runs git as a test's author would; its output. Raises `CalledProcessError`."""
    command = ["git", "-c", "protocol.file.allow=always", "-C", str(folder), *arguments]
    done = subprocess.run(command, env=os.environ | IDENTITY, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Seen:
    """One request."""

    path: str
    authorization: str | None


@dataclass
class GitServer:
    """Serves the bare repositories below `root`."""

    root: Path
    port: int = 0
    users: dict[str, str] = field(default_factory=dict)
    """User names and passwords; empty: open to everybody."""
    failure: int | None = None
    """Answer every request with this status."""
    failures_left: int = 0
    """How many requests are still answered with `failure`; 0 with a `failure` set means all of them."""
    redirect: str | None = None
    """Answer every request with 302 to this base URL."""
    old_protocol: bool = False
    """Speak protocol version 0, where a client may only ask for what refs point at."""
    requests: list[Seen] = field(default_factory=list)

    def url(self, name: str) -> str:
        """Of a repository."""
        return f"http://127.0.0.1:{self.port}/{name}.git"

    def add(self, name: str, files: Mapping[str, str | bytes], *, branch: str = "main") -> Path:
        """A new repository with one commit; the folder of its working tree, from where more can be pushed with `push`."""
        tree = self.root.parent / "trees" / name
        tree.mkdir(parents=True)
        git(tree, "init", "-q", "-b", branch)
        self.commit(tree, files, "first")
        git(self.root, "clone", "-q", "--bare", str(tree), f"{name}.git")
        git(tree, "remote", "add", "origin", str(self.root / f"{name}.git"))
        return tree

    def commit(self, tree: Path, files: Mapping[str, str | bytes], message: str) -> str:
        """Writes files and commits them; the commit's id."""
        for path, content in files.items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "--allow-empty", "-m", message)
        return git(tree, "rev-parse", "HEAD")

    def push(self, tree: Path) -> None:
        """All branches and tags."""
        git(tree, "push", "-q", "--all", "origin")
        git(tree, "push", "-q", "--tags", "origin")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet: the tests look at `requests`."""

    def _answer(self, body: bytes) -> None:
        host = cast("_Server", self.server).host
        host.requests.append(Seen(self.path, self.headers.get("Authorization")))
        if host.failure is not None and self._still_fails(host):
            self._plain(host.failure)
        elif host.redirect is not None:
            self._plain(302, {"Location": host.redirect + self.path})
        elif host.users and not self._known(host):
            self._plain(401, {"WWW-Authenticate": 'Basic realm="git"'})
        elif not (host.root / self.path.split(".git")[0].lstrip("/")).with_suffix(".git").is_dir():
            self._plain(404)
        else:
            self._backend(host, body)

    def _still_fails(self, host: GitServer) -> bool:
        if host.failures_left == 1:
            host.failure = None
        host.failures_left = max(0, host.failures_left - 1)
        return True

    def _known(self, host: GitServer) -> bool:
        scheme, _, value = (self.headers.get("Authorization") or "").partition(" ")
        user, _, password = base64.b64decode(value).decode().partition(":") if scheme == "Basic" else ("", "", "")
        return host.users.get(user) == password != ""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _plain(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _backend(self, host: GitServer, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = os.environ | {
            "GIT_PROJECT_ROOT": str(host.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": "" if host.old_protocol else self.headers.get("Git-Protocol", ""),
        }
        output = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = output.stdout.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n") if line]
        headers = {name: value for name, _, value in lines}
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: GitServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = host


@contextmanager
def running_git_server(folder: Path) -> Iterator[GitServer]:
    """A server without repositories, ended at exit."""
    root = folder / "repositories"
    root.mkdir(parents=True)
    host = GitServer(root)
    server = _Server(host)
    host.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
