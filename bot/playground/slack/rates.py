"""How many calls Slack takes: 429 with Retry-After beyond that."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

POST = "chat.postMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Calls a minute by tier (each method counts for itself), and messages a second into one channel."""

    per_minute: Mapping[int, int] = field(default_factory=lambda: {0: 600, 1: 1, 2: 20, 3: 50, 4: 100})
    posts_per_second: float = 1.0
    posts_at_once: int = 10  # short bursts are let through

    @classmethod
    def generous(cls) -> Pace:
        """Nobody at a keyboard meets these."""
        return cls(per_minute=dict.fromkeys(range(5), 6000), posts_per_second=50.0, posts_at_once=200)


class Rates:
    """One bucket a method, and one a channel for posts; *monotonic* seconds fill them."""

    def __init__(self, pace: Pace, monotonic: Callable[[], float]) -> None:
        self.pace = pace
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens left, at

    def take(self, method: str, tier: int, channel: str = "") -> int:
        """0 if the call may go on, else the seconds to wait."""
        per_minute = self.pace.per_minute[tier]
        wait = self._take(method, per_minute / 60, per_minute)
        if method == POST and not wait:
            wait = self._take(f"{method} {channel}", self.pace.posts_per_second, self.pace.posts_at_once)
        return wait

    def _take(self, name: str, per_second: float, most: float) -> int:
        with self._lock:
            now = self._monotonic()
            left, at = self._buckets.get(name, (most, now))
            left = min(most, left + (now - at) * per_second)
            if left >= 1:
                self._buckets[name] = (left - 1, now)
                return 0
            self._buckets[name] = (left, now)
            return max(1, math.ceil((1 - left) / per_second))
