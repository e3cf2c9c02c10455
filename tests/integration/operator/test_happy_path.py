"""An AgentJob from its creation to Succeeded: what is made, what it says, and how many writes it takes."""

import hashlib

import urllib3
from apiserver.client import ApiClient
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage


def test_an_agentjob_runs_to_succeeded_with_four_writes(
    api: ApiClient, operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """The write budget of DESIGN §6: Secret, Job, PATCH Running, PATCH terminal, and nothing else."""
    operator.start()
    assert stage.apply("todo")["status"] == {"phase": "Pending"}, "from the schema, without a write"
    pod = stage.make_pod(stage.job("todo"))
    stage.run(pod)
    running = stage.wait_reason("todo", "AgentRunning")
    stage.succeed("todo", pod)
    done = stage.wait_reason("todo", "Completed")

    assert running["phase"] == "Running"
    assert running["podName"] == pod
    assert done["phase"] == "Succeeded"
    assert done["attempts"] == 1
    assert {c["type"]: c["status"] for c in done["conditions"]} == dict.fromkeys(
        ("Accepted", "Started", "Archived", "Complete", "Finished"), "True"
    )
    assert [(w.method, w.status) for w in relay.writes if w.path.endswith("/status")] == [("PATCH", 200)] * 2
    assert len(relay.writes) == 4, relay.writes


def test_the_download_url_gives_the_archive(operator: OperatorProcess, stage: Stage) -> None:
    """Whoever has `status.artifacts.downloadURL` gets the very bytes that the status names."""
    operator.start()
    stage.apply("todo")
    pod = stage.make_pod(stage.job("todo"))
    stage.succeed("todo", pod)
    artifacts = stage.wait_reason("todo", "Completed")["artifacts"]
    answer = urllib3.request("GET", artifacts["downloadURL"])
    assert hashlib.sha256(answer.data).hexdigest() == artifacts["workspace"]["sha256"]
    assert 'filename="todo.zip"' in answer.headers["Content-Disposition"]
