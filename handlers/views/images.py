"""Images of machines: the forms that ask, the message that follows one, and the list of those that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.images import Preview
from bot.rules.idle_words import usd
from bot.rules.images import SavedImage, warnings
from bot.rules.instances import label
from bot.rules.launch_text import what
from handlers.views.blocks import actions, button, confirm, context, header, section
from handlers.views.forms import modal, select, text_input
from handlers.views.message import Block, Message, plain

MOST = 5  # machines stand above them in the same message
AFTERWARDS = (("Leave the machine as it is", "keep"), ("Terminate it once the image is complete", "terminate"))


def save_form(found: Preview, state: Mapping[str, str]) -> Block:
    """Save image: what it costs, what it lacks, and what becomes of the machine."""
    one = found.found
    blocks = [
        section(
            f"*{plain(label(one))}*\nSaves its disks ({found.costs.gb:,.0f} GB) as an image: "
            f"*{_at_most(found.costs.park)}*. Machines can be launched from it."
        ),
        text_input("name", "Name", value=one.name or one.id, max_length=80),
        select("after", "Afterwards", AFTERWARDS, value="keep"),
        context(*warnings(one, "keep")),
        context(f"If it is terminated: {' '.join(warnings(one, 'terminate')) or 'not before the image is complete.'}"),
    ]
    return modal("Save image", "save_image", [block for block in blocks if _says(block)], submit="Save", state=state)


def park_form(found: Preview, state: Mapping[str, str]) -> Block:
    """Park: the three ways to go on beside each other, and what happens."""
    one, costs = found.found, found.costs
    running = "Keep running" if one.state == "running" else "If it ran"
    lines = [
        f"{running}: *{_month(costs.keep)}*",
        f"{'Stop' if one.state == 'running' else 'As it is, stopped'}: *{_month(costs.stop)}*",
        f"Park: *{_at_most(costs.park)}*",
    ]
    says = (
        "Its disks are saved as an image, and only when that is complete the machine is terminated. "
        "*Wake* asks for it again, by the usual approval."
    )
    blocks = [
        section(f"*{plain(label(one))}*\n" + "\n".join(f"• {line}" for line in lines)),
        section(says),
        context(*warnings(one, "park")),
    ]
    return modal("Park", "park", [block for block in blocks if _says(block)], submit="Park", state=state)


def progress(one: SavedImage) -> Message:
    """How far it is; edited in place."""
    name = plain(one.label)
    if one.state == "saving":
        then = {
            "keep": "",
            "terminate": " Then the machine is terminated, not before.",
            "park": " Then the machine is terminated, not before; Wake brings it back.",
        }
        text = f"Saving {name} as an image: {one.progress} %.{then[one.after]}"
    elif one.state == "ending":
        text = f"{name} is saved as {plain(one.aws_id)}; the machine is being terminated."
    else:
        text = f"{name}: the image is {'not saved' if one.state == 'failed' else one.state}."
    return Message(text, [section(text)])


def done(one: SavedImage, *, woken: bool) -> Message:
    """How it ended, with what can be done now."""
    text = _ended(one)
    return Message(text, [section(text), *_buttons(one, woken=woken)])


def _ended(one: SavedImage) -> str:
    name, why = plain(one.label), plain(one.error.rstrip("."))
    where = f"`{plain(one.aws_id)}` in {plain(one.region)}"
    if one.state == "failed":
        return f"{name} was not saved: {why}. The machine was left as it is."
    if one.state == "deleted":
        return f"The image of {name} ({where}) is deleted, with its snapshots."
    if one.parked:
        return f"{name} is parked: saved as {where}, then terminated. It costs {_at_most(one.usd_per_month)} now."
    saved = f"{name} is saved as {where}, {_at_most(one.usd_per_month)}."
    if one.machine == "ended":
        return f"{saved} The machine is terminated."
    if one.machine == "kept":
        return f"{saved} The machine was *not* terminated: {why}."
    return saved


def listing(found: Sequence[tuple[SavedImage, bool]]) -> list[Block]:
    """Parked machines and saved images, each with its price, its owner and its buttons; with whether it was woken."""
    if not found:
        return []
    parked = sum(one.parked for one, _ in found)
    known = [one.usd_per_month for one, _ in found if one.usd_per_month is not None]
    rest = len(found) - parked
    counts = [f"{parked} parked" if parked else "", f"{rest} saved" if rest else ""]
    money = f", at most {usd(sum(known))} a month" if known else ""
    blocks = [header(f"Images: {', '.join(part for part in counts if part)}{money}")]
    for one, woken in found[:MOST]:
        blocks += item(one, woken=woken)
    if len(found) > MOST:
        blocks.append(context(f"{len(found) - MOST} more; delete what nobody needs to see them."))
    return blocks


def item(one: SavedImage, *, woken: bool) -> list[Block]:
    """One image with its buttons."""
    return [section(_line(one, woken=woken)), *_buttons(one, woken=woken)]


def _line(one: SavedImage, *, woken: bool) -> str:
    state = "parked" if one.parked else "being saved" if one.state in ("saving", "ending") else "saved"
    owner = f"<@{one.owner or one.by}>"
    again = "\nIt was woken; the image stays until it is deleted." if woken else ""
    where = f"`{plain(one.aws_id)}` in {plain(one.region)}" if one.aws_id else plain(one.region)
    wanted = plain(what(one.wanted))
    return f"*{plain(one.label)}* {state}, {where}\n{_at_most(one.usd_per_month)} · owner {owner}\n_{wanted}_{again}"


def _buttons(one: SavedImage, *, woken: bool) -> list[Block]:
    if one.state != "saved":
        return []
    presses = []
    if one.account == "default" and not woken:
        again = button("Wake", "wake", one.id, style="primary") if one.parked else None
        presses.append(again or button("Launch from image...", "image_launch", one.id))
    if one.machine != "ended":
        presses.append(button("Terminate the machine now", "terminate", one.ref, style="danger", confirm=_end(one)))
    presses.append(button("Delete image", "image_delete", one.id, style="danger", confirm=_delete(one)))
    return [actions(*presses)]


def _end(one: SavedImage) -> Block:
    text = f"{plain(one.label)}. What it did since it was saved is lost; {plain(one.aws_id)} stays."
    return confirm("Terminate the machine?", text, yes="Terminate", danger=True)


def _delete(one: SavedImage) -> Block:
    lost = "The machine can then not be woken." if one.parked else "What is only in it is lost."
    text = f"{plain(one.aws_id)} of {plain(one.label)} and its snapshots ({one.gb:,.0f} GB). {lost}"
    return confirm("Delete this image?", text, yes="Delete", danger=True)


def _says(block: Block) -> bool:
    """Whether a context has a line; Slack takes no empty one."""
    return bool(block.get("type") != "context" or block["elements"])


def _at_most(amount: float | None) -> str:
    return "a price that is not known" if amount is None else f"at most {usd(amount)} a month"


def _month(amount: float | None) -> str:
    return "price not known" if amount is None else f"{usd(amount)} a month"
