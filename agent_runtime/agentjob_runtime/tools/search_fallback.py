"""Searches files for a regular expression where ripgrep is not installed: `python search_fallback.py PATTERN ROOT GLOB SKIPPED…`.

A program of its own that needs only the standard library: a regular expression can run for ever and cannot be
interrupted, so it runs where it can be killed.
"""

import fnmatch
import os
import re
import stat
import sys
from collections.abc import Iterator

MAX_BYTES = 5_000_000
MAX_COLUMNS = 300


def files(root: str, glob: str, skipped: frozenset[str]) -> Iterator[str]:
    """Regular files below `root` whose name or path matches `glob` (empty: all)."""
    if os.path.isfile(root):
        yield root
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in skipped)
        for name in sorted(names):
            path = os.path.join(folder, name)
            wanted = not glob or fnmatch.fnmatch(name, glob) or fnmatch.fnmatch(os.path.relpath(path, root), glob)
            if wanted and stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def matches(path: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """`path:line:text` for each matching line of a text file."""
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES)
    if b"\0" in data[:8192]:
        return
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if pattern.search(line):
            yield f"{path}:{number}:{line[:MAX_COLUMNS]}"


def main() -> int:
    """Exit codes as grep: 0 found, 1 nothing found, 2 an error."""
    expression, root, glob, *skipped = sys.argv[1:]
    try:
        pattern = re.compile(expression)
    except re.error as error:
        print(f"not a regular expression: {error}")
        return 2
    found = False
    for path in files(root, glob, frozenset(skipped)):
        try:
            for line in matches(path, pattern):
                found = True
                print(line, flush=True)
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
