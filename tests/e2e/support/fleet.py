"""Many AgentJobs at once: all of a module's `CASES` are applied together, and its tests wait for one each.

The last test of a module often waits for minutes, so the next module's jobs are applied before it runs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

import pytest

from e2e.support.api import Json
from e2e.support.tenant import Tenant

Cases = dict[str, Json]
"""Name of the AgentJob to its manifest, or other objects that it needs (a Secret, a quota) by any other name."""

NEXT = pytest.StashKey[pytest.Item | None]()
"""Of a test: the one that this worker runs after it."""


@dataclass
class Fleets:
    """The modules' namespaces, each made at its first use."""

    create: Callable[[str], Tenant]
    started: dict[str, Tenant] = field(default_factory=dict)

    def of(self, item: pytest.Item) -> Tenant:
        """The namespace in which the jobs of a test's module are; before the module's last test those of the next are started."""
        module = _module(item)
        for each in (module, _module(item.stash.get(NEXT, None))):
            if each is not None:
                self._start(each)
        assert module is not None
        return self.started[module.__name__]

    def _start(self, module: ModuleType) -> None:
        if module.__name__ in self.started:
            return
        tenant = self.create(module.__name__.rpartition("test_")[2].replace("_", "-"))
        self.started[module.__name__] = tenant
        tenant.apply(*module.CASES.values())


def _module(item: pytest.Item | None) -> ModuleType | None:
    return item.module if isinstance(item, pytest.Function) and hasattr(item.module, "CASES") else None
