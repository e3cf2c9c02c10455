"""The chart's Grafana dashboards.

grafana     Grafana's JSON: panels, variables, the grid        overview     the operator: does it work?
jobs        AgentJobs: how many, how long, how they end, what they cost
"""

import json
from pathlib import PurePosixPath

from generate.dashboards.grafana import dashboard
from generate.dashboards.jobs import JOBS
from generate.dashboards.overview import OPERATOR
from generate.files import Files

FOLDER = PurePosixPath("charts/agentjob/files/dashboards")


def dashboard_files() -> Files:
    """One JSON file per dashboard, as Grafana's sidecar takes it."""
    return {FOLDER / f"{one.uid}.json": json.dumps(dashboard(one), indent=1) + "\n" for one in (OPERATOR, JOBS)}
