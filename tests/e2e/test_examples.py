"""Every file of manifests/examples as it is shipped: applied, run to its end, its archive downloaded and looked into.

The scripted model `examples` picks its script by the task's text; the agent, its tools, databases and desktop are real.
"""

import json
import shutil
import subprocess
import xml.dom.minidom
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from agentjob_api.pod import Container
from playwright.sync_api import Page

from e2e.support import expect
from e2e.support.api import Api, Json
from e2e.support.browser import enter_by_link, type_line
from e2e.support.download import download
from e2e.support.fleet import Fleets
from e2e.support.gitrepos import OPEN_URL, PASSWORD, PRIVATE_URL, USERNAME
from e2e.support.paths import ARTIFACTS, EXAMPLES
from e2e.support.release import MODEL_URL, Release
from e2e.support.tenant import Tenant, model_secret
from e2e.support.volumes import storage_class
from e2e.support.ways_in import ways_in

SUBSTITUTES = {
    "https://github.com/octocat/Spoon-Knife": f"{OPEN_URL}/spoon-knife.git",
    "https://git.example.com/team/project.git": f"{PRIVATE_URL}/project.git",
    "https://api.openai.com/v1": MODEL_URL,
    "gpt-5-mini": "examples",
}
"""All that is changed of an example: what there is only on the internet."""
FILES = {path.stem: path for path in sorted(EXAMPLES.glob("*.yaml"))}
TERMINAL = (1000, 200)
"""A place in the desktop's window `Terminal`."""


def _example(name: str) -> Json:
    text = FILES[name].read_text()
    for there, here in SUBSTITUTES.items():
        text = text.replace(there, here)
    manifest: Json = yaml.safe_load(text)
    return manifest


GIT_SECRET: Json = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "git-credential"},
    "stringData": {"username": USERNAME, "password": PASSWORD},
}
LATER = ("desktop", "own-volume", "secret-model")
"""One is looked at while it runs, one needs a StorageClass, one the key of the release."""
CASES = {"git-credential": GIT_SECRET, **{name: _example(name) for name in FILES if name not in LATER}}


def _todo_app(folder: Path) -> None:
    scripts = json.loads((folder / "package.json").read_text())["scripts"]
    assert {"build", "test"} <= set(scripts)
    assert list(folder.rglob("*.jsx"))
    assert list(folder.rglob("index.html"))
    if shutil.which("node"):
        for source in folder.rglob("*.mjs"):
            subprocess.run(["node", "--check", str(source)], check=True)


def _own_volume(folder: Path) -> None:
    links = (folder / "LINKS.md").read_text()
    assert "| index.html | styles.css | ok |" in links
    assert "| index.html | forkit.gif | leads nowhere |" in links


def _pod_options(folder: Path) -> None:
    assert len((folder / "times.csv").read_text().splitlines()) == 1 + 3 * 4
    assert xml.dom.minidom.parse(str(folder / "plot.svg")).documentElement  # noqa: S318 - our own agent's


def _repository(folder: Path) -> None:
    assert "styled by `styles.css`" in (folder / "README.md").read_text()
    assert (folder / ".git").is_dir()


def _tar_zstd(folder: Path) -> None:
    assert (folder / "site" / "hello.txt").is_file()
    assert not (folder / "build").exists(), "the example excludes it"


def _holds(*names: str) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        assert [name for name in names if not (folder / name).is_file()] == []

    return check


MADE: dict[str, Callable[[Path], None]] = {
    "desktop": _holds("guestbook.py", "test_guestbook.py"),
    "limits": _holds("calc.py", "test_calc.py"),
    "network": _holds("SLOW_REPORT.md", "report.sql"),
    "own-volume": _own_volume,
    "pod-options": _pod_options,
    "private-repository": _holds("CONTRIBUTING.md", "Makefile"),
    "repository": _repository,
    "retries": _holds("bookmarks.py", "test_bookmarks.py"),
    "secret-model": _holds("index.html", "haiku.js"),
    "services": _holds("shortener.py", "test_shortener.py"),
    "tar-zstd": _tar_zstd,
    "todo-app": _todo_app,
}
"""What the archive of each must hold. Tests, builds and queries were run in the pod: the scripts refuse to go on without."""


@pytest.fixture(scope="module")
def examples(api: Api, installed: Release, fleets: Fleets, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """The namespace in which all examples were applied."""
    tenant = fleets.of(request.module)
    workspace = _example("own-volume")["spec"]["workspace"]
    with storage_class(api, workspace["storageClassName"], workspace["size"]):
        tenant.apply(model_secret("model-key", installed.model_key), *map(_example, LATER))
        yield tenant
        tenant.delete("own-volume")


def test_every_example_has_a_case() -> None:
    """A new example says here what must come of it."""
    assert set(MADE) == set(FILES)


SEEN = "xdotool search --name '^Guest book' 2>/dev/null || { xdotool key F5; sleep 1; }"
"""Firefox may be there before the guest book is: then the page is loaded again, as a person would."""


def test_what_the_agent_starts_is_seen_in_the_desktops_browser(examples: Tenant, page: Page) -> None:
    """The example `desktop` as its comment tells: a person opens Firefox on the desktop and sees the agent's guest book."""
    with ways_in(examples, "desktop") as ways:
        page.set_viewport_size({"width": 1440, "height": 900})  # the example's: windows are laid out once
        enter_by_link(page, ways.desktop, ways.desktop_token)
        type_line(page, TERMINAL, "firefox-esr http://localhost:3000")
        ways.eventually(SEEN, Container.DESKTOP, seconds=90)
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / "desktop-guest-book.png")


@pytest.mark.parametrize("name", list(FILES))
def test_an_example_runs_as_it_is_shipped(examples: Tenant, tmp_path: Path, name: str) -> None:
    """To success at the first attempt, with an archive that holds what the task asked for."""
    job = examples.finished(name)
    expect.succeeded(job)
    expect.attempts(job, 1)
    MADE[name](download(job, tmp_path).unpack(tmp_path / "unpacked"))
