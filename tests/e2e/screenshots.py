"""`make screenshots`: the pictures under docs/images, taken in a real browser while the agent of manifests/examples/desktop.yaml works.

Not a test of `make e2e`: nothing is judged but that it can be done. Look at the pictures before they are committed.
"""

import json
from collections.abc import Iterator

import pytest
import urllib3
import yaml
from agentjob_api.pod import Container
from playwright.sync_api import Page, ViewportSize

from e2e.support.browser import enter_by_link
from e2e.support.paths import EXAMPLES, REPOSITORY
from e2e.support.tenant import Tenant
from e2e.support.ways_in import Ways, ways_in

IMAGES = REPOSITORY / "docs" / "images"
SIZE = ViewportSize(width=1440, height=900)
NOTEBOOK = "explore.ipynb"
CELLS = (
    (
        "markdown",
        "# Trying what the agent built\n\n"
        "This notebook runs beside the agent: in its pod, on its workspace, while it works.",
    ),
    (
        "code",
        "from urllib.parse import urlencode\nfrom urllib.request import urlopen\n\n"
        'entry = urlencode({"entry": "Hello from the notebook."}).encode()\n'
        'page = urlopen("http://localhost:3000", entry).read().decode()',
    ),
    (
        "code",
        "import html\nfrom IPython.display import HTML\n\n"
        'HTML(f\'<p><iframe srcdoc="{html.escape(page)}" width="100%" height="330" style="border: 0"></iframe></p>\')',
    ),
    ("code", "!python3 -m pytest -q -p no:cacheprovider"),
)
PLACE_BROWSER = """
until window=$(xdotool search --onlyvisible --name 'Mozilla Firefox$' | tail -1) && [ -n "$window" ]; do sleep 0.5; done
xdotool windowactivate --sync "$window" key super+Up
sleep 1
xdotool windowsize --sync "$window" 690 455 windowmove "$window" 734 372
until xdotool search --onlyvisible --name '^Guest book'; do sleep 0.5; done
"""
"""A person would drag it there."""


@pytest.fixture
def ways(tenant: Tenant) -> Iterator[Ways]:
    """The example, with the scripted model in the place of a hosted one."""
    example = yaml.safe_load((EXAMPLES / "desktop.yaml").read_text())
    example["spec"]["model"] = {"name": "desktop"}
    tenant.apply(example)
    with ways_in(tenant, example["metadata"]["name"]) as found:
        found.eventually("curl -s http://localhost:3000 | grep Guest")
        yield found


def test_take_the_pictures(ways: Ways, page: Page) -> None:
    """The notebook first: what it writes into the guest book is seen on the desktop."""
    page.set_viewport_size(SIZE)
    _take_notebook(ways, page)
    _take_desktop(ways, page)


def _take_notebook(ways: Ways, page: Page) -> None:
    cells: list[dict[str, object]] = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source}
        | ({"outputs": [], "execution_count": None} if kind == "code" else {})
        for number, (kind, source) in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python (workspace)", "language": "python"}}
    content = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    body = json.dumps({"type": "notebook", "format": "json", "content": content})
    headers = {"Authorization": f"token {ways.notebook_token}", "Content-Type": "application/json"}
    with urllib3.PoolManager() as pool:
        answer = pool.request("PUT", f"{ways.notebook}/api/contents/{NOTEBOOK}", body=body, headers=headers)
    assert answer.status == 201, answer.data
    page.goto(f"{ways.notebook}/lab/tree/{NOTEBOOK}?token={ways.notebook_token}")
    page.wait_for_selector("text=Python (workspace) | Idle")
    page.click("text=Run >> nth=0")
    page.click("text=Run All Cells")
    page.wait_for_selector(".jp-OutputArea-output >> text=2 passed")
    page.keyboard.press("Control+S")
    page.wait_for_selector("text=Saving completed")
    page.click(".jp-Notebook h1")
    page.wait_for_timeout(1000)
    page.screenshot(path=IMAGES / "notebook.png")


def _take_desktop(ways: Ways, page: Page) -> None:
    enter_by_link(page, ways.desktop, ways.desktop_token)
    ways.eventually("xdotool getdisplaygeometry | grep '1440 900'")
    page.mouse.click(1100, 200)
    commands = ("ls", "firefox-esr --new-window http://localhost:3000 2>/dev/null &")
    for command in commands:
        page.keyboard.type(f"{command}\n", delay=20)
    ways.eventually(PLACE_BROWSER, Container.DESKTOP, seconds=90)
    page.mouse.move(1050, 420)
    page.wait_for_timeout(4000)
    page.screenshot(path=IMAGES / "desktop.png")
