"""What a store's answer means for the next try. Pure.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import re
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Answer:
    """What came back: `code` and `message` of S3's XML error, empty without one; `checksum` is the store's own, if it tells."""

    status: int
    code: str = ""
    message: str = ""
    checksum: str = ""


@dataclass(frozen=True)
class Limit:
    """How long a fault is borne with."""

    tries: int
    sentence: str
    """Told when it is borne with no longer."""


class Fault(Enum):
    """Kinds of failure, each with its own limit; all of them also end with the uploader's patience."""

    UNREACHABLE = Limit(500, "The object store does not answer; check storage.endpoint and the network.")
    UNTRUSTED = Limit(3, "The object store's TLS certificate is not trusted; check storage.endpoint and its CA.")
    SERVER = Limit(500, "The object store keeps failing; look at its log.")
    CORRUPTED = Limit(4, "The object store received other bytes than were sent, again and again; check the network.")
    # These two for half a minute: the container beside the bundled MinIO makes what was lost there anew within seconds.
    NO_BUCKET = Limit(7, "The bucket does not exist; create it, or correct storage.bucket.")
    DENIED = Limit(7, "The object store refuses the upload; check that its credential may write to the bucket.")
    EXPIRED = Limit(60, "The permission to upload has expired and was not renewed; look at the operator's log.")
    REFUSED = Limit(1, "The object store refuses the upload for good.")
    NO_GRANT = Limit(60, "The permission to upload cannot be read; look at the operator's log.")


_BY_CODE = {
    "NoSuchBucket": Fault.NO_BUCKET,
    "XAmzContentChecksumMismatch": Fault.CORRUPTED,
    "BadDigest": Fault.CORRUPTED,
    "IncompleteBody": Fault.CORRUPTED,
    "RequestTimeout": Fault.SERVER,
    "SlowDown": Fault.SERVER,
    "RequestTimeTooSkewed": Fault.EXPIRED,
    "ExpiredToken": Fault.EXPIRED,
    "EntityTooLarge": Fault.REFUSED,
}


def fault_of(answer: Answer, expected_checksum: str) -> Fault | None:
    """None when the object is stored and verified."""
    if 200 <= answer.status < 300:
        differs = bool(answer.checksum) and answer.checksum != expected_checksum
        return Fault.CORRUPTED if differs else None
    if answer.code in _BY_CODE:
        return _BY_CODE[answer.code]
    if answer.status >= 500 or answer.status in {408, 429}:
        return Fault.SERVER
    if answer.status == 403:
        return Fault.EXPIRED if "expired" in answer.message.lower() else Fault.DENIED
    return Fault.NO_BUCKET if answer.status == 404 else Fault.REFUSED


_CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]{0,500})")


def read_error(status: int, body: bytes, checksum: str = "") -> Answer:
    """Picks code and message out of an error body; anything that is not S3's XML leaves them empty."""
    code, message = _CODE.search(body), _MESSAGE.search(body)
    return Answer(
        status,
        code.group(1).decode("ascii") if code else "",
        message.group(1).decode("utf-8", "replace") if message else "",
        checksum,
    )
