"""What a resource is, what was measured of it, what was answered about it, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Level = Literal["active", "idle", "unknown"]
Confidence = Literal["high", "medium", "low"]
HOURS_PER_MONTH = 730.0  # how AWS turns a price per month into one per hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing in an account that may bill; money is USD, None where the price is not known."""

    id: str  # AWS id or name
    kind: str  # "ec2_instance", "ebs_volume", ...
    account: str  # alias of the policy; "default"
    region: str
    zone: str = ""
    name: str = ""
    type: str = ""  # instance type, volume type
    state: str  # running, stopped, available, in-use, InService ...
    owner: str | None = None  # Slack id, from the tag mlbot:owner or later sources
    request: str | None = None  # tag mlbot:request
    purpose: str = ""
    until: datetime | None = None  # tag mlbot:until
    created: datetime | None = None
    since: datetime | None = None  # launch time of what runs; when it stopped for what is stopped
    market: str = "on-demand"
    tags: Mapping[str, str] = field(default_factory=dict)
    usd_per_hour: float | None = None  # what it bills now, all parts
    usd_per_hour_stopped: float | None = None  # what stays when it is stopped (disks, addresses)
    details: Mapping[str, object] = field(
        default_factory=dict
    )  # kind's own facts: size_gb, volumes, attached_to, gpus ...


@dataclass(frozen=True, slots=True)
class Series:
    """Datapoints of one statistic, each at the END of its interval, oldest first."""

    step: timedelta
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """
    What was measured: series by signal name.

    gpu_max_pct, gpu_avg_pct (the busiest GPU), cpu_max_pct, cpu_avg_pct, net_bytes (in and out, a datapoint),
    disk_ops (read and write, a datapoint), invocations (a datapoint).
    """

    series: Mapping[str, Series]
    missing: tuple[str, ...] = ()  # signals that were asked for and do not exist


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """active, idle or unknown, with the reason in words and the evidence."""

    level: Level
    reason: str
    safe: bool = False  # idle strongly enough that Stop may be called safe
    confidence: Confidence = "high"
    since: datetime | None = None  # start of the quiet: the idle episode, or for active a pause not yet long enough
    advice: str = ""  # for unknown: what to install
    at_least: bool = False  # *since* is where the data begin, so it may be idle longer
    too_new: bool = False  # unknown only because it has just started


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Somebody's answer that keeps a resource out of the reminders until a time."""

    what: Literal["snooze", "keep"]
    until: datetime
    by: str  # Slack id
    reason: str = ""

    def stands(self, now: datetime) -> bool:
        """Whether it still holds."""
        return now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What earlier scans found out of one resource and need not measure again."""

    idle_since: datetime | None = None  # start of the quiet that went on at the last scan
    at_least: bool = False  # idle_since is where the data began
    was_safe: bool = False  # the last scan called a stop safe
    pause: timedelta = timedelta()  # the longest pause after which it went back to work, over the days looked back
    first_seen: datetime | None = None
    state_since: datetime | None = None  # when it was first seen in its present state
    hold: Hold | None = None
