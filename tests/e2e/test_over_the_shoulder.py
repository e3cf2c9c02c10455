"""A person beside an agent at work, in an AgentJob that the operator runs: who gets in, what they can do there, what becomes of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from agentjob_api import pod
from agentjob_api.pod import Container
from playwright.sync_api import Page

from e2e.support import expect
from e2e.support.browser import be_refused, enter_by_form, type_line
from e2e.support.download import download
from e2e.support.fleet import Fleets
from e2e.support.script import done, sh, task, wait_for, write
from e2e.support.strangers import Question, ask, stranger_pod
from e2e.support.tenant import agentjob
from e2e.support.ways_in import Ways, ways_in

NAME = "watched"
TICKS = "/tmp/ticks"
WORK = f"while :; do sha256sum /etc/passwd; echo >> {TICKS}; sleep 0.01; done"
"""What the agent is busy with while others guess."""
GUESSES = 1000
TERMINAL = (1000, 200)
AMBUSH = r"""set -eu
python3 -m venv --without-pip "$HOME/.venv"
packages=$(echo "$HOME"/.venv/lib/python3.*/site-packages)
echo 'ANSWER = "what the agent installed"' > "$packages/installed.py"
trap="open('/workspace/ran', 'a').write(__name__)"
echo "import sys; $trap" > "$packages/evil.pth"
mkdir -p .venv/bin; cp -r "$HOME/.venv/lib" .venv/
printf '#!/bin/sh\necho python >> /workspace/ran\n' > .venv/bin/python; chmod +x .venv/bin/python
for folder in "$packages" /workspace; do
    for name in sitecustomize usercustomize IPython debugpy json traitlets matplotlib_inline pdb ipython_config; do
        echo "$trap" > "$folder/$name.py"
    done
done
"""
"""What an agent can leave where Python looks, to be run by whoever opens a notebook; and a package that it installed in its home."""
CASES = {
    NAME: agentjob(
        NAME,
        task(
            write("app.py", 'def greet(name):\n    return f"hello {name}"\n'),
            write("ambush.sh", AMBUSH),
            sh("bash ambush.sh"),
            sh(f"setsid nohup sh -c '{WORK}' >/dev/null 2>&1 & echo busy"),
            wait_for("/tmp/go"),
            done(),
        ),
        desktop={"enabled": True, "resolution": "1280x800"},  # the browser's: windows are laid out once
        notebook={"enabled": True},
    )
}
PAGES = (
    "",
    "lab",
    "tree",
    "doc",
    "notebooks/x.ipynb",
    "files/app.py",
    "view/app.py",
    "nbconvert/html/x.ipynb",
    "logout/x",
)
API = (
    "status",
    "me",
    "contents",
    "contents/app.py",
    "kernels",
    "kernelspecs",
    "sessions",
    "terminals",
    "config/x",
    "spec.yaml",
    "nbconvert",
    "shutdown",
    "kernels/x/channels",
    "events/subscribe",
)
DATA = (
    *(f"api/{name}" for name in API),
    "metrics",
    "terminals/websocket/1",
    "lab/api/settings",
    "lab/api/workspaces",
    "lab/api/translations/en",
)


@pytest.fixture(scope="module")
def watched(fleets: Fleets, request: pytest.FixtureRequest) -> Iterator[Ways]:
    """One for all tests of this file."""
    with ways_in(fleets.of(request.module), NAME) as found:
        yield found


def test_only_the_right_token_opens_the_desktop_and_a_person_works_there(watched: Ways, page: Page) -> None:
    """None and a wrong one are refused; with the right one, what is typed in the terminal runs in the agent's workspace."""
    be_refused(page, watched.desktop)
    enter_by_form(page, watched.desktop_token)
    type_line(page, TERMINAL, "echo from the desktop > typed.txt")
    assert watched.eventually("cat /workspace/typed.txt") == "from the desktop"


def test_a_cell_imports_what_the_agent_wrote(watched: Ways, page: Page) -> None:
    """In JupyterLab, with the token in the link; and what it installed in its home. Nothing of the agent's runs but what is imported.

    The browser asks nobody else for anything."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{watched.notebook}/lab?token={watched.notebook_token}")
    page.click(".jp-LauncherCard[data-category='Notebook']")
    page.wait_for_selector("text=Python (workspace) | Idle")
    page.click(".jp-CodeCell .cm-content")
    page.keyboard.type("import app, installed, json; print(app.greet(installed.ANSWER))")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-OutputArea-output >> text=hello what the agent installed")
    assert watched.sh(Container.AGENT, "cat /workspace/ran 2>/dev/null || true") == ""
    page.keyboard.press("Control+S")
    page.wait_for_selector("text=Saving completed")
    own = (watched.notebook, "data:", "blob:")
    assert not [url for url in asked if not url.startswith(own)]


def _ticks(watched: Ways) -> int:
    """How far the agent's work has come."""
    return int(watched.sh(Container.AGENT, f"wc -l < {TICKS}"))


def _guess(watched: Ways) -> set[int]:
    told: set[int] = set()
    with urllib3.PoolManager(retries=False) as pool:
        for number in range(GUESSES):
            form, headers = {"token": f"guess {number}"}, {"Authorization": f"token guess{number}"}
            gate = pool.request("POST", f"{watched.desktop}/login", fields=form, encode_multipart=False)
            notebook = pool.request("GET", f"{watched.notebook}/api/contents", headers=headers, redirect=False)
            told |= {gate.status, notebook.status}
    return told


def _enters(watched: Ways) -> bool:
    with urllib3.PoolManager(retries=False) as pool:
        form = {"token": watched.desktop_token}
        gate = pool.request("POST", f"{watched.desktop}/login", fields=form, encode_multipart=False, redirect=False)
        return "set-cookie" in gate.headers


