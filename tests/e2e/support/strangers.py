"""What somebody without a token is told, asked from inside a container: every path, several methods."""

import json

from e2e.support.shell import kubectl

_ASK = """
import http.client, json, sys
host, asked = json.loads(sys.argv[1])
told = []
for port, method, path in asked:
    connection = http.client.HTTPConnection(host, port, timeout=20)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} if method == "UPGRADE" else {}
    try:
        connection.request("GET" if method == "UPGRADE" else method, path, headers=headers)
        answer = connection.getresponse()
        told.append([answer.status, answer.getheader("Location") or ""])
    except OSError as error:
        told.append([0, type(error).__name__])
    finally:
        connection.close()
print(json.dumps(told))
"""

Question = tuple[int, str, str]
"""Port, method (`UPGRADE`: a WebSocket is asked for), path."""


def ask(namespace: str, pod: str, container: str, host: str, asked: list[Question]) -> dict[Question, tuple[int, str]]:
    """Status and `Location` of each answer; status 0 where nobody answers. Raises `CommandError`."""
    words = ("exec", "-i", pod, "-c", container, "--", "python3", "-I", "-", json.dumps([host, asked]))
    told = json.loads(kubectl("-n", namespace, *words, stdin=_ASK))
    return {question: (status, location) for question, (status, location) in zip(asked, told, strict=True)}


def stranger_pod(name: str) -> dict[str, object]:
    """A pod of the tenant's own that waits to be used, under Pod Security `restricted`."""
    container = {
        "name": name,
        "image": "localhost/agentjob/agent:dev",
        "imagePullPolicy": "Never",
        "command": ["/usr/bin/catatonit", "--", "sleep", "infinity"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    user = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"automountServiceAccountToken": False, "containers": [container], "securityContext": user}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
