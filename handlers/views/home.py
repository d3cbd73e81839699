"""One person's Home tab: their own first, then the team for leads and mlbot's health for operators."""

from __future__ import annotations

import hashlib
import json

from bot.home import Home
from bot.rules import idle_words
from bot.rules.idle_finding import gap_lines
from handlers.views import home_own, home_team, mute
from handlers.views.blocks import actions, button, context, divider, header, image, section
from handlers.views.fit import size
from handlers.views.message import Block, plain, told
from handlers.views.times import moment

MOST = 100  # blocks of a Home tab
CHARACTERS = 60_000  # of Slack's 250 kB for a view
LEAST = 0.01  # USD below which nothing is said
CLOCK = "drawn"  # the block that says when: a page that differs in nothing else is not drawn again


def home(found: Home) -> Block:
    """The view that views.publish takes."""
    blocks = [header(_point(found)), _doors()]
    if found.frozen:
        blocks.append(section(f"*{told(found.frozen)}*"))
    blocks += [*home_own.waiting(found), *home_own.requests(found), *home_own.reminders(found)]
    blocks += [*home_own.machines(found), *home_own.parked(found), *_spent(found), *home_team.budgets(found)]
    if found.roles.lead:
        blocks += [divider(), *home_team.team(found)]
    if found.health is not None:
        blocks += [divider(), *home_team.health(found.health)]
    blocks += mute.on_home(found.muted_until)
    blocks.append({**context(*_clock(found)), "block_id": CLOCK})
    return {"type": "home", "blocks": _fitted(blocks)}


def digest(view: Block) -> str:
    """The same for two pages that say the same, whenever they were drawn."""
    said = [block for block in view["blocks"] if block.get("block_id") != CLOCK]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _point(found: Home) -> str:
    rate = found.usd_per_hour
    costs = f"Your machines cost {idle_words.usd(rate)} an hour" if rate else "Nothing of yours is billing"
    many = len(found.waiting) + len(found.extensions)
    waits = f", {many} request{'' if many == 1 else 's'} wait{'s' if many == 1 else ''} for you" if many else ""
    idle = f", {len(found.reminders)} idle" if found.reminders else ""
    return costs + idle + waits


def _doors() -> Block:
    return actions(
        button("Estimate a job", "open_estimate", "home", style="primary"),
        button("Ask for a machine", "open_launch", "home"),
        button("What may I launch?", "open_rules", "home"),
    )


def _spent(found: Home) -> list[Block]:
    spent = found.spent
    if spent.today is None or spent.month is None or spent.team_today is None or spent.team_month is None:
        return []
    usd = idle_words.usd
    blocks = [
        header("Spending"),
        section(
            " ".join(("As scans counted it; days and months are UTC.", *_uncounted(found))),
            fields=[
                f"*You today*\n{usd(spent.today)}",
                f"*You this month*\n{usd(spent.month)}",
                f"*Everybody today*\n{usd(spent.team_today)}",
                f"*Everybody this month*\n{usd(spent.team_month)}",
            ],
        ),
    ]
    if found.picture:
        blocks.append(image(found.picture, home_team.in_words(spent)))
    elif spent.days:
        blocks.append(section(home_team.bars(spent)))
    return blocks


def _uncounted(found: Home) -> list[str]:
    """What is in no sum: what passed while nobody looked, and what has no known price."""
    own, team, lines = found.spent.unseen, found.spent.team_unseen, []
    if team >= LEAST:
        mine = f"up to {idle_words.usd(own)} more of yours and " if own >= LEAST else ""
        lines.append(
            f"While nobody looked, {mine}up to {idle_words.usd(team)} more of everybody's may have passed this month."
        )
    resources = [one.resource for one in (*found.machines, *found.reminders)]
    unpriced = sum(one.usd_per_hour is None and not one.details.get("counted_with") for one in resources)
    if unpriced:
        lines.append(f"In no sum: {unpriced} of yours without a known price.")
    return lines


def _clock(found: Home) -> list[str]:
    scanned = f"Machines as of the scan {moment(found.scanned_at)}" if found.scanned_at else "Nothing is scanned yet"
    lines = [f"{scanned} · drawn {moment(found.at)} · `/ml-help` has all commands"]
    return [
        *lines,
        *(f"Not seen: {plain(line)}" for line in gap_lines(found.gaps)[:4]),
    ]


def _fitted(blocks: list[Block]) -> list[Block]:
    """Within Slack's limits: what is over is left out before the last block, and that is said."""
    kept: list[Block] = []
    last, room = blocks[-1], CHARACTERS - size(blocks[-1:])
    for block in blocks[:-1]:
        room -= size([block])
        if room < 0 or len(kept) >= MOST - 2:
            return [*kept, context("There is more than fits: `/ml-instances all` and `/ml-idle all` show it."), last]
        kept.append(block)
    return [*kept, last]
