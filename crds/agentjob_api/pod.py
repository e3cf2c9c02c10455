"""The contract between the containers of an attempt's pod, and between the pod and the operator: names, paths, ports, exit codes."""

from enum import IntEnum, StrEnum
from typing import Final

UID: Final = 10001
"""The one user id, group id and fsGroup of every container."""


class Container(StrEnum):
    """Container names of the pod, in no particular order."""

    MODEL_PROXY = "model-proxy"
    PREPARE = "prepare"
    AGENT = "agent"
    COURIER = "courier"
    DESKTOP = "desktop"
    NOTEBOOK = "notebook"
    POSTGRES = "postgres"
    REDIS = "redis"


RUNTIME_BIN: Final = "/opt/agentjob/bin/agentjob-runtime"
"""In every image of the pod; its first argument is a role, most often the container's name. It runs under `catatonit`."""
ROLE_SUPERVISE: Final = "supervise"
"""`supervise ROLE LINGER_SECONDS` is the command of desktop and notebook: main containers, because a sidecar whose image cannot be pulled, or
that ends at its start, keeps the agent from starting. It runs ROLE, starts it again when it dies, and ends with the courier, or
`lingerSeconds` after it."""
ROLE_DESKTOP_READY: Final = "desktop-ready"
"""Readiness probe of the desktop: exit code 0 when a person could work."""
ROLE_NOTEBOOK_READY: Final = "notebook-ready"
ROLE_POSTGRES: Final = "service-postgres"
ROLE_REDIS: Final = "service-redis"

WORKSPACE: Final = "/workspace"
WORKSPACE_VOLUME: Final = "workspace"
"""Its volume; with `workspace.storageClassName` its claim is called `<pod>-workspace`."""
HOME: Final = "/home/agent"
AGENT_HOME: Final = "/run/agentjob-home"
"""The agent's home as the notebook sees it, read-only: packages that the agent installed can be imported there, and nothing of it runs by itself."""
TMP: Final = "/tmp"  # noqa: S108 - a path in the container

RUN_DIR: Final = "/run/agentjob"
"""emptyDir shared by prepare, agent and courier; nothing in it can be trusted once the agent runs."""
LOCK: Final = f"{RUN_DIR}/lock"
"""Created by prepare; locked exclusively (flock, close-on-exec) by the agent's entry point for its whole life."""
STARTED: Final = f"{RUN_DIR}/started"
"""Written by the agent after it holds the lock."""
COURIER_READY: Final = f"{RUN_DIR}/courier"
"""Written by the courier once it has opened `LOCK` and `EVENTS`: the agent runs nothing before that, so deleting them cannot mislead the courier."""
EVENTS: Final = f"{RUN_DIR}/events.jsonl"
"""Created by prepare, appended by the agent."""
SESSION_DIR: Final = f"{RUN_DIR}/session"
SESSION: Final = f"{SESSION_DIR}/session.jsonl"
AGENT_RESULT: Final = f"{RUN_DIR}/result.json"
"""`report.AgentResult`, written atomically (rename) by the agent as its last act."""
CHECKPOINT_REQUEST: Final = f"{RUN_DIR}/checkpoint-request"
"""`checkpoint.Request`, written atomically by the agent, which then waits; removed by it when it goes on."""
CHECKPOINT_ANSWER: Final = f"{RUN_DIR}/checkpoint-answer"
"""`checkpoint.Answer`, written atomically by the courier."""

PROXY_DIR: Final = "/var/lib/agentjob/proxy"
"""emptyDir, writable by model-proxy, read-only in courier, not mounted in agent."""
PROXY_USAGE: Final = f"{PROXY_DIR}/usage.json"
"""`report.ProxyUsage`, replaced atomically after every model call."""
COURIER_DIR: Final = "/var/lib/agentjob/courier"
"""emptyDir of the courier alone: a checkpoint or the archive, never both, lies here until it is uploaded, at most `archive.maxBytes` and
a little."""
PROXY_PORT: Final = 8788
"""model-proxy on 127.0.0.1; the agent's base URL is http://127.0.0.1:8788/v1."""

COURIER_LIFE_DIR: Final = "/run/agentjob-courier"
"""emptyDir, writable by the courier, read-only in desktop and notebook, not mounted in agent."""
COURIER_LIFE: Final = f"{COURIER_LIFE_DIR}/life"
"""Locked exclusively (flock, close-on-exec) by the courier for its whole life; it appears locked."""

