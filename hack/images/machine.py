"""What this machine needs to reach its package registries during a build, and that no image may keep a trace of."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cluster.commands import finished

# Registries that everybody uses are no trace of this machine.
_PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "deb.debian.org", "security.debian.org"}
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
_NPM_SETTINGS = ("registry", "proxy", "https-proxy", "strict-ssl", "fetch-timeout")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s+(.*?)-----END CERTIFICATE-----", re.DOTALL)
_PUBLIC_CERTIFICATES = Path("/usr/share/ca-certificates")


@dataclass(frozen=True)
class BuildSettings:
    """Settings of pip and npm by their own names, and the CA bundle of a machine that has one of its own."""

    pip: dict[str, str]
    npm: dict[str, str]
    ca_bundle: Path | None
    proxies: tuple[str, ...]

    def hosts(self) -> set[str]:
        """Hosts of registries and proxies that are this machine's own."""
        urls = [*self.pip.values(), *self.npm.values(), *self.proxies]
        found = {urlsplit(word).hostname for url in urls for word in url.split() if "://" in word}
        return {host for host in found if host and host not in _PUBLIC_HOSTS}


def read_settings() -> BuildSettings:
    """Reads the environment and, where they are installed, the settings of pip and npm."""
    bundle = os.environ.get("SSL_CERT_FILE", "")
    proxies = [os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXY_VARIABLES]
    return BuildSettings(
        pip=_pip_settings(),
        npm=_npm_settings(),
        ca_bundle=Path(bundle) if bundle and Path(bundle).is_file() else None,
        proxies=tuple(proxy for proxy in proxies if proxy),
    )


def _pip_settings() -> dict[str, str]:
    if shutil.which("pip") is None:
        return {}
    return parse_pip_settings(finished(["pip", "config", "list"]).stdout)


def parse_pip_settings(listing: str) -> dict[str, str]:
    """Connection settings out of `pip config list` (`global.index-url='…'`, or `:env:.index-url='…'`, which wins)."""
    pattern = re.compile(r"^(?P<section>:env:|global|install)\.(?P<key>[a-z-]+)='(?P<value>.*)'$", re.MULTILINE)
    found = sorted(pattern.finditer(listing), key=lambda match: match["section"] == ":env:")
    return {match["key"]: match["value"] for match in found if match["key"] in _PIP_SETTINGS}


def _npm_settings() -> dict[str, str]:
    if shutil.which("npm") is None:
        return {}
    shown = {key: finished(["npm", "config", "get", key, "--loglevel=error"]).stdout.strip() for key in _NPM_SETTINGS}
    return {key: value for key, value in shown.items() if value and value not in {"null", "undefined"}}


def own_certificates(bundle: Path) -> list[str]:
    """A telling line of every certificate in the machine's CA bundle that Debian's public bundle does not have."""
    files = _PUBLIC_CERTIFICATES.rglob("*.crt") if _PUBLIC_CERTIFICATES.is_dir() else iter(())
    public = {line for file in files for line in _telling_lines(file.read_text(errors="replace"))}
    return [line for line in _telling_lines(bundle.read_text(errors="replace")) if line not in public]


def _telling_lines(pem: str) -> list[str]:
    # The last full line holds part of the signature, which no two certificates share.
    return [body.split()[-2] for body in _PEM.findall(pem) if len(body.split()) > 1]
