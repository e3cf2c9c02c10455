"""Fixtures of the end-to-end tests: one release for all, namespaces of their own, and what is kept of a failure."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from e2e.support import browser, provisioner, release
from e2e.support.api import Api
from e2e.support.collect import collect
from e2e.support.fleet import Fleets
from e2e.support.gitrepos import Repositories
from e2e.support.paths import ARTIFACTS, E2E, KUBECONFIG
from e2e.support.release import Release
from e2e.support.shell import fresh_folder
from e2e.support.store import Store
from e2e.support.tenant import Tenant, create_tenant
from e2e.support.workers import first_of_all

_FIRST = (
    *("waiting", "hostile_agent", "over_the_shoulder", "desktop", "model_faults", "examples", "beside", "notebook"),
    *("volume", "lifecycle", "prometheus", "repositories", "limits", "suspend_cancel", "main_job"),
)
"""By turns such as wait most of their time and such as need the processors, in the order in which the workers take them."""
_LAST = ("replaces", "disturbs", "slow", "late")
_NEXT = pytest.StashKey[pytest.Item | None]()
_FLEETS = pytest.StashKey[Fleets]()
EXPECTED_VIOLATIONS = frozenset({"no-such-model"})
"""Models that a test asks for because they do not exist."""


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers."""
    config.addinivalue_line(
        "markers", "late: takes minutes by itself, beside the others of its module; runs after them"
    )
    config.addinivalue_line("markers", "disturbs: stops or overloads what all jobs share; runs after the others")
    config.addinivalue_line("markers", "replaces: takes the tests' release away; runs after everything else")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in their order; what waits for minutes beside the others of its file, and what disturbs others, last."""
    places = {f"test_{name}.py": place for place, name in enumerate(_FIRST)}

    def place(item: pytest.Item) -> tuple[object, ...]:
        return *(item.get_closest_marker(name) is not None for name in _LAST), places.get(item.path.name, len(places))

    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Keeps what this worker runs next for the setup, which is not told."""
    item.stash[_NEXT] = nextitem


def pytest_runtest_setup(item: pytest.Item) -> None:
    """As soon as there are fleets, the next file's is started in time."""
    if fleets := item.session.stash.get(_FLEETS, None):
        fleets.before(item, item.stash[_NEXT])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Collects logs and objects when a test fails, and names the folder in its message."""
    report: pytest.TestReport = yield
    if report.failed and item.path.is_relative_to(E2E) and KUBECONFIG.exists():
        used = [each.namespace for each in getattr(item, "funcargs", {}).values() if isinstance(each, Tenant)]
        # A release that cannot be installed fails every test: one folder tells it.
        folder = collect(item.nodeid.rpartition("/")[2] if used else "release", used, release.SYSTEM)
        report.longrepr = f"{report.longreprtext}\n\nLogs, objects and events of this failure: {folder}"
    return report


@pytest.fixture(scope="session")
def api() -> Api:
    """The API server of the local cluster."""
    if not KUBECONFIG.exists():
        pytest.fail(f"there is no local cluster ({KUBECONFIG}): make cluster-up images", pytrace=False)
    return Api(KUBECONFIG)


@pytest.fixture(scope="session")
def installed(api: Api, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Release]:
    """The release. At the end of the session: no request to the model may have broken the protocol."""
    with first_of_all(tmp_path_factory, worker_id) as first:
        if first:
            fresh_folder(ARTIFACTS)
        found = release.install(api) if first else release.found(api)
    before = len(found.violations())
    yield found
    broken = [entry for entry in found.violations()[before:] if entry["model"] not in EXPECTED_VIOLATIONS]
    assert not broken, f"requests that a provider would refuse: {broken}"


@pytest.fixture
def store(installed: Release) -> Store:
    """The object store."""
    return installed.store


@pytest.fixture
def repositories(installed: Release) -> Repositories:
    """What the Git server serves."""
    return installed.repositories


@pytest.fixture
def tenant(api: Api, installed: Release, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A namespace for one test."""
    made = create_tenant(api, request.node.originalname.removeprefix("test_").replace("_", "-"), installed.model_key)
    yield made
    api.delete(f"/api/v1/namespaces/{made.namespace}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser for all tests of this process."""
    with browser.running() as found:
        yield found


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """In a browser that knows nothing yet."""
    with browser.open_page(chromium) as found:
        yield found


@pytest.fixture
def storage_class() -> Iterator[str]:
    """A StorageClass whose provisioner runs only while a test has it run (`support/provisioner.py`)."""
    provisioner.prepare()
    yield provisioner.CLASS
    provisioner.remove()


@pytest.fixture(scope="session")
def fleets(api: Api, installed: Release, request: pytest.FixtureRequest) -> Iterator[Fleets]:
    """The namespaces of the modules' `CASES`."""
    found = Fleets(lambda name: create_tenant(api, name, installed.model_key))
    request.session.stash[_FLEETS] = found
    yield found
    for made in found.started.values():
        api.delete(f"/api/v1/namespaces/{made.namespace}")


@pytest.fixture
def fleet(fleets: Fleets, request: pytest.FixtureRequest) -> Tenant:
    """The namespace in which the `CASES` of the test's module were applied, all at once."""
    return fleets.of(request.module)
