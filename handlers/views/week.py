"""The weekly message to the leads: spent, wasted, kept, saved, and what nobody can judge."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules import idle_words as say
from bot.rules.idle_finding import Finding, gap_lines
from bot.rules.idle_week import LEAST, Spent, Week
from handlers.views.blocks import context, header, section
from handlers.views.message import Message, plain, worded
from handlers.views.times import moment

OWNERS = 12
KEPT = 5
BAR = 24


def digest(week: Week) -> Message:
    """One week in money, by owner and by day."""
    total = week.total
    point = f"{say.usd(total.usd)} from {week.first:%d %b} to {week.last:%d %b}, {say.usd(total.idle)} of it idle"
    blocks = [header(point)]
    if total.usd:
        blocks.append(section(_owners(week)))
        blocks.append(section(_days(week)))
    else:
        blocks.append(section("Nothing that mlbot can see was billed."))
    lines = [said] if (said := _kept_and_saved(week)) else []
    if total.unseen >= LEAST:
        lines.append(f"Up to {say.usd(total.unseen)} more may have passed while nobody looked.")
    if week.kept:
        lines.append("*Kept alive:* " + "; ".join(_kept(one) for one in week.kept[:KEPT]) + _more(week.kept, KEPT))
    if dark := [one for one in week.unknown if not one.verdict.too_new]:
        names = ", ".join(plain(one.resource.name or one.resource.id) for one in dark[:8])
        more = _more(dark, 8)
        lines.append(f"*Nobody can judge:* {names}{more}. Install the GPU metric there, or tag them.")
    lines += [f"*Not seen:* {plain(line)}" for line in gap_lines(week.gaps)[:3]]
    return Message(point, [*blocks, context(*lines)] if lines else blocks)


def _kept_and_saved(week: Week) -> str:
    """What of it there was; nothing of noughts."""
    total = week.total
    said = [f"{say.usd(total.kept)} of it was kept on purpose"] if total.kept >= LEAST else []
    said += [f"{say.usd(total.saved)} was saved{_savers(week)}"] if total.saved >= LEAST else []
    return f"{', '.join(said)}." if said else ""


def _savers(week: Week) -> str:
    named = [f"{say.usd(usd)} by <@{who}>" for who, usd in week.savers[:5]]
    return f" ({', '.join(named)})" if named else ""


def _kept(one: Finding) -> str:
    """demo-box until Fri by @ann, $27 a day (demo on Friday)."""
    assert one.hold is not None
    price = f"{say.usd(one.usd_per_day)} a day" if one.usd_per_day is not None else "price unknown"
    why = f" ({worded(one.hold.reason)})" if one.hold.reason else ""
    name, until = plain(one.resource.name or one.resource.id), moment(one.hold.until)
    return f"{name} until {until} by <@{one.hold.by}>, {price}{why}"


def _more(found: Sequence[Finding], shown: int) -> str:
    return f" and {len(found) - shown} more" if len(found) > shown else ""


def _owners(week: Week) -> str:
    named = [(owner, spent) for owner, spent in week.by_owner if max(spent.usd, spent.saved) >= LEAST]
    rows = [f"• {_name(owner)}: {_money(spent)}" for owner, spent in named[:OWNERS]]
    if len(named) > OWNERS:
        rows.append(f"and {len(named) - OWNERS} more")
    return "*By owner*\n" + "\n".join(rows)


def _name(owner: str) -> str:
    return f"<@{owner}>" if owner else "nobody's"


def _money(spent: Spent) -> str:
    parts = [say.usd(spent.usd)]
    if spent.idle >= LEAST:
        parts.append(f"{say.usd(spent.idle)} idle")
    if spent.saved >= LEAST:
        parts.append(f"{say.usd(spent.saved)} saved")
    return ", ".join(parts)


def _days(week: Week) -> str:
    most = max(spent.usd for _, spent in week.by_day) or 1.0
    rows = []
    for day, spent in week.by_day:
        busy = round((spent.usd - spent.idle) / most * BAR)
        idle = round(spent.usd / most * BAR) - busy
        rows.append(f"{day:%a %d} {'█' * busy}{'░' * max(0, idle)} {say.usd(spent.usd)}")
    return "*By day* (light: idle)\n```" + "\n".join(rows) + "```"
