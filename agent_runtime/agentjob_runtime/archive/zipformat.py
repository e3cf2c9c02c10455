"""Records of the ZIP format (APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), as bytes.

Everything is made "by Unix" with the time 1980-01-01 00:00:00, so that the same tree gives the same bytes.
"""

import stat
import struct
from dataclasses import dataclass
from typing import Final

STORED: Final = 0
DEFLATED: Final = 8
FILE_MODE, EXECUTABLE_MODE = stat.S_IFREG | 0o644, stat.S_IFREG | 0o755
FOLDER_MODE, LINK_MODE = stat.S_IFDIR | 0o755, stat.S_IFLNK | 0o777

_UNIX: Final = 3 << 8
_DOS_TIME: Final = 0
_DOS_DATE: Final = 0x0021
_MAX32: Final = 0xFFFFFFFF
_MAX16: Final = 0xFFFF
_FLAG_DESCRIPTOR: Final = 1 << 3
_FLAG_UTF8: Final = 1 << 11
_FOLDER_ATTRIBUTE: Final = 0x10
_ZIP64_FROM: Final = 0xF0000000
"""A stream announced as longer than this gets 64-bit sizes; well below 4 GiB, because deflate can make it a little longer."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<4sIQI")


@dataclass(frozen=True, slots=True)
class Member:
    """What the headers say of one entry. Sizes are bytes; `name` is raw, folders end with a slash."""

    name: bytes
    mode: int
    method: int
    crc: int
    packed: int
    size: int
    streamed: bool = False
    """CRC and sizes follow the data in a descriptor."""
    announced: int = 0
    """Of a streamed member: the size it was expected to have when its header was written."""

    @property
    def wide(self) -> bool:
        """Whether its local header and descriptor hold 64-bit sizes."""
        if self.streamed:
            return self.announced > _ZIP64_FROM
        return max(self.packed, self.size) >= _MAX32

    @property
    def flags(self) -> int:
        """General purpose bits. A name that is not UTF-8 is stored as it is, without the bit that says UTF-8."""
        return (_FLAG_DESCRIPTOR if self.streamed else 0) | (_FLAG_UTF8 if _is_foreign_utf8(self.name) else 0)


def _is_foreign_utf8(name: bytes) -> bool:
    if name.isascii():
        return False
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def local_header(member: Member) -> bytes:
    """What precedes the data."""
    crc, packed, size, extra = (0, 0, 0, b"") if member.streamed else (member.crc, member.packed, member.size, b"")
    if member.wide:
        extra = struct.pack("<HHQQ", 1, 16, size, packed)
        packed = size = _MAX32
    version = 45 if member.wide else 20
    fixed = (b"PK\3\4", version, member.flags, member.method, _DOS_TIME, _DOS_DATE, crc, packed, size)
    return _LOCAL.pack(*fixed, len(member.name), len(extra)) + member.name + extra


def descriptor(member: Member) -> bytes:
    """What follows the data of a streamed member."""
    return struct.pack("<4sIQQ" if member.wide else "<4sIII", b"PK\7\x08", member.crc, member.packed, member.size)


def central_header(member: Member, offset: int) -> bytes:
    """The member's record in the central directory; `offset` is where its local header starts."""
    wide = [value for value in (member.size, member.packed, offset) if value >= _MAX32]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = 45 if wide or member.wide else 20
    attributes = (member.mode << 16) | (_FOLDER_ATTRIBUTE if stat.S_ISDIR(member.mode) else 0)
    start = (b"PK\1\2", _UNIX | version, version, member.flags, member.method, _DOS_TIME, _DOS_DATE, member.crc)
    sizes = (min(member.packed, _MAX32), min(member.size, _MAX32), len(member.name), len(extra), 0, 0, 0)
    return _CENTRAL.pack(*start, *sizes, attributes, min(offset, _MAX32)) + member.name + extra


def end_records(count: int, size: int, offset: int) -> bytes:
    """What closes the archive: `count` members, a central directory of `size` bytes at `offset`."""
    end64 = b""
    if count >= _MAX16 or max(size, offset) >= _MAX32:
        end64 = _END64.pack(b"PK\6\6", 44, _UNIX | 45, 45, 0, 0, count, count, size, offset)
        end64 += _LOCATOR64.pack(b"PK\6\7", 0, offset + size, 1)
    few = min(count, _MAX16)
    return end64 + _END.pack(b"PK\5\6", 0, 0, few, few, min(size, _MAX32), min(offset, _MAX32), 0)
