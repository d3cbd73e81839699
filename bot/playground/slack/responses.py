"""What the bot says through a response address, or in its ack."""

from __future__ import annotations

from typing import Any

from bot.playground.slack import people
from bot.playground.slack.errors import Refused
from bot.playground.slack.messages import Message
from bot.playground.slack.methods.call import Call
from bot.playground.slack.methods.chat import content
from bot.playground.slack.workspace import Workspace


def respond(workspace: Workspace, token: str, body: dict[str, Any]) -> None:
    """Answer through the address with that *token*; raises Refused."""
    with workspace.lock:
        url = workspace.response_urls.peek(token)
        if not _rewritten(workspace, url.channel, url.original, body):
            say(workspace, url.channel, url.user, body, thread_ts=url.thread_ts)
        url.left -= 1


def _rewritten(workspace: Workspace, channel: str, original: str, body: dict[str, Any]) -> bool:
    """Replace or delete the message whose button was pressed, if the answer asks for that."""
    call, talk = Call(workspace, body), workspace.conversations
    message = talk.find(channel).messages.get(original)
    if message is None:
        return False
    if call.flag("delete_original"):
        talk.remove(message)
        return True
    if not call.flag("replace_original"):
        return False
    given = content(call)
    if given["text"] != message.text and not message.only_for:
        message.edited_ts = talk.stamp()
    message.redraw(**given)
    talk.changed(message)
    return True


def say(workspace: Workspace, channel: str, user: str, body: dict[str, Any], *, thread_ts: str = "") -> Message:
    """Post the answer, for *user* alone unless it says `in_channel`."""
    kind = body.get("response_type") or "ephemeral"
    if kind not in ("ephemeral", "in_channel"):
        raise Refused("invalid_response_type")
    given = content(Call(workspace, body))
    talk = workspace.conversations
    message = Message(channel=channel, ts=talk.stamp(), user=people.BOT_USER, **given)
    message.only_for = user if kind == "ephemeral" else ""
    message.thread_ts = str(body.get("thread_ts") or thread_ts)
    return talk.add(message)
