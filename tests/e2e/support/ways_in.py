"""How a person gets at the desktop and the notebook of an AgentJob: by what its status says."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agentjob_api.pod import Container

from e2e.support.beside import CONDITIONS, READY, told
from e2e.support.forwarding import forwarded
from e2e.support.tenant import END_SECONDS, Tenant, status


@dataclass(frozen=True)
class Ways:
    """Into a running AgentJob; URLs are forwarded ports, tokens those of its Secret."""

    tenant: Tenant
    name: str
    pod: str
    desktop: str
    notebook: str
    desktop_token: str
    notebook_token: str

    def sh(self, container: str, script: str, check: bool = True) -> str:
        """What a shell in one of its containers prints."""
        return self.tenant.exec(self.name, "sh", "-c", script, container=container, check=check)

    def eventually(self, script: str, container: str = Container.AGENT, seconds: float = 60) -> str:
        """What `script` prints, as soon as it prints something. Raises `AssertionError`."""
        give_up = time.monotonic() + seconds
        while not (printed := self.sh(container, f"{script} 2>/dev/null || true").strip()):
            assert time.monotonic() < give_up, script
            time.sleep(0.3)
        return printed


@contextmanager
def ways_in(tenant: Tenant, name: str) -> Iterator[Ways]:
    """As soon as both are ready by the conditions that the operator writes."""
    job = tenant.api.wait(
        tenant.path("agentjobs", name),
        lambda found: all(told(found, type_) == READY for type_ in CONDITIONS.values()),
        END_SECONDS,
    )
    said = status(job)
    secret = tenant.api.get(tenant.path("secrets", said["desktop"]["secretName"]))["data"]
    tokens = [base64.b64decode(secret[said[part]["secretKey"]]).decode() for part in ("desktop", "notebook")]
    with (
        forwarded(tenant.namespace, said["podName"], said["desktop"]["port"]) as desktop,
        forwarded(tenant.namespace, said["podName"], said["notebook"]["port"]) as notebook,
    ):
        yield Ways(tenant, name, said["podName"], desktop, notebook, *tokens)
