"""What stands beside the agent: a desktop and a notebook for people, databases for what it builds."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from agentjob_api.base import ApiModel


class Service(StrEnum):
    """A database beside the agent, reachable from its pod only."""

    POSTGRES = "Postgres"
    REDIS = "Redis"


class Desktop(ApiModel):
    """A graphical desktop beside the agent, looked at in the browser."""

    enabled: Annotated[
        bool | None, Field(description="Whether there is one; the operator's configuration decides when unset.")
    ] = None
    resolution: Annotated[
        str,
        Field(
            max_length=9,
            pattern=r"^[1-9][0-9]{2,3}x[1-9][0-9]{2,3}$",
            description="Width and height in pixels at the start; it follows the browser's window.",
        ),
    ] = "1280x800"


class Notebook(ApiModel):
    """A notebook server (JupyterLab) beside the agent, looked at in the browser."""

    enabled: Annotated[
        bool | None, Field(description="Whether there is one; the operator's configuration decides when unset.")
    ] = None
