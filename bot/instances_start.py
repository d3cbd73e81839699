"""What the policy and the month's budgets say to the start of stopped machines, as rows and files stand now."""

from __future__ import annotations

from collections.abc import Sequence

from bot.launch_rows import budgets
from bot.parts import Parts
from bot.rules import instances_start as rules
from bot.rules.idle import Resource
from bot.rules.instances_start import NotStarted, Start
from bot.store import launches
from bot.store.db import Tx


def refusal(tx: Tx, parts: Parts, found: Sequence[Resource], *, user: str, approver: bool) -> NotStarted | None:
    """Why *user* may not have them started now; None where the policy minds nothing. They are of one owner."""
    if not found:
        return None
    policy, now = parts.policy(), parts.clock.now()
    launch = launches.find(tx, found[0].request or "")
    pays = launch.asker if launch else found[0].owner or user
    lines = budgets(tx, policy, pays, now)
    return rules.refusal(Start(found=found, launch=launch, user=user, approver=approver, budgets=lines), policy, now)
