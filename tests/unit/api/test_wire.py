"""What operator and pod hand each other: both sides read what the other one, or somebody in its place, has written."""

import pytest
from agentjob_api.checkpoint import Answer, Result
from agentjob_api.job_config import LimitsConfig
from agentjob_api.report import Report, StoredObject, Verdict
from agentjob_api.wire import WireError


def test_names_on_the_wire_are_camel_case_and_come_back() -> None:
    """Pods of the version before are still running when an operator is upgraded: these names are fixed."""
    limits = LimitsConfig(steps=3, cost_usd="0.50", timeout_seconds=60)
    assert limits.to_json() == '{"steps":3,"tokens":null,"costUsd":"0.50","timeoutSeconds":60}'
    assert LimitsConfig.from_json(limits.to_json()) == limits


def test_a_report_is_short_and_has_a_version() -> None:
    """A termination message has little room: what is as it is without being said is left out."""
    report = Report(uid="u", attempt=1, verdict=Verdict.SUCCESS, workspace=StoredObject(key="k", bytes=1, sha256="s"))
    assert report.to_json() == (
        '{"version":1,"uid":"u","attempt":1,"verdict":"Success","workspace":{"key":"k","bytes":1,"sha256":"s"}}'
    )
    assert Report.from_json(report.to_json()) == report


def test_unknown_fields_are_passed_over() -> None:
    """A newer version may say more."""
    assert Answer.from_json(b'{"number":1,"result":"Packed","since":{"x":[1]}}') == Answer(
        number=1, result=Result.PACKED
    )


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b"{", b'{"number":1}', b'{"number":"1","result":"Packed"}', b'{"number":1.5,"result":"Packed"}',
        b'{"number":true,"result":"Packed"}', b'{"number":1,"result":"Lost"}', b'{"number":1,"result":"\xff"}',
        b'{"number":1,"result":"Packed"}x', b'{"number":' + b"9" * 5000 + b',"result":"Packed"}', b'{"x":' * 100_000,
        b'{"x":' + b"[" * 100_000, '{"number":1,"result":"\ud800"}',
    ],
)  # fmt: skip
def test_there_is_one_error_whatever_is_read(data: bytes | str) -> None:
    """The courier reads what a hostile agent wrote: an error that nobody expects would end it."""
    with pytest.raises(WireError):
        Answer.from_json(data)
