"""Finds the script of a request: by the model's name in a folder of YAML files, or in the task itself."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import JsonValue, ValidationError

from agentjob_runtime.scripted_model.script import Fault, FaultKind, Script, interpolate

SHIPPED: Final = Path(__file__).parent / "scripts"
INLINE: Final = "inline"
EXAMPLES: Final = "examples"
"""The model that plays the script whose `task` stands in the conversation: each of manifests/examples has one."""
SUFFIX: Final = ".yaml"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_BLOCK: Final = re.compile(
    r"^(?P<fence>`{3,})script[ \t]*\r?\n(?P<yaml>.*?)^(?P=fence)[ \t]*\r?$", re.DOTALL | re.MULTILINE
)


class NoScriptError(Exception):
    """No script has that name; the text is the sentence for the caller."""


class BadScriptError(Exception):
    """The script is not one; the text says why."""


@dataclass(frozen=True)
class ModelName:
    """`script[+Fault[:times]]`."""

    script: str
    fault: Fault | None = None

    @classmethod
    def parse(cls, text: str) -> "ModelName":
        """Raises `NoScriptError`."""
        script, _, fault = text.partition("+")
        kind, _, times = fault.partition(":")
        if not _NAME.fullmatch(script) or (fault and kind not in set(FaultKind)) or (times and not times.isdecimal()):
            raise NoScriptError(
                f"the model {text!r} does not exist: it is not SCRIPT, SCRIPT+FAULT or SCRIPT+FAULT:TIMES"
            )
        if not fault:
            return cls(script)
        return cls(script, Fault(kind=FaultKind(kind), times=int(times) if times else None))


@dataclass(frozen=True)
class Library:
    """A folder of scripts, `NAME.yaml` each."""

    folder: Path = SHIPPED

    def names(self) -> list[str]:
        """The models there are."""
        return sorted([EXAMPLES, INLINE, *(path.stem for path in self._files())])

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def find(self, model: str, user_texts: Iterable[str]) -> Script:
        """The script for `model` in a conversation with these user messages.

        Raises `NoScriptError`, and `BadScriptError` when the script, or the block in the task, is malformed.
        """
        name, texts = ModelName.parse(model), list(user_texts)
        block = task_block(texts)
        if name.script == INLINE:
            if block is None:
                raise BadScriptError("the task holds no fenced block ```script")
            return _parse(block, "").failing(name.fault)
        path = self._of_task(texts) if name.script == EXAMPLES else self.folder / f"{name.script}{SUFFIX}"
        if not path.is_file():
            raise NoScriptError(f"the model {model!r} does not exist; there are {', '.join(self.names())}")
        return _parse(_text(path), block or "").failing(name.fault)

    def _of_task(self, texts: list[str]) -> Path:
        for path in self._files():
            task = _task(_text(path))
            if task and any(task in text for text in texts):
                return path
        raise NoScriptError(
            "this model only plays scripts, and it has none for this task: apply one of manifests/examples as it is, "
            "or use a real model"
        )


def task_block(user_texts: Iterable[str]) -> str | None:
    """The YAML of the first ```` ```script ```` block; its fence may be longer when the YAML itself holds fences."""
    found = (_BLOCK.search(text) for text in user_texts)
    return next((match["yaml"] for match in found if match), None)


def _text(path: Path) -> str:
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8")


@functools.lru_cache(maxsize=256)
def _task(text: str) -> str:
    return str(_load(text).get("task") or "").strip()


@functools.lru_cache(maxsize=256)
def _parse(text: str, block: str) -> Script:
    data = _load(text)
    params: dict[str, JsonValue] = data.pop("params", None) or {}
    params |= (_load(block).get("params") or {}) if block else {}
    missing = sorted(name for name, value in params.items() if value is None)
    if missing:
        raise BadScriptError(f"the task's ```script block must give params: {', '.join(missing)}")
    try:
        return Script.model_validate(interpolate(data, params))
    except ValidationError as error:
        raise BadScriptError(f"not a script: {error}") from error


def _load(text: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadScriptError(f"not YAML: {error}") from error
    if not isinstance(data, dict):
        raise BadScriptError("a script is a mapping")
    return data
