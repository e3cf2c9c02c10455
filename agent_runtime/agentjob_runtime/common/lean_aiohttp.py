"""To be imported before aiohttp, which loads the system's authorities twice when it is imported: a quarter of the start of a server.

They are for requests that name no TLS context. Ours name theirs, and one that did not would trust nobody.
"""

import ssl

__all__ = ["web"]


def _load_nothing(_context: ssl.SSLContext) -> None:
    """In place of `set_default_verify_paths`."""


ssl.SSLContext.set_default_verify_paths = _load_nothing  # type: ignore[assignment, method-assign]
try:
    from aiohttp import web
finally:
    # Only the override goes: the method itself is inherited.
    del ssl.SSLContext.set_default_verify_paths
