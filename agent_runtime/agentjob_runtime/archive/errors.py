"""Why an archive was not made."""


class ArchiveError(Exception):
    """Base of all of them; the message is a sentence for the user."""


class ArchiveTooLargeError(ArchiveError):
    """The archive outgrew a limit: bytes of output, bytes of input, or number of entries."""


class ArchiveInterruptedError(ArchiveError):
    """The time that the pod has left was over before the archive was whole."""


class ArchiveWriteError(ArchiveError):
    """The archive could not be written to the courier's own volume, or the workspace could not be opened."""


class PatternError(ArchiveError, ValueError):
    """An exclude pattern that this package does not know how to read."""
