"""What the API server can answer, by what happens next.

KubeError
├── Unavailable         no answer, 5xx, a lost connection: again, with backoff
├── TooManyRequests     429: again, after what the server says
├── NotFound            404
├── Conflict            409: somebody else was faster; read again
│   └── AlreadyExists   409 of a create
├── Gone                410: the continue token or resource version is too old
├── Unauthorized        401, even with a fresh token
├── NotLeading          not sent: another process may be the one that writes
└── Refused             400, 403, 413, 422 and the like: the same request will be refused again
    └── Forbidden       403: RBAC, quota, admission
"""

from collections.abc import Mapping
from typing import Any


class KubeError(Exception):
    """Any of them. `code` is 0 when there was no answer; `reason` is metav1.Status's."""

    def __init__(self, message: str, *, code: int = 0, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.retry_after = code, reason, retry_after


class Unavailable(KubeError):  # noqa: N818 - named for the state, as the API's reasons are
    """No answer, or 5xx."""


class TooManyRequests(KubeError):  # noqa: N818
    """429."""


class NotFound(KubeError):  # noqa: N818
    """404."""


class Conflict(KubeError):  # noqa: N818
    """409."""


class AlreadyExists(Conflict):
    """409 of a create."""


class Gone(KubeError):  # noqa: N818
    """410."""


class Unauthorized(KubeError):  # noqa: N818
    """401."""


class NotLeading(KubeError):  # noqa: N818
    """Not sent."""


class Refused(KubeError):  # noqa: N818
    """Any other 4xx."""


class Forbidden(Refused):
    """403."""


_BY_CODE: dict[int, type[KubeError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    429: TooManyRequests,
}


def error_of(code: int, body: Mapping[str, Any], retry_after: str | None, what: str) -> KubeError:
    """The exception for an answer. `what` is method and path; the server's message is kept."""
    reason, message = str(body.get("reason") or ""), str(body.get("message") or "no message")
    kind = _BY_CODE.get(code, Unavailable if code >= 500 else Refused)
    if code == 409 and reason == "AlreadyExists":
        kind = AlreadyExists
    if code == 410 or reason == "Expired":
        kind = Gone
    seconds = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
    if seconds is not None and code >= 500:
        kind = TooManyRequests
    error = kind(message, code=code, reason=reason, retry_after=seconds)
    error.add_note(what)
    return error
