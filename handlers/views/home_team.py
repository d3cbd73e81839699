"""Of the Home tab what is the team's: budgets, spending, everybody's machines; and how mlbot itself does."""

from __future__ import annotations

from bot.home import Asked, Health, Home, Spent
from bot.rules import idle_words
from bot.rules import launch_text as say
from bot.rules.idle_finding import Finding, gap_lines
from bot.rules.launch import BudgetLine
from bot.store.money import Spend
from handlers.views.blocks import button, context, cut, header, section
from handlers.views.home_own import what
from handlers.views.idle_item import money, title
from handlers.views.message import Block, plain, timed, told
from handlers.views.times import moment

BUDGETS, REQUESTS, MACHINES, OWNERS, GAPS = 10, 10, 8, 10, 12
BAR = 20


def budgets(found: Home) -> list[Block]:
    """What is left of each budget, of this person or for leads of all."""
    if not found.budgets:
        return []
    fields = [_budget(line) for line in found.budgets[:BUDGETS]]
    note = f" The {BUDGETS} that matter most of {len(found.budgets)}." if len(found.budgets) > BUDGETS else ""
    said = section(f"Counted when a request is approved.{note}", fields=fields)
    return [header("Budgets of this month"), said]


def _budget(line: BudgetLine) -> str:
    over = f", *{say.usd(-line.left)} over*" if line.left < 0 else ""
    return (
        f"*{told(line.name)}*\n{say.usd(max(line.left, 0))} left of {say.usd(line.limit)}{over}\n"
        f"{say.usd(line.spent)} spent, {say.usd(line.committed)} committed"
    )


def bars(spent: Spent) -> str:
    """Spending by day as bars of text, for when no picture is drawn yet."""
    most = max((usd for _, usd, _ in spent.days), default=0.0) or 1.0
    rows = []
    for day, usd, idle in spent.days:
        full = round(usd / most * BAR)
        light = min(full, round(idle / most * BAR))
        rows.append(f"{day:%a %d %b} {'█' * (full - light)}{'░' * light} {idle_words.usd(usd)}")
    return "*By day* (light: idle)\n```" + "\n".join(rows) + "```"


def in_words(spent: Spent) -> str:
    """The picture for those who do not see it."""
    days = ", ".join(f"{day:%d %b} {idle_words.usd(usd)}" for day, usd, _ in spent.days)
    return cut(f"Spending by day and owner, UTC: {days or 'nothing yet'}.", 1900)


def team(found: Home) -> list[Block]:
    """For leads: requests, machines and spending of everybody."""
    blocks = [header("The team")]
    if found.asked:
        lines = [f"• {_request(one)}" for one in found.asked[:REQUESTS]]
        if len(found.asked) > REQUESTS:
            lines.append(f"and {len(found.asked) - REQUESTS} more in the approvals channel")
        blocks.append(section("*Open requests*\n" + cut("\n".join(lines), 2800)))
    else:
        blocks.append(section("*Open requests*\nNone."))
    if owners := found.spent.owners:
        rows = [f"• {_owner(who)}: {idle_words.usd(one.usd)}{_idle(one)}" for who, one in owners[:OWNERS]]
        rows += [f"and {len(owners) - OWNERS} more"] if len(owners) > OWNERS else []
        blocks.append(section("*Spent this month*\n" + "\n".join(rows)))
    return [*blocks, *_machines(found)]


def _request(one: Asked) -> str:
    launch = one.launch
    return cut(f"{told(f'{say.person(launch.asker)}: {what(launch)}')} · {launch.state}", 260)


def _idle(spent: Spend) -> str:
    return f", {idle_words.usd(spent.idle)} of it idle" if spent.idle >= 0.01 else ""


def _owner(who: str) -> str:
    return f"<@{who}>" if who else "nobody's"


def _machines(found: Home) -> list[Block]:
    if not found.others:
        return [
            section(
                "*Machines of others*\nNone was seen."
                if found.scanned_at
                else "*Machines of others*\nNothing is scanned yet: `/ml-idle now`."
            )
        ]
    known = [one.usd_per_hour for one in found.others if one.usd_per_hour is not None]
    idle = sum(one.verdict.level == "idle" and one.outcome is None for one in found.others)
    blocks = [section(f"*Machines of others*: {len(found.others)}, {idle_words.usd(sum(known))} an hour, {idle} idle")]
    for one in found.others[:MACHINES]:
        blocks.append(section(_line(one), accessory=_stop(one)))
    if len(found.others) > MACHINES:
        blocks.append(
            context(f"{len(found.others) - MACHINES} more: `/ml-idle all` and `/ml-instances all` show them.")
        )
    return blocks


def _line(one: Finding) -> str:
    held = f", quiet until {moment(one.hold.until)}" if one.hold else ""
    owner = _owner(one.owner or "")
    if one.outcome is not None:
        return cut(f"{title(one)}: {timed(one.outcome.words)}", 600)
    return cut(f"{title(one)}: {_level(one)}{held} · {owner}", 600)


def _level(one: Finding) -> str:
    """What it does, and its money."""
    if one.verdict.level == "idle":
        return money(one)
    rate = one.resource.usd_per_hour
    costs = f"{idle_words.usd(rate)} an hour" if rate is not None else "price unknown"
    if one.verdict.too_new:
        return f"{timed(one.verdict.reason)}, {costs}"
    return f"*{one.verdict.level}*, {costs}"


def _stop(one: Finding) -> Block | None:
    if one.outcome is None and one.at_work and "stop" in one.verbs:
        return button("Stop", "stop_idle" if one.verdict.level == "idle" else "stop", one.ref)
    return button("Claim", "claim", one.ref) if one.owner is None and one.outcome is None else None


def health(found: Health) -> list[Block]:
    """For operators: what is well, what is not, and where to look."""
    scan = moment(found.last_scan) if found.last_scan else "never; `/ml-idle now` makes one"
    prices = f"half are of {found.prices_as_of:%d %b %Y} or older" if found.prices_as_of else "none is known"
    unseen = gap_lines(found.gaps)
    blind = f"{len(unseen)} place{'' if len(unseen) == 1 else 's'}" if unseen else "nothing"
    fields = [
        f"*Slack's events*\n{_good(found.door_is_good)}{plain(found.door) or 'not noted yet'}",
        f"*Work*\n{_queue(found)}",
        f"*Messages*\n{_unsent(found)}",
        f"*Last scan*\n{_good(found.last_scan is not None and not found.alarm)}{scan}",
        f"*Prices*\n{_good(not found.prices_old)}{prices}",
        f"*Not seen by the scan*\n{_good(not found.gaps)}{blind}",
    ]
    blocks = [header("How mlbot does"), section("As the database knows; `mlbot doctor` looks deeper.", fields=fields)]
    if found.alarm:
        blocks.append(section(f"*Nothing is done on the last scan:* {plain(found.alarm)}"))
    if unseen:
        lines = [f"• {plain(line)}" for line in unseen[:GAPS]]
        lines += [f"and {len(unseen) - GAPS} more"] if len(unseen) > GAPS else []
        blocks.append(section("*Gaps*\n" + "\n".join(cut(line, 220) for line in lines)))
    return blocks


def _good(good: bool) -> str:
    return "" if good else "⚠ "


def _queue(found: Health) -> str:
    if found.late_since is not None:
        return f"⚠ late since {moment(found.late_since)}"
    return f"⚠ {found.failed} given up" if found.failed else "on time"


def _unsent(found: Health) -> str:
    if found.unsent_since is not None:
        return f"⚠ {found.unsent} wait, the oldest since {moment(found.unsent_since)}"
    return "all sent"
