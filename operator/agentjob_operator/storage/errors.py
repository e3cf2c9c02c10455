"""What can go wrong at the object store, by what happens next.

StoreError
├── StoreUnavailable   no answer, 5xx, 429: try again later
├── NotFound           no such object
├── BucketMissing      no such bucket: somebody must create it
└── Denied             the credential is refused, or may not do this: somebody must correct it
"""


class StoreError(Exception):
    """Any of them; its text is a sentence without a secret."""


class StoreUnavailable(StoreError):  # noqa: N818 - named for the state, as the API's reasons are
    """The store did not answer, or with 5xx or 429."""


class NotFound(StoreError):  # noqa: N818
    """No such object."""


class BucketMissing(StoreError):  # noqa: N818
    """No such bucket."""


class Denied(StoreError):  # noqa: N818
    """401 or 403."""
