"""The way to the model's endpoint."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.request import getproxies

from agentjob_api.job_config import ModelConfig
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

CONNECT_SECONDS: Final = 10
IDLE_SECONDS: Final = 300
"""Without a byte from the endpoint; a call as a whole may take any time, the job's own limit ends it."""
PASSED_HEADERS: Final = frozenset({"content-type", "retry-after", "retry-after-ms", "x-should-retry", "x-request-id"})
PASSED_PREFIX: Final = "x-ratelimit-"
USER_AGENT: Final = "agentjob-model-proxy"


@dataclass(frozen=True)
class Timeouts:
    """Seconds."""

    connect: float = CONNECT_SECONDS
    idle: float = IDLE_SECONDS


def open_session(timeouts: Timeouts, url: URL) -> ClientSession:
    """A client that verifies TLS with the system's authorities (or `SSL_CERT_FILE`), keeps no cookies, and goes through
    `HTTPS_PROXY` where one is set. The caller closes it."""
    limits = ClientTimeout(total=None, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.idle)
    connector = TCPConnector(ssl=_context(url), limit=0)
    return ClientSession(connector=connector, timeout=limits, cookie_jar=DummyCookieJar(), trust_env=True)


def _context(url: URL) -> ssl.SSLContext:
    """Authorities take long to load: only where TLS is spoken, with the endpoint or with a proxy before it."""
    if url.scheme == "https" or getproxies():
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def chat_url(model: ModelConfig) -> URL:
    """Where chat completions are: below the base URL, whose query (an `api-version`, say) is kept."""
    base = URL(model.endpoint)
    return (base / "chat/completions").with_query(base.query)


def outgoing_headers(key: str | None, *, stream: bool) -> dict[str, str]:
    """Nothing of the caller's. Compression is not asked for: it would hold back the events of a stream."""
    accept = "text/event-stream" if stream else "application/json"
    headers = {"Content-Type": "application/json", "Accept": accept, "Accept-Encoding": "identity"}
    headers["User-Agent"] = USER_AGENT
    return headers | ({"Authorization": f"Bearer {key}"} if key else {})


def passed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that the agent gets to see: what it needs for retries, and no cookie."""
    known = ((name.lower(), value) for name, value in headers.items())
    return {name: value for name, value in known if name in PASSED_HEADERS or name.startswith(PASSED_PREFIX)}
