"""What kopf would end the process for, and need not: a middleware of its HTTP session.

kopf 1.45 goes on after a 410 that comes as an event of a watch, which is how the API server tells it today. As the status of
an answer it ends kopf, and with it the process: of a LIST whose continue token ran out, and of a watch behind a proxy or an
aggregated API server. A 403 it repeats as a server's passing fault and then ends with a traceback.
"""

from http import HTTPStatus
from typing import Final

import aiohttp
import orjson
import structlog
from aiohttp.client_middlewares import ClientHandlerType

from agentjob_operator.kube.errors import Forbidden

FORBIDDEN_TRIES: Final = 4
"""In a row, with kopf's pauses between them: a role that an upgrade replaces is back by then (3.5 s)."""

logger = structlog.get_logger(__name__)


class Answers:
    """One per session."""

    def __init__(self) -> None:
        self._forbidden = 0

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        """The answer. Raises `Forbidden` when the API server refuses again and again, and `ClientPayloadError` for a LIST that must begin anew."""
        response = await handler(request)
        if response.status == HTTPStatus.FORBIDDEN:
            await self._refused(response)
        else:
            self._forbidden = 0
        return await _begin_anew(request, handler, response) if response.status == HTTPStatus.GONE else response

    async def _refused(self, response: aiohttp.ClientResponse) -> None:
        self._forbidden += 1
        if self._forbidden < FORBIDDEN_TRIES:
            return
        raise Forbidden(
            f"the operator's role does not allow what it needs: {_message(await response.read())}", code=response.status
        )


async def _begin_anew(
    request: aiohttp.ClientRequest, handler: ClientHandlerType, gone: aiohttp.ClientResponse
) -> aiohttp.ClientResponse:
    logger.info("the API server does not know that version any more, beginning anew", path=request.url.path)
    gone.release()
    if "watch" not in request.url.query:
        # kopf takes it for a broken connection and lists from the first page on.
        raise aiohttp.ClientPayloadError(f"410 for {request.url.path}")
    # Without a version the watch begins with all there is; what vanished meanwhile is found by the resync.
    request.url = request.url.without_query_params("resourceVersion")
    return await handler(request)


def _message(text: bytes) -> str:
    try:
        return str(orjson.loads(text)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return text[:500].decode(errors="replace")
