"""Asks whether the Git host can be reached at all: git itself would wait minutes for a silent one, and says less."""

import os
import socket
from typing import Final

from agentjob_api.reasons import Reason

from agentjob_runtime.prepare.address import Address
from agentjob_runtime.prepare.diagnosis import Diagnosis

_TIMEOUT: Final = 10.0
_PROXIES: Final = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def probe(address: Address) -> Diagnosis | None:
    """Opens and closes one TCP connection; None when that worked, or when a proxy stands between."""
    if any(os.environ.get(name) for name in _PROXIES):
        return None
    try:
        socket.create_connection((address.host, address.port), _TIMEOUT).close()
    except socket.gaierror as error:
        return _unreachable(f"could not resolve host {address.host}: {error.strerror}")
    except TimeoutError:
        return _unreachable(f"{address.host} port {address.port} did not answer within {_TIMEOUT:.0f} s")
    except OSError as error:
        return _unreachable(f"failed to connect to {address.host} port {address.port}: {error.strerror}")
    return None


def _unreachable(detail: str) -> Diagnosis:
    return Diagnosis(Reason.REPOSITORY_UNREACHABLE, detail, transient=True)
