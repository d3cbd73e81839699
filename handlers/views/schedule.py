"""The hours of a machine: the menu with what each preset saves, the line that says how they stand, the form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.rules import idle_words as say
from bot.rules.schedule import DAYS, PRESETS, Hours, Schedule, days_in_words, local, saves_a_month
from handlers.views.blocks import menu, section
from handlers.views.forms import modal, select, text_input
from handlers.views.message import Block, plain


def choices(ref: str, usd_per_hour: float | None, *, scheduled: bool) -> Block:
    """The menu of one machine; *usd_per_hour* is what a stop ends, None where that is not known."""
    offered = [(_preset(hours, usd_per_hour), f"{ref}:{name}") for name, hours in PRESETS.items()]
    own = ("Own hours...", f"{ref}:own")
    if not scheduled:
        return menu("Schedule", "schedule", [*offered, own])
    kept = [
        ("Keep on until tomorrow 09:00", f"{ref}:keep_day"),
        ("Keep on until Monday 09:00", f"{ref}:keep_week"),
        ("No schedule any more", f"{ref}:remove"),
    ]
    return menu("Schedule", "schedule", [*kept, *offered, own])


def _preset(hours: Hours, usd_per_hour: float | None) -> str:
    when = f"{days_in_words(hours.days)} {hours.start:%H:%M}-{hours.end:%H:%M}"
    saves = saves_a_month(usd_per_hour, hours)
    return f"On {when}" + (f", saves {say.usd(saves)} a month" if saves else "")


def line(plan: Schedule, usd_per_hour: float | None, now: datetime, *, running: bool) -> str:
    """Its hours, what they save, what comes next and what holds it up."""
    saves = saves_a_month(usd_per_hour, plan.hours)
    edge, zone = plan.coming(now, running=running), plan.hours.zone
    kept = f"; kept on until {local(plan.kept.until, zone)}" if plan.kept and plan.kept.until > now else ""
    money = f", saves {say.usd(saves)} a month" if saves else ""
    then = f"{'starts' if edge.on else 'stops'} {local(edge.at, zone)}"
    if edge.on and plan.asleep_at is None:
        then = "stopped by hand, so it stays so until somebody starts it"
    note = f"\n_Last change: {plain(plan.note)}_" if plan.note else ""
    return f"On {plain(plan.hours.words)}{money}{kept}; {then}{note}"


def form(before: Hours | None, zone: str, state: Mapping[str, str]) -> Block:
    """Which days, from when to when, in which zone; filled with what it keeps now."""
    now = before or PRESETS["work"]
    named = next((name for name, days in DAYS.items() if days == now.days), "weekdays")
    hint = "It is stopped at the end unless it works then, and only what was stopped so is started again."
    blocks = [
        section("Outside these hours the machine is off and bills for its disks and addresses alone."),
        select("days", "Days", [(name[:1].upper() + name[1:], name) for name in DAYS], value=named),
        text_input("start", "From", value=f"{now.start:%H:%M}", max_length=5),
        text_input("end", "To", value=f"{now.end:%H:%M}", max_length=5, hint=hint),
        text_input("zone", "Time zone", value=before.zone if before else zone, max_length=60),
    ]
    return modal("Hours", "schedule", blocks, submit="Set hours", state=state)
