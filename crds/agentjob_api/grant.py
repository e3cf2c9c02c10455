"""`upload.json`: a presigned S3 POST policy for the attempt's own prefix. It is a secret: whoever holds it can write there until it expires."""

from agentjob_api.base import ApiModel


class UploadGrant(ApiModel):
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


class ObjectName:
    """Names under the attempt's prefix."""

    WORKSPACE_ZIP = "workspace.zip"
    WORKSPACE_TAR_ZSTD = "workspace.tar.zst"
    FILES = "files.json"
    SESSION = "session.jsonl.zst"
    EVENTS = "events/"
    """Segments `events/000001.jsonl`, …"""
    USAGE = "usage.json"
    """`report.ProxyUsage` so far, stored while the agent works: what is booked for an attempt that leaves no report."""
    RESULT = "result.json"
    """`report.Report`, uploaded last: where it exists, everything it names exists."""
