"""The morning message and /ml-idle: what is idle, since when, what it cost, how one knows, and the buttons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.rules import idle_words as say
from bot.rules.idle_finding import Finding, ScanReport, gap_lines
from bot.rules.remind import WORTH_A_CHANGE, Digest, by_money
from handlers.views.blocks import actions, button, confirm, context, header, section
from handlers.views.forms import date_input, live, modal, text_input
from handlers.views.idle_item import buttons, is_open, item, money, title
from handlers.views.message import Block, Message, plain, timed, worded
from handlers.views.times import moment

MOST = 12  # findings with buttons in one message; the rest is summed up
AT_ONCE = 24  # findings that a list tries to hold
MOST_CHEAPER = 3
MORE, NEXT = "There is more: `/ml-idle`.", "{n} more: they are shown when these are answered."
GAPS = 5
MACHINES = ("ec2_instance", "sagemaker_notebook", "sagemaker_training_job")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who reads `/ml-idle`: their own things or everybody's, and which of those nobody owns (by reference)."""

    user: str
    everybody: bool = False
    ownerless: Collection[str] = ()


def digest(found: Digest) -> Message:
    """One owner's morning message (or a channel's, with Claim)."""
    point = _digest_point(found)
    blocks = [header(f"{_greeting(found)}: {point}")]
    for one in found.items[:MOST]:
        blocks += _of_digest(one, found)
    small = [one for one in (*found.items[MOST:], *found.small) if is_open(one)]
    if small:
        blocks.append(context(_small(small, "/ml-idle" if found.owner else "/ml-idle all")))
    for one in found.unknown[:MOST]:
        blocks += _of_digest(one, found)
    blocks += _cheaper(found.cheaper, claim=found.owner is None)
    return Message(point, _fit(blocks))


def findings(found: Sequence[Finding], *, report: ScanReport | None, asker: Asker) -> Message:
    """What `/ml-idle` shows to one person now."""
    left = [one for one in found if not one.hold and not one.outcome]
    idle = by_money(one for one in left if one.verdict.level == "idle")
    unknown = [one for one in left if one.verdict.level == "unknown"]
    done = [one for one in found if one.outcome and one.verdict.level != "active" and not one.hold]
    nothing = "nothing is idle" if asker.everybody else "nothing of yours is idle"
    point = _point(idle, unknown, nothing=nothing)
    shown = [*idle, *unknown, *done]
    blocks = [header(point)]
    for one in shown[:AT_ONCE]:
        blocks += _of_list(one, asker)
    worth = (one for one in found if one.usd_saved_as_gp3 >= WORTH_A_CHANGE)
    blocks += _cheaper(sorted(worth, key=lambda one: -one.usd_saved_as_gp3), claim=False)
    last = _held_now(found) + _scanned(report, sum(one.verdict.level == "active" for one in found))
    return Message(point, _fit(blocks, last, beyond=len(shown[AT_ONCE:]), more=NEXT))


def _held_now(found: Sequence[Finding]) -> list[Block]:
    held = [one for one in found if one.hold]
    return [context("*Quiet for now:* " + "; ".join(_held(one) for one in held[:MOST]))] if held else []


def unclaimed(one: Finding) -> Message:
    """One thing that its owner disowned, as it was claimed or answered since."""
    if one.outcome is not None:
        return Message(title(one), item(one, claim=True, own=False))
    if one.owner:
        text = f"<@{one.owner}> claimed {title(one)}."
        return Message(text, [section(text), buttons(one, claim=False, own=True)])
    text = f"Whose is {title(one)}?"
    why = f"\n{timed(one.verdict.reason)}" if one.at_work else ""
    return Message(text, [section(f"*{text}*\n{money(one)}{why}"), buttons(one, claim=True, own=False)])


def _greeting(found: Digest) -> str:
    """To its owner a greeting; to the channel whether nobody owns it, or whoever does has not answered."""
    if found.owner:
        return "Good morning"
    asked = {one.ref in found.escalated for one in found.everything}
    return "Nobody's, or not answered" if len(asked) == 2 else "Not answered" if asked == {True} else "Nobody's"


def _of_digest(one: Finding, found: Digest) -> list[Block]:
    asked = one.ref in found.escalated
    own = found.owner is not None and one.owner == found.owner
    note = f"\n_<@{one.owner}> has not answered._" if asked and one.owner else ""
    return item(one, claim=not own and not asked, own=own, note=note)


def _of_list(one: Finding, asker: Asker) -> list[Block]:
    nobodys, own = one.ref in asker.ownerless, one.owner == asker.user
    owner = f"<@{one.owner}>" if one.owner else "nobody"
    note = f"\n_Owner: {owner}_" if asker.everybody else ""
    return item(one, claim=nobodys and not own, own=own, note=note, brief=not own)


def _digest_point(found: Digest) -> str:
    everything = found.everything
    left = [one for one in everything if is_open(one)]
    if not left:
        return "all answered"
    idle = [one for one in left if one.verdict.level == "idle"]
    unknown = [one for one in left if one.verdict.level == "unknown"]
    cheaper = [one for one in left if one.usd_saved_as_gp3]
    point = _point(idle, unknown) if idle or unknown else _saving(cheaper)
    done = len(everything) - len(left)
    return f"{point}; {done} answered" if done else point


