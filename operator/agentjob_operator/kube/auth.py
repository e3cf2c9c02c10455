"""Where the cluster is and who we are, found by the `kubernetes` package: the pod's service account, or a kubeconfig.

Tokens of service accounts are bound and rotate: they are read again, by the package's own hook, at most once a minute.
"""

import ssl
from dataclasses import dataclass

from kubernetes.aio import config
from kubernetes.aio.client import Configuration


class NoCluster(Exception):  # noqa: N818 - a state
    """Neither a service account nor a usable kubeconfig."""


@dataclass(frozen=True)
class Cluster:
    """A way to the API server."""

    configuration: Configuration

    @property
    def server(self) -> str:
        """Base URL without a slash at its end."""
        return str(self.configuration.host).rstrip("/")

    async def headers(self) -> dict[str, str]:
        """With a fresh token; empty with a client certificate."""
        value = await self.configuration.get_api_key_with_prefix("BearerToken")
        return {} if value is None else {"Authorization": str(value)}

    def ssl_context(self) -> ssl.SSLContext:
        """With the cluster's CA and the client certificate, if any."""
        conf = self.configuration
        context = ssl.create_default_context(cafile=conf.ssl_ca_cert)
        # Python 3.13 wants key identifiers in certificates, which the CAs of many clusters do not have.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if conf.cert_file:
            context.load_cert_chain(conf.cert_file, keyfile=conf.key_file)
        if not conf.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


async def load_cluster() -> Cluster:
    """In a pod its service account, otherwise `$KUBECONFIG` or `~/.kube/config`. Raises `NoCluster`."""
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as in_cluster:
        try:
            await config.load_kube_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except (config.ConfigException, OSError) as error:
            raise NoCluster(f"no service account ({in_cluster}) and no kubeconfig ({error})") from error
    return Cluster(configuration)
