"""The operator is killed (SIGKILL) after each of its writes in turn, and the AgentJob still ends once."""

import pytest
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage

WRITES = 4


@pytest.mark.parametrize("answered", [True, False], ids=["answer-arrives", "answer-is-lost"])
@pytest.mark.parametrize("nth", range(1, WRITES + 1))
def test_killed_after_the_nth_write_it_ends_once(
    operator: OperatorProcess, stage: Stage, relay: Relay, nth: int, answered: bool
) -> None:
    """Secret, Job, PATCH Running, PATCH terminal: after whichever it dies, there is one Job, one archive, one terminal status."""
    killed: list[int] = []

    def kill(count: int) -> bool:
        if count != nth or killed:
            return True
        killed.append(count)
        if answered:
            return True
        assert operator.process is not None
        operator.process.kill()
        return False

    relay.on_write = kill
    operator.start()
    stage.apply("todo")
    if nth <= 2:
        stage.wait(lambda: killed, "the write after which it is killed")
    else:
        pod = stage.make_pod(stage.job("todo"))
        stage.run(pod)
        if nth == WRITES:
            stage.wait_reason("todo", "AgentRunning")
            stage.succeed("todo", pod)
        stage.wait(lambda: killed, "the write after which it is killed")
    operator.kill()
    operator.start()
    done = stage.play("todo")

    assert (done["phase"], done["reason"], done["attempts"]) == ("Succeeded", "Completed", 1)
    assert len(stage.jobs_of("todo")) == 1
    assert [s["metadata"]["name"] for s in stage.items("secrets")] == [stage.jobs_of("todo")[0]["metadata"]["name"]]
    assert len([w for w in relay.of("/jobs") if w.method == "POST" and w.status == 201]) == 1
    terminal = [w for w in relay.of("/status") if w.status == 200]
    assert len(terminal) == 2, "Running once, terminal once"


def test_a_restart_writes_nothing_for_objects_that_need_nothing(
    operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """One AgentJob runs and one is finished: a new process has nothing to do, and does nothing."""
    operator.start()
    for name in ("running", "finished"):
        stage.apply(name)
        pod = stage.make_pod(stage.job(name))
        stage.run(pod)
        stage.wait_reason(name, "AgentRunning")
    stage.succeed("finished", pod)
    stage.wait_reason("finished", "Completed")
    assert operator.stop() == 0
    before = len(relay.writes)
    operator.start()
    stage.apply("new")
    stage.job("new")
    added = relay.writes[before:]
    assert sorted(write.path.rsplit("/", 1)[1] for write in added) == ["jobs", "secrets"], "only those of the new one"


def test_created_and_ended_while_the_operator_was_down(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """No event tells of it: the start barrier finds both, the one to run and the one that has ended meanwhile."""
    operator.start()
    stage.apply("ends")
    pod = stage.make_pod(stage.job("ends"))
    stage.run(pod)
    stage.wait_reason("ends", "AgentRunning")
    operator.kill()
    stage.succeed("ends", pod)
    stage.apply("created")
    operator.start()
    assert stage.wait_reason("ends", "Completed")["attempts"] == 1
    assert stage.play("created")["phase"] == "Succeeded"
