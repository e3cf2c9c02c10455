"""Time as the contract writes it."""

from datetime import UTC, datetime


def rfc3339(moment: datetime | None = None) -> str:
    """`2026-11-21T09:30:00.123Z`: UTC with milliseconds; now when no moment is given."""
    utc = (moment or datetime.now(UTC)).astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
