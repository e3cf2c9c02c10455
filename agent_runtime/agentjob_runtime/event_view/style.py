"""Colours of the terminal (ECMA-48, SGR): the sixteen that the image's terminal defines."""

from enum import StrEnum
from typing import Final

RESET: Final = "\x1b[0m"


class Style(StrEnum):
    """Parameters of `SGR`."""

    BOLD = "1"
    DIM = "90"
    STEP = "1;34"
    CALL = "1;36"
    GOOD = "32"
    BAD = "31"
    WARNING = "33"
    GOOD_BANNER = "1;97;42"
    BAD_BANNER = "1;97;41"
    PERSON = "35"


def paint(style: Style, text: str) -> str:
    """`text` in `style`."""
    return f"\x1b[{style}m{text}{RESET}" if text else ""
