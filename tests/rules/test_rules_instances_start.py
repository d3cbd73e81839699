"""A start of what is stopped is judged as a launch is: caps, the budgets of who pays, hours that are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.rules.instances_start import Start, refusal
from bot.rules.launch import BudgetLine, Launch, Reply, Wanted
from bot.rules.policy import Policy
from tests.rules.idle_made import NOW, machine

HOUR = timedelta(hours=1)
STOPPED = machine(state="stopped", usd_per_hour=0.05, details={"usd_instance": 1.0})
LAUNCH = Launch(
    id="l_1", state="running", asker="U0ENG", team="T1", wanted=Wanted(instance_type="g5.xlarge", region="us-east-1"),
    asked_at=NOW, expires_at=NOW, reply=Reply(), usd_per_hour=1.0, usd_total=8.0,
)  # fmt: skip


def line(left: float) -> BudgetLine:
    return BudgetLine("team vision", 100.0, 100.0 - left, 0.0)


def why(left: float = 100.0, found: Any = (STOPPED,), policy: dict[str, Any] | None = None, **asked: Any) -> str:
    given = {"launch": None, "user": "U0ENG", "approver": False, "budgets": (line(left),), **asked}
    told = refusal(Start(found=found, **given), Policy.model_validate(policy or {}), NOW)
    return told.why if told else ""


def test_an_hour_must_fit_where_no_end_is_planned_and_else_the_hours_until_it() -> None:
    assert why(1.06) == ""
    assert why(1.0).endswith("so $1.00 is left and this asks for $1.05. A start counts an hour.")
    ends = replace(STOPPED, until=NOW + 8 * HOUR)
    assert why(8.5, (ends,)) == ""
    assert "so $8.00 is left and this asks for $8.40. A start counts the 8 h until its end." in why(8.0, (ends,))
    assert "asks for $2.10" in why(2.0, (STOPPED, STOPPED, replace(STOPPED, state="running")))
    assert why(0, budgets=()) == ""
    assert why(0, (replace(STOPPED, state="running"),)) == ""


def test_an_unknown_price_fits_into_no_budget() -> None:
    unknown = replace(STOPPED, details={})
    assert "asks for" in why(100, (unknown,))
    assert why(100, (unknown,), budgets=()) == ""


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"approvals": {"denied": ["U0ENG"]}}, "lets you launch nothing, and start nothing"),
        ({"limits": {"regions": ["us-west-2"]}}, "is in us-east-1, which the policy does not allow"),
        ({"limits": {"denied_families": ["g5"]}}, "of the family g5, which the policy does not allow"),
        ({"limits": {"families": ["g6"]}}, "of the family g5, which the policy does not allow"),
    ],
)
def test_what_the_policy_does_not_allow_is_not_started(policy: dict[str, Any], says: str) -> None:
    assert says in why(policy=policy)


def test_hours_that_are_over_need_an_extension_where_somebody_must_agree_to_more() -> None:
    over = (replace(STOPPED, until=NOW - HOUR),)
    strict = {"launch": {"end": {"extend_needs_approval": True}}}
    told = refusal(
        Start(found=over, launch=LAUNCH, user="U0ENG", approver=False, budgets=()), Policy.model_validate(strict), NOW
    )
    assert told is not None
    assert told.instead == "extend"
    assert "ended 2026-11-23 08:00 UTC, and more hours need somebody else's approval" in told.why
    assert why(found=over, launch=LAUNCH) == ""
    assert why(found=over, launch=LAUNCH, policy=strict, user="U0LEAD", approver=True) == ""
    assert why(found=over, launch=LAUNCH, policy=strict, approver=True) != ""
    assert why(found=(replace(STOPPED, until=NOW + HOUR),), launch=LAUNCH, policy=strict) == ""
