"""One POST of one object, streamed from its source. Memory in use does not depend on the object's size."""

import http.client
import secrets
from collections.abc import Callable
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from agentjob_api.grant import UploadGrant

from agentjob_runtime.common.http_connection import connect
from agentjob_runtime.upload.faults import Answer, read_error
from agentjob_runtime.upload.multipart import Form, build_form
from agentjob_runtime.upload.payload import Payload

_CHUNK: Final = 1 << 20
_ERROR_BODY_MAX: Final = 16 << 10


def post(grant: UploadGrant, name: str, payload: Payload, silence: float, remaining: Callable[[], float]) -> Answer:
    """Sends the object. Raises `OSError` or `http.client.HTTPException`.

    `silence` bounds each wait for the network, `remaining` tells how long the whole may still take; seconds.
    """
    parts = urlsplit(grant.url)
    form = build_form(grant, name, payload.checksum, secrets.token_hex(16))
    connection = connect(parts, silence)
    try:
        connection.putrequest("POST", parts.path or "/", skip_accept_encoding=True)
        connection.putheader("Content-Type", form.content_type)
        connection.putheader("Content-Length", str(form.length(payload.size)))
        connection.endheaders()
        with payload.open() as source:
            _send(connection, form, source, payload.size, remaining)
        return _receive(connection.getresponse())
    finally:
        connection.close()


def _send(
    connection: http.client.HTTPConnection, form: Form, source: BinaryIO, size: int, remaining: Callable[[], float]
) -> None:
    """A store that refuses early closes its end while we send: its answer is read all the same."""
    try:
        connection.send(form.head)
        missing = size
        while missing and (chunk := source.read(min(_CHUNK, missing))):
            if remaining() <= 0:
                raise TimeoutError("the pod's time is over")
            connection.send(chunk)
            missing -= len(chunk)
        connection.send(form.tail)
    except (BrokenPipeError, ConnectionResetError):
        return


def _receive(response: http.client.HTTPResponse) -> Answer:
    body = response.read(_ERROR_BODY_MAX)
    return read_error(response.status, body, response.getheader("x-amz-checksum-sha256", ""))
