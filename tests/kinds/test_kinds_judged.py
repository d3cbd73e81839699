"""Every kind has a rule of its own, also those that publish little of what they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.kinds import KINDS
from bot.rules.idle import BY_KIND, Resource, Usage, judge
from bot.rules.policy_idle import Idle

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_every_kind_is_judged_by_a_rule_of_its_own():
    assert set(KINDS) == set(BY_KIND)


def app(hours: float | None, state: str = "InService") -> Resource:
    last = "" if hours is None else (NOW - timedelta(hours=hours)).isoformat()
    return Resource(
        id="a",
        kind="sagemaker_studio_app",
        account="default",
        region="us-east-1",
        state=state,
        details={"last_activity": last},
    )


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (app(1), "active"),
        (app(23.9), "active"),
        (app(24), "idle"),
        (app(200), "idle"),
        (app(None), "unknown"),
        (app(200, "Deleting"), "active"),
    ],
)
def test_a_studio_app_is_idle_when_nobody_used_it_for_a_day_and_never_safely_so(one, level):
    verdict = judge(one, Usage({}), Idle(), NOW)
    assert (verdict.level, verdict.safe) == (level, False)
