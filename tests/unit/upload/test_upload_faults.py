"""What the store's answers mean, and what the form looks like on the wire."""

from email.parser import BytesParser
from email.policy import HTTP

import pytest
from agentjob_api.grant import UploadGrant
from agentjob_runtime.upload.faults import Answer, Fault, fault_of, read_error
from agentjob_runtime.upload.multipart import build_form
from agentjob_runtime.upload.payload import Payload


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(204), None),
        (Answer(200, checksum="sum"), None),
        (Answer(204, checksum="other"), Fault.CORRUPTED),
        (Answer(400, "XAmzContentChecksumMismatch"), Fault.CORRUPTED),
        (Answer(400, "EntityTooLarge"), Fault.REFUSED),
        (Answer(400, "MalformedPOSTRequest"), Fault.REFUSED),
        (Answer(403, "AccessDenied", "Invalid according to Policy: Policy expired."), Fault.EXPIRED),
        (Answer(403, "RequestTimeTooSkewed"), Fault.EXPIRED),
        (Answer(403, "AccessDenied", "Access Denied."), Fault.DENIED),
        (Answer(403), Fault.DENIED),
        (Answer(404, "NoSuchBucket"), Fault.NO_BUCKET),
        (Answer(404), Fault.NO_BUCKET),
        (Answer(408), Fault.SERVER),
        (Answer(429), Fault.SERVER),
        (Answer(500, "InternalError"), Fault.SERVER),
        (Answer(503), Fault.SERVER),
        (Answer(503, "SlowDown"), Fault.SERVER),
        (Answer(307, "TemporaryRedirect"), Fault.REFUSED),
    ],
)
def test_every_answer_has_a_meaning(answer: Answer, fault: Fault | None) -> None:
    """With and without S3's XML."""
    assert fault_of(answer, "sum") is fault


def test_errors_are_read_without_an_xml_parser() -> None:
    """A proxy's HTML, nothing at all, and S3's XML: the body is not trusted."""
    xml = b"<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>It is not there</Message></Error>"
    assert read_error(404, xml) == Answer(404, "NoSuchBucket", "It is not there")
    assert read_error(502, b"<html>Bad Gateway</html>") == Answer(502)
    assert read_error(503, b"") == Answer(503)


def test_the_form_is_what_a_parser_expects() -> None:
    """Every field of the grant, then key and checksum, the file last; the length is exact."""
    grant = UploadGrant(
        url="http://store/bucket",
        fields={"policy": "p"},
        key_prefix="a/b/",
        max_bytes=1,
        expires_at="2026-01-01T00:00:00Z",
    )
    payload = Payload.of(b"\x00content\r\n")
    form = build_form(grant, "result.json", payload.checksum, "boundary")
    body = form.head + b"\x00content\r\n" + form.tail
    assert form.length(payload.size) == len(body)
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + form.content_type.encode() + b"\r\n\r\n" + body)
    parts = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]
    assert parts == [
        ("policy", b"p"),
        ("key", b"a/b/result.json"),
        ("x-amz-checksum-sha256", payload.checksum.encode()),
        ("file", b"\x00content\r\n"),
    ]
