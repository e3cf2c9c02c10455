"""Packs the workspace and stores everything but the report."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zstandard
from agentjob_api.grant import ObjectName
from agentjob_api.job_config import JobConfig
from agentjob_api.reasons import Reason
from agentjob_api.report import StoredObject

from agentjob_runtime.archive.errors import ArchiveError, ArchiveInterruptedError, ArchiveTooLargeError
from agentjob_runtime.archive.pack import Packed, PackRequest, pack
from agentjob_runtime.archive.patterns import Excludes
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.stop import ARCHIVE_SECONDS, Stop
from agentjob_runtime.courier.untrusted import UntrustedError, open_regular
from agentjob_runtime.upload.errors import UploadError
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.uploader import Patience, Uploader

_log = logging.getLogger(__name__)
WORKSPACE_PATIENCE: Final = Patience(seconds=600)
"""A store that is down comes back, or does not within ten minutes."""
EXTRAS_PATIENCE: Final = Patience(seconds=60)
_SESSION_MAX: Final = 512 << 20
"""Bytes of the conversation that are stored; what is beyond is cut off."""
_INPUT_FACTOR: Final = 4
"""Files may add up to this many times the volume's size: holes and hard links take no room on it."""
_INPUT_MIN: Final = 8 << 30


@dataclass(frozen=True)
class Delivery:
    """What became of the workspace; `reason` and `message` say why there is no archive, or what is missing in it."""

    workspace: StoredObject | None
    reason: Reason | None = None
    message: str = ""
    archive_milliseconds: int = 0
    upload_milliseconds: int = 0


class Deliverer:
    """Packs into the courier's own volume, uploads from there."""

    def __init__(self, config: JobConfig, paths: Paths, excludes: Excludes, uploader: Uploader, stop: Stop) -> None:
        self._config, self._paths, self._excludes = config, paths, excludes
        self._uploader, self._stop = uploader, stop

    def deliver(self) -> Delivery:
        """Workspace, list of files and conversation. Never raises for what the workspace or the store does."""
        delivery = self._workspace()
        self._session()
        return delivery

    def _workspace(self) -> Delivery:
        name = ObjectName.WORKSPACE_ZIP if self._config.archive.format == "Zip" else ObjectName.WORKSPACE_TAR_ZSTD
        started = time.monotonic()
        try:
            packed = pack(self._request(name), self._check_time)
            packed_at = time.monotonic()
            stored = self._uploader.put(name, Payload(packed.path, packed.size, packed.sha256), WORKSPACE_PATIENCE)
        except ArchiveTooLargeError as error:
            return _failed(Reason.ARCHIVE_TOO_LARGE, error)
        except (ArchiveError, UploadError, OSError) as error:
            return _failed(Reason.ARCHIVE_FAILED, error)
        stored_at = time.monotonic()
        packed.path.unlink()
        self._extra(ObjectName.FILES, Payload.of(packed.manifest))
        return Delivery(
            stored.replace(files=packed.files),
            message=_omissions(packed),
            archive_milliseconds=round((packed_at - started) * 1000),
            upload_milliseconds=round((stored_at - packed_at) * 1000),
        )

    def _request(self, name: str) -> PackRequest:
        target = self._paths.courier_dir / name
        target.unlink(missing_ok=True)
        archive = self._config.archive
        max_input = max(_INPUT_MIN, _INPUT_FACTOR * self._config.workspace_bytes)
        return PackRequest(self._paths.workspace, target, archive.format, self._excludes, archive.max_bytes, max_input)

    def _check_time(self) -> None:
        if self._stop.remaining(ARCHIVE_SECONDS) <= 0:
            raise ArchiveInterruptedError("The pod had to stop before the workspace was packed.")

    def _session(self) -> None:
        target = self._paths.courier_dir / ObjectName.SESSION
        try:
            compress(self._paths.session, target)
        except FileNotFoundError:
            _log.info("the agent left no conversation")
            return
        except (OSError, UntrustedError) as error:
            _log.warning("the conversation is not stored: %s", error)
            return
        self._extra(ObjectName.SESSION, Payload.of_file(target))
        target.unlink()

    def _extra(self, name: str, payload: Payload) -> None:
        """Something that the workspace's archive does not depend on: without it the report is still good."""
        try:
            self._uploader.put(name, payload, EXTRAS_PATIENCE)
        except UploadError as error:
            _log.error("not stored: %s", error)


def compress(source: Path, target: Path) -> None:
    """zstd of at most `_SESSION_MAX` bytes of a file that nobody can trust. Raises `OSError` or `UntrustedError`."""
    fd, size = open_regular(source)
    with open(fd, "rb") as reader, target.open("wb") as writer:
        compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        with compressor.stream_writer(writer, closefd=False) as packer:
            missing = min(size, _SESSION_MAX)
            while missing and (piece := reader.read(min(1 << 20, missing))):
                packer.write(piece)
                missing -= len(piece)


def _failed(reason: Reason, error: Exception) -> Delivery:
    _log.error("no archive: %s: %s", reason, error)
    return Delivery(None, reason, str(error))


def _omissions(packed: Packed) -> str:
    if sentence := packed.notes.sentence():
        _log.warning("the archive is not complete: %s", sentence)
    return packed.notes.sentence()
