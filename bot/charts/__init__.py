"""Pictures: figures in, PNG or SVG bytes and their words out. Pure; matplotlib is imported when one is drawn."""

from __future__ import annotations

from bot.charts.choices import choices
from bot.charts.memory import memory
from bot.charts.paper import Picture
from bot.charts.spend import Day, spend
from bot.charts.usage import Signal, usage

__all__ = ["Day", "Picture", "Signal", "choices", "memory", "spend", "usage"]
