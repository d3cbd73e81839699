"""What the policy file may say of schedules, with a safe default for every key."""

from __future__ import annotations

from pydantic import Field

from bot.rules.policy_section import Section


class Scheduling(Section):
    """The [schedule] table: how the hours of machines are kept."""

    force: bool = False  # stop at the end of the hours even what works
    quiet_minutes: float = Field(default=30, ge=10, le=24 * 60)  # quiet this long: it may be stopped at that edge