def test_a_thousand_guesses_do_not_get_in(watched: Ways) -> None:
    """Neither at the gate nor at the notebook, and they keep nobody out; the agent's work goes on, and how fast is told, not judged."""
    began, before = time.monotonic(), _ticks(watched)
    time.sleep(5)  # as long as it takes to see a rate; no assertion hangs on it
    quiet = (_ticks(watched) - before) / (time.monotonic() - began)
    began, before = time.monotonic(), _ticks(watched)
    assert _guess(watched) <= {401, 403, 429}
    seconds = time.monotonic() - began
    busy = (_ticks(watched) - before) / seconds
    print(f"{2 * GUESSES} guesses in {seconds:.1f} s; the agent worked at {busy / quiet:.2f} of its rate before")
    assert busy > 0
    assert _enters(watched), "others' guesses keep the owner of the token out"
    restarts = {one["restartCount"] for one in watched.tenant.pods(NAME)[-1]["status"]["containerStatuses"]}
    assert restarts == {0}


def _questions(watched: Ways) -> list[Question]:
    files = watched.sh(Container.DESKTOP, "cd /opt/agentjob/desktop/novnc && find . -type f -printf '/%P\\n'").split()
    desktop = ["/", "/websockify", "/defaults.json", "/login", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", *files]
    questions: list[Question] = [(pod.DESKTOP_PORT, "GET", path) for path in desktop]
    questions += [(pod.DESKTOP_PORT, method, "/vnc.html") for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS")]
    questions += [(pod.DESKTOP_PORT, "UPGRADE", "/websockify")]
    questions += [(pod.NOTEBOOK_PORT, method, f"/{path}") for method in ("GET", "POST") for path in (*PAGES, *DATA)]
    questions += [(pod.NOTEBOOK_PORT, "UPGRADE", f"/{path}") for path in DATA if "/" in path]
    return questions


def _opened(answers: dict[Question, tuple[int, str]]) -> dict[Question, tuple[int, str]]:
    """What was neither refused nor led to the form that asks for the token; `/` leads to `/lab`, which is asked, too."""
    return {
        question: (code, location)
        for question, (code, location) in answers.items()
        if code not in {401, 403}
        and not (code == 302 and ("login" in location or location == "/lab?"))
        and not _knows_no_such(question, code)
    }


def _knows_no_such(question: Question, code: int) -> bool:
    """A notebook that has no such page or method says so to anybody."""
    return question[0] == pod.NOTEBOOK_PORT and code in {404, 405}


def test_nothing_opens_without_the_token_to_the_agent_or_to_another_pod(watched: Ways) -> None:
    """Every file of noVNC and every kind of address of Jupyter, from both; no other port is there for another pod."""
    namespace, questions = watched.tenant.namespace, _questions(watched)
    own = ask(namespace, watched.pod, Container.AGENT, "127.0.0.1", questions)
    assert _opened(own) == {}
    watched.tenant.apply(stranger_pod("stranger"))
    stranger = watched.tenant.path("pods", "stranger")
    watched.tenant.api.wait(stranger, lambda found: found["status"].get("phase") == "Running", 60)
    address = watched.tenant.pods(NAME)[-1]["status"]["podIP"]
    others = ask(namespace, "stranger", "stranger", address, questions)
    # Where NetworkPolicies are enforced it may not get an answer at all.
    assert _opened({question: told for question, told in others.items() if told[0]}) == {}
    closed: list[Question] = [(port, "GET", "/") for port in (5900, 5901, 6000, 6001, pod.PROXY_PORT, 5432, 6379)]
    assert {code for code, _ in ask(namespace, "stranger", "stranger", address, closed).values()} == {0}


def test_sockets_and_tokens_are_out_of_the_agents_reach(watched: Ways) -> None:
    """X accepts nobody without the cookie; the VNC socket, the gate's hash and the notebook's token are in no mount of the agent's."""
    look = "XAUTHORITY=/dev/null xdotool getdisplaygeometry >/dev/null 2>&1 && echo open || echo refused"
    assert watched.sh(Container.AGENT, look).strip() == "refused"
    assert watched.sh(Container.AGENT, "xdotool getdisplaygeometry").split()
    assert sorted(watched.sh(Container.AGENT, "ls /etc/agentjob").split()) == [pod.KEY_CONFIG, pod.KEY_TASK]
    assert watched.sh(Container.AGENT, f"ls {pod.DESKTOP_DIR} 2>/dev/null || true") == ""
    assert watched.sh(Container.AGENT, "grep -c '@.*X11' /proc/net/unix || true").strip() == "0"


def test_what_the_person_did_is_in_the_archive_and_nothing_stays(watched: Ways, tmp_path: Path) -> None:
    """Last: the agent ends. The archive has the file of the desktop and the notebook, no checkpoints; every container ended well."""
    watched.sh(Container.AGENT, "touch /tmp/go")
    job = watched.tenant.finished(NAME)
    expect.succeeded(job)
    archive = download(job, tmp_path)
    assert archive.read("typed.txt") == b"from the desktop\n"
    assert {"app.py", "Untitled.ipynb"} <= set(archive.names())
    assert not [name for name in archive.names() if "checkpoint" in name or "__pycache__" in name]
    path = watched.tenant.path("pods", watched.pod)
    over = watched.tenant.api.wait(path, lambda found: found["status"]["phase"] == "Succeeded", 60)
    ends = {one["name"]: one["state"]["terminated"]["finishedAt"] for one in over["status"]["containerStatuses"]}
    print(f"the containers ended: {ends}")
