"""`notebook-ready`: exit code 0 when Jupyter tells its status. Imports little: it runs every few seconds."""

import http
import http.client
import json
import os
import sys
from pathlib import Path
from typing import Final

from agentjob_api.pod import CONFIG_DIR, KEY_CONFIG, KEY_NOTEBOOK_TOKEN, NOTEBOOK_PORT

SECONDS: Final = 4.0
MAX_ANSWER: Final = 1 << 16
_NOT_READY: Final = 1


class StatusError(Exception):
    """Jupyter's answer is not what it should be."""


def base_url(config: Path) -> str:
    """`notebook.baseUrl` of `job.json`. Raises `OSError` or `ValueError`."""
    notebook = json.loads(config.read_bytes()).get("notebook") or {}
    return str(notebook.get("baseUrl", "/"))


def ask(port: int, base: str, token: str) -> None:
    """`GET api/status` with the token. Raises `StatusError`, `OSError`, `ValueError` or `HTTPException`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", f"{base}api/status", headers={"Authorization": f"token {token}"})
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER)
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK or "started" not in json.loads(body):
        raise StatusError(f"Jupyter answers {answer.status} to the question for its status")


def problem(folder: Path, port: int) -> str:
    """Why the notebook is not ready; empty when it is. `folder` holds `job.json` and the token."""
    try:
        token = (folder / KEY_NOTEBOOK_TOKEN).read_text(encoding="ascii")
        ask(port, base_url(folder / KEY_CONFIG), token)
    except UnicodeDecodeError:
        return "the token is not ASCII"
    except (StatusError, OSError, ValueError, http.client.HTTPException) as error:
        return f"{error}" or type(error).__name__
    return ""


def main() -> int:
    """Entry point of the probe; what is wrong goes into the kubelet's event."""
    found = problem(Path(CONFIG_DIR), NOTEBOOK_PORT)
    if found:
        print(f"notebook is not ready: {found}", file=sys.stderr)
        return _NOT_READY
    return os.EX_OK
