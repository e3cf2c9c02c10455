"""Why an object was not stored."""


class UploadError(Exception):
    """Tried often enough; the message is a sentence for the user, without any part of the grant."""


class GrantError(Exception):
    """The mounted grant is missing or unreadable at this moment."""
