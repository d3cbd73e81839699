"""The buttons of what runs: each verb for every machine of a request, and Terminate behind its dialog."""

from __future__ import annotations

from bot.rules import launch_text as say
from bot.rules.launch import Launch, LaunchCard
from handlers.views.blocks import actions, button, confirm
from handlers.views.message import Block, plain


def ending(found: LaunchCard, event: str) -> Block:
    """The verbs, each for every machine of the request; an image is of one machine."""
    launch = found.launch
    stopped = event == "end_stopped" or launch.progress == "stopped"
    first = button("Start again", "start", launch.id) if stopped else button("Stop", "stop", launch.id)
    end = terminate(launch.id, f"Terminate {launch.wanted.name or launch.wanted.instance_type}?", say.lost_with(launch))
    presses = [end] if _one_time(launch) else [first, end] if event.startswith("end_") else [first]
    presses.append(button("Extend...", "extend", launch.id))
    if len(found.refs) == 1:
        presses.append(button("Save image...", "save_image", found.refs[0]))
    return actions(*presses)


def _one_time(launch: Launch) -> bool:
    """AWS cannot stop it, it can only be terminated."""
    params = launch.offer.params if launch.offer else {}
    options = params.get("InstanceMarketOptions", {}).get("SpotOptions", {})
    return bool(options) and options.get("SpotInstanceType") != "persistent"


def terminate(value: str, title: str, lost: str) -> Block:
    """Terminate, behind a dialog that names the machine and what is lost."""
    asks = confirm(title, plain(lost) or "It is gone for good, with its disk.", yes="Terminate", danger=True)
    return button("Terminate", "terminate", value, style="danger", confirm=asks)
