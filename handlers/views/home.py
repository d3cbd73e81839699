"""One person's Home tab."""

from __future__ import annotations

from bot.home import Home
from bot.rules import idle_words
from bot.rules import launch_text as say
from bot.rules.launch import Launch
from handlers.views import idle as idle_views
from handlers.views.blocks import actions, button, context, divider, header, section
from handlers.views.message import Block, plain, told
from handlers.views.times import moment

MOST = 10


def home(found: Home) -> Block:
    """The view that views.publish takes."""
    blocks = [header(_point(found)), *_waiting(found), *_mine(found), *_machines(found)]
    for line in found.budgets:
        left, limit = say.usd(line.left), say.usd(line.limit)
        blocks.append(context(f"*Budget {plain(line.name)}:* {left} left of {limit} this month"))
    blocks.append(divider())
    blocks.append(section("`/ml-estimate` what a job costs · `/ml-launch` ask for a machine · `/ml-help` all commands"))
    return {"type": "home", "blocks": blocks[:100]}


def _point(found: Home) -> str:
    rate = found.usd_per_hour
    costs = f"Your machines cost {idle_words.usd(rate)} an hour" if rate else "Nothing of yours is billing"
    if not found.waiting:
        return costs
    many = "1 request waits" if len(found.waiting) == 1 else f"{len(found.waiting)} requests wait"
    return f"{costs}, {many} for you"


def _waiting(found: Home) -> list[Block]:
    if not found.waiting:
        return []
    blocks = [section("*Waiting for your decision*")]
    for one in found.waiting[:MOST]:
        blocks.append(section(told(f"{_line(one)} · asked by {say.person(one.asker)}")))
        approve = button("Approve", "approve", one.id, style="primary")
        blocks.append(actions(approve, button("Deny...", "deny", one.id, style="danger")))
    return blocks


def _mine(found: Home) -> list[Block]:
    if not found.mine:
        return [section("*Your requests*\nNone is open.")]
    lines = [f"• {told(_line(one))} · {one.state}{_end(one)}" for one in found.mine[:MOST]]
    return [section("*Your requests*\n" + "\n".join(lines))]


def _line(one: Launch) -> str:
    return f"{one.wanted.name or 'unnamed'}: {say.what(one.wanted)}, {say.usd(one.usd_total)}"


def _end(one: Launch) -> str:
    return f", ends {moment(one.until)}" if one.until else ""


def _machines(found: Home) -> list[Block]:
    if found.report is None:
        return [context("Nothing has been scanned yet; `/ml-idle now` does it.")]
    own = [one for one in found.findings if one.owner == found.user]
    others = [one for one in found.findings if one.owner != found.user]
    blocks: list[Block] = []
    for title, rows in (("What is yours", own), ("Idle elsewhere", others)):
        if rows:
            lines = [
                f"• {idle_views.title(one)}: *{one.verdict.level}*, {idle_views.money(one)}" for one in rows[:MOST]
            ]
            blocks.append(section(f"*{title}*\n" + "\n".join(lines)))
    blocks.append(context(f"Scanned {moment(found.report.at)}.", *_gaps(found)))
    return blocks


def _gaps(found: Home) -> list[str]:
    gaps = found.report.gaps if found.report and found.approver else ()
    return [f"Not seen: {plain(gap.region)}: {plain(gap.reason)}" for gap in gaps[:4]]
