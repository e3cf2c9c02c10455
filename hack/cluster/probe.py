"""Asks an API server over HTTPS without starting a process for it: what is polled costs next to nothing."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path


def failure(url: str, ca_file: Path, token: str = "") -> str:
    """Why `url` cannot be read; an empty text when it can."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310
        with opener.open(request, timeout=5):
            return ""
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        return str(error)
