"""Where the cluster is and who we are, as kopf's own logins find it: the pod's service account, or a kubeconfig.

Tokens of service accounts are bound and rotate: they are read again, at most once a minute, as client-go does it.
"""

import dataclasses
import os
import ssl
import time
from collections.abc import Mapping
from typing import Final

import kopf
import yaml

TOKEN_SECONDS: Final = 60.0


class NoCluster(Exception):  # noqa: N818 - a state
    """Neither a service account nor a usable kubeconfig."""


class Cluster:
    """A way to the API server."""

    def __init__(self, connection: kopf.ConnectionInfo) -> None:
        self._connection, self._read = connection, time.monotonic()

    @property
    def server(self) -> str:
        """Base URL without a slash at its end."""
        return self._connection.server.rstrip("/")

    async def headers(self) -> dict[str, str]:
        """With a fresh token; empty with a client certificate."""
        if time.monotonic() - self._read > TOKEN_SECONDS:
            self._connection, self._read = _in_cluster() or self._connection, time.monotonic()
        return self._connection.as_http_headers()

    def ssl_context(self) -> ssl.SSLContext:
        """With the cluster's CA and the client certificate, if any."""
        context = self._connection.as_ssl_context()
        # Python 3.13 wants key identifiers in certificates, which the CAs of many clusters do not have.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


async def load_cluster() -> Cluster:
    """In a pod its service account, otherwise `$KUBECONFIG` or `~/.kube/config`. Raises `NoCluster`."""
    return Cluster(_in_cluster() or _from_kubeconfig())


def server_of(environment: Mapping[str, str]) -> str | None:
    """The API server as the kubelet tells it to every pod: no DNS is needed to reach it. None outside of one."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return None
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _in_cluster() -> kopf.ConnectionInfo | None:
    server = server_of(os.environ)
    found = kopf.login_with_service_account(settings=kopf.OperatorSettings())
    return dataclasses.replace(found, server=server) if found is not None and server is not None else None


def _from_kubeconfig() -> kopf.ConnectionInfo:
    where = os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        found = kopf.login_with_kubeconfig(settings=kopf.OperatorSettings())
    except (kopf.LoginError, OSError, KeyError, AttributeError, TypeError, ValueError, yaml.YAMLError) as error:
        raise NoCluster(f"no service account, and the kubeconfig {where} cannot be used: {error}") from error
    if found is None or not found.server:
        raise NoCluster(f"no service account and no kubeconfig ({where})")
    if not (found.as_http_headers() or found.certificate_path or found.certificate_data):
        raise NoCluster(
            f"the user of the kubeconfig {where} has neither a token nor a client certificate; credential plugins "
            "are not run: give it a token (kubectl create token), or run the operator in the cluster"
        )
    return found
