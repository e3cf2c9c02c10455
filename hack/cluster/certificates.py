"""A certificate authority and what it signs, by openssl: keys for one cluster that is thrown away with its folder."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError, PrerequisiteError

_DAYS = "365"


@dataclass(frozen=True)
class KeyPair:
    """PEM files of a certificate and its private key."""

    certificate: Path
    key: Path


def make_private_key(key: Path) -> Path:
    """Writes a P-256 private key (PEM, readable by its owner only) and returns its path."""
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
    key.chmod(0o600)
    return key


def make_public_key(private_key: Path, public_key: Path) -> Path:
    """Writes the public half of a private key (PEM) and returns its path."""
    _openssl("ec", "-in", str(private_key), "-pubout", "-out", str(public_key))
    return public_key


def make_authority(folder: Path, name: str) -> KeyPair:
    """A self-signed CA called `name`, as `<name>.crt` and `<name>.key` in `folder`."""
    pair = KeyPair(folder / f"{name}.crt", make_private_key(folder / f"{name}.key"))
    _openssl(
        *("req", "-x509", "-new", "-key", str(pair.key), "-subj", f"/CN={name}", "-days", _DAYS),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature", "-out", str(pair.certificate)),
    )
    return pair


def sign(folder: Path, name: str, authority: KeyPair, *, subject: str, alternative_names: str = "") -> KeyPair:
    """A certificate for server and client use, `<name>.crt` and `<name>.key` in `folder`.

    `subject` is in openssl's form (`/O=group/CN=user`), `alternative_names` too (`IP:127.0.0.1,DNS:localhost`).
    """
    pair = KeyPair(folder / f"{name}.crt", make_private_key(folder / f"{name}.key"))
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    lines = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature,keyEncipherment"]
    lines += ["extendedKeyUsage=serverAuth,clientAuth", "authorityKeyIdentifier=keyid"]
    lines += [f"subjectAltName={alternative_names}"] if alternative_names else []
    extensions.write_text("\n".join(lines) + "\n")
    _openssl("req", "-new", "-key", str(pair.key), "-subj", subject, "-out", str(request))
    _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(authority.certificate), "-CAkey", str(authority.key)),
        *("-CAcreateserial", "-days", _DAYS, "-extfile", str(extensions), "-out", str(pair.certificate)),
    )
    request.unlink()
    extensions.unlink()
    return pair


def _openssl(*arguments: str) -> None:
    if shutil.which("openssl") is None:
        raise PrerequisiteError("openssl is missing; install it with: apt-get install openssl")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
