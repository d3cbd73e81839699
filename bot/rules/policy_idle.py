"""What the policy file may say of idleness and of reminders, with a safe default for every key."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from bot.rules.policy_section import Section


class IdleRule(Section):
    """When a machine counts as idle; each signal must stay below its limit on every datapoint of the window."""

    nag_minutes: float = Field(default=60, ge=10)  # quiet this long: idle
    safe_minutes: float = Field(default=120, ge=10)  # quiet this long at the strict limits: Stop is called safe
    gpu_pct: float = Field(default=5, gt=0, le=100)  # the busiest GPU, the busiest moment
    gpu_safe_pct: float = Field(default=1, gt=0, le=100)
    gpu_busy_pct: float = Field(default=10, gt=0, le=100)  # at or above this it works: an idle episode ends
    cpu_pct: float = Field(default=10, gt=0, le=100)
    net_kb_per_s: float = Field(default=50, gt=0)  # in and out together
    disk_ops_per_s: float = Field(default=100, gt=0)
    cpu_hours: float = Field(default=24, ge=1)  # window where no GPU is measured
    cpu_safe_hours: float = Field(default=48, ge=24)  # CPU alone never calls a stop safe sooner
    boot_minutes: float = Field(default=60, ge=0)  # no verdict while it is this young
    coverage: float = Field(default=0.9, gt=0, le=1)  # share of the expected datapoints below which it is unknown
    pace: float = Field(default=1.5, ge=0)  # quiet longer than this many times its own longest pause; 0: not asked
    heartbeat_minutes: float = Field(default=60, gt=0)  # how fresh the heartbeat tag must be to veto


class AutoStop(Section):
    """Stopping without a click: off unless a team opts in."""

    enabled: bool = False
    dry_run: bool = True  # say what it would have stopped
    tag: str = "mlbot:auto-stop"  # only machines that carry this tag with the value true
    after_reminders: int = Field(default=2, ge=2)  # unanswered, on different days
    most_per_sweep: int = Field(default=5, ge=1)


class Idle(IdleRule):
    """The [idle] table: the rule, what differs by instance family or tag, and what a sweep may do."""

    families: Mapping[str, Mapping[str, float]] = Field(default_factory=dict)  # "p5" or "g5.xlarge" -> changed keys
    tags: Mapping[str, Mapping[str, float]] = Field(default_factory=dict)  # "team=research" -> changed keys
    keep_tag: str = "mlbot:keep-until"  # an ISO time or date; until then nothing is said
    heartbeat_tag: str = "mlbot:heartbeat"  # an ISO time that a job renews
    small_usd_per_day: float = Field(default=1, ge=0)  # cheaper than this: summed up in one line
    resting_days: tuple[int, ...] = (1, 3, 7)  # mornings on which a stopped machine or free disk is named, then weekly
    image_days: int = Field(default=30, ge=1)  # age from which snapshots and images of our own are named
    endpoint_hours: float = Field(default=24, ge=1)  # no invocation for this long: idle
    endpoint_safe_days: float = Field(default=7, ge=1)
    guard_ratio: float = Field(default=10, gt=1)  # this many times fewer or more resources: act on nothing
    guard_least: int = Field(default=10, ge=1)  # counts below this are too small to compare
    history_days: int = Field(default=14, ge=1, le=60)  # looked back over when something turns idle
    auto_stop: AutoStop = AutoStop()

    @model_validator(mode="after")
    def _changes_are_known_keys(self) -> Idle:
        for name, changes in {**self.families, **self.tags}.items():
            unknown = sorted(set(changes) - set(IdleRule.model_fields))
            if unknown:
                raise ValueError(f"{name}: unknown key {unknown[0]!r}; known are {', '.join(IdleRule.model_fields)}")
            IdleRule.model_validate({**self.plain(), **changes})
        return self

    def plain(self) -> dict[str, float]:
        """The rule's own keys and values."""
        return {key: float(getattr(self, key)) for key in IdleRule.model_fields}


class Reminders(Section):
    """Where and when people hear of what is idle."""

    channel: str = ""  # what has no owner, and the digest
    hour: int = Field(default=9, ge=0, le=23)  # in the owner's own zone
    last_hour: int = Field(default=24, ge=1, le=24)  # later than this hour it waits for the next morning
    weekends: bool = True
    zone: str = "UTC"  # of the channel, and of people whose zone is unknown
    leads: tuple[str, ...] = ()  # Slack user ids that get the weekly digest; none: the channel gets it
    digest_weekday: int = Field(default=0, ge=0, le=6)  # Monday is 0
    escalate_after: int = Field(default=5, ge=1)  # unanswered mornings after which the channel hears of it too
    people: Mapping[str, str] = Field(default_factory=dict)  # AWS user or role session name -> Slack user id

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no time zone; one is Europe/Berlin") from error
        return zone

    @model_validator(mode="after")
    def _the_morning_comes_before_the_evening(self) -> Reminders:
        if self.last_hour <= self.hour:
            raise ValueError("last_hour must be after hour")
        return self
