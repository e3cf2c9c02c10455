"""What git's last words mean. Pure; the words are those of git under LC_ALL=C, of 2.39 to 2.51, and of the curl below it."""

import re
from dataclasses import dataclass
from typing import Final

from agentjob_api.reasons import TABLE, Reason


@dataclass(frozen=True)
class Diagnosis:
    """A reason, and the line that told."""

    reason: Reason
    detail: str
    transient: bool = False
    """Trying again may help."""


_RULES: Final = tuple(
    (reason, transient, re.compile(pattern, re.IGNORECASE))
    for reason, transient, pattern in (
        (Reason.WORKSPACE_FULL, False, r"no space left on device|disk quota exceeded"),
        (
            Reason.REPOSITORY_UNAUTHORIZED,
            False,
            r"authentication failed|could not read (username|password)|returned error: 40[13]\b|access denied|HTTP 40[13]\b",
        ),
        (
            Reason.REPOSITORY_NOT_FOUND,
            False,
            r"repository '.*' not found|returned error: (404|410)\b|is this a git repository|"
            r"does not appear to be a git repository",
        ),
        (Reason.REF_NOT_FOUND, False, r"couldn't find remote ref|remote branch .* not found|not our ref"),
        (
            Reason.REPOSITORY_UNREACHABLE,
            True,
            r"could(n't| not) resolve|failed to connect|could(n't| not) connect|connection (refused|reset|timed out)|"
            r"timed? ?out|operation too slow|returned error: (429|5\d\d)\b|HTTP (429|5\d\d)\b|RPC failed|early EOF|"
            r"unexpected disconnect|hung up unexpectedly|empty reply|recv failure|send failure|unexpected eof|"
            r"network is unreachable|no route to host|transfer closed|bad line length|expected flush",
        ),
        (
            Reason.REPOSITORY_UNREACHABLE,
            False,
            r"certificate|SSL_connect|gnutls_handshake|SSL routines|SSL connect error|\bTLS\b",
        ),
    )
)
_SHALLOW: Final = re.compile(
    r"does not support shallow|unadvertised object|not our ref|does not allow request|"
    r"expected shallow|remote did not send all necessary objects|filtering not recognized",
    re.IGNORECASE,
)
_FATAL: Final = re.compile(r"^(fatal|error): ", re.IGNORECASE)
_TOLD: Final = re.compile(r"^(fatal|error|remote): ", re.IGNORECASE)


def diagnose(stderr: str) -> Diagnosis:
    """The first rule that any line fits, by the order of the rules; `PrepareFailed` with git's own words otherwise."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    for reason, transient, pattern in _RULES:
        for line in lines:
            if pattern.search(line):
                return Diagnosis(reason, _TOLD.sub("", line), transient)
    told = [line for line in lines if _FATAL.match(line)] or lines
    return Diagnosis(Reason.PREPARE_FAILED, _TOLD.sub("", told[0]) if told else "git said nothing")


def shallow_refused(stderr: str) -> bool:
    """Whether the server cannot give what was asked for by itself, so that everything has to be fetched."""
    return bool(_SHALLOW.search(stderr))


def sentence(diagnosis: Diagnosis, url: str) -> str:
    """For the user: what happened; the operator adds what to do about the reason."""
    info = TABLE[diagnosis.reason]
    return f"{info.meaning} (repository {url}; git: {diagnosis.detail[:400]})"