def _point(idle: Sequence[Finding], unknown: Sequence[Finding], *, nothing: str = "") -> str:
    """How many and what they cost; then what nobody can judge."""
    said = [_costs(idle)] if idle else [nothing] if nothing else []
    dark = [one for one in unknown if not one.verdict.too_new]
    if dark:
        things = "machine" if all(one.resource.kind in MACHINES for one in dark) else "thing"
        mend = ": install the agent" if all(one.verdict.advice for one in dark) else ""
        said.append(f"{len(dark)} {things}{'' if len(dark) == 1 else 's'} nobody can judge{mend}")
    if new := len(unknown) - len(dark):
        said.append(f"{new} too new to judge")
    return "; ".join(said)


def _costs(idle: Sequence[Finding]) -> str:
    known = [one.usd_per_day for one in idle if one.usd_per_day is not None]
    spent = [one.usd_since for one in idle if one.at_work and one.usd_since is not None]
    money = f", {say.usd(sum(known))} a day" if known else ""
    since = f", {say.usd(sum(spent))} since idle" if spent else ""
    return f"{len(idle)} idle{money}{since}"


def _scanned(report: ScanReport | None, active: int) -> list[Block]:
    if report is None:
        return [context("Nothing has been scanned yet.")]
    lines = [f"Scanned {moment(report.at)}; {active} busy."]
    if report.alarm:
        lines.append(f"*Nothing is done on this scan:* {plain(report.alarm)}")
    lines += [f"Not seen: {plain(line)}" for line in gap_lines(report.gaps)[:GAPS]]
    return [context(*lines)]


def _saving(cheaper: Sequence[Finding]) -> str:
    disks = "1 disk" if len(cheaper) == 1 else f"{len(cheaper)} disks"
    return f"{disks} would cost {say.usd(sum(one.usd_saved_as_gp3 for one in cheaper))} a month less as gp3"


def _cheaper(found: Sequence[Finding], *, claim: bool) -> list[Block]:
    """Disks in use that gp3 would make cheaper: the three that save most, the rest in one line."""
    blocks: list[Block] = []
    for one in found[:MOST_CHEAPER]:
        if not is_open(one):
            blocks += item(one)
            continue
        blocks.append(section(f"*{title(one)}*\n{plain(one.verdict.advice)}"))
        asks = f"{plain(one.verdict.advice)} It stays in use meanwhile; AWS allows the next change after 6 hours."
        named = confirm(f"Change {one.resource.name or one.resource.id}?", asks, yes="Change to gp3")
        presses = [button("Change to gp3", "change_gp3", one.ref, confirm=named)]
        presses.append(button("Claim", "claim", one.ref) if claim else button("Snooze 1 week", "snooze_1w", one.ref))
        blocks.append(actions(*presses))
    if len(found) > MOST_CHEAPER:
        blocks.append(context(f"And {_saving(found[MOST_CHEAPER:])}: the next are shown when these are answered."))
    return blocks


def _held(one: Finding) -> str:
    assert one.hold is not None
    why = f" ({worded(one.hold.reason)})" if one.hold.reason else ""
    return f"{title(one)} until {moment(one.hold.until)}{why}"


def _small(found: Sequence[Finding], command: str) -> str:
    return f"Small change: {_more(found)} `{command}` has all."


def _more(found: Sequence[Finding]) -> str:
    """Those without buttons here: how many, for how much, and their names."""
    known = [one.usd_per_month for one in found if one.usd_per_month is not None]
    names = ", ".join(plain(one.resource.name or one.resource.id) for one in found[:8])
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return f"{len(found)} for {say.usd(sum(known))} a month together ({names}{more})."


def _fit(blocks: list[Block], last: Sequence[Block] = (), *, beyond: int = 0, more: str = MORE) -> list[Block]:
    """
    Slack takes 50 blocks and some 13,000 characters; what is over is left out and that is said.

    Nothing is parted from its buttons, and *last* stands in any case. *beyond* counts things that have no blocks.
    """
    kept: list[Block] = []
    size = sum(len(str(block)) for block in last)
    for block in blocks:
        size += len(str(block))
        if len(kept) + len(last) >= 46 or size > 11_000:
            if block["type"] == "actions":
                kept.pop()
            beyond += sum(one["type"] == "section" for one in blocks[len(kept) :])
            break
        kept.append(block)
    return [*kept, context(more.format(n=beyond)), *last] if beyond else [*kept, *last]


def keep_form(finding: Finding, given: Mapping[str, str], days: float | None, state: Mapping[str, str]) -> Block:
    """Until when, and why; the form says what that costs, *days* from now."""
    per_day = finding.usd_per_day
    blocks = [
        section(f"*{title(finding)}*"),
        live(
            date_input("until", "Keep until", value=given["until"], hint="Nothing is said of it before that morning.")
        ),
        section(_kept_costs(per_day, days), block_id="cost"),
        text_input("reason", "Why", value=given.get("reason", ""), placeholder="Demo on Friday", max_length=200),
    ]
    return modal("Keep it", "keep", blocks, submit="Keep", state=state)


def _kept_costs(per_day: float | None, days: float | None) -> str:
    if days is not None and days <= 0:
        return "⚠ Choose a day after today."
    if per_day is None:
        return "*Cost:* its price is not known."
    total = f"some {say.usd(per_day * days)} until then, " if days is not None else ""
    return f"*Cost:* {total}{say.usd(per_day)} a day as it is."