DESKTOP_PORT: Final = 6080
NOTEBOOK_PORT: Final = 8888
POSTGRES_PORT: Final = 5432
REDIS_PORT: Final = 6379
DISPLAY: Final = ":1"
X11_DIR: Final = "/tmp/.X11-unix"  # noqa: S108 - where X clients look for the socket
"""emptyDir with the X socket and the cookie file, writable by desktop, read-only in agent; only there when the desktop is on."""
XAUTHORITY: Final = f"{X11_DIR}/agentjob.xauth"
DESKTOP_DIR: Final = "/var/lib/agentjob/desktop"
"""emptyDir of the desktop alone: VNC socket and password, logs."""
POSTGRES_USER: Final = "agent"
POSTGRES_DATABASE: Final = "agent"
"""No password: it listens on the pod's 127.0.0.1 only."""
POSTGRES_DIR: Final = "/var/lib/agentjob/postgres"
REDIS_DIR: Final = "/var/lib/agentjob/redis"
"""emptyDirs, each of its own service alone."""

CONFIG_DIR: Final = "/etc/agentjob"
"""Where the attempt's Secret is mounted, per container only the keys it may read (read-only)."""
KEY_TASK: Final = "task"
"""The task as UTF-8 text: agent only."""
KEY_CONFIG: Final = "job.json"
"""`job_config.JobConfig`, holds no secret: all containers."""
KEY_UPLOAD: Final = "upload.json"
"""`grant.UploadGrant`: courier only; read again before each use."""
KEY_RESTORE: Final = "restore.json"
"""`grant.RestoreGrant`: prepare only, and only where there is a checkpoint to go on from; read again before each try."""

KEY_DESKTOP_TOKEN: Final = "desktop-token"  # noqa: S105 - a key's name
"""For people who may read the Secret. Mounted nowhere: through X the agent can type into the desktop's terminal, so what that
container can read the agent can read."""
KEY_DESKTOP_TOKEN_HASH: Final = "desktop-token.sha256"  # noqa: S105 - a key's name
"""SHA-256 of the token's UTF-8 bytes in hex, no newline: desktop only. The gate compares hashes."""
KEY_NOTEBOOK_TOKEN: Final = "notebook-token"  # noqa: S105 - a key's name
"""The token itself, no newline: notebook only."""

ENV_STORE_CA: Final = "AGENTJOB_STORE_CA"
"""prepare only: a file with the PEM of the object store's authority, beside those of the system; absent where those do. Not
`SSL_CERT_FILE`, which git would obey."""
ENV_MODEL_API_KEY: Final = "AGENTJOB_MODEL_API_KEY"
"""model-proxy only, from `model.apiKeySecretRef`; absent when none is configured."""
ENV_GIT_USERNAME: Final = "AGENTJOB_GIT_USERNAME"
"""prepare only, key `username` of `repository.credentialsSecretRef`; optional."""
ENV_GIT_PASSWORD: Final = "AGENTJOB_GIT_PASSWORD"  # noqa: S105 - a variable's name
"""prepare only, key `password` (a password or token)."""
GIT_SECRET_USERNAME_KEY: Final = "username"  # noqa: S105 - a key's name
GIT_SECRET_PASSWORD_KEY: Final = "password"  # noqa: S105 - a key's name

TERMINATION_LOG: Final = "/dev/termination-log"
REPORT_MAX_BYTES: Final = 1500
"""All containers of a pod share 12 KiB of termination messages."""


class ExitCode(IntEnum):
    """Exit codes of the runtime's containers."""

    SUCCESS = 0
    AGENT_FAILURE = 10
    """The agent's own verdict: it could not do the task."""
    AGENT_LIMIT = 11
    """A limit (steps, tokens, cost, time, workspace) ended it."""
    AGENT_CRASH = 12
    """No verdict: the model unavailable or refusing, stuck, an error of ours, SIGTERM. `AgentResult.reason` says which."""
    PREPARE_FAILED = 20
    """`report.PrepareFailure` in the termination message says why."""
    COURIER_ARCHIVE_FAILED = 30
    """The report is there, the archive is not; `Report.archive_reason` says why."""
    CONFIG = 64
    """The operator handed over something unreadable: a bug."""
