"""Paged LISTs: never more than a page in memory."""

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Gone

RESTARTS: Final = 3

logger = logging.getLogger(__name__)


async def list_pages(
    kube: KubeClient, path: str, selectors: Mapping[str, str], *, page_size: int
) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of a collection. `selectors`: labelSelector, fieldSelector.

    When a continue token has expired, the API server hands out one that goes on from there with newer versions; where it does
    not, the list starts again (so an object may come twice), at most three times. Raises `KubeError`.
    """
    token, restarts = "", 0
    while True:
        params = {**selectors, "limit": str(page_size), **({"continue": token} if token else {})}
        try:
            page = await kube.get(path, params)
        except Gone as error:
            if not token or restarts == RESTARTS:
                raise
            restarts += 1
            logger.warning("the list of %s expired (%s); starting it again, %d of %d", path, error, restarts, RESTARTS)
            token = ""
            continue
        yield page.get("items") or []
        token = page["metadata"].get("continue") or ""
        if not token:
            return
