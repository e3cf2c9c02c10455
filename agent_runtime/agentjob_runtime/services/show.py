"""`start-services`, for an agent that wants a database: says which run beside it and where, or how to ask for one."""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from agentjob_api.pod import POSTGRES_DATABASE, POSTGRES_PORT, POSTGRES_USER, REDIS_PORT

from agentjob_runtime.common.config import ConfigError, read_job_config
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.services.probe import HOST, QUESTIONS, problem_of

_NOT_ALL: Final = 1
_PLACES: Final = {
    "Postgres": f"{HOST}:{POSTGRES_PORT}, user {POSTGRES_USER}, database {POSTGRES_DATABASE}, no password: DATABASE_URL and PG* are set; client: psql",
    "Redis": f"{HOST}:{REDIS_PORT}, no password: REDIS_URL is set; client: redis-cli",
}
NONE: Final = (
    "This AgentJob has no services and none can be started from here: its spec.services may list Postgres and Redis. "
    "sqlite3 is there."
)


def describe(services: tuple[str, ...], questions: Mapping[str, Callable[[], None]]) -> tuple[str, int]:
    """What to say about the services, and the exit code: 0 when there are some and all of them answer."""
    if not services:
        return NONE, _NOT_ALL
    problems = {name: problem_of(questions[name]) for name in services}
    lines = [
        f"{name} does not answer ({problem}); it is started again by itself. {_PLACES[name]}"
        if problem
        else f"{name} runs. {_PLACES[name]}"
        for name, problem in problems.items()
    ]
    return "\n".join(lines), _NOT_ALL if any(problems.values()) else 0


def main() -> int:
    """Entry point of the command."""
    try:
        services = read_job_config(Paths.from_env().config).services
    except ConfigError as error:
        print(f"start-services: {error}", file=sys.stderr)
        return _NOT_ALL
    text, code = describe(services, QUESTIONS)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
