"""`python -m generate` writes every generated file; `--check` changes nothing and exits 1 when one is out of date.

Exit codes: 0 all is as it should be, 1 a file differs (with `--check`), 2 wrong arguments.
"""

import argparse
import sys
from pathlib import Path

from generate.files import drifted, write
from generate.outputs import generated_files

REPOSITORY = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on a difference")
    options = parser.parse_args(arguments)
    changed = drifted(REPOSITORY, generated_files(REPOSITORY))
    if options.check:
        for path in changed:
            print(f"out of date: {path} (run: make generate)", file=sys.stderr)
        return 1 if changed else 0
    for path in write(REPOSITORY, changed):
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
