"""A real headless Chromium: the one that is installed, driven by Playwright (which brings no browser of its own here)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

WINDOW = ViewportSize(width=1280, height=800)
PATIENCE_MILLISECONDS = 120_000
CONNECTED = "html.noVNC_connected"
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def running() -> Iterator[Browser]:
    """One for many tests: its start costs more than what most of them do in it. Raises `AssertionError` when there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        # Its sandbox needs user namespaces, which root in a container often has not.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser) -> Iterator[Page]:
    """A page that shares nothing with others, neither cookies nor what was loaded before."""
    with browser.new_context(viewport=WINDOW) as context:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        yield context.new_page()


def be_refused(page: Page, desktop: str) -> None:
    """As a stranger, who sees the form and tries a wrong token."""
    answer = page.goto(f"{desktop}/vnc.html")
    assert answer is not None
    assert answer.status == 401
    page.fill("input[name=token]", "not the token")
    page.click("button")
    page.wait_for_selector("[role=alert]")
    assert page.query_selector("canvas") is None


def enter_by_form(page: Page, token: str) -> None:
    """With the token typed into the form; the address does not keep it."""
    page.fill("input[name=token]", token)
    page.click("button")
    _wait_for_screen(page, token)


def enter_by_link(page: Page, desktop: str, token: str) -> None:
    """With the token in the link; the address does not keep it."""
    page.goto(f"{desktop}/vnc.html?token={token}")
    _wait_for_screen(page, token)


def _wait_for_screen(page: Page, token: str) -> None:
    page.wait_for_url("**/vnc.html")
    assert token not in page.url
    page.wait_for_selector(CONNECTED)
    # Nothing of its own lies over the canvas.
    page.wait_for_selector("#noVNC_transition", state="hidden")
    page.wait_for_selector("#noVNC_status", state="hidden")


def type_line(page: Page, at: tuple[int, int], line: str) -> None:
    """Clicks into the window at `at` and types, as a person does: not before the window has the focus."""
    page.mouse.click(*at)
    # A busy window manager moves the focus later than the first letters would arrive; an empty line costs nothing.
    page.wait_for_timeout(1000)
    page.keyboard.type("\n")
    page.wait_for_timeout(500)
    page.keyboard.type(f"{line}\n", delay=20)
