"""Fixtures of the agent's tests."""

from pathlib import Path

import pytest
from agentruns.tools import Toolbox


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    """Tools in a temporary folder."""
    return Toolbox(tmp_path)
