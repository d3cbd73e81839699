"""Schedules: the hours that machines keep, set by a press, carried out by the clock."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ops import OpFunction
from bot.parts import Parts
from bot.rules.schedule import Hours
from bot.schedule_edge import at_edge, tick
from bot.schedule_press import answer, press
from bot.store import schedules

__all__ = ["OPS", "hours", "press", "tick"]

OPS: Mapping[str, OpFunction] = {"schedule.press": answer, "schedule.edge": at_edge}


def hours(parts: Parts, ref: str) -> Hours | None:
    """The hours that a machine keeps; None where it has none."""
    with parts.store.reading() as tx:
        plan = schedules.find(tx, ref)
    return plan.hours if plan else None
