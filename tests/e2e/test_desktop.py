"""The desktop in a pod, with a real Chromium before it: who gets in, what a person and the agent can do, what a fault costs."""

import hashlib
import time
from collections.abc import Iterator

import pytest
import urllib3
from agentjob_api import pod
from playwright.sync_api import Page

from e2e.support.api import Api
from e2e.support.browser import CONNECTED, be_refused, enter_by_form, enter_by_link, type_line
from e2e.support.lone_pod import LonePod, new_token, restarts, running_pod
from e2e.support.paths import ARTIFACTS

EVENT = '{"seq":1,"time":"2026-01-01T00:00:00.000Z","type":"step","step":1,"of":50}'
TERMINAL = (1000, 200)
"""A place in the window `Terminal`."""


@pytest.fixture(scope="module")
def desktop(api: Api) -> Iterator[LonePod]:
    """One for all tests of this file."""
    token = new_token()
    data = {pod.KEY_DESKTOP_TOKEN_HASH: hashlib.sha256(token.encode()).hexdigest()}
    with running_pod(api, "desktop", pod.DESKTOP_PORT, token, data) as found:
        yield found


def _look(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def test_a_stranger_sees_the_form_and_a_wrong_token_stays_outside(desktop: LonePod, page: Page) -> None:
    """In the browser, as a person meets it."""
    be_refused(page, desktop.url)
    _look(page, "desktop-token")


def test_a_person_with_the_token_works_in_the_workspace(desktop: LonePod, page: Page) -> None:
    """Typed in the browser, run in the pod, seen by the agent; the address does not keep the token."""
    desktop.sh("agent", f"echo '{EVENT}' >> /run/agentjob/events.jsonl; mkdir -p /workspace/src")
    page.goto(desktop.url)
    enter_by_form(page, desktop.token)
    type_line(page, TERMINAL, "echo from the desktop > typed.txt")
    assert desktop.eventually("agent", "cat /workspace/typed.txt") == "from the desktop"
    _look(page, "desktop")


def test_a_thousand_guesses_do_not_get_in(desktop: LonePod, page: Page) -> None:
    """None of them, nothing restarts, and the owner of the token is not kept out."""
    before = restarts(desktop.pod())
    with urllib3.PoolManager(retries=False) as pool:
        answers = [
            pool.request("POST", f"{desktop.url}/login", fields={"token": f"guess {n}"}, encode_multipart=False).status
            for n in range(1000)
        ]
    assert set(answers) <= {401, 429}
    assert restarts(desktop.pod()) == before
    enter_by_link(page, desktop.url, desktop.token)


def test_the_desktop_takes_the_browser_window_s_size(desktop: LonePod, page: Page) -> None:
    """So that nobody scrolls."""
    page.set_viewport_size({"width": 1500, "height": 900})
    enter_by_link(page, desktop.url, desktop.token)
    assert desktop.eventually("agent", "xdotool getdisplaygeometry | grep '1500 900'")


def test_the_agent_s_programs_appear_and_its_container_holds_no_key(desktop: LonePod) -> None:
    """With the cookie it may draw; VNC socket and token are not there; without the cookie X accepts nobody; nothing is abstract."""
    desktop.sh("agent", "nohup python3 -m tkinter >/dev/null 2>&1 &")
    assert desktop.eventually("agent", "xdotool search --name '^tk$' 2>/dev/null")
    desktop.sh("agent", "xdotool search --name '^tk$' windowkill", check=False)
    assert "refused" in desktop.sh("agent", "XAUTHORITY=/dev/null xdotool getdisplaygeometry 2>&1 || echo refused")
    assert desktop.sh("agent", "ls /var/lib/agentjob/desktop /etc/agentjob 2>/dev/null", check=False).strip() == ""
    assert desktop.sh("agent", "grep -c '@.*X11' /proc/net/unix", check=False).strip() == "0"
    listening = desktop.sh("desktop", "cat /proc/net/tcp /proc/net/tcp6").upper()
    assert ":170C " not in listening  # 5900
    assert ":1771 " not in listening  # 6001


TOOLS = """
import dataclasses, os, pathlib, time
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.session.messages import ToolCall
from agentjob_runtime.tools.context import make_context
from agentjob_runtime.tools.display import Display
from agentjob_runtime.tools.registry import parse
paths = Paths()
context = make_context(paths, Stop(), os.environ, Display.of_pod(paths.session_dir))
def call(name, arguments):
    output = parse(ToolCall(id="1", name=name, arguments=arguments), desktop=True).run(context)
    print(name, output.ok, output.text, len(output.image))
call("screenshot", "{}")
call("click", '{"x": 1000, "y": 200}')
call("type_text", '{"text": "echo gr\\u00fc\\u00df dich, \\u0141ukasz, \\u20ac 5 \\u4f60\\u597d > hands.txt"}')
call("press_key", '{"keys": "Return"}')
"""


def test_the_agent_has_eyes_and_hands(desktop: LonePod) -> None:
    """The tools of the Builtin engine on a real screen: a picture, and text with letters that the keyboard does not have
    into a terminal that is too busy to read it before all is typed."""
    desktop.sh("agent", f"cat > /tmp/tools.py <<'EOF'\n{TOOLS}\nEOF")
    desktop.eventually("agent", "xdotool search --name '^Terminal$' && xdotool search --name '^Agent$'")
    desktop.sh("desktop", "pkill -STOP xterm")
    printed = desktop.sh("agent", "/opt/agentjob/venv/bin/python -I /tmp/tools.py")
    desktop.sh("desktop", "pkill -CONT xterm")
    assert "screenshot True The screen is" in printed
    assert desktop.eventually("agent", "cat /workspace/hands.txt") == "grüß dich, Łukasz, € 5 你好"
    path = printed.split("the picture is in ")[1].split()[0]
    assert "PNG image data" in desktop.sh("agent", f"file {path}")


def test_a_killed_x_server_comes_back_and_the_agent_does_not_notice(desktop: LonePod, page: Page) -> None:
    """No container restarts; the browser connects again by itself."""
    enter_by_link(page, desktop.url, desktop.token)
    before, old = restarts(desktop.pod()), desktop.sh("desktop", "pgrep Xtigervnc").strip()
    desktop.sh("desktop", f"kill -9 {old}")
    assert desktop.eventually("desktop", f"pgrep Xtigervnc | grep -vx {old}")
    page.wait_for_selector(CONNECTED)
    desktop.wait_until_ready()
    assert restarts(desktop.pod()) == before


def test_a_full_home_costs_nobody_anything(desktop: LonePod, page: Page) -> None:
    """The volume is its own: the desktop goes on, the pod is not evicted."""
    desktop.sh("desktop", "head -c 400M /dev/zero > /home/agent/full; head -c 400M /dev/zero > /tmp/full", check=False)
    enter_by_link(page, desktop.url, desktop.token)
    type_line(page, TERMINAL, "echo still here > full.txt")
    page.wait_for_timeout(3000)
    _look(page, "desktop-full-home")
    assert desktop.eventually("agent", "cat /workspace/full.txt") == "still here"
    desktop.sh("desktop", "rm /home/agent/full /tmp/full")
    assert desktop.pod()["status"]["phase"] == "Running"


def test_it_ends_at_once(desktop: LonePod) -> None:
    """SIGTERM to the container's first process: everything is gone, with exit code 0. Last: the container is started again."""
    started = time.monotonic()
    desktop.sh("desktop", "kill -TERM 1", check=False)
    died = desktop.wait(lambda found: restarts(found)["desktop"] > 0)
    ended = next(c for c in died["status"]["containerStatuses"] if c["name"] == "desktop")["lastState"]["terminated"]
    print(f"restarted {time.monotonic() - started:.1f} s after SIGTERM")
    assert ended["exitCode"] == 0
