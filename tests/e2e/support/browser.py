"""A real headless Chromium: the one that is installed, driven by Playwright (which brings no browser of its own here)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, ViewportSize, sync_playwright

WINDOW = ViewportSize(width=1280, height=800)
PATIENCE_MILLISECONDS = 120_000
CONNECTED = "html.noVNC_connected"
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def open_page() -> Iterator[Page]:
    """A page in a browser without cookies. Raises `AssertionError` when there is no browser."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        # Its sandbox needs user namespaces, which root in a container often has not.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(viewport=WINDOW)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        yield context.new_page()
        browser.close()


def wait_for_screen(page: Page) -> None:
    """Until noVNC is connected and nothing of its own lies over the canvas."""
    page.wait_for_selector(CONNECTED)
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
