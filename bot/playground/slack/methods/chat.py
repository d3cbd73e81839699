"""chat.*: say, edit, take back."""

from __future__ import annotations

from bot.playground.slack import people
from bot.playground.slack.elements import with_ids
from bot.playground.slack.errors import Refused
from bot.playground.slack.limits import check_message
from bot.playground.slack.messages import Channel, Message
from bot.playground.slack.methods.call import Answer, Call, Method
from bot.playground.slack.workspace import Workspace

TEXT = 40_000  # longer ones are cut
UPDATED_TEXT = 4_000  # longer ones are refused
ATTACHMENTS = 100


def content(call: Call) -> Answer:
    """The checked text, blocks and attachments of a message."""
    text = call.text("text")
    blocks, attachments = call.json("blocks", "invalid_blocks_format"), call.json("attachments")
    if not isinstance(blocks or [], list):
        raise Refused("invalid_blocks_format")
    if not isinstance(attachments or [], list) or len(attachments or []) > ATTACHMENTS:
        raise Refused("invalid_attachments" if not isinstance(attachments or [], list) else "too_many_attachments")
    if not text.strip() and not blocks and not attachments:
        raise Refused("no_text")
    check_message(blocks or [], attachments or [])
    call.workspace.uploads.check(blocks or [])
    attached = [{**a, "blocks": with_ids(a["blocks"])} if a.get("blocks") else a for a in attachments or []]
    return {"text": text[:TEXT], "blocks": with_ids(blocks or []), "attachments": attached}


def where(workspace: Workspace, name: str) -> Channel:
    """A channel in which the bot may write; a person's id stands for the direct message with them."""
    if name in workspace.users:
        return direct(workspace, name)
    channel = workspace.conversations.find(name)
    if people.BOT_USER not in channel.members:
        raise Refused("not_in_channel")
    return channel


def direct(workspace: Workspace, user: str) -> Channel:
    """The direct message with *user*."""
    person = workspace.user(user)
    if person.deleted:
        raise Refused("user_disabled")
    if person.is_bot:
        raise Refused("cannot_dm_bot")
    return workspace.conversations.open_direct(user)


def post_message(call: Call) -> Answer:
    """chat.postMessage."""
    channel = where(call.workspace, call.need("channel", "channel_not_found"))
    thread = call.text("thread_ts")
    if thread and thread not in channel.messages:
        raise Refused("thread_not_found")
    root = channel.messages[thread].thread_ts or thread if thread else ""
    given = content(call)
    talk = call.workspace.conversations
    message = Message(channel=channel.id, ts=talk.stamp(), user=people.BOT_USER, thread_ts=root, **given)
    message.broadcast = bool(root) and call.flag("reply_broadcast")
    talk.add(message)
    return {"channel": channel.id, "ts": message.ts, "message": talk.told(message)}


def update(call: Call) -> Answer:
    """chat.update: only own messages; what is left out of text or blocks goes with the other."""
    message = _own(call, "cant_update_message")
    if len(call.text("text")) > UPDATED_TEXT:
        raise Refused("msg_too_long")
    given = content(call)
    talk = call.workspace.conversations
    if given["text"] != message.text:
        message.edited_ts = talk.stamp()
    if not given["blocks"] and call.args.get("blocks") is None and call.args.get("text") is None:
        given["blocks"] = message.blocks
    if call.args.get("attachments") is None:
        given["attachments"] = message.attachments
    message.redraw(**given)
    talk.changed(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": talk.told(message)}


def delete(call: Call) -> Answer:
    """chat.delete."""
    message = _own(call, "cant_delete_message")
    call.workspace.conversations.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def _own(call: Call, code: str) -> Message:
    channel = call.workspace.conversations.find(call.need("channel", "channel_not_found"))
    message = channel.messages.get(call.need("ts", "message_not_found"))
    if message is None or message.only_for:
        raise Refused("message_not_found")
    if message.user != people.BOT_USER:
        raise Refused(code)
    return message


def post_ephemeral(call: Call) -> Answer:
    """chat.postEphemeral: the person must be in the channel."""
    channel = where(call.workspace, call.need("channel", "channel_not_found"))
    user = call.need("user", "user_not_found")
    call.workspace.user(user)
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    given = content(call)
    talk = call.workspace.conversations
    message = Message(channel=channel.id, ts=talk.stamp(), user=people.BOT_USER, only_for=user, **given)
    message.thread_ts = call.text("thread_ts")
    talk.add(message)
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> Answer:
    """chat.getPermalink."""
    channel = call.workspace.conversations.find(call.need("channel", "channel_not_found"))
    ts = call.need("message_ts", "message_not_found")
    if ts not in channel.messages:
        raise Refused("message_not_found")
    link = f"{call.workspace.base_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(call: Call) -> Answer:
    """reactions.add."""
    channel = call.workspace.conversations.find(call.need("channel", "channel_not_found"))
    message = channel.messages.get(call.text("timestamp"))
    if message is None:
        raise Refused("message_not_found")
    users = message.reactions.setdefault(call.need("name", "no_reaction").strip(":"), [])
    if people.BOT_USER in users:
        raise Refused("already_reacted")
    users.append(people.BOT_USER)
    call.workspace.conversations.changed(message)
    return {}


METHODS = {
    "chat.postMessage": Method(run=post_message, scope="chat:write", tier=0),
    "chat.update": Method(run=update, scope="chat:write"),
    "chat.delete": Method(run=delete, scope="chat:write"),
    "chat.postEphemeral": Method(run=post_ephemeral, scope="chat:write", tier=4),
    "chat.getPermalink": Method(run=get_permalink, tier=0, form_only=True),
    "reactions.add": Method(run=add_reaction, scope="reactions:write"),
}
