"""Letters that the keyboard does not have: which of its unused keys gets which. Pure.

xdotool lends a letter a key for the moment of its stroke, and a busy program that reads the stroke later finds the key
without a letter: it is lost. What is lent here stays until the key is needed for another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_ASCII: Final = 0x80
_LATIN_1: Final = range(0xA0, 0x100)
_UNICODE: Final = 0x01000000


@dataclass(frozen=True)
class Loan:
    """`keys` are keysyms by keycode; with them, the first `ready` letters of the text can be typed."""

    keys: dict[int, int]
    ready: int


def keysym_of(letter: str) -> int:
    """As appendix A of the X protocol numbers letters: Latin-1 as it is, others by their code point."""
    code = ord(letter)
    return code if code < _ASCII or code in _LATIN_1 else _UNICODE + code


def lend(keyboard: Mapping[int, tuple[int, ...]], text: str) -> Loan:
    """Keys for as many letters of `text`, from its start, as there are keys for; `keyboard` holds keysyms by keycode."""
    unused = [code for code, symbols in keyboard.items() if not any(symbols)]
    lent = {symbols[0]: code for code, symbols in keyboard.items() if _is_lent(symbols)}
    ready, wanted = _start(text, len(unused) + len(lent))
    free = unused + [code for symbol, code in lent.items() if symbol not in wanted]
    return Loan(dict(zip(free, (symbol for symbol in wanted if symbol not in lent), strict=False)), ready)


def _is_lent(symbols: tuple[int, ...]) -> bool:
    """Keyboards here are American: no key of theirs has only letters beyond ASCII."""
    present = [symbol for symbol in symbols if symbol]
    return bool(present) and all(symbol in _LATIN_1 or symbol >= _UNICODE for symbol in present)


def _start(text: str, keys: int) -> tuple[int, list[int]]:
    """How many letters need no more than `keys` other keysyms, and these."""
    wanted = dict[int, None]()
    for position, letter in enumerate(text):
        if ord(letter) >= _ASCII and keysym_of(letter) not in wanted:
            if len(wanted) == keys:
                return position, list(wanted)
            wanted[keysym_of(letter)] = None
    return len(text), list(wanted)
