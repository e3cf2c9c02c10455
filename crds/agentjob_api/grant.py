"""What the pod may do with the store. Both are secrets: whoever holds them can do it until they expire.

`upload.json`    a presigned S3 POST policy for the attempt's own prefix
`restore.json`   a presigned GET of one checkpoint of an earlier attempt
"""

from agentjob_api.wire import Wire


class UploadGrant(Wire, frozen=True, kw_only=True):
    """One POST policy, valid for every object under `key_prefix`.

    The courier posts multipart/form-data to `url` with `fields`, then `key` = `key_prefix` + name, `x-amz-checksum-sha256` (base64 of the
    raw digest; the policy holds `["starts-with", "$x-amz-checksum-sha256", ""]`), and last `file`.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """

    url: str
    """Endpoint with bucket, as pods reach it."""
    fields: dict[str, str]
    """policy, x-amz-algorithm, x-amz-credential, x-amz-date, x-amz-signature (and x-amz-security-token)."""
    key_prefix: str
    """`<prefix>/<namespace>/<name>/<uid>/<attempt>/`, ends with a slash."""
    max_bytes: int
    """Upper end of the policy's content-length-range, bytes."""
    expires_at: str
    """RFC 3339, UTC."""


class RestoreGrant(Wire, frozen=True, kw_only=True):
    """One presigned GET of exactly one `ObjectName.CHECKPOINT`, and what must come back.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """

    url: str
    """As pods reach it. Only `host` is signed: a `Range` may be asked for."""
    key: str
    """The object's key, which ends with `<attempt>/checkpoint.tar.zst`: for messages."""
    bytes: int
    sha256: str
    """Lower-case hex of the object's bytes, as the store verified them when they were uploaded."""
    expires_at: str
    """RFC 3339, UTC."""


class ObjectName:
    """Names under the attempt's prefix."""

    WORKSPACE_ZIP = "workspace.zip"
    WORKSPACE_TAR_ZSTD = "workspace.tar.zst"
    FILES = "files.json"
    SESSION = "session.jsonl.zst"
    CHECKPOINT = "checkpoint.tar.zst"
    """Workspace and session of one moment, laid out as `agentjob_api.checkpoint` says; a newer one of the same attempt replaces it."""
    EVENTS = "events/"
    """Segments `events/000001.jsonl`, …"""
    USAGE = "usage.json"
    """`report.ProxyUsage` so far, stored while the agent works: what is booked for an attempt that leaves no report."""
    RESULT = "result.json"
    """`report.Report`, uploaded last: where it exists, everything it names exists."""
