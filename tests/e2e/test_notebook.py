"""The notebook and the services in a pod: who gets in, what a person can run, what a fault costs."""

import time
from collections.abc import Iterator

import pytest
import urllib3
from agentjob_api import pod
from playwright.sync_api import Page

from e2e.support.api import Api, Json
from e2e.support.lone_pod import BASE, LonePod, new_token, restarts, running_pod
from e2e.support.paths import ARTIFACTS

LAUNCHER = ".jp-LauncherCard[data-category='Notebook']"
CELL = ".jp-CodeCell .cm-content"
IDLE = "text=Python (workspace) | Idle"
"""In the status bar; what is run before is lost."""
READY = "/opt/agentjob/bin/agentjob-runtime notebook-ready"
FIND = "pgrep -f '[m] jupyterlab'"
"""The bracket: not the shell that looks for it."""
PSQL = "psql postgresql://agent@127.0.0.1:5432/agent -tA"
CLOSED = ("api/status", "api/contents", "api/kernels", "api/terminals", "api/sessions", "metrics", "api/kernelspecs")
PAGES = ("lab", "files/app.py", "tree")


@pytest.fixture(scope="module")
def notebook(api: Api) -> Iterator[LonePod]:
    """One for all tests of this file, with something that the agent wrote."""
    token = new_token()
    data = {pod.KEY_NOTEBOOK_TOKEN: token}
    with running_pod(api, "notebook", pod.NOTEBOOK_PORT, token, data) as found:
        found.sh("agent", "echo 'def greet(name): return f\"hello {name}\"' > /workspace/app.py")
        yield found


def _status(notebook: LonePod, path: str, token: str | None) -> int:
    headers = {} if token is None else {"Authorization": f"token {token}"}
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", f"{notebook.url}{BASE}{path}", headers=headers, redirect=False).status


@pytest.mark.parametrize("token", [None, "", "not-the-token"])
def test_nothing_is_reachable_without_the_token(notebook: LonePod, token: str | None) -> None:
    """Data is refused; pages lead to the form that asks for the token."""
    assert {path: _status(notebook, path, token) for path in CLOSED} == dict.fromkeys(CLOSED, 403)
    assert {path: _status(notebook, path, token) for path in PAGES} == dict.fromkeys(PAGES, 302)


def test_the_right_token_opens_it(notebook: LonePod) -> None:
    """In the header, as the probe has it; the browser's tests give it in the link."""
    assert _status(notebook, "api/status", notebook.token) == 200


def test_the_agent_gets_no_further(notebook: LonePod) -> None:
    """From the same pod: no token in its mounts, and kernels listen on no port."""
    ask = f"curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:8888{BASE}api/status"
    assert notebook.sh("agent", ask) == "403"
    assert notebook.sh("agent", "ls /etc/agentjob").split() == ["job.json"]


def test_a_cell_imports_what_the_agent_wrote(notebook: LonePod, page: Page) -> None:
    """In the browser, as a person does it; the browser asks nobody else for anything."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{notebook.url}{BASE}lab?token={notebook.token}")
    page.click(LAUNCHER)
    page.wait_for_selector(IDLE)
    page.click(CELL)
    page.keyboard.type("import app; print(app.greet('from the notebook'))")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-OutputArea-output >> text=hello from the notebook")
    page.keyboard.press("Control+S")
    page.wait_for_selector("text=Saving completed")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / "notebook.png")
    assert not [url for url in asked if not url.startswith((notebook.url, "data:", "blob:"))]
    left = notebook.sh("agent", "cd /workspace && find . -mindepth 1 | sort").split()
    assert left == ["./Untitled.ipynb", "./app.py"]  # no checkpoints, no byte code


def test_a_terminal_opens_in_the_workspace(notebook: LonePod, page: Page) -> None:
    """With the agent's tools."""
    page.goto(f"{notebook.url}{BASE}lab?reset&token={notebook.token}")
    page.click(".jp-LauncherCard[title='Start a new terminal session']")
    page.wait_for_selector(".jp-Terminal .xterm-screen")
    page.click(".jp-Terminal")
    page.keyboard.type("pwd > typed.txt; git --version >> typed.txt; echo done >> typed.txt\n", delay=10)
    give_up = time.monotonic() + 30
    while "done" not in (typed := notebook.sh("agent", "cat /workspace/typed.txt", check=False)):
        assert time.monotonic() < give_up, typed
    assert typed.startswith("/workspace\ngit version")


def test_a_killed_jupyter_comes_back(notebook: LonePod) -> None:
    """And its kernels are gone; nothing else in the pod notices."""
    before = restarts(notebook.pod())
    old = notebook.sh("notebook", FIND).strip()
    notebook.sh("notebook", f"kill -9 {old}")
    notebook.sh("notebook", f"timeout 90 sh -c 'until {READY} 2>/dev/null; do sleep 1; done'")
    assert old not in notebook.sh("notebook", FIND).split()
    assert restarts(notebook.pod()) == before


def test_a_full_home_costs_nobody_anything(notebook: LonePod) -> None:
    """The volume is its own: the pod is not evicted, Jupyter goes on, and the workspace can be written."""
    notebook.sh("notebook", "cat /dev/zero > /home/agent/full; cat /dev/zero > /tmp/full", check=False)
    notebook.sh("notebook", READY)
    notebook.sh("agent", "echo still here > /workspace/full.txt")
    notebook.sh("notebook", "rm /home/agent/full /tmp/full")
    assert notebook.pod()["status"]["phase"] == "Running"


def test_services_answer_and_keep_what_was_committed(notebook: LonePod) -> None:
    """A killed Postgres comes back with it; nobody outside the pod reaches either."""
    assert "Postgres runs" in notebook.sh("agent", "timeout 60 sh -c 'until start-services; do sleep 1; done'")
    notebook.sh("agent", f"{PSQL} -c 'create table t as select generate_series(1, 1000) as n'")
    assert notebook.sh("agent", "redis-cli set k v && redis-cli get k").split() == ["OK", "v"]
    notebook.sh("postgres", "kill -9 $(head -1 /var/lib/agentjob/postgres/data/postmaster.pid)", check=False)
    notebook.sh("agent", "timeout 60 sh -c 'sleep 1; until start-services; do sleep 0.5; done'")
    assert notebook.sh("agent", f"echo 'table t' | {PSQL} | wc -l").strip() == "1000"
    address = notebook.pod()["status"]["podIP"]
    connect = f"psql postgresql://agent@{address}:5432/agent -c 'select 1' 2>&1; redis-cli -h {address} ping 2>&1"
    assert notebook.sh("agent", connect, check=False).count("refused") == 2


def test_each_ends_at_once(notebook: LonePod) -> None:
    """SIGTERM to the first process: exit code 0, no grace needed, with clients connected. Last: the notebook is over then."""
    for container in ("postgres", "redis", "notebook"):
        notebook.sh(container, "kill -TERM 1", check=False)
    over = notebook.wait(lambda found: "terminated" in _states(found)["notebook"])
    assert _states(over)["notebook"]["terminated"]["exitCode"] == 0
    assert _states(over)["agent"].keys() == {"running"}


def _states(found: Json) -> dict[str, Json]:
    return {one["name"]: one["state"] for one in found["status"]["containerStatuses"]}
