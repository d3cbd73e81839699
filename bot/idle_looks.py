"""The looks over many days that one scan may afford, shared out among its places."""

from __future__ import annotations

import threading
from collections.abc import Sequence


class LongLooks:
    """
    How many machines one scan may look back over for days; the next scan goes on where this one stopped.

    Every place has its share kept for it until it is done, so that a large region leaves something to a small one; who
    needs less leaves the rest to those that come after. With more places than looks, the places of the share change
    from scan to scan (*turn*).
    """

    def __init__(self, most: int, places: Sequence[tuple[str, str]] = (), *, turn: int = 0) -> None:
        share, over = divmod(most, max(1, len(places)))
        first = turn * over % max(1, len(places))
        lucky = {(first + n) % len(places) for n in range(over)} if places else set()
        self._kept = {place: share + (n in lucky) for n, place in enumerate(places)}
        self._left = most - sum(self._kept.values())
        self._lock = threading.Lock()

    def take(self, wanted: int, place: tuple[str, str] = ("", "")) -> int:
        """Up to *wanted* of the place's own share and of what others left."""
        with self._lock:
            own = self._kept.get(place, 0)
            given = min(wanted, own + self._left)
            self._kept[place] = max(0, own - given)
            self._left -= max(0, given - own)
            return given

    def done(self, place: tuple[str, str]) -> None:
        """The place needs no more: the rest of its share is for the others."""
        with self._lock:
            self._left += self._kept.pop(place, 0)
