"""What the chart gives Prometheus and Grafana: rules that promtool accepts and tests, dashboards by Grafana's schema, monitors that find the pods."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from cluster.toolbuild import ensure_binaries
from monitoring import ALERTS_FILE, ALERTS_TEST, DASHBOARDS, alerts

from charts import EVERYTHING_VALUES, PRODUCTION_VALUES, Object, of_kind, render, template


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs it; the caller looks at the exit code."""
    found = shutil.which("promtool")
    assert found, (
        "promtool is missing: `make prereqs` installs Debian's package prometheus; elsewhere see prometheus.io"
    )
    return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


def test_alerts_fire_when_they_should_and_are_quiet_otherwise() -> None:
    """promtool's own tests, on the very file that the chart installs."""
    done = promtool("test", "rules", ALERTS_TEST)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rendered_rules_are_those_of_the_file_and_valid(tmp_path: Path) -> None:
    """Helm's YAML of them: nothing is lost, and templates of Prometheus are not taken for helm's."""
    (rule,) = of_kind(render("--values", PRODUCTION_VALUES), "PrometheusRule")
    assert [each for group in rule["spec"]["groups"] for each in group["rules"]] == alerts()
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    for file in (tmp_path / "rules.yaml", ALERTS_FILE):
        done = promtool("check", "rules", file)
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_can_be_left_out_and_runbooks_be_elsewhere() -> None:
    """The rest stays; a name that is no alert is refused: it would be a typing error."""
    (rule,) = of_kind(render("--values", EVERYTHING_VALUES), "PrometheusRule")
    found = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    assert {each["alert"] for each in alerts()} - {each["alert"] for each in found} == {"AgentJobBudgetOverrun"}
    for each in found:
        assert each["annotations"]["runbook_url"] == f"https://wiki.example.com/runbooks/{each['alert']}.md"
    done = template(
        "--set", "monitoring.prometheusRule.enabled=true,monitoring.prometheusRule.disabled={AgentJobNoSuch}"
    )
    assert "there is no alert AgentJobNoSuch" in done.stderr


def test_dashboards_are_valid_by_the_schema_of_grafana(tmp_path: Path) -> None:
    """Unknown fields, wrong types and missing ones are refused, in panels' options and queries, too."""
    check = ensure_binaries("dashboard-check")["dashboard-check"]
    done = subprocess.run([check, *DASHBOARDS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    broken = json.loads(DASHBOARDS[0].read_text(encoding="utf-8"))
    broken["panels"][1]["options"]["colourMode"] = "value"
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    done = subprocess.run([check, tmp_path / "broken.json"], capture_output=True, text=True, check=False)
    assert "unexpected field 'colourMode'" in done.stderr


def test_dashboards_come_as_they_are_with_the_label_of_the_sidecar() -> None:
    """A ConfigMap each, whose keys end with .json: what the sidecar takes for a dashboard."""
    values = (
        "--set", "monitoring.dashboards.enabled=true,monitoring.dashboards.namespace=grafana",
        "--set", "monitoring.dashboards.annotations.grafana_folder=Agents",
    )  # fmt: skip
    found = [each for each in of_kind(render(*values), "ConfigMap") if each["metadata"]["namespace"] == "grafana"]
    assert len(found) == len(DASHBOARDS) == 2
    texts: dict[str, str] = {}
    for config_map in found:
        assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert config_map["metadata"]["annotations"] == {"grafana_folder": "Agents"}
        texts |= config_map["data"]
    for path in DASHBOARDS:
        assert json.loads(texts[path.name]) == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["podMonitor", "serviceMonitor"])
def test_a_monitor_finds_every_replica(kind: str) -> None:
    """By labels and the name of a port that the pods have; both kinds scrape the same."""
    objects = render("--set", f"monitoring.{kind}.enabled=true,monitoring.{kind}.namespace=prometheus")
    (monitor,) = of_kind(objects, "PodMonitor", "ServiceMonitor")
    assert monitor["metadata"]["namespace"] == "prometheus"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["agentjob-system"]}
    pod = operator_pod(objects)
    (endpoint,) = monitor["spec"]["podMetricsEndpoints" if kind == "podMonitor" else "endpoints"]
    assert endpoint["honorLabels"] is True
    assert endpoint["relabelings"][0] == {"targetLabel": "job", "replacement": "agentjob-operator"}
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    ports = {port["name"]: port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
    if kind == "podMonitor":
        assert wanted <= pod["metadata"]["labels"].items()
        assert endpoint["port"] in ports
        return
    services = [each for each in of_kind(objects, "Service") if wanted <= each["metadata"]["labels"].items()]
    assert len(services) == 1, "the monitor of a Service selects no other"
    assert services[0]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert [(port["name"], port["port"]) for port in services[0]["spec"]["ports"]] == [
        (endpoint["port"], ports[services[0]["spec"]["ports"][0]["targetPort"]])
    ]


def test_both_monitors_at_once_are_refused() -> None:
    """Each replica would be scraped twice under one name."""
    done = template("--set", "monitoring.podMonitor.enabled=true,monitoring.serviceMonitor.enabled=true")
    assert "counted, twice" in done.stderr


def test_without_being_asked_the_chart_needs_no_crd_of_the_prometheus_operator() -> None:
    """It installs on any cluster."""
    assert not [each for each in render() if each["apiVersion"].startswith("monitoring.coreos.com/")]


def operator_pod(objects: list[Object]) -> Object:
    """The Deployment's template."""
    (found,) = (each for each in of_kind(objects, "Deployment") if each["metadata"]["name"] == "agentjob-operator")
    template_: Object = found["spec"]["template"]
    return template_
