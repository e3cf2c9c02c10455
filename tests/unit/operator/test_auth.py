"""Where the operator finds its API server, and what it says when it finds none."""

from pathlib import Path

import pytest
import yaml
from agentjob_operator.kube.auth import NoCluster, load_cluster, server_of


@pytest.mark.parametrize(
    ("environment", "server"),
    [
        ({"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}, "https://10.96.0.1:443"),
        ({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}, "https://[fd00::1]:443"),
        ({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, None),
    ],
    ids=["IPv4", "IPv6", "half of it"],
)
def test_the_kubelet_says_where_the_api_server_is(environment: dict[str, str], server: str | None) -> None:
    """Without DNS: the operator starts although the cluster's DNS does not."""
    assert server_of(environment) == server


def _kubeconfig(folder: Path, user: dict[str, object]) -> Path:
    path = folder / "kubeconfig"
    named = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443/"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump({"current-context": "x", **named}))
    return path


async def test_a_kubeconfig_with_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(tmp_path, {"token": "t"})))
    cluster = await load_cluster()
    assert cluster.server == "https://127.0.0.1:6443"
    assert await cluster.headers() == {"Authorization": "Bearer t"}


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"exec": {"command": "aws"}}, "credential plugins are not run"),
        (None, "neither a token nor a client certificate"),
    ],
    ids=["plugin", "nothing"],
)
async def test_a_kubeconfig_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: dict[str, object], says: str
) -> None:
    """Otherwise the first request would fail with a 401 that names no cause."""
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(tmp_path, user)))
    with pytest.raises(NoCluster, match=says):
        await load_cluster()


@pytest.mark.parametrize("text", ["just text", "current-context: missing", "a: [b"], ids=["text", "context", "yaml"])
async def test_a_broken_kubeconfig_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "broken"
    path.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(NoCluster, match="broken"):
        await load_cluster()
