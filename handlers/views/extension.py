"""The card of a request for more hours: what the launch has, what it would have, and the buttons of a request."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules import launch_text as say
from bot.rules.extension import Extension, ExtensionCard
from bot.rules.launch import Launch
from handlers.views.blocks import actions, header, section
from handlers.views.launch import budgets, press
from handlers.views.message import Message, plain, told, worded
from handlers.views.times import moment

HEADS = {
    "asked": "More hours?",
    "approved": "More hours: approved",
    "denied": "More hours: denied",
    "withdrawn": "More hours: withdrawn",
    "expired": "More hours: expired, nothing changed",
    "refused": "More hours: void",
}


def card(found: ExtensionCard) -> Message:
    """One extension in the approvals channel, as it stands."""
    one, launch = found.extension, found.launch
    title = f"{HEADS[one.state]} {say.hours(one.more)} for {launch.wanted.name or launch.wanted.instance_type}"
    asked = f"{say.person(one.asker)} asks for {say.hours(one.more)} more, {say.usd(one.usd_more)}"
    whose = f" for the machine of {say.person(launch.asker)}" if one.asker != launch.asker else ""
    blocks = [header(title), section(told(f"{asked}{whose}."), fields=_fields(one, launch))]
    blocks += [section(line) for line in _state(found)]
    if one.state == "asked":
        blocks += budgets(found.budgets)
    if found.buttons:
        blocks.append(actions(*(press(action, one.id) for action in found.buttons)))
    return Message(told(f"{title}, {say.usd(one.usd_total)} in all, asked by {say.person(one.asker)}"), blocks)


def _fields(one: Extension, launch: Launch) -> list[str]:
    wanted = launch.wanted
    machine = f"{wanted.count} x {wanted.instance_type}, {wanted.market}, {wanted.region}"
    rows = [
        ("Machine", plain(f"{wanted.name or '(no name)'}: {machine}")),
        ("Instances", plain(", ".join(launch.instance_ids[:10]))),
        ("End as it was", moment(one.before) if one.before else "(none)"),
        ("New end", moment(one.until)),
        ("Hours in all", say.hours(one.hours)),
        ("Total, disks included", f"{say.usd(one.usd_total)} ({say.usd(one.usd_more)} more)"),
    ]
    return [f"*{name}*\n{value}" for name, value in rows]


def _state(found: ExtensionCard) -> Iterator[str]:
    one = found.extension
    if one.state == "asked":
        people = "One approver" if one.needed <= 1 else f"{one.needed} different approvers"
        said = f" {told(say.people(found.votes))} said yes." if found.votes else ""
        yield f"Open until {moment(one.expires_at)}. {people} must say yes, and nobody who asked.{said}"
    if one.state in ("approved", "denied", "withdrawn") and one.decided_at is not None:
        why = f": {worded(one.reason)}" if one.reason else "."
        glass = " (break-glass)" if one.how == "break_glass" else ""
        yield (
            told(f"{one.state.capitalize()} by {say.people(one.decided_by)}{glass}") + f" {moment(one.decided_at)}{why}"
        )
    if one.error:
        yield f"*{told(one.error)}*"
