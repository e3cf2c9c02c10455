"""The agent's wait for its services, the command that tells of them, and how they are started."""

import threading
from pathlib import Path

import pytest
from agentjob_api.pod import POSTGRES_PORT, REDIS_PORT
from agentjob_api.reasons import Reason
from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.services import postgres, redis
from agentjob_runtime.services.memory import memory_limit
from agentjob_runtime.services.probe import ServiceError
from agentjob_runtime.services.show import NONE, describe
from agentjob_runtime.services.wait import wait_for_services


def never() -> None:
    """A service that does not come."""
    raise ServiceError("is starting")


class Late:
    """A service that serves from the third question on."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked < 3:
            raise ConnectionRefusedError("Connection refused")


def running() -> Stop:
    """A run with time left."""
    stop = Stop()
    stop.start_clock(60)
    return stop


def test_the_agent_starts_when_all_answer() -> None:
    """A service that answered once is not asked again."""
    late, early = Late(), Late()
    early.asked = 2
    wait_for_services({"Postgres": late, "Redis": early}, running())
    assert (late.asked, early.asked) == (3, 3)


def test_a_job_without_services_waits_for_nothing() -> None:
    """Not even for a moment: the time of the run may be over."""
    over = Stop()
    over.start_clock(0)
    wait_for_services({}, over)


def test_the_wait_ends_with_the_services_own_words() -> None:
    """A database that does not come is a crash, which is tried again, not a verdict of the agent's."""
    with pytest.raises(RunEnded) as end:
        wait_for_services({"Postgres": never}, running(), wait_seconds=0.2)
    assert end.value.outcome.reason is Reason.AGENT_CRASHED
    assert "Postgres: is starting" in end.value.outcome.message


def test_a_pod_that_is_told_to_stop_does_not_wait() -> None:
    """SIGTERM during the wait."""
    stop = running()
    threading.Timer(0.1, stop.request, [RunEnded.crash(Reason.AGENT_KILLED, "told to stop").outcome]).start()
    with pytest.raises(RunEnded) as end:
        wait_for_services({"Postgres": never}, stop)
    assert end.value.outcome.reason is Reason.AGENT_KILLED


def test_start_services_says_where_they_run() -> None:
    """For a model that reads it: place, variables and client."""
    text, code = describe(("Postgres", "Redis"), {"Postgres": lambda: None, "Redis": lambda: None})
    assert code == 0
    for word in (str(POSTGRES_PORT), str(REDIS_PORT), "DATABASE_URL", "REDIS_URL", "psql", "redis-cli"):
        assert word in text


def test_start_services_says_what_is_wrong() -> None:
    """None were asked for, or one is down."""
    assert describe((), {}) == (NONE, 1)
    text, code = describe(("Postgres",), {"Postgres": never})
    assert code == 1
    assert "is starting" in text


def test_both_listen_in_the_pod_only() -> None:
    """They ask for no password."""
    assert postgres.SETTINGS["listen_addresses"] == "127.0.0.1"
    words = redis.server_command(None, Path("/data"))
    assert words[words.index("--bind") + 1] == "127.0.0.1"


def test_redis_stays_below_its_containers_memory() -> None:
    """Full, it refuses writes; killed, it would lose everything."""
    words = redis.server_command(256 * 1024**2, Path("/data"))
    assert int(words[words.index("--maxmemory") + 1]) < 256 * 1024**2
    assert words[words.index("--save") + 1] == ""


@pytest.mark.parametrize(
    ("name", "text", "limit"),
    [
        ("memory.max", "268435456\n", 268435456),
        ("memory.max", "max\n", None),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n", None),
        ("memory/memory.limit_in_bytes", "1048576\n", 1048576),
    ],
)
def test_memory_limit_of_both_cgroup_versions(tmp_path: Path, name: str, text: str, limit: int | None) -> None:
    """v2 writes `max`, v1 a giant number, where there is none."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text, encoding="ascii")
    assert memory_limit(tmp_path) == limit


def test_memory_limit_where_the_kernel_does_not_say(tmp_path: Path) -> None:
    """No cgroup file system."""
    assert memory_limit(tmp_path) is None
