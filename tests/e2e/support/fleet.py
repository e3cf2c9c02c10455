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


@dataclass
class Fleets:
    """The modules' namespaces, each made at its first use."""

    create: Callable[[str], Tenant]
    started: dict[str, Tenant] = field(default_factory=dict)

    def of(self, module: ModuleType) -> Tenant:
        """The namespace in which the module's jobs are."""
        if module.__name__ not in self.started:
            tenant = self.create(module.__name__.rpartition("test_")[2].replace("_", "-"))
            self.started[module.__name__] = tenant
            tenant.apply(*module.CASES.values())
        return self.started[module.__name__]

    def before(self, item: pytest.Item, following: pytest.Item | None) -> None:
        """Before the last test of a module, the jobs of the next one are started."""
        modules = [each.module for each in (item, following) if isinstance(each, pytest.Function)]
        if len(modules) > 1 and modules[0] is not modules[1] and hasattr(modules[1], "CASES"):
            self.of(modules[1])
