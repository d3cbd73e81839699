"""A launch as it is asked for, and who may decide what about it; pure, time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal[
    "checking",  # the row exists, its checks run
    "refused",  # a check said no; the asker was told
    "asked",  # waits for an approver
    "denied",
    "withdrawn",
    "expired",
    "approved",  # waits for the worker
    "launching",  # RunInstances was or is being called
    "running",
    "failed",
    "ended",  # the machine is gone
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks to launch."""

    instance_type: str
    region: str
    count: int = 1
    market: Literal["on-demand", "spot"] = "on-demand"
    disk_gb: int = 100
    hours: float = 8
    name: str = ""
    purpose: str = ""
    key_name: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One request, as its row stands; money in USD, None where the price is not known."""

    id: str
    state: State
    wanted: Wanted
    asker: str
    team: str
    usd_per_hour: float | None
    usd_total: float | None
    asked_at: datetime
    expires_at: datetime
    notes: tuple[str, ...] = ()  # warnings and "not checked" lines for the card
    decided_by: tuple[str, ...] = ()
    decided_at: datetime | None = None
    reason: str = ""
    until: datetime | None = None  # set once, at approval
    instance_ids: tuple[str, ...] = ()
    error_code: str = ""
    error: str = ""
