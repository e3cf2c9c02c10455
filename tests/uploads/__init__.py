"""A pod's upload, as a form: what any client with the grant can send."""

import base64
import hashlib
from dataclasses import dataclass

import aiohttp
from agentjob_api.grant import UploadGrant


@dataclass(frozen=True)
class Answer:
    """Status and S3's XML."""

    status: int
    text: str


async def post(grant: UploadGrant, key: str, data: bytes, *, checksum: bytes | None = None) -> Answer:
    """Sends `data` for `key`; `checksum` is the raw SHA-256 to claim, the right one when None."""
    digest = hashlib.sha256(data).digest() if checksum is None else checksum
    form = aiohttp.FormData()
    for name, value in grant.fields.items():
        form.add_field(name, value)
    form.add_field("key", key)
    form.add_field("x-amz-checksum-sha256", base64.b64encode(digest).decode())
    form.add_field("file", data, filename="file", content_type="application/octet-stream")
    async with aiohttp.ClientSession() as session, session.post(grant.url, data=form) as response:
        return Answer(response.status, await response.text())
