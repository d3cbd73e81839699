"""The morning message and /ml-idle: what is idle, since when, what it cost, how one knows, and the buttons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.rules import idle_words as say
from bot.rules.idle_finding import Finding, ScanReport
from bot.rules.instances import saved_by_a_stop
from bot.rules.remind import WORTH_A_CHANGE, Digest
from handlers.views import schedule
from handlers.views.blocks import actions, button, confirm, context, cut, header, section
from handlers.views.forms import date_input, live, modal, text_input
from handlers.views.message import Block, Message, plain, timed, worded
from handlers.views.times import moment

MOST = 12  # findings with buttons in one message; the rest is summed up
MOST_CHEAPER = 3
BARS = "▁▂▃▄▅▆▇█"
SPARK_POINTS = 40
WHAT = {
    "ec2_instance": "instance",
    "ebs_volume": "volume",
    "elastic_ip": "address",
    "ebs_snapshot": "snapshot",
    "ec2_image": "image",
    "sagemaker_endpoint": "endpoint",
    "sagemaker_notebook": "notebook",
}
SIGNALS = {"gpu_max_pct": "GPU", "cpu_max_pct": "CPU", "invocations": "requests", "net_bytes": "network"}


def digest(found: Digest) -> Message:
    """One owner's morning message (or a channel's, with Claim)."""
    idle = found.items + found.small
    point = _saving(found.cheaper) if found.cheaper and not idle and not found.unknown else _point(idle)
    blocks = [header("Good morning: " + point if found.owner else "Nobody's: " + point)]
    blocks += _items(found.items, claim=found.owner is None, escalated=found.escalated)
    if found.small:
        blocks.append(context(_small(found.small)))
    for one in found.unknown[:MOST]:
        blocks += _unknown(one, claim=found.owner is None)
    blocks += _cheaper(found.cheaper, claim=found.owner is None)
    return Message(point, _fit(blocks))


def findings(found: Sequence[Finding], *, report: ScanReport | None, user: str) -> Message:
    """What `/ml-idle` shows to one person now."""
    idle = [one for one in found if one.verdict.level == "idle" and not one.hold]
    open_ones = [one for one in idle if one.outcome is None]
    held = [one for one in found if one.hold]
    unknown = [one for one in found if one.verdict.level == "unknown" and not one.hold and not one.outcome]
    active = sum(one.verdict.level == "active" for one in found)
    point = _point(open_ones)
    blocks = [
        header(point),
        *_items([*open_ones, *(one for one in idle if one.outcome)], claim=False, escalated=frozenset(), user=user),
    ]
    for one in unknown[:MOST]:
        blocks += _unknown(one, claim=False)
    worth = (one for one in found if one.usd_saved_as_gp3 >= WORTH_A_CHANGE)
    cheaper = sorted(worth, key=lambda one: -one.usd_saved_as_gp3)
    blocks += _cheaper(cheaper, claim=False)
    if held:
        blocks.append(context("*Quiet for now:* " + "; ".join(_held(one) for one in held[:MOST])))
    blocks += _scanned(report, active)
    return Message(point, _fit(blocks))


def unclaimed(one: Finding) -> Message:
    """One thing that its owner disowned, or that somebody claimed since."""
    if one.owner:
        text = f"<@{one.owner}> claimed {title(one)}."
        return Message(text, [section(text)])
    text = f"Whose is {title(one)}?"
    return Message(
        text, [section(f"*{text}*\n{money(one)}. {timed(one.verdict.reason)}"), _buttons(one, claim=True, own=False)]
    )


def _scanned(report: ScanReport | None, active: int) -> list[Block]:
    if report is None:
        return [context("Nothing has been scanned yet.")]
    lines = [f"Scanned {moment(report.at)}; {active} busy."]
    if report.alarm:
        lines.append(f"*Nothing is done on this scan:* {plain(report.alarm)}")
    lines += [f"Not seen: {plain(gap.region)} {plain(gap.kind)}: {plain(gap.reason)}" for gap in report.gaps[:5]]
    return [context(*lines)]


def _point(idle: Sequence[Finding]) -> str:
    if not idle:
        return "nothing of yours is idle"
    known = [one.usd_per_day for one in idle if one.usd_per_day is not None]
    spent = [one.usd_since for one in idle if one.at_work and one.usd_since is not None]
    money = f", {say.usd(sum(known))} a day" if known else ""
    since = f", {say.usd(sum(spent))} since idle" if spent else ""
    return f"{len(idle)} idle{money}{since}"


def item(one: Finding) -> list[Block]:
    """One finding with the answers to it, for its owner."""
    return [section(_text(one)), _buttons(one, claim=False, own=True)]


def _items(found: Sequence[Finding], *, claim: bool, escalated: frozenset[str], user: str | None = None) -> list[Block]:
    blocks: list[Block] = []
    for one in found[:MOST]:
        note = "\n_Its owner has not answered._" if one.ref in escalated else ""
        blocks.append(section(_text(one) + note))
        if one.outcome is None:
            blocks.append(_buttons(one, claim=claim, own=user is None or user == one.owner))
        elif one.undo:
            blocks.append(actions(_undo(one)))
    if len(found) > MOST:
        blocks.append(context(_small(found[MOST:])))
    return blocks


def title(one: Finding) -> str:
    """Name, what it is and where, made harmless."""
    thing = one.resource
    name = f"{thing.name} ({thing.id})" if thing.name and thing.name != thing.id else thing.id
    kind = WHAT.get(thing.kind, thing.kind)
    return f"{plain(name)}, {plain(thing.type)} {kind} in {plain(thing.region)}".replace("  ", " ")


def _text(one: Finding) -> str:
    if one.outcome is not None:
        return f"~{title(one)}~\n{timed(one.outcome.words)}"
    lines = [f"*{title(one)}*", f"*{money(one)}*", timed(one.verdict.reason)]
    if one.spark:
        lines.append(f"`{spark(one.spark)}` {SIGNALS.get(one.spark_of, one.spark_of)} over the window")
    if plan := _plan(one):
        lines.append(plan)
    if one.schedule:
        lines.append(f"On {plain(one.schedule)} only")
    if one.back_test is not None:
        lines.append(f"_{timed(one.back_test.words)}_")
    if one.verdict.confidence == "low":
        lines.append("_Low confidence._" + (f" {plain(one.verdict.advice)}" if one.verdict.advice else ""))
    return cut("\n".join(lines), 1400)


def money(one: Finding) -> str:
    """Since when it is idle or stopped, and what that costs."""
    length, since, month = one.idle_for, one.usd_since, one.usd_per_month
    at_least = "at least " if one.verdict.at_least else ""
    if one.at_work:
        words = f"idle {at_least}{say.span(length)}" if length else "idle"
        return words + (f", {say.usd(since)} since" if since is not None else ", price unknown")
    words = f"{plain(one.resource.state)} {at_least}{say.span(length)}" if length else plain(one.resource.state)
    return words + (f", still {say.usd(month)} a month" if month is not None else ", price unknown")


def _plan(one: Finding) -> str:
    if one.resource.until is None or one.usd_planned is None or one.usd_so_far is None:
        return ""
    was = "was" if one.resource.until < one.at else "is"
    planned, so_far = say.usd(one.usd_planned), say.usd(one.usd_so_far)
    return f"It {was} to end {moment(one.resource.until)} for {planned}; now {so_far}."


def _buttons(one: Finding, *, claim: bool, own: bool) -> Block:
    presses = []
    if "stop" in one.verbs and one.at_work:
        presses.append(button("Stop", "stop_idle", one.ref, style="primary" if one.verdict.safe else ""))
    elif "terminate" in one.verbs:
        presses.append(button("Terminate", "terminate_idle", one.ref, style="danger", confirm=_lost(one, "Terminate")))
    elif "delete" in one.verbs:
        presses.append(button("Delete", "delete", one.ref, style="danger", confirm=_lost(one, "Delete")))
    if claim:
        presses.append(button("Claim", "claim", one.ref))
    presses += [
        button("Snooze 1 day", "snooze_1d", one.ref),
        button("Snooze 1 week", "snooze_1w", one.ref),
        button("Keep until...", "keep", one.ref),
    ]
    if "stop" in one.verbs and one.at_work and one.resource.kind == "ec2_instance":
        saved = saved_by_a_stop(one.resource)
        presses.append(schedule.choices(one.ref, saved, scheduled=bool(one.schedule)))
    if "terminate" in one.verbs and one.resource.kind == "ec2_instance":
        presses.append(button("Park...", "park", one.ref))
    if one.spark:
        presses.append(button("Show its use", "picture_usage", one.ref))
    if own and not claim:
        presses.append(button("Not mine", "not_mine", one.ref))
    return actions(*presses)


def _undo(one: Finding) -> Block:
    if one.undo == "unschedule":
        return button("Undo", "schedule_undo", f"{one.ref}:remove")
    return button("Start again" if one.undo == "start" else "Undo", "undo", one.ref)


def _lost(one: Finding, verb: str) -> Block:
    text = f"{verb} {title(one)}? Its data is lost and cannot be brought back."
    return confirm(f"{verb} {one.resource.name or one.resource.id}?", text, yes=verb, danger=True)


def _unknown(one: Finding, *, claim: bool) -> list[Block]:
    advice = f" {plain(one.verdict.advice)}" if one.verdict.advice else ""
    text = f"*{title(one)}*: unknown, {timed(one.verdict.reason)}.{advice}"
    return [section(cut(text, 800)), _buttons(one, claim=claim, own=True)]


def _saving(cheaper: Sequence[Finding]) -> str:
    disks = "1 disk" if len(cheaper) == 1 else f"{len(cheaper)} disks"
    return f"{disks} would cost {say.usd(sum(one.usd_saved_as_gp3 for one in cheaper))} a month less as gp3"


def _cheaper(found: Sequence[Finding], *, claim: bool) -> list[Block]:
    """Disks in use that gp3 would make cheaper: the three that save most, the rest in one line."""
    blocks: list[Block] = []
    for one in found[:MOST_CHEAPER]:
        if one.outcome is not None:
            blocks.append(section(f"~{title(one)}~\n{plain(one.outcome.words)}"))
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


def _small(found: Sequence[Finding]) -> str:
    known = [one.usd_per_month for one in found if one.usd_per_month is not None]
    names = ", ".join(plain(one.resource.name or one.resource.id) for one in found[:8])
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return f"Small change: {len(found)} for {say.usd(sum(known))} a month together ({names}{more}). `/ml-idle` has all."


def spark(values: Iterable[float]) -> str:
    """Values from 0 to 100 as bars, the newest right; several datapoints share a bar by their highest."""
    points = list(values)
    size = max(1, -(-len(points) // SPARK_POINTS))
    peaks = [max(points[n : n + size]) for n in range(0, len(points), size)]
    top = max(100.0, *peaks) if peaks else 100.0
    return "".join(BARS[min(7, int(peak / top * 8))] for peak in peaks)


def _fit(blocks: list[Block]) -> list[Block]:
    """Slack takes 50 blocks and some 13,000 characters; what is over is left to /ml-idle, and that is said."""
    kept: list[Block] = []
    size = 0
    for block in blocks:
        size += len(str(block))
        if len(kept) >= 46 or size > 11_000:
            return [*kept, context("There is more: `/ml-idle`.")]
        kept.append(block)
    return kept


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
