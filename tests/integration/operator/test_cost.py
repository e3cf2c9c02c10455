"""What AgentJobs cost, printed (`pytest -s`): writes are exact and asserted, CPU is a figure of the machine at that moment."""

from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage

COUNT = 20


def test_twenty_at_once_take_four_writes_each(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """Also when they come together: no PATCH for a wait that is over before it is told, no conflict, no second try."""
    operator.start()
    before = operator.cpu_seconds()
    names = [f"job-{number}" for number in range(COUNT)]
    for name in names:
        stage.apply(name)
    pods = {name: stage.make_pod(stage.job(name)) for name in names}
    for pod in pods.values():
        stage.run(pod)
    for name, pod in pods.items():
        stage.wait_reason(name, "AgentRunning")
        stage.succeed(name, pod)
    ended = [stage.wait_reason(name, "Completed") for name in names]
    spent = operator.cpu_seconds() - before
    told_waiting = [write for write in relay.writes if "/events" in write.path]
    print(f"{COUNT} AgentJobs: {len(relay.writes) / COUNT:.1f} writes and {1000 * spent / COUNT:.1f} ms of CPU each")
    assert [status["phase"] for status in ended] == ["Succeeded"] * COUNT
    assert {write.status for write in relay.writes} <= {200, 201}
    assert not told_waiting
    assert len(relay.writes) == 4 * COUNT
