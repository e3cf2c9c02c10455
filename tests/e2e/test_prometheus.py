"""A real Prometheus scrapes the operator of the release while AgentJobs run: every panel and every alert gets an answer.

It runs on this machine and reaches the operator's pod by a forwarded port.
"""

from pathlib import Path

import pytest
from agentjob_api.reasons import Reason
from monitoring import ALERTS_FILE, DASHBOARDS, Expression, alert_expressions, panel_expressions
from monitoring.evaluate import assert_data, assert_rules_are_evaluated
from support.prometheus import Prometheus, running_prometheus

from e2e.support import expect, release
from e2e.support.api import Api, Json
from e2e.support.forwarding import forwarded
from e2e.support.script import done, priced, task, wait_for
from e2e.support.tenant import Tenant, agentjob

EMPTY = {"AgentJobOperatorDown": "absent() has a value only while no target is up"}
SOMETIMES = {"AgentJobAPIErrors": "a series of failed requests is there only once one has failed"}
"""Whether there is data depends on the tests before; with a request that fails it is asked in tests/integration/operator."""
SCRAPED_SECONDS = 60.0
GO = "/tmp/go"
PRICES = {"prices": {"inputPerMillionTokens": "10", "outputPerMillionTokens": "20"}}
NO_MORE_JOBS: Json = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-more-jobs"},
    "spec": {"hard": {"count/jobs.batch": "0"}},
}


def test_every_panel_and_every_alert_has_data(api: Api, tenant: Tenant, tmp_path: Path) -> None:
    """While one AgentJob works and ends, one waits for a node, and one is refused by a quota."""
    pods = api.items(f"/api/v1/namespaces/{release.SYSTEM}/pods", labelSelector="app.kubernetes.io/component=operator")
    (pod,) = (each["metadata"]["name"] for each in pods if "deletionTimestamp" not in each["metadata"])
    with (
        forwarded(release.SYSTEM, pod, 8080) as url,
        running_prometheus(tmp_path, [url.removeprefix("http://")], ALERTS_FILE) as prometheus,
    ):
        _live(tenant, prometheus)
        asked = [each for each in panel_expressions() + alert_expressions() if each.name not in SOMETIMES]
        assert_data(prometheus, asked, EMPTY, SCRAPED_SECONDS)
        assert_rules_are_evaluated(prometheus, {each.name for each in alert_expressions()}, SCRAPED_SECONDS)
        mine = f'{{job="agentjob-operator", namespace="{tenant.namespace}"}}'
        # With its next scrape.
        told = (f"agentjob_finished_total{mine} == 1", f"sum(agentjob_model_cost_usd_total{mine}) > 0.3")
        assert_data(prometheus, [Expression(promql, promql) for promql in told], {}, SCRAPED_SECONDS)


@pytest.mark.usefixtures("installed")
def test_dashboards_are_in_the_cluster(api: Api) -> None:
    """As the chart installed them, with the label that Grafana's sidecar looks for."""
    found = api.items(f"/api/v1/namespaces/{release.SYSTEM}/configmaps", labelSelector="grafana_dashboard=1")
    data = {name: text for config_map in found for name, text in config_map["data"].items()}
    assert data == {path.name: path.read_text(encoding="utf-8") for path in DASHBOARDS}


def _live(tenant: Tenant, prometheus: Prometheus) -> None:
    # A rate needs a sample from before.
    assert_data(prometheus, [Expression("scraped", "up == 1")], {}, SCRAPED_SECONDS)
    tenant.apply(
        agentjob("works", task(wait_for(GO), priced(done(), 30_000, 1_000)), model=PRICES),
        agentjob("waits", task(done()), nodeSelector={"no-such-label": "x"}),
    )
    tenant.running("works")
    # A job of minutes is scraped before its end; so is this one.
    assert_data(prometheus, [each for each in panel_expressions() if each.name.endswith("Running: __auto")], {}, 10)
    tenant.apply(NO_MORE_JOBS)
    tenant.apply(agentjob("refused", task(done())))
    tenant.exec("works", "touch", GO)
    expect.succeeded(tenant.finished("works"))
    tenant.reasoned("waits", Reason.UNSCHEDULABLE)
    tenant.reasoned("refused", Reason.QUOTA_EXCEEDED)
