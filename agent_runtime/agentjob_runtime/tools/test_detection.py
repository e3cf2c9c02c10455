"""Finds out how a project is tested, from the files at its top. Pure: the caller reads the files."""

import json
import re
from collections.abc import Collection

SUMMARY = re.compile(
    r"^(=+ .*(passed|failed|error|no tests ran).* =+|(\d+ (passed|failed|error|skipped)\b.*)|Tests?:? .*|"
    r"(ok|FAIL|---? FAIL)\b.*|# (tests|pass|fail) \d+|. (tests|pass|fail) \d+|test result: .*|FAILED\b.*|OK\b.*)$"
)  # fmt: skip
"""Closing lines of pytest, unittest, jest, vitest, node:test, go test and cargo test."""


def npm_test_script(package_json: str) -> bool:
    """Whether package.json has a real `test` script; npm's own placeholder always fails."""
    try:
        package = json.loads(package_json)
    except ValueError:
        return False
    scripts = package.get("scripts") if isinstance(package, dict) else None
    script = scripts.get("test", "") if isinstance(scripts, dict) else ""
    return bool(script) and "no test specified" not in str(script)


def detect(names: Collection[str], package_json: str, makefile: str, python: str) -> list[str] | None:
    """The command for a folder with these files; None when nothing is known. `python` is the interpreter for pytest."""
    if npm_test_script(package_json):
        return ["npm", "test"]
    if "go.mod" in names:
        return ["go", "test", "./..."]
    if "Cargo.toml" in names:
        return ["cargo", "test"]
    pythonic = {"pytest.ini", "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "conftest.py", "tests", "test"}
    if pythonic & set(names) or any(re.fullmatch(r"test_.*\.py|.*_test\.py", name) for name in names):
        return [python, "-m", "pytest", "-q"]
    if re.search(r"^test\s*:", makefile, re.MULTILINE):
        return ["make", "test"]
    return None


def summary_lines(output: str, count: int = 6) -> list[str]:
    """The last lines that look like a test runner's totals."""
    found = [line.strip() for line in output.splitlines() if SUMMARY.match(line.strip())]
    return [line[:300] for line in found[-count:]]
