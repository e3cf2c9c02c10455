"""Spares the agent what the model's client would import and never use: a third of the time in which it starts."""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

UNUSED: Final = ("aiohttp",)
"""The client's other half, and the library of the pod's other containers: as if it were not installed."""
LATE: Final = frozenset({"openai.types", "openai.types.responses"})
"""Packages whose `__init__` only gathers names from hundreds of modules, for APIs that are not called."""


def install() -> None:
    """Before `openai` is imported. Whoever asks a package of `LATE` for a name gets it: the package is executed then."""
    for name in UNUSED:
        sys.modules[name] = None  # type: ignore[assignment]
    sys.meta_path.insert(0, _LateFinder())


class _LateFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in LATE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _LateLoader(spec.loader)
        return spec


class _LateLoader(Loader):
    """`importlib.util.LazyLoader` does this for modules; a package it would execute as soon as a submodule is imported."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        def execute_and_get(name: str) -> Any:
            # The import system asks for names of its own, such as `__spec__._initializing`.
            if name.startswith("__"):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            module.__dict__.pop("__getattr__", None)
            self._loader.exec_module(module)
            return getattr(module, name)

        module.__dict__["__getattr__"] = execute_and_get
