"""The parts that features are given: built once in wiring, passed as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.clock import Clock
    from bot.cloud import Cloud
    from bot.people import People
    from bot.rules.policy import Policy
    from bot.settings import Settings
    from bot.slack import Slack
    from bot.store.db import Store
    from data import Catalog


@dataclass(frozen=True)
class Parts:
    """Everything a feature may use."""

    settings: Settings
    store: Store
    clock: Clock
    policy: Callable[[], Policy]  # the file as it stands now
    cloud: Cloud
    slack: Slack
    people: People
    catalog: Catalog
    wake: Callable[[], None]  # tells the workers that a row was written
