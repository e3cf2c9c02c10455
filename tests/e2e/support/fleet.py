"""Many AgentJobs at once: all of a module's `CASES` are applied together, and its tests wait for one each.

A module's jobs mostly wait (for deadlines, retries, tests), so the next module's are applied while this one's tests run.
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
    modules: list[ModuleType]
    """Those with `CASES`, in the order in which their tests run."""
    ahead: int
    """How many further modules' jobs are applied already. With several workers none: it may be another's."""
    started: dict[str, Tenant] = field(default_factory=dict)

    def of(self, module: ModuleType) -> Tenant:
        """The namespace in which the module's jobs are; those of the next are started, too."""
        position = self.modules.index(module)
        for each in self.modules[position : position + 1 + self.ahead]:
            self._start(each)
        return self.started[module.__name__]

    def _start(self, module: ModuleType) -> None:
        if module.__name__ in self.started:
            return
        tenant = self.create(module.__name__.rpartition("test_")[2].replace("_", "-"))
        self.started[module.__name__] = tenant
        tenant.apply(*module.CASES.values())


def modules_with_cases(items: list[pytest.Item]) -> list[ModuleType]:
    """The modules of the tests that were selected, as far as they have `CASES`, in order."""
    modules = (item.module for item in items if isinstance(item, pytest.Function))
    return list(dict.fromkeys(module for module in modules if hasattr(module, "CASES")))
