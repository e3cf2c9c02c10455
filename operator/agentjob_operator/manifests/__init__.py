"""Builders of what an attempt consists of: pure functions from an `Attempt` and the settings to plain objects; one part of the pod a file.

build_secret   task, configuration, upload grant, tokens      build_job   the Job with its pod      network   NetworkPolicies
"""

from agentjob_operator.manifests.attempt import (
    ARCHIVE_ALLOWANCE_SECONDS,
    Attempt,
    Remaining,
    attempt_name,
    owner_reference,
)
from agentjob_operator.manifests.beside import Tokens
from agentjob_operator.manifests.job import build_job
from agentjob_operator.manifests.secret import build_secret

__all__ = [
    "ARCHIVE_ALLOWANCE_SECONDS",
    "Attempt",
    "Remaining",
    "Tokens",
    "attempt_name",
    "build_job",
    "build_secret",
    "owner_reference",
]
