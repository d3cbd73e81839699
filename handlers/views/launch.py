"""The card of a request, which rewrites itself at each step, and the notices around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.rules import launch_text as say
from bot.rules.launch import BudgetLine, Launch, LaunchCard, Wanted
from handlers.views.blocks import actions, button, context, header, section
from handlers.views.forms import modal, text_input
from handlers.views.launch_form import form
from handlers.views.message import Block, Message, plain, told, worded
from handlers.views.times import moment
from handlers.views.verbs import ending

__all__ = ["card", "form", "label", "notice", "ready", "reason_form", "received"]

HEADS = {
    "checking": "Checking a request",
    "refused": "Refused by a check",
    "asked": "Launch request",
    "denied": "Denied",
    "withdrawn": "Withdrawn",
    "expired": "Expired: nothing was launched",
    "approved": "Approved, launching",
    "launching": "Approved, launching",
    "running": "Running",
    "failed": "Launch failed",
    "ended": "Ended",
}
NOTES = 8
BUDGETS = 3
LABELS = {
    "try_next": "Try the next choice",
    "raise_quota": "Ask AWS for a higher quota",
    "deny": "Deny...",
    "break_glass": "Break glass...",
}


def card(found: LaunchCard) -> Message:
    """One request in the approvals channel, as it stands."""
    launch = found.launch
    head = _head(launch)
    title = f"{head}: {say.what(launch.wanted)}"
    point = f"{title}, {_price(launch)}, asked by {say.person(launch.asker)}"
    helped = f", pressed by {say.person(launch.reply.by)}" if len(launch.askers) > 1 else ""
    asked = f"{say.person(launch.asker)} asks{helped}: {_price(launch)}."
    blocks = [header(title), section(told(asked), fields=_fields(launch))]
    blocks += [section(line) for line in _state(found) if line]
    if launch.state in ("checking", "asked"):
        blocks += _before(found)
    if presses := [press(action, launch.id) for action in found.buttons]:
        blocks.append(actions(*presses))
    return Message(told(point), blocks)


def _head(launch: Launch) -> str:
    if launch.state == "running" and launch.progress == "pending":
        return "Starting"
    return HEADS[launch.state]


def _price(launch: Launch) -> str:
    if launch.usd_per_hour is None:
        return "price unknown"
    return f"{say.usd(launch.usd_per_hour)} an hour, {say.usd(launch.usd_total)} in all"


def _fields(launch: Launch) -> list[str]:
    wanted = launch.wanted
    found = [
        ("Name", wanted.name or "(none)"),
        ("Purpose", wanted.purpose or "(none said)"),
        ("Type", f"{wanted.count} x {wanted.instance_type}, {_market(launch)}"),
        ("Region", wanted.region),
        ("Price per hour", say.rate(launch.usd_per_hour)),
        (f"Total for {say.hours(wanted.hours)}", f"{say.usd(launch.usd_total)}{_with_disks(launch)}"),
        ("Disks", f"{wanted.count} x {wanted.disk_gb:,} GB gp3, encrypted{_disk_price(launch)}"),
        *_given(launch),
    ]
    return [f"*{name}*\n{worded(value)}" for name, value in found]


def _market(launch: Launch) -> str:
    """on-demand, or spot with its kind and ceiling."""
    wanted = launch.wanted
    if wanted.market != "spot":
        return wanted.market
    options = launch.offer.params.get("InstanceMarketOptions", {}).get("SpotOptions", {}) if launch.offer else {}
    kind = f" {options['SpotInstanceType']}" if options else ""
    most = wanted.max_usd_per_hour
    return f"spot{kind}, {'no ceiling' if most is None else f'ceiling {say.rate(most)} an hour each'}"


def _with_disks(launch: Launch) -> str:
    return ", disks included" if launch.offer and launch.offer.usd_disk is not None else ""


def _disk_price(launch: Launch) -> str:
    return f", {say.usd(launch.offer.usd_disk)}" if launch.offer else ""


def _given(launch: Launch) -> Iterator[tuple[str, str]]:
    """What else is approved with it: whose key opens it, what it boots, and which rights it has."""
    wanted, offer = launch.wanted, launch.offer
    if wanted.key_name:
        yield "Key pair", wanted.key_name
    if wanted.image:
        name = offer.image_name if offer else ""
        yield "Image", f"{name} ({wanted.image})" if name and name != wanted.image else wanted.image
    profile = offer.params.get("IamInstanceProfile", {}) if offer else {}
    if profile:
        yield "Instance profile", str(profile.get("Name") or profile.get("Arn"))


def _state(found: LaunchCard) -> Iterator[str]:
    """What happened so far, a sentence each, the newest last."""
    launch = found.launch
    if launch.state == "asked":
        yield f"Open until {moment(launch.expires_at)}. {_needed(found)}"
    if launch.decided_at is not None and launch.state not in ("withdrawn", "expired"):
        yield told(f"{_verb(launch)} by {_who(launch)}") + f" {moment(launch.decided_at)}{_reason(launch)}"
    if launch.state == "withdrawn" and launch.changed_at is not None:
        yield told(f"Withdrawn by {say.person(launch.asker)}") + f" {moment(launch.changed_at)}."
    if launch.state == "ended" and launch.ended_by and launch.ended_at:
        yield told(f"Ended: terminated by {say.person(launch.ended_by)}") + f" {moment(launch.ended_at)}."
    if launch.state in ("withdrawn", "expired", "refused") and launch.reason:
        yield told(launch.reason)
    if found.waits:
        yield f"*Waiting:* {told(found.waits)}"
    refused = [a for a in found.attempts if a.state == "refused"]
    if refused:
        yield "\n".join(f"• {plain(a.zone)}: {plain(a.error)}" for a in refused[-6:])
    if launch.instance_ids:
        ids = ", ".join(f"`{plain(one)}`" for one in launch.instance_ids[:10])
        end = f", ends {moment(launch.until)}" if launch.until else ""
        yield f"{ids} {_progress(launch)}{end}"
        yield _connect(found)
    yield from (told(line) for line in found.longer)
    if launch.error:
        code = f" (AWS: {plain(launch.error_code)})" if launch.error_code else ""
        yield f"*{told(launch.error)}*{code}\n{told(launch.way_out)}"
    if found.next_choice is not None:
        yield f"The next choice: {plain(say.what(found.next_choice))}."


def _needed(found: LaunchCard) -> str:
    needed, given = found.launch.needed, len(found.votes)
    if needed <= 1:
        return "One approver must say yes."
    said = f" {told(say.people(found.votes))} said yes." if given else ""
    return f"{needed} different approvers must say yes.{said}"


def _verb(launch: Launch) -> str:
    return "Denied" if launch.state == "denied" else "Approved"


def _who(launch: Launch) -> str:
    if launch.how == "policy":
        return "the policy"
    name = say.people(launch.decided_by)
    return f"{name} (break-glass)" if launch.how == "break_glass" else name


def _reason(launch: Launch) -> str:
    return f": {worded(launch.reason)}" if launch.reason else "."


def _progress(launch: Launch) -> str:
    if launch.state == "ended":
        return "is gone"
    return {
        "pending": "is starting",
        "running": "runs, its checks are not done yet",
        "ready": "is ready",
        "stopped": "is stopped",
        "stuck": "has been pending for half an hour, and AWS does not say why; mlbot looks every five minutes",
    }.get(launch.progress, "was launched")


def _connect(found: LaunchCard) -> str:
    way = found.connect
    if way is None or found.launch.state != "running":
        return ""
    return f"Connect: `{plain(way.ssm or way.ssh)}`" if way.ssm or way.ssh else f"Connect: {plain(way.console)}"


def _before(found: LaunchCard) -> list[Block]:
    blocks = budgets(found.budgets)
    notes = [f"• {told(note)}" for note in found.launch.notes[:NOTES]]
    if notes:
        blocks.append(context("\n".join(notes)))
    return blocks


def budgets(lines: Sequence[BudgetLine]) -> list[Block]:
    """The budgets that it counts against, the tightest first; more than three are counted."""
    tightest = sorted(lines, key=lambda line: line.left)
    rest = len(tightest) - BUDGETS
    more = [context(f"and {rest} more {'budget' if rest == 1 else 'budgets'}, with more left")] if rest > 0 else []
    return [context(_budget(line)) for line in tightest[:BUDGETS]] + more


def _budget(line: BudgetLine) -> str:
    return (
        f"*Budget of {told(line.name)}:* {say.usd(line.left)} left of {say.usd(line.limit)} this month "
        f"({say.usd(line.spent)} spent, {say.usd(line.committed)} committed)"
    )


def press(action: str, value: str) -> Block:
    """A button of a request or of an extension, by its id."""
    style = {"approve": "primary", "deny": "danger", "break_glass": "danger"}.get(action, "")
    return button(label(action), action, value, style=style)


def received(wanted: Wanted) -> Message:
    """What the asker sees at once."""
    text = f"Asked for {plain(say.what(wanted))}. mlbot checks it and brings it to the approvers."
    return Message(text, [section(text)])


def ready(found: LaunchCard) -> Message:
    """The owner's direct message once the machine can be used: connect, check, stop, end and money."""
    launch, way = found.launch, found.connect
    title = f"{launch.wanted.name or launch.wanted.instance_type} is ready"
    lines: list[tuple[str, str]] = []
    if way is not None:
        lines = [
            ("Session Manager", way.ssm),
            ("SSH", way.ssh),
            ("Jupyter on localhost:8889", way.jupyter),
            ("Jupyter's token, on the machine", way.token),
            ("See the accelerator", way.check),
        ]
    blocks = [header(title), section(plain(say.what(launch.wanted)) + "\n" + _ids(launch.instance_ids))]
    blocks += [section(f"*{name}*\n```{plain(line)}```") for name, line in lines if line]
    if way is not None and way.console:
        blocks.append(section(plain(way.console)))
    end = f"It ends {moment(launch.until)} and costs {say.usd(launch.usd_total)} until then. " if launch.until else ""
    blocks.append(context(f"{end}Stop it with the button or `/ml-instances`."))
    if found.refs and launch.state != "ended":
        blocks.append(ending(found, "connect"))
    return Message(plain(title), blocks)


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(f"`{plain(one)}`" for one in ids[:10])


