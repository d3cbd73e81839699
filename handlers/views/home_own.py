"""Of the Home tab what is somebody's own: decisions that wait for them, requests, reminders, machines."""

from __future__ import annotations

from collections.abc import Sequence

from bot.home import Asked, Home
from bot.rules import idle_words
from bot.rules import launch_text as say
from bot.rules.idle_finding import Finding
from bot.rules.launch import Launch
from handlers.views import images as image_views
from handlers.views import launch as launch_views
from handlers.views.blocks import actions, button, context, cut, header, section
from handlers.views.idle_item import item, title
from handlers.views.message import Block, plain, timed, told
from handlers.views.times import moment

WAITING, EXTENSIONS, REQUESTS, REMINDERS, MACHINES, PARKED = (
    8,
    4,
    6,
    6,
    8,
    4,
)  # each shown with its buttons; the rest is counted
STATES = {
    "checking": "is being checked",
    "approved": "is approved and waits to be launched",
    "launching": "is being launched",
    "running": "runs",
}


def waiting(found: Home) -> list[Block]:
    """Requests that this person may decide, each with the buttons of its card."""
    if not (found.roles.approver or found.roles.break_glass):
        return []
    if not (found.waiting or found.extensions):
        return [header("Waiting for you"), section("No request waits for your decision.")]
    blocks = [header("Waiting for you")]
    for one in found.waiting[:WAITING]:
        launch = one.launch
        asks = told(f"{say.person(launch.asker)} asks for {what(launch)}")
        blocks += [section(f"{asks}\n{_needs(one)} Open until {moment(launch.expires_at)}."), _decide(launch.id, found)]
    for more in found.extensions[:EXTENSIONS]:
        asks = f"{say.person(more.asker)} asks for {say.hours(more.more)} more, {say.usd(more.usd_more)}"
        blocks += [section(f"{told(asks)}. Open until {moment(more.expires_at)}."), _decide(more.id, found)]
    return blocks + _more(found.waiting, WAITING, "in the approvals channel")


def _decide(identity: str, found: Home) -> Block:
    presses = []
    if found.roles.approver:
        presses.append(button("Approve", "approve", identity, style="primary"))
        presses.append(button("Deny...", "deny", identity, style="danger"))
    if found.roles.break_glass:
        presses.append(button(launch_views.label("break_glass"), "break_glass", identity, style="danger"))
    return actions(*presses)


def _needs(one: Asked) -> str:
    needed = one.launch.needed
    return "One approver must say yes." if needed <= 1 else f"{one.votes} of {needed} approvers said yes."


def what(launch: Launch) -> str:
    """The name, the machines, the money."""
    name = f"{idle_words.inert(launch.wanted.name)}: " if launch.wanted.name else ""
    price = "price unknown" if launch.usd_total is None else f"{say.usd(launch.usd_total)} in all"
    purpose = f" ({idle_words.inert(launch.wanted.purpose)})" if launch.wanted.purpose else ""
    return cut(f"{name}{say.what(launch.wanted)}, {price}{purpose}", 600)


def requests(found: Home) -> list[Block]:
    """What this person asked for and is not over."""
    if not found.mine:
        return []
    blocks = [header("Your requests")]
    for one in found.mine[:REQUESTS]:
        launch = one.launch
        blocks.append(section(f"{told(what(launch))}\n{_stands(one)}"))
        if launch.state in ("checking", "asked", "approved"):
            blocks.append(actions(button("Withdraw", "withdraw", launch.id)))
    return blocks + _more(found.mine, REQUESTS, "in the approvals channel")


def _stands(one: Asked) -> str:
    launch = one.launch
    if launch.state == "asked":
        return f"Waits for others. {_needs(one)} Open until {moment(launch.expires_at)}."
    end = f", ends {moment(launch.until)}" if launch.until else ""
    return f"It {STATES.get(launch.state, launch.state)}{end}."


def reminders(found: Home) -> list[Block]:
    """What is idle and this person's, with the answers to a reminder."""
    if not found.reminders:
        return []
    blocks = [header("Idle, and yours")]
    for one in found.reminders[:REMINDERS]:
        blocks += item(one)
    return blocks + _more(found.reminders, REMINDERS, "`/ml-idle` shows them")


def parked(found: Home) -> list[Block]:
    """Machines of this person that rest in an image, each with its Wake."""
    if not found.parked:
        return []
    blocks = [header("Parked")]
    for one in found.parked[:PARKED]:
        blocks += image_views.item(one, woken=False)
    return blocks + _more(found.parked, PARKED, "`/ml-instances` shows them")


def machines(found: Home) -> list[Block]:
    """What this person has in AWS that asks for no answer; without anything at all, what to do first."""
    blocks = [header("What you run")]
    if not found.machines:
        if not (found.reminders or found.mine or found.parked):
            blocks.append(section(_first(found)))
            return blocks
        return [] if found.reminders else [*blocks, section("Nothing else of yours is running.")]
    for one in found.machines[:MACHINES]:
        blocks.append(section(_machine(one)))
        if one.resource.kind == "ec2_instance" and one.outcome is None and (row := _verbs(one)):
            blocks.append(row)
    return blocks + _more(found.machines, MACHINES, "`/ml-instances` shows them")


def _first(found: Home) -> str:
    if found.scanned_at is None:
        return "Nothing is scanned yet: `/ml-idle now` looks at the accounts. Or begin with *Estimate a job*."
    return "Nothing of yours runs. Begin with *Estimate a job*, or with *Ask for a machine* when you know which."


def _machine(one: Finding) -> str:
    if one.outcome is not None:
        name = f"*{title(one)}*" if one.outcome.what == "started" else f"~{title(one)}~"
        return f"{name}\n{timed(one.outcome.words)}"
    rate, so_far = one.resource.usd_per_hour, one.usd_so_far
    money = [f"{idle_words.usd(rate)} an hour" if rate is not None else "price unknown"]
    money += [f"{idle_words.usd(so_far)} since it started"] if so_far is not None else []
    lines = [f"*{title(one)}* {plain(one.resource.state)}", " · ".join([*money, *_when(one)])]
    if one.verdict.level == "unknown":
        said = "" if one.verdict.too_new else "Nobody can tell whether it works: "
        lines.append(cut(f"{said}{timed(one.verdict.reason)}. {plain(one.verdict.advice)}".strip(), 500))
    return cut("\n".join(lines), 1200)


def _when(one: Finding) -> list[str]:
    found = [f"ends {moment(one.resource.until)}"] if one.resource.until else []
    if one.hold is not None:
        found.append(f"quiet until {moment(one.hold.until)}")
    return [*found, *([f"on {plain(one.schedule)} only"] if one.schedule else [])]


def _verbs(one: Finding) -> Block | None:
    if one.at_work:
        return actions(button("Stop", "stop", one.ref), button("Extend...", "extend", one.ref))
    return actions(button("Start", "start", one.ref)) if one.resource.state == "stopped" else None


def _more(found: Sequence[object], most: int, where: str) -> list[Block]:
    return [context(f"{len(found) - most} more: {where}.")] if len(found) > most else []
