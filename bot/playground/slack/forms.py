"""What a Slack client does with a form before and after the bot hears of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.playground.slack import payloads
from bot.playground.slack.delivery import Delivered
from bot.playground.slack.elements import Block, chosen, elements_of, empty
from bot.playground.slack.errors import Refused
from bot.playground.slack.limits import check_view
from bot.playground.slack.modals import View
from bot.playground.slack.workspace import Workspace

REQUIRED = "Please complete this required field."


def fill(view: View, values: Mapping[str, Any]) -> None:
    """Enter *values* by block id; a block that the form does not have is a mistake of the caller."""
    for block_id, given in values.items():
        block = next((one for blocks in view.drawings for one in blocks if one["block_id"] == block_id), None)
        if block is None:
            raise ValueError(f"the form has no block {block_id!r}, but {[b['block_id'] for b in view.blocks]}")
        elements = list(elements_of(block))
        by_action = given if isinstance(given, dict) and set(given) <= {e["action_id"] for e in elements} else None
        for element in elements:
            if by_action is None or element["action_id"] in by_action:
                value = given if by_action is None else by_action[element["action_id"]]
                view.typed[(block_id, element["action_id"])] = chosen(element, value)


def missing(view: View) -> dict[str, str]:
    """What the client itself refuses to send, by block id."""
    found = {}
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = view.state[block["block_id"]][element["action_id"]]
        if empty(state):
            if not block.get("optional"):
                found[block["block_id"]] = REQUIRED
        elif problem := _wrong(element, state):
            found[block["block_id"]] = problem
    return found


def _wrong(element: Block, state: Block) -> str:
    value = state.get("value")
    if not isinstance(value, str):
        return ""
    if element["type"] == "plain_text_input":
        return _length(value, element.get("min_length", 0), element.get("max_length", 3000))
    if element["type"] == "number_input":
        return _number(value, element)
    if element["type"] == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return "Must be a valid email address."
    if element["type"] == "url_text_input" and not re.match(r"https?://[^\s]+$", value):
        return "Must be a valid URL."
    return ""


def _length(value: str, least: int, most: int) -> str:
    if len(value) < least:
        return f"Must be at least {least} characters."
    return f"Must be {most} characters or fewer." if len(value) > most else ""


def _number(value: str, element: Block) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+", value):
        return "Must be a number." if element["is_decimal_allowed"] else "Must be a whole number."
    if (least := element.get("min_value")) is not None and float(value) < float(least):
        return f"Must be {least} or more."
    if (most := element.get("max_value")) is not None and float(value) > float(most):
        return f"Must be {most} or less."
    return ""


def response_urls(workspace: Workspace, view: View) -> list[Block]:
    """Addresses for the channels that were chosen in selects which ask for one."""
    found = []
    for block in view.blocks:
        for element in elements_of(block):
            if element.get("response_url_enabled"):
                state = view.state[block["block_id"]][element["action_id"]]
                channel = state.get("selected_conversation") or state.get("selected_channel")
                if channel in workspace.conversations.channels:
                    token = workspace.response_urls.issue(view.user, channel)
                    found.append(
                        {
                            "block_id": block["block_id"],
                            "action_id": element["action_id"],
                            "channel_id": channel,
                            "response_url": payloads.response_url(workspace, "actions", token),
                        }
                    )
    return found


def after_submit(workspace: Workspace, view: View, sent: Delivered) -> Delivered:
    """Do what the bot's ack says: close, show errors, redraw, push, clear."""
    if sent.reply.problem:
        return sent
    try:
        return _obey(workspace, view, sent)
    except Refused as refused:
        return replace(sent, reply=replace(sent.reply, problem=refused.code))


def _obey(workspace: Workspace, view: View, sent: Delivered) -> Delivered:
    body, views = sent.reply.body, workspace.views
    wanted = body.get("response_action")
    if wanted is None:
        views.close(view.user, view)
    elif wanted == "errors":
        return replace(sent, errors=_errors(view, body.get("errors")))
    elif wanted == "update":
        views.update(view, check_view(body.get("view")))
    elif wanted == "push":
        views.push(view.user, check_view(body.get("view")))
    elif wanted == "clear":
        views.close(view.user)
    else:
        raise Refused("invalid_response_action")
    return sent


def _errors(view: View, given: Any) -> dict[str, str]:
    blocks = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(given, dict) or not given or not set(given) <= blocks:
        raise Refused("invalid_errors")  # Slack ignores errors for blocks that are no inputs, and tells nobody
    return {str(block): str(words) for block, words in given.items()}
