"""Parts with a store and a clock, and no cloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import data
from bot.clock import FixedClock
from bot.parts import Parts
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.store.db import Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def parts(folder: Path, slack: Any = None, *, wake: Callable[[], None] = lambda: None) -> Parts:
    nothing: Any = None
    store = Store(f"sqlite:///{folder / 'mlbot.db'}", synchronous="OFF")
    store.migrate()
    return Parts(
        settings=Settings(_env_file=None),  # type: ignore[call-arg]
        store=store,
        clock=FixedClock(NOON),
        policy=Policy,
        cloud=nothing,
        slack=slack,
        people=nothing,
        catalog=data.load(),
        wake=wake,
    )
