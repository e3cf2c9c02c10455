"""The desktop in a pod without an operator, with a real Chromium before it: its size, and X that dies. Who gets in: test_over_the_shoulder."""

import hashlib
from collections.abc import Iterator

import pytest
from agentjob_api import pod
from playwright.sync_api import Page

from e2e.support.api import Api
from e2e.support.browser import CONNECTED, open_page, wait_for_screen
from e2e.support.lone_pod import LonePod, new_token, restarts, running_pod


@pytest.fixture(scope="module")
def desktop(api: Api) -> Iterator[LonePod]:
    """One for all tests of this file."""
    token = new_token()
    data = {pod.KEY_DESKTOP_TOKEN_HASH: hashlib.sha256(token.encode()).hexdigest()}
    with running_pod(api, "desktop", pod.DESKTOP_PORT, token, data) as found:
        yield found


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser that knows nothing yet."""
    with open_page() as found:
        yield found


def _enter(page: Page, desktop: LonePod) -> None:
    page.goto(f"{desktop.url}/vnc.html?token={desktop.token}")
    page.wait_for_url("**/vnc.html")
    wait_for_screen(page)


def test_the_desktop_takes_the_browser_window_s_size(desktop: LonePod, page: Page) -> None:
    """So that nobody scrolls."""
    page.set_viewport_size({"width": 1500, "height": 900})
    _enter(page, desktop)
    assert desktop.eventually("agent", "xdotool getdisplaygeometry | grep '1500 900'")


def test_a_killed_x_server_comes_back_and_the_agent_does_not_notice(desktop: LonePod, page: Page) -> None:
    """No container restarts; the browser connects again by itself."""
    _enter(page, desktop)
    before, old = restarts(desktop.pod()), desktop.sh("desktop", "pgrep Xtigervnc").strip()
    desktop.sh("desktop", f"kill -9 {old}")
    assert desktop.eventually("desktop", f"pgrep Xtigervnc | grep -vx {old}")
    page.wait_for_selector(CONNECTED)
    desktop.wait_until_ready()
    assert restarts(desktop.pod()) == before
