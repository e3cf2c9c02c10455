"""The body of a POST upload, without the file (RFC 7578; https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html)."""

from dataclasses import dataclass

from agentjob_api.grant import UploadGrant


@dataclass(frozen=True)
class Form:
    """The file's bytes go between `head` and `tail`."""

    content_type: str
    head: bytes
    tail: bytes

    def length(self, file_size: int) -> int:
        """Content-Length with a file of that many bytes."""
        return len(self.head) + file_size + len(self.tail)


def build_form(grant: UploadGrant, name: str, checksum: str, boundary: str) -> Form:
    """The form for the object `name` under the grant's prefix; `file` is the last field, as S3 demands.

    `boundary` must not occur in the file: take at least 128 random bits.
    """
    fields = grant.fields | {"key": grant.key_prefix + name, "x-amz-checksum-sha256": checksum}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
    head = "".join(parts) + file + "Content-Type: application/octet-stream\r\n\r\n"
    return Form(f"multipart/form-data; boundary={boundary}", head.encode(), f"\r\n--{boundary}--\r\n".encode())
