"""Idleness: scan everything, remind people in their morning, and do what they answer."""

from __future__ import annotations

from bot.idle_answer import press
from bot.idle_remind import morning_message, ownerless, remind, unclaimed, week
from bot.idle_scan import finding, findings, last_scan, scan
from bot.idle_stop import OPS, sweep

__all__ = [
    "OPS",
    "finding",
    "findings",
    "last_scan",
    "morning_message",
    "ownerless",
    "press",
    "remind",
    "scan",
    "sweep",
    "unclaimed",
    "week",
]