REASONS = {
    "deny": ("Deny the request", "Why not", "A g5.xlarge is enough for this", "Deny"),
    "break_glass": ("Break glass", "Why it cannot wait", "The demo starts in an hour", "Approve alone"),
}


def reason_form(action: str, state: Mapping[str, str]) -> Block:
    """Why it is denied, or approved alone; break-glass says that everybody who is skipped is told."""
    title, label, example, submit = REASONS[action]
    blocks = [text_input("reason", label, placeholder=example, max_length=200)]
    if action == "break_glass":
        blocks.append(context("You approve alone. Everybody who is skipped is told, and hard caps still hold."))
    return modal(title, action, blocks, submit=submit, state=state)


def label(action: str) -> str:
    """What a button of a request says."""
    return LABELS.get(action, action.replace("_", " ").capitalize())


def notice(found: LaunchCard, event: str, text: str) -> Message:
    """A direct message about a request: how to connect, or what happened, with the buttons that help."""
    if event == "connect":
        return ready(found)
    blocks = [section(told(text))]
    if event.startswith("end") and found.refs and found.launch.state != "ended":
        blocks.append(ending(found, event))
    elif event == "quota":
        blocks.append(actions(press("raise_quota", found.launch.id)))
    elif found.launch.state == "failed" and found.buttons:
        blocks.append(actions(*(press(action, found.launch.id) for action in found.buttons)))
    return Message(told(text), blocks)
