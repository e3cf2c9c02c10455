"""Notebook and services in a pod without an operator: a terminal, and what a fault costs. Who gets in: test_over_the_shoulder."""

import time
from collections.abc import Iterator

import pytest
from agentjob_api import pod
from playwright.sync_api import Page

from e2e.support.api import Api
from e2e.support.browser import open_page
from e2e.support.lone_pod import BASE, LonePod, new_token, restarts, running_pod

SLOW_MS = 90_000
"""The first page loads 4 MB of scripts."""
READY = "/opt/agentjob/bin/agentjob-runtime notebook-ready"
FIND = "pgrep -f '[m] jupyterlab'"
"""The bracket: not the shell that looks for it."""
PSQL = "psql postgresql://agent@127.0.0.1:5432/agent -tA"


@pytest.fixture(scope="module")
def notebook(api: Api) -> Iterator[LonePod]:
    """One for all tests of this file, with something that the agent wrote."""
    token = new_token()
    data = {pod.KEY_NOTEBOOK_TOKEN: token}
    with running_pod(api, "notebook", pod.NOTEBOOK_PORT, token, data) as found:
        found.sh("agent", "echo 'def greet(name): return f\"hello {name}\"' > /workspace/app.py")
        yield found


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser that knows nothing yet."""
    with open_page() as found:
        found.set_default_timeout(SLOW_MS)
        yield found


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
    over = notebook.wait_until_ready(ready=False)["status"]
    statuses = {s["name"]: s for s in over["initContainerStatuses"] + over["containerStatuses"]}
    assert statuses["notebook"]["state"]["terminated"]["exitCode"] == 0
    assert statuses["agent"]["state"].keys() == {"running"}
