"""Headers of the tar format (POSIX.1-2017 pax, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html), as bytes.

Owner 0:0 without names and the time 1980-01-01 00:00:00 UTC, so that the same tree gives the same bytes.
"""

from typing import Final

BLOCK: Final = 512
FILE, LINK, FOLDER = b"0", b"2", b"5"
MTIME: Final = 315_532_800
END: Final = bytes(2 * BLOCK)

_NAME_MAX: Final = 100
_SIZE_MAX: Final = 8 << 30
_OWNER: Final = b"0000000\x000000000\0"
_TIME: Final = b"%011o\0" % MTIME
_TAIL: Final = b"ustar\x0000" + bytes(64) + _OWNER + bytes(167)
_CONSTANT_SUM: Final = sum(_TAIL) + 8 * ord(" ")
"""Of a header's bytes that are always the same, with blanks in place of the checksum."""


def padding(size: int) -> bytes:
    """Zeros that fill `size` bytes of data up to a whole block."""
    return bytes(-size % BLOCK)


def header(name: bytes, mode: int, kind: bytes, size: int = 0, target: bytes = b"") -> bytes:
    """One header, preceded by a pax header when name, target or size do not fit. Folders end with a slash."""
    records = b""
    if len(name) > _NAME_MAX:
        records += _record(b"path", name)
    if len(target) > _NAME_MAX:
        records += _record(b"linkpath", target)
    if size >= _SIZE_MAX:
        records += _record(b"size", b"%d" % size)
    plain = _ustar(name, mode, kind, 0 if size >= _SIZE_MAX else size, target)
    if not records:
        return plain
    if not _is_utf8(records):
        # Names that are not UTF-8: the records are raw bytes, and say so.
        records = _record(b"hdrcharset", b"BINARY") + records
    return _ustar(b"pax", 0o644, b"x", len(records), b"") + records + padding(len(records)) + plain


def _record(key: bytes, value: bytes) -> bytes:
    body = b" %s=%s\n" % (key, value)
    length = len(body)
    while length != len(body) + len(b"%d" % length):
        length = len(body) + len(b"%d" % length)
    return b"%d%s" % (length, body)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _ustar(name: bytes, mode: int, kind: bytes, size: int, target: bytes) -> bytes:
    name, target = name[:_NAME_MAX], target[:_NAME_MAX]
    numbers = b"%07o\0%b%011o\0%b" % (mode, _OWNER, size, _TIME)
    checksum = sum(name) + sum(numbers) + kind[0] + sum(target) + _CONSTANT_SUM
    return b"%b%b%06o\0 %b%b%b" % (
        name.ljust(_NAME_MAX, b"\0"),
        numbers,
        checksum,
        kind,
        target.ljust(_NAME_MAX, b"\0"),
        _TAIL,
    )
