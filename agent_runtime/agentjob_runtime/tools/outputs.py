"""The folder of commands' full outputs: numbered files, the oldest removed when there are too many bytes."""

import sys
from pathlib import Path
from typing import Final

TOTAL_BYTES: Final = 128 * 1024 * 1024


class OutputFolder:
    """Numbers the files and bounds the folder."""

    def __init__(self, folder: Path, total_bytes: int = TOTAL_BYTES) -> None:
        self.folder = folder
        self._total_bytes = total_bytes
        self._number = self._last_number()

    def _last_number(self) -> int:
        """A resumed session goes on counting."""
        numbers = [int(path.stem) for path in self.folder.glob("*.txt") if path.stem.isdigit()]
        return max(numbers, default=0)

    def next_path(self) -> Path:
        """A name that is not used yet."""
        self._number += 1
        return self.folder / f"{self._number:06}.txt"

    def keep(self, path: Path, wanted: bool) -> Path | None:
        """Keeps the file when it is wanted, and makes room for it; removes it otherwise."""
        try:
            if wanted:
                self._make_room(path)
                return path
            path.unlink(missing_ok=True)
        except OSError as error:  # the agent's shell may have put anything in the folder's place
            print(f"full outputs in {self.folder}: {error}", file=sys.stderr, flush=True)
        return None

    def _make_room(self, newest: Path) -> None:
        sizes = {path: path.stat().st_size for path in sorted(self.folder.glob("*.txt")) if path.is_file()}
        total = sum(sizes.values())
        for path, size in sizes.items():
            if total <= self._total_bytes or path == newest:
                return
            path.unlink(missing_ok=True)
            total -= size
