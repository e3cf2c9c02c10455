"""What a ref means to the server that was asked for it. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_COMMIT: Final = re.compile(r"[0-9a-fA-F]{4,64}")
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^[-./]|[./]$|\.lock$")
"""Of git-check-ref-format(1): what can be no name of a branch or tag."""
_SYMREF: Final = "ref: "


@dataclass(frozen=True)
class Branch:
    """`refs/heads/<name>`."""

    name: str


@dataclass(frozen=True)
class Named:
    """A tag, or any other full name of a ref."""

    name: str


@dataclass(frozen=True)
class Commit:
    """A commit's id, whole or the beginning of it."""

    id: str

    @property
    def whole(self) -> bool:
        """Whether a server can be asked for it: SHA-1 or SHA-256."""
        return len(self.id) in {40, 64}


Target = Branch | Named | Commit


def is_name(ref: str) -> bool:
    """Whether it can be a ref or a commit at all; nothing else is handed to git."""
    return bool(ref) and not _FORBIDDEN.search(ref)


def questions(ref: str | None) -> list[str]:
    """Patterns for `git ls-remote --symref`."""
    if ref is None:
        return ["HEAD"]
    return [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]


def choose(ref: str | None, listing: str) -> Target | None:
    """What to check out, from the answer of `ls-remote`: a branch before a tag before a commit. None: nothing of that name.

    Without a ref it is the remote's HEAD, and None means that the repository is empty.
    """
    names, symrefs = _parse(listing)
    if ref is None:
        head = symrefs.get("HEAD", "")
        if head.startswith("refs/heads/"):
            return Branch(head.removeprefix("refs/heads/"))
        return Commit(names["HEAD"]) if "HEAD" in names else None
    if ref.startswith("refs/heads/") and ref in names:
        return Branch(ref.removeprefix("refs/heads/"))
    if f"refs/heads/{ref}" in names:
        return Branch(ref)
    for full in (f"refs/tags/{ref}", ref):
        if full.startswith("refs/") and full in names:
            return Named(full)
    return Commit(ref.lower()) if _COMMIT.fullmatch(ref) else None


def _parse(listing: str) -> tuple[dict[str, str], dict[str, str]]:
    names: dict[str, str] = {}
    symrefs: dict[str, str] = {}
    for line in listing.splitlines():
        value, tab, name = line.partition("\t")
        if not tab:
            continue
        if value.startswith(_SYMREF):
            symrefs[name] = value.removeprefix(_SYMREF)
        else:
            names[name] = value
    return names, symrefs
