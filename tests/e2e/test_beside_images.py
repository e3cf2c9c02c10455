"""The desktop's or the notebook's image is missing, or is not what it should be: the agent does its task all the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from agentjob_api.reasons import Reason

from e2e.support import expect, shell
from e2e.support.api import Api
from e2e.support.beside import CONDITIONS, ON, told, wait_told
from e2e.support.release import OPERATOR, SYSTEM
from e2e.support.script import done, task, wait_for
from e2e.support.tenant import Tenant, agentjob, status

pytestmark = pytest.mark.disturbs
MISSING = "localhost/agentjob/there-is-no-such-image:dev"
BROKEN = "localhost/agentjob/operator:dev"
"""An image that is there and holds neither desktop nor notebook."""
TELLS = {
    MISSING: [("False", Reason.IMAGE_UNAVAILABLE)],
    # Whether the runtime cannot start it, or it starts and ends, is the container runtime's choice.
    BROKEN: [("False", Reason.CANNOT_START), ("False", Reason.CRASHED)],
}
OFF = {"desktop": {"enabled": False}, "notebook": {"enabled": False}}


@contextmanager
def _images(**images: str) -> Iterator[None]:
    """The operator gives its pods these images; the release's own again at the end."""
    deployment = f"deployment/{OPERATOR}"
    variables = {f"AGENTJOB_{part.upper()}_IMAGE": image for part, image in images.items()}
    shell.kubectl("-n", SYSTEM, "set", "env", deployment, *(f"{name}={value}" for name, value in variables.items()))
    try:
        shell.kubectl("-n", SYSTEM, "rollout", "status", deployment, "--timeout=120s", seconds=150)
        yield
    finally:
        shell.kubectl("-n", SYSTEM, "rollout", "undo", deployment)
        shell.kubectl("-n", SYSTEM, "rollout", "status", deployment, "--timeout=120s", seconds=150)


@pytest.mark.parametrize(("desktop", "notebook"), [(MISSING, BROKEN), (BROKEN, MISSING)], ids=["one", "the-other"])
def test_a_missing_and_a_broken_image(api: Api, tenant: Tenant, desktop: str, notebook: str) -> None:
    """The condition says what is wrong while the agent works and afterwards; the job succeeds and leaves no pod that waits for an image.

    A job with both switched off does not care.
    """
    images = {"desktop": desktop, "notebook": notebook}
    with _images(**images):
        tenant.apply(
            agentjob("with-both", task(wait_for("/tmp/go"), done()), **ON),
            agentjob("with-none", task(done()), **OFF),
        )
        for part, image in images.items():
            job = wait_told(tenant, "with-both", CONDITIONS[part], *TELLS[image])
            expect.sentence(expect.condition(job, CONDITIONS[part])["message"])
            assert status(job)["phase"] == "Running"
        tenant.exec("with-both", "touch", "/tmp/go")
        for name in ("with-both", "with-none"):
            job = tenant.finished(name)
            expect.succeeded(job)
            expect.attempts(job, 1)
        for part, image in images.items():
            assert told(tenant.job("with-both"), CONDITIONS[part]) in TELLS[image]
        api.wait_empty(tenant.path("pods"), 60, labelSelector="agentjob.io/name=with-both")
