"""How much memory this container may take, as the kernel has it (cgroup v2, or v1)."""

from pathlib import Path
from typing import Final

_FILES: Final = ("memory.max", "memory/memory.limit_in_bytes")
_UNLIMITED: Final = 1 << 60
"""cgroup v1 writes a number near 2^63 where there is no limit."""


def memory_limit(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes; None where there is no limit, or the kernel does not say."""
    for name in _FILES:
        try:
            text = (root / name).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            continue
        return int(text) if text.isdecimal() and int(text) < _UNLIMITED else None
    return None
