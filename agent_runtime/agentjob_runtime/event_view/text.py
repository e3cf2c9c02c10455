"""Makes text of the agent's fit for a terminal. Pure.

Whatever the agent, its tools or its model print may hold control sequences, which a terminal obeys: none gets through.
"""

import re
import unicodedata
from typing import Final

_ESCAPES: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])")
_HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MAX_LINE: Final = 2000


def printable(text: str) -> str:
    """`text` as one or more lines without control characters, colours or direction marks; tabs are spaces."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").expandtabs(4)
    return "".join(letter for letter in plain if letter == "\n" or unicodedata.category(letter) not in _HIDDEN)


def line(text: str) -> str:
    """`text` as a single line."""
    return " ".join(printable(text[:_MAX_LINE]).split())


def width_of(text: str) -> int:
    """Columns that `text` takes in a terminal."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def cut(text: str, columns: int) -> str:
    """`text` in at most `columns` columns, with an ellipsis when something is left out."""
    if width_of(text) <= columns:
        return text
    kept, room = "", columns - 1
    for letter in text:
        room -= _columns(letter)
        if room < 0:
            break
        kept += letter
    return f"{kept}…"


def wrap(text: str, columns: int) -> list[str]:
    """`text` in lines of at most `columns` columns, broken at spaces where there are some."""
    return [piece for part in printable(text).splitlines() for piece in _wrap_line(part, max(1, columns))]


def _wrap_line(text: str, columns: int) -> list[str]:
    pieces = []
    while width_of(text) > columns:
        end = len(cut(text, columns)) - 1 or 1
        space = text.rfind(" ", 0, end + 1)
        at = space if space > end // 2 else end
        pieces.append(text[:at].rstrip())
        text = text[at:].lstrip() if space == at else text[at:]
    return [*pieces, text.rstrip()]
