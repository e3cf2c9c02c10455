"""A person beside an agent at work, in an AgentJob that the operator runs: who gets in, what they can do there, what becomes of it."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3
from agentjob_api import pod
from agentjob_api.pod import Container
from agentjob_api.status import ConditionType
from playwright.sync_api import Page

from e2e.support import expect
from e2e.support.browser import open_page, type_line, wait_for_screen
from e2e.support.download import download
from e2e.support.fleet import Fleets
from e2e.support.forwarding import forwarded
from e2e.support.script import done, sh, task, wait_for, write
from e2e.support.strangers import Question, ask, stranger_pod
from e2e.support.tenant import END_SECONDS, Tenant, agentjob, status

NAME = "watched"
TICKS = "/tmp/ticks"
WORK = f"while :; do sha256sum /etc/passwd; echo >> {TICKS}; sleep 0.01; done"
"""What the agent is busy with while others guess."""
GUESSES = 1000
TERMINAL = (1000, 200)
CASES = {
    NAME: agentjob(
        NAME,
        task(
            write("app.py", 'def greet(name):\n    return f"hello {name}"\n'),
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


@dataclass(frozen=True)
class Watched:
    """The running AgentJob; URLs are forwarded ports, tokens those of its Secret."""

    tenant: Tenant
    pod: str
    desktop: str
    notebook: str
    desktop_token: str
    notebook_token: str

    def sh(self, container: str, script: str) -> str:
        """What a shell in one of its containers prints."""
        return self.tenant.exec(NAME, "sh", "-c", script, container=container)

    def eventually(self, script: str, seconds: float = 60) -> str:
        """What `script` prints in the agent's container, as soon as it prints something."""
        give_up = time.monotonic() + seconds
        while not (printed := self.sh(Container.AGENT, f"{script} 2>/dev/null || true").strip()):
            assert time.monotonic() < give_up, script
            time.sleep(0.3)
        return printed

    def ticks(self) -> int:
        """How far the agent's work has come."""
        return int(self.sh(Container.AGENT, f"wc -l < {TICKS}"))


@pytest.fixture(scope="module")
def watched(fleets: Fleets, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Both are ready, by the conditions that the operator writes."""
    tenant = fleets.of(request.module)
    ready = {(kind, "True") for kind in (ConditionType.DESKTOP_READY, ConditionType.NOTEBOOK_READY)}
    job = tenant.api.wait(
        tenant.path("agentjobs", NAME),
        lambda found: ready <= {(one["type"], one["status"]) for one in status(found).get("conditions", [])},
        END_SECONDS,
    )
    told = status(job)
    secret = tenant.api.get(tenant.path("secrets", told["desktop"]["secretName"]))["data"]
    tokens = [base64.b64decode(secret[told[part]["secretKey"]]).decode() for part in ("desktop", "notebook")]
    with (
        forwarded(tenant.namespace, told["podName"], told["desktop"]["port"]) as desktop,
        forwarded(tenant.namespace, told["podName"], told["notebook"]["port"]) as notebook,
    ):
        yield Watched(tenant, told["podName"], desktop, notebook, *tokens)


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser that knows nothing yet."""
    with open_page() as found:
        yield found


def test_only_the_right_token_opens_the_desktop_and_a_person_works_there(watched: Watched, page: Page) -> None:
    """None and a wrong one are refused; with the right one, what is typed in the terminal runs in the agent's workspace."""
    answer = page.goto(f"{watched.desktop}/vnc.html")
    assert answer is not None
    assert answer.status == 401
    page.fill("input[name=token]", "not the token")
    page.click("button")
    page.wait_for_selector("[role=alert]")
    assert page.query_selector("canvas") is None
    page.fill("input[name=token]", watched.desktop_token)
    page.click("button")
    page.wait_for_url("**/vnc.html")
    wait_for_screen(page)
    type_line(page, TERMINAL, "echo from the desktop > typed.txt")
    assert watched.eventually("cat /workspace/typed.txt") == "from the desktop"


def test_a_cell_imports_what_the_agent_wrote(watched: Watched, page: Page) -> None:
    """In JupyterLab, with the token in the link."""
    page.goto(f"{watched.notebook}/lab?token={watched.notebook_token}")
    page.click(".jp-LauncherCard[data-category='Notebook']")
    page.wait_for_selector("text=Python (workspace) | Idle")
    page.click(".jp-CodeCell .cm-content")
    page.keyboard.type("import app; print(app.greet('from the notebook'))")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-OutputArea-output >> text=hello from the notebook")
    page.keyboard.press("Control+S")
    page.wait_for_selector("text=Saving completed")


def _guess(watched: Watched) -> set[int]:
    told: set[int] = set()
    with urllib3.PoolManager(retries=False) as pool:
        for number in range(GUESSES):
            form, headers = {"token": f"guess {number}"}, {"Authorization": f"token guess{number}"}
            gate = pool.request("POST", f"{watched.desktop}/login", fields=form, encode_multipart=False)
            notebook = pool.request("GET", f"{watched.notebook}/api/contents", headers=headers, redirect=False)
            told |= {gate.status, notebook.status}
    return told


def test_a_thousand_guesses_do_not_get_in(watched: Watched) -> None:
    """Neither at the gate nor at the notebook; the agent's work goes on, and how fast is told, not judged: the machine is shared."""
    began, before = time.monotonic(), watched.ticks()
    time.sleep(5)  # as long as it takes to see a rate; no assertion hangs on it
    quiet = (watched.ticks() - before) / (time.monotonic() - began)
    began, before = time.monotonic(), watched.ticks()
    assert _guess(watched) <= {401, 403, 429}
    seconds = time.monotonic() - began
    busy = (watched.ticks() - before) / seconds
    print(f"{2 * GUESSES} guesses in {seconds:.1f} s; the agent worked at {busy / quiet:.2f} of its rate before")
    assert busy > 0
    restarts = {one["restartCount"] for one in watched.tenant.pods(NAME)[-1]["status"]["containerStatuses"]}
    assert restarts == {0}


def _questions(watched: Watched) -> list[Question]:
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


def test_nothing_opens_without_the_token_to_the_agent_or_to_another_pod(watched: Watched) -> None:
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


def test_sockets_and_tokens_are_out_of_the_agents_reach(watched: Watched) -> None:
    """X accepts nobody without the cookie; the VNC socket, the gate's hash and the notebook's token are in no mount of the agent's."""
    look = "XAUTHORITY=/dev/null xdotool getdisplaygeometry >/dev/null 2>&1 && echo open || echo refused"
    assert watched.sh(Container.AGENT, look).strip() == "refused"
    assert watched.sh(Container.AGENT, "xdotool getdisplaygeometry").split()
    assert sorted(watched.sh(Container.AGENT, "ls /etc/agentjob").split()) == [pod.KEY_CONFIG, pod.KEY_TASK]
    assert watched.sh(Container.AGENT, f"ls {pod.DESKTOP_DIR} 2>/dev/null || true") == ""
    assert watched.sh(Container.AGENT, "grep -c '@.*X11' /proc/net/unix || true").strip() == "0"


def test_what_the_person_did_is_in_the_archive_and_nothing_stays(watched: Watched, tmp_path: Path) -> None:
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
