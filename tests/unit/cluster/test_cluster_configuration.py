"""Files of the cluster: kubeconfig, tokens, plan, facts, and which configuration a running cluster was made from."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from cluster import __main__ as command_line
from cluster import certificates, facts, kubeconfig, paths
from cluster.commands import run
from cluster.embedded import configs, layout, material
from cluster.embedded.layout import DataFolder
from cluster.embedded.plan import component_plan, components_json, parse_components

_BINARIES = {
    name: Path("/tools") / name
    for name in (
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
    )
}


def _texts(*, audited: bool = False) -> dict[str, str]:
    return material.configuration(_BINARIES, Path("/usr/bin/containerd"), audited=audited)


def test_plan_survives_its_file() -> None:
    """The supervisor runs exactly what `up` planned."""
    plan = component_plan(_BINARIES, Path("/usr/bin/containerd"), [])
    assert parse_components(components_json(plan)) == plan


def test_no_credential_is_on_a_command_line() -> None:
    """Every user of the machine can read command lines; tokens and keys are in files."""
    words = " ".join(word for component in component_plan(_BINARIES, Path("/c"), []) for word in component.command)
    assert "token-auth-file=" in words
    assert "--token=" not in words


def test_running_cluster_is_recognised_by_its_configuration(tmp_path: Path) -> None:
    """`up` leaves a cluster alone that was made as this checkout would make it, and starts another one anew."""
    data = DataFolder(tmp_path / "data")
    material.write(data, _texts())
    assert material.matches(data, _texts())
    assert not material.matches(data, _texts(audited=True))
    (data.config / "kubelet.yaml").write_text(configs.kubelet_config().replace("4096", "4095"))
    assert not material.matches(data, _texts())


def test_credentials_are_for_their_owner_only(tmp_path: Path) -> None:
    """The administrator's token opens the cluster."""
    data = DataFolder(tmp_path / "data")
    material.write(data, _texts())
    for name in ("tokens.csv", "admin.kubeconfig", "ca.key", "service-account.key"):
        assert stat.S_IMODE((data.certificates / name).stat().st_mode) == 0o600, name


def test_api_servers_certificate_is_valid_for_its_addresses(tmp_path: Path) -> None:
    """Pods reach the API server by its service's address and name, the host by the node's address."""
    authority = certificates.make_authority(tmp_path, "ca")
    names = f"IP:{layout.NODE_ADDRESS},DNS:kubernetes.default.svc"
    pair = certificates.sign(tmp_path, "server", authority, subject="/CN=kube-apiserver", alternative_names=names)
    check = ("openssl", "verify", "-x509_strict", "-CAfile", authority.certificate)
    run(*check, "-verify_ip", layout.NODE_ADDRESS, pair.certificate)
    run(*check, "-verify_hostname", "kubernetes.default.svc", pair.certificate)


def test_kubeconfig_carries_its_authority(tmp_path: Path) -> None:
    """It still works when it is copied to another folder."""
    (tmp_path / "ca.crt").write_text("PEM")
    user = kubeconfig.TokenUser("admin", "secret", ("system:masters",))
    text = kubeconfig.kubeconfig_text(server="https://192.0.2.1:6443", authority=tmp_path / "ca.crt", user=user)
    cluster = json.loads(text)["clusters"][0]["cluster"]
    assert base64.b64decode(cluster["certificate-authority-data"]) == b"PEM"


def test_token_file_quotes_groups() -> None:
    """The API server reads it as CSV: several groups are one quoted field."""
    user = kubeconfig.TokenUser("node", "t", ("a", "b"))
    assert kubeconfig.token_file_text([user]) == 't,node,node,"a,b"\n'


def test_facts_are_read_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the project sees the cluster by this file only."""
    monkeypatch.setattr(paths, "CLUSTER_FOLDER", tmp_path)
    monkeypatch.setattr(paths, "KUBECONFIG", tmp_path / "kubeconfig")
    monkeypatch.setattr(facts, "ENV_FILE", tmp_path / "env")
    monkeypatch.setattr(facts, "_BIN", tmp_path / "bin")
    facts.write("{}", {"KIND": "embedded"}, {"kube-apiserver": Path("/tools/kube-apiserver")})
    found = facts.read()
    assert found["KIND"] == "embedded"
    assert Path(found["KUBE_APISERVER"]).readlink() == Path("/tools/kube-apiserver")
    assert (tmp_path / "kubeconfig").read_text() == "{}"


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` is the documentation people look at first."""
    for command in ("up", "down", "status", "tools", "install-prereqs"):
        with pytest.raises(SystemExit, match="0"):
            command_line.build_parser().parse_args([command, "--help"])
        assert "usage:" in capsys.readouterr().out
