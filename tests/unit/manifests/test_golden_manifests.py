"""The golden files show what the operator creates for each example; a change of the builders is reviewed as their difference."""

from pathlib import Path

import yaml
from generate.golden import EXAMPLES, GOLDEN, golden_files

ROOT = Path(__file__).resolve().parents[3]


def test_every_example_has_its_golden_file_and_the_builders_still_make_it() -> None:
    """Written anew by `make generate`."""
    wanted = golden_files(ROOT)
    assert len(wanted) >= len(list((ROOT / EXAMPLES).glob("*.yaml"))) > 0
    for path, text in wanted.items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} differs (make generate)"


def test_no_golden_file_is_left_of_an_example_that_is_gone() -> None:
    """A stale file would be taken for a checked one."""
    assert {path.name for path in (ROOT / GOLDEN).iterdir()} == {path.name for path in golden_files(ROOT)}


def test_a_golden_file_is_one_secret_and_one_job() -> None:
    """One of each per attempt: the operator's whole write beside status."""
    for text in golden_files(ROOT).values():
        assert [document["kind"] for document in yaml.safe_load_all(text)] == ["Secret", "Job"]
