"""One idle thing as every message shows it: its name, money, evidence and answers."""

from __future__ import annotations

from collections.abc import Iterable

from bot.rules import idle_words as say
from bot.rules.idle_finding import BUSY, REFUSED, Finding
from bot.rules.idle_lost import lost, lost_at_stop
from bot.rules.instances import saved_by_a_stop
from handlers.views import schedule
from handlers.views.blocks import actions, button, confirm, cut, section
from handlers.views.message import Block, plain, timed
from handlers.views.times import moment

BARS = "▁▂▃▄▅▆▇█"
SPARK_POINTS = 40
NAME_IN_DIALOG = 120  # characters, so that Slack's 300 leave room for what is lost
WHAT = {
    "ec2_instance": "instance",
    "ebs_volume": "volume",
    "elastic_ip": "address",
    "ebs_snapshot": "snapshot",
    "ec2_image": "image",
    "sagemaker_endpoint": "endpoint",
    "sagemaker_notebook": "notebook",
    "sagemaker_training_job": "training job",
    "sagemaker_studio_app": "Studio app",
}
SIGNALS = {"gpu_max_pct": "GPU", "cpu_max_pct": "CPU", "invocations": "requests", "net_bytes": "network"}
COPIES = ("ebs_snapshot", "ec2_image")  # idle by their age: how long they are idle says nothing
STILL = (BUSY, REFUSED, "started", "claimed")  # outcomes after which it is there as it was


def item(one: Finding, *, claim: bool = False, own: bool = True, note: str = "", brief: bool = False) -> list[Block]:
    """One finding with the answers to it, few where it is *brief*; one that was answered says what came of it."""
    if one.outcome is not None and one.outcome.what != REFUSED:
        blocks = [section(_answered(one))]
        if one.outcome.what == "claimed" and claim:  # who claimed it where everybody reads goes on from there
            return [*blocks, buttons(one, claim=False, own=True)]
        return [*blocks, actions(_undo(one))] if one.undo else blocks
    text = _unknown(one) if one.verdict.level == "unknown" else _text(one)
    if one.outcome is not None:
        note = f"{note}\n⚠ {timed(one.outcome.words)}"
    return [section(cut(text, 1400) + note), *_row(one, claim=claim, own=own, brief=brief)]


def _row(one: Finding, *, claim: bool, own: bool, brief: bool) -> list[Block]:
    if not brief:
        return [buttons(one, claim=claim, own=own)]
    presses = [*_strong(one), *([button("Claim", "claim", one.ref)] if claim else [])]
    return [actions(*presses, button("Keep until...", "keep", one.ref))]


def title(one: Finding) -> str:
    """Name, what it is and where, made harmless."""
    thing = one.resource
    named = thing.name and not thing.id.endswith(thing.name)
    name = f"{thing.name} ({thing.id})" if named else thing.id
    kind = WHAT.get(thing.kind, thing.kind)
    what = f"{plain(thing.type)} {kind}" if thing.type and thing.type != kind else kind
    return f"{plain(name)}, {what} in {plain(thing.region)}"


def is_open(one: Finding) -> bool:
    """Whether it waits for an answer; one that was refused does still."""
    return one.outcome is None or one.outcome.what == REFUSED


def _answered(one: Finding) -> str:
    assert one.outcome is not None
    name = f"*{title(one)}*" if one.outcome.what in STILL else f"~{title(one)}~"
    return f"{name}\n{timed(one.outcome.words)}"


def _text(one: Finding) -> str:
    lines = [f"*{title(one)}*", f"*{money(one)}*"]
    if one.at_work:
        lines.append(timed(one.verdict.reason))
    if one.spark:
        lines.append(f"`{spark(one.spark)}` {_signal(one)} over the window")
    if plan := _plan(one):
        lines.append(plan)
    if one.schedule:
        lines.append(f"On {plain(one.schedule)} only")
    if one.back_test is not None and one.at_work:
        lines.append(f"_{timed(one.back_test.words)}_")
    if one.verdict.confidence == "low":
        lines.append("_Low confidence._" + (f" {plain(one.verdict.advice)}" if one.verdict.advice else ""))
    return "\n".join(lines)


def _signal(one: Finding) -> str:
    if one.spark_of.startswith("gpu") and one.resource.details.get("neuron"):
        return "NeuronCore"
    return SIGNALS.get(one.spark_of, one.spark_of)


def money(one: Finding) -> str:
    """Since when it is idle, stopped or unused, and what that costs."""
    length, since, month = one.idle_for, one.usd_since, one.usd_per_month
    lasted = "" if length is None else f"at least {say.least(length)}" if one.verdict.at_least else say.span(length)
    if one.at_work:
        words = f"idle {lasted}".rstrip()
        return words + (f", {say.usd(since)} since" if since is not None else ", price unknown")
    if one.resource.kind in COPIES:
        return timed(one.verdict.reason)
    state = "unused" if one.resource.state == "available" else plain(one.resource.state).lower()
    words = f"{state} {lasted}".rstrip()
    return words + (f", still {say.usd(month)} a month" if month is not None else ", price unknown")


def _plan(one: Finding) -> str:
    if one.resource.until is None or one.usd_planned is None or one.usd_so_far is None:
        return ""
    was = "was" if one.resource.until < one.at else "is"
    planned, so_far = say.usd(one.usd_planned), say.usd(one.usd_so_far)
    return f"It {was} to end {moment(one.resource.until)} for {planned}; now {so_far}."


def _unknown(one: Finding) -> str:
    reason = timed(one.verdict.reason)
    advice = f" {plain(one.verdict.advice)}" if one.verdict.advice else ""
    return f"*{title(one)}*\n{reason}." if one.verdict.too_new else f"*{title(one)}*\nUnknown: {reason}.{advice}"


def buttons(one: Finding, *, claim: bool, own: bool) -> Block:
    """The answers that make sense for it."""
    presses = [*_strong(one)]
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


def _strong(one: Finding) -> Iterable[Block]:
    """What changes something in AWS; what takes something for good asks first and says what is lost and what stays."""
    if "stop" in one.verbs and one.at_work:
        final = lost_at_stop(one.resource)
        asks = _asks(one, "Stop", final) if final else None
        style = "danger" if final else "primary" if one.verdict.safe else ""
        yield button("Stop", "stop_idle", one.ref, style=style, confirm=asks)
    elif "terminate" in one.verbs:
        asks = _asks(one, "Terminate", lost(one.resource))
        yield button("Terminate", "terminate_idle", one.ref, style="danger", confirm=asks)
    elif "delete" in one.verbs:
        asks = _asks(one, "Delete", lost(one.resource))
        yield button("Delete", "delete", one.ref, style="danger", confirm=asks)


def _asks(one: Finding, verb: str, lost: str) -> Block:
    text = f"{cut(title(one), NAME_IN_DIALOG)}. {plain(lost)}"
    return confirm(f"{verb} {one.resource.name or one.resource.id}?", text, yes=verb, danger=True)


def _undo(one: Finding) -> Block:
    if one.undo == "unschedule":
        return button("Undo", "schedule_undo", f"{one.ref}:remove")
    return button("Start again" if one.undo == "start" else "Undo", "undo", one.ref)


def spark(values: Iterable[float]) -> str:
    """Values from 0 to 100 as bars, the newest right; several datapoints share a bar by their highest."""
    points = list(values)
    size = max(1, -(-len(points) // SPARK_POINTS))
    peaks = [max(points[n : n + size]) for n in range(0, len(points), size)]
    top = max(100.0, *peaks) if peaks else 100.0
    return "".join(BARS[min(7, int(peak / top * 8))] for peak in peaks)
