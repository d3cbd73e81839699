"""The picture of spending on the Home tab: drawn and uploaded by a worker, again only when the figures are others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot import charts, ops
from bot.charts import Day, Picture
from bot.charts.spend import days
from bot.ops import Done, Op, Outcome
from bot.parts import Parts
from bot.rules.launch_money import month_of
from bot.store import homes, money, state
from bot.store.db import Tx
from bot.store.money import Spend

DRAW = "home.draw"
NAME = "home.picture:"  # before whom it is for
TEAM, LEADS = "team", "leads"  # by day for everybody; for leads by person, too
SPAN = timedelta(days=13)  # a fortnight with today


@dataclass(frozen=True, slots=True)
class Figures:
    """What is drawn; owners are those of the month, none where they are not shown."""

    first: date
    by_day: Mapping[date, Spend]
    owners: Mapping[str, Spend]

    @property
    def mark(self) -> str:
        """The same for figures that look the same: whole dollars."""
        rows = [*self.by_day.items(), *self.owners.items()]
        said = [(str(key), round(one.usd), round(one.idle), round(one.saved)) for key, one in sorted(rows, key=str)]
        return hashlib.sha256(repr((self.first, said)).encode()).hexdigest()[:16]


def figures(tx: Tx, whom: str, now: datetime) -> Figures:
    """The money of the last fortnight, and for leads of the month by person."""
    today = now.date()
    owners = money.between(tx, month_of(now).date(), today) if whom == LEADS else {}
    return Figures(today - SPAN, money.by_day(tx, today - SPAN, today), owners)


def file(tx: Tx, *, lead: bool) -> str:
    """The id in Slack of the picture for a lead or for others; empty before it is drawn."""
    row = state.get(tx, NAME + (LEADS if lead else TEAM))
    return str(row["value"]).partition(" ")[2] if row else ""


def plan(tx: Tx, now: datetime) -> None:
    """Have drawn what shows other figures by now."""
    for whom in (TEAM, LEADS):
        found, row = figures(tx, whom, now), state.get(tx, NAME + whom)
        if found.by_day and (row is None or str(row["value"]).partition(" ")[0] != found.mark):
            ops.again(tx, kind=DRAW, key=whom, payload={"whom": whom}, now=now)


def draw(parts: Parts, op: Op) -> Outcome:
    """Draw, upload, and have the pages show it; raises SlackError, and then it is tried again."""
    whom, now = str(op.payload["whom"]), parts.clock.now()
    with parts.store.reading() as tx:
        found = figures(tx, whom, now)
    picture = _drawn(parts, found)
    shown = ""
    if picture is not None:
        shown = parts.slack.keep(name=picture.name, title=picture.title, alt_text=picture.alt, content=picture.content)
    with parts.store.transaction() as tx:
        state.put(tx, NAME + whom, f"{found.mark} {shown}", by="mlbot", now=now)
        ops.finish(tx, op, now)
        homes.touch(tx, now)
    parts.wake()
    return Done()


def _drawn(parts: Parts, found: Figures) -> Picture | None:
    bars = [(day, Day(f"{day:%a %d}", one.usd, one.idle, one.saved)) for day, one in found.by_day.items()]
    owners = [
        Day(parts.people.name(who) if who else "nobody's", one.usd, one.idle) for who, one in found.owners.items()
    ]
    begin = min(found.by_day, default=found.first)
    return charts.spend(days(begin, bars), owners, title="Spending of the last fortnight, by day (UTC)")
