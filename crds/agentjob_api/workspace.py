"""The workspace's volume, and what is kept of it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from agentjob_api.base import ApiModel, ByteSize
from agentjob_api.pod_options import ObjectName

DEFAULT_EXCLUDE = (
    ".venv", "venv", "node_modules", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".gradle", "**/.next/cache", ".ipynb_checkpoints",
)  # fmt: skip
"""What anybody can make again; `.git` stays in: it is the agent's work as commits."""

EXCLUDE_PATTERN = r"^/*[^!/].*$"
"""Neither a negation nor slashes alone."""

MAX_ARCHIVE_BYTES = 5 * 1024**3
"""A presigned POST takes one upload of at most 5 GiB."""
MAX_URL_EXPIRY_SECONDS = 604_800
"""Longest life of a presigned URL (SigV4)."""


class ArchiveFormat(StrEnum):
    """Format of the workspace archive."""

    ZIP = "Zip"
    TAR_ZSTD = "TarZstd"


class Workspace(ApiModel):
    """The volume at /workspace."""

    size: Annotated[ByteSize, Field(description="Size limit; an agent that nears it is ended with WorkspaceFull.")] = (
        "10Gi"
    )
    storage_class_name: Annotated[
        ObjectName | None,
        Field(
            description="StorageClass of a volume of the pod's own, of this size, that is made and deleted with the pod; "
            "without it the workspace lies on the node's disk."
        ),
    ] = None
    checkpoint_seconds: Annotated[
        int | None,
        Field(
            ge=30,
            le=86_400,
            description="Time between two checkpoints, from which an attempt goes on after a crash; unset, one is taken only when the pod is told to stop.",
        ),
    ] = None


class Archive(ApiModel):
    """What is kept of the workspace, and how."""

    format: Annotated[ArchiveFormat, Field(description="Zip opens everywhere; TarZstd is smaller and faster.")] = (
        ArchiveFormat.ZIP
    )
    exclude: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=256, pattern=EXCLUDE_PATTERN)], ...],
        Field(max_length=64, description="Globs as in .gitignore, without negation (!). Replaces the default list."),
    ] = DEFAULT_EXCLUDE
    max_bytes: Annotated[
        int, Field(ge=1, le=MAX_ARCHIVE_BYTES, description="Largest archive, in bytes; at most 5 GiB.")
    ] = MAX_ARCHIVE_BYTES
    url_expiry_seconds: Annotated[
        int,
        Field(
            ge=60, le=MAX_URL_EXPIRY_SECONDS, description="Life of a download URL; it is signed again before it ends."
        ),
    ] = 86_400
