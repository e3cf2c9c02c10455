"""Text cut to a size, with a word about what is missing."""


def head_and_tail(text: str, limit: int) -> str:
    """`text`, or its first and last parts with a note between them: about `limit` characters."""
    if len(text) <= limit:
        return text
    note = f"\n[... {len(text) - limit:,} characters left out ...]\n"
    return text[: limit - limit // 2] + note + text[-(limit // 2) :]


def one_line(text: str, limit: int) -> str:
    """The text in one line of at most `limit` characters."""
    joined = " ".join(text.split())
    return joined if len(joined) <= limit else joined[: limit - 1] + "…"


def mebibytes(count: int) -> str:
    """Bytes as Kubernetes writes sizes: `64Mi`."""
    return f"{round(count / 2**20)}Mi"


def clean(text: str) -> str:
    """The text without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
