"""An endpoint that speaks TLS: its certificate must be signed by an authority that the container trusts."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import openai
import pytest
from agentjob_runtime.scripted_model.library import SHIPPED, Library
from agentjob_runtime.scripted_model.server import ScriptedModel
from aiohttp.test_utils import TestServer
from cluster.certificates import KeyPair, make_authority, sign
from modelservers.conversation import messages
from modelservers.running import job_config, running_proxy


@asynccontextmanager
async def _secure_endpoint(folder: Path, authority: KeyPair) -> AsyncIterator[tuple[str, ScriptedModel]]:
    pair = sign(folder, "server", authority, subject="/CN=model", alternative_names="IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    model = ScriptedModel(Library(SHIPPED), "s3cret-key")
    server = TestServer(model.app(), host="127.0.0.1", scheme="https")
    await server.start_server(ssl=context)
    try:
        yield str(server.make_url("/v1")), model
    finally:
        await server.close()


@pytest.mark.parametrize("trusted", [True, False])
async def test_the_key_goes_only_where_the_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """By an authority of `SSL_CERT_FILE`; with only the system's, nothing arrives at a server that nobody vouches for."""
    authority = make_authority(tmp_path, "authority")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    async with (
        _secure_endpoint(tmp_path, authority) as (endpoint, model),
        running_proxy(job_config(endpoint), tmp_path, key="s3cret-key") as proxy,
        proxy.client() as client,
    ):
        if trusted:
            await client.chat.completions.create(model="echo", messages=messages("Go."))
        else:
            with pytest.raises(openai.InternalServerError, match="certificate"):
                await client.chat.completions.create(model="echo", messages=messages("Go."))
        assert sum(model.journal.requests.values()) == trusted
