"""The tables of the API are complete: nothing that a status can say is unexplained."""

import itertools

from agentjob_api.reasons import EFFECT_MEANINGS, TABLE, Effect, Reason
from agentjob_api.reference import api_reference
from agentjob_api.status import CONDITION_MEANINGS, ConditionType


def test_every_reason_effect_and_condition_is_explained() -> None:
    """Once each, in the tables that the reference is generated from."""
    assert TABLE.keys() == set(Reason)
    assert EFFECT_MEANINGS.keys() == set(Effect)
    assert CONDITION_MEANINGS.keys() == set(ConditionType)


def test_every_effect_is_used() -> None:
    """An effect without a reason would be an operator's branch that nothing reaches."""
    assert {info.effect for info in TABLE.values()} == set(Effect)


def test_meanings_and_actions_are_sentences() -> None:
    """They end up in front of people."""
    for reason, info in TABLE.items():
        assert info.meaning.endswith("."), reason
        assert info.action.endswith("."), reason


def test_a_reason_fits_its_field() -> None:
    """CamelCase as in the API conventions, and short enough for `status.reason`."""
    assert all(reason.isalpha() and reason[0].isupper() and len(reason) <= 64 for reason in Reason)


def test_the_reference_holds_every_reason_and_no_broken_row() -> None:
    """A pipe in a pattern would split a cell: each row of a table has as many cells as its head."""
    page = api_reference()
    assert all(f"| `{reason}` |" in page for reason in Reason)
    counts = [line.replace("\\|", "").count("|") for line in page.splitlines()]
    for above, count in itertools.pairwise(counts):
        assert not (above and count) or above == count
