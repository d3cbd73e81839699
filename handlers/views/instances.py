"""What runs or is stopped: owner, age, money, end, and the buttons that its owner or an approver may press."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.instances_list import Listed, Listing
from bot.rules import idle_words as say
from bot.rules.images import SAVED_FROM
from bot.rules.instances import label, lost_at_termination, saved_by_a_stop
from handlers.views import schedule
from handlers.views.blocks import actions, button, context, header, section
from handlers.views.forms import live, modal, text_input
from handlers.views.message import Block, Message, plain, worded
from handlers.views.times import moment
from handlers.views.verbs import terminate

MOST = 18
Standing = tuple[float | None, datetime | None]  # USD per hour, and the end
CHARACTERS = 11_000


def listing(
    found: Listing, *, whose: str, images: Sequence[Block] = (), first: int = 1, again: str = "/ml-instances"
) -> Message:
    """
    The answer to /ml-instances, from machine number *first* on; *again* asks for the same list.

    *images* are the parked machines and saved images, which stand below.
    """
    point = _point(found, whose)
    blocks = [header(point)]
    size = len(str(images))
    shown = first - 1
    for one in found.rows[first - 1 : first - 1 + MOST]:
        item = _item(one, found.at)
        size += len(str(item))
        if size > CHARACTERS:
            break
        blocks += item
        shown += 1
    if shown < len(found.rows):
        blocks.append(
            context(
                f"{len(found.rows) - shown} more cost less: `{plain(again)} from={shown + 1}` shows the next; "
                "words narrow the list, as in `/ml-instances all stopped g5`."
            )
        )
    for gap in found.gaps[:5]:
        blocks.append(context(f"*Not seen:* {plain(gap.account)} {plain(gap.region)}: {plain(gap.reason)}"))
    if not found.rows:
        blocks.append(section("Ask for a machine with `/ml-launch`, or see everybody's with `/ml-instances all`."))
    return Message(point, [*blocks, *images])


def _point(found: Listing, whose: str) -> str:
    running = [one for one in found.rows if one.resource.state == "running"]
    known = [one.resource.usd_per_hour for one in running if one.resource.usd_per_hour is not None]
    mine = "of yours " if whose == "mine" else ""
    if not found.rows:
        return f"No machine {mine}runs or is stopped"
    stopped = len(found.rows) - len(running)
    rest = f", {stopped} stopped or on the way" if stopped else ""
    money = f", {say.usd(sum(known))} an hour" if known else ""
    return f"{len(running)} {mine}running{money}{rest}"


def _item(one: Listed, at: datetime) -> list[Block]:
    thing = one.resource
    owner = f"<@{thing.owner}>" if thing.owner else "nobody"
    where = f"{plain(thing.region)}{', spot' if thing.market == 'spot' else ''}"
    saved = saved_by_a_stop(thing)
    lines = [
        f"*{worded(label(thing))}* {plain(thing.state)} in {where}",
        f"{_money(one)} · owner {owner}" + (f" · ends {moment(thing.until)}" if thing.until else ""),
    ]
    if one.schedule:
        lines.append(schedule.line(one.schedule, saved, at, running=thing.state != "stopped"))
    if thing.purpose:
        lines.append(f"_{worded(thing.purpose)}_")
    blocks = [section("\n".join(lines)[:2900])]
    if one.verbs:
        presses = [_press(verb, one) for verb in one.verbs]
        if thing.state == "running" or one.schedule:
            presses.append(schedule.choices(one.ref, saved, scheduled=one.schedule is not None))
        if thing.state in SAVED_FROM:
            presses += [button("Save image...", "save_image", one.ref), button("Park...", "park", one.ref)]
        blocks.append(actions(*presses))
    return blocks


def _money(one: Listed) -> str:
    rate = one.resource.usd_per_hour
    age = say.span(one.age) if one.age is not None else "unknown age"
    if rate is None:
        return f"{age}, price unknown"
    price = f"{say.usd(rate)}/h" if rate >= 0.1 else f"{say.usd(rate * 730)} a month"
    return f"{age}, {price}" + (f", {say.usd(one.usd_so_far)} so far" if one.usd_so_far is not None else "")


def _press(verb: str, one: Listed) -> Block:
    if verb == "terminate":
        return _terminate(one)
    return button("Extend..." if verb == "extend" else verb.capitalize(), verb, one.ref)


def _terminate(one: Listed) -> Block:
    lost = " ".join(lost_at_termination(one.resource)) or "It is gone for good."
    name = one.resource.name or one.resource.id
    return terminate(one.ref, f"Terminate {name}?", f"{label(one.resource)}. {lost}")


def extend_form(hours: str, standing: Standing | None, more: float | None, state: Mapping[str, str]) -> Block:
    """By how many hours; *standing* is what it costs and when it ends, *more* the hours where they can be read."""
    field = text_input("hours", "Hours more", value=hours, max_length=6, hint="Counted from its planned end.")
    return modal(
        "Extend",
        "extend",
        [live(field), section(_extended(standing, more), block_id="cost")],
        submit="Extend",
        state=state,
    )


def _extended(standing: Standing | None, more: float | None) -> str:
    if more is None:
        return "⚠ Say a number of hours above 0, for example 8."
    if standing is None:
        return "*Cost:* not known until it is scanned."
    rate, until = standing
    money = f"{say.usd(rate * more)} more" if rate is not None else "its price is not known"
    end = f", until {moment(until + timedelta(hours=more))}" if until is not None else ""
    return f"*Cost:* {money}{end}. The policy's limits hold for the new sum."
