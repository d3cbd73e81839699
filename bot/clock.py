"""The only now()."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """UTC time, moved forward by *offset*; the playground and the tests move it, production leaves it at zero."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move the present by *by*."""
        self._offset += by


class FixedClock(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move it by *by*."""
        self._at += by
