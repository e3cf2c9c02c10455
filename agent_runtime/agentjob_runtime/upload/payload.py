"""What is uploaded: a file on the disk or bytes in memory, with the digest the store has to verify."""

import hashlib
import io
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self


@dataclass(frozen=True)
class Payload:
    """Opened anew for each try."""

    source: Path | bytes
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hex."""

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Bytes in memory."""
        return cls(data, len(data), hashlib.sha256(data).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """A file on the disk, read once for its digest. Raises `OSError`."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return cls(path, file.tell(), digest.hexdigest())

    def open(self) -> BinaryIO:
        """A stream at its start. Raises `OSError`."""
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")

    @property
    def checksum(self) -> str:
        """The digest as `x-amz-checksum-sha256` wants it: base64 of the raw bytes."""
        return b64encode(bytes.fromhex(self.sha256)).decode("ascii")
