"""The readiness probe against web servers that answer, rightly and wrongly."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from agentjob_api.job_config import NotebookConfig
from agentjob_api.pod import KEY_CONFIG, KEY_NOTEBOOK_TOKEN
from agentjob_runtime.notebook.ready import problem

TOKEN = "a-token-of-more-than-16-characters"
BASE = "/jobs/a/notebook/"
STATUS = json.dumps({"started": "2026-11-21T10:00:00Z", "kernels": 0})


@contextmanager
def serving(status: str) -> Iterator[int]:
    """A server that gives `status` to whoever asks the right path with the token; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = (self.path, self.headers["Authorization"]) == (f"{BASE}api/status", f"token {TOKEN}")
            self.send_response(200 if good else 403)
            self.end_headers()
            self.wfile.write(status.encode())

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the kubelet mounts, written by the API's own model."""
    notebook = NotebookConfig(base_url=BASE).to_json()
    (tmp_path / KEY_CONFIG).write_text(f'{{"notebook": {notebook}}}', encoding="utf-8")
    (tmp_path / KEY_NOTEBOOK_TOKEN).write_text(TOKEN, encoding="utf-8")
    return tmp_path


def test_ready_when_the_status_is_told(folder: Path) -> None:
    """With the job's base URL and the token."""
    with serving(STATUS) as port:
        assert not problem(folder, port)


@pytest.mark.parametrize("answer", ["", "It works!", "{}", "[]"])
def test_a_web_server_that_answers_is_not_enough(folder: Path, answer: str) -> None:
    """200 alone says nothing about Jupyter."""
    with serving(answer) as port:
        assert problem(folder, port)


def test_not_ready_with_another_token(folder: Path) -> None:
    """Then people with the token from the Secret could not get in either."""
    (folder / KEY_NOTEBOOK_TOKEN).write_text("another-token", encoding="utf-8")
    with serving(STATUS) as port:
        assert "403" in problem(folder, port)


def test_not_ready_when_nobody_listens(folder: Path) -> None:
    """Jupyter starts, or is being started again."""
    with serving(STATUS) as port:
        pass
    assert "refused" in problem(folder, port)


def test_not_ready_without_its_files(tmp_path: Path) -> None:
    """Said, not raised: the kubelet shows it in the event."""
    assert KEY_NOTEBOOK_TOKEN in problem(tmp_path, 1)
