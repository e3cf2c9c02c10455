"""A connection to the object store for one request."""

import http.client
import ssl
from functools import cache
from typing import Final
from urllib.parse import SplitResult

CONNECT_SECONDS: Final = 5.0
"""Whoever is there answers within it. What is sent to a pod that has just gone, by its Service's address, is lost for as long as one waits."""


def connect(address: SplitResult, silence: float, authority: str = "") -> http.client.HTTPConnection:
    """Raises `OSError` when nobody answers. From then on each wait for the network may take `silence` seconds.

    `authority`: path of certificates (PEM) that are believed beside the system's.
    """
    host, port = address.hostname or "", address.port
    if address.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, context=_context(authority))
    else:
        connection = http.client.HTTPConnection(host, port)
    connection.timeout = min(CONNECT_SECONDS, silence)
    try:
        connection.connect()
    except OSError:
        connection.close()
        raise
    connection.sock.settimeout(silence)
    return connection


@cache
def _context(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(authority)
    return context
