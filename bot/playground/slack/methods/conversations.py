"""conversations.*: channels and what was said there."""

from __future__ import annotations

from bot.playground.slack import people
from bot.playground.slack.errors import Refused
from bot.playground.slack.messages import Channel, Message
from bot.playground.slack.methods.call import Answer, Call, Method, page_of
from bot.playground.slack.methods.chat import direct

READ = "channels:read|groups:read|im:read|mpim:read"
HISTORY = "channels:history|groups:history|im:history|mpim:history"


def open_(call: Call) -> Answer:
    """conversations.open: the direct message with one person."""
    if channel := call.text("channel"):
        return {"channel": call.workspace.conversations.find(channel).as_slack()}
    users = [user for user in call.text("users").split(",") if user]
    if not users:
        raise Refused("users_list_not_supplied")
    if len(users) > 1:
        raise Refused("not_enough_users")  # group messages are not part of the local workspace
    known = people.direct_channel(users[0]) in call.workspace.conversations.channels
    opened = direct(call.workspace, users[0])
    return {"channel": opened.as_slack(), "no_op": known, "already_open": known}


def info(call: Call) -> Answer:
    """conversations.info."""
    return {"channel": _channel(call).as_slack()}


def list_(call: Call) -> Answer:
    """conversations.list."""
    wanted = call.text("types", "public_channel").split(",")
    channels = call.workspace.conversations.channels.values()
    found = [c.as_slack() for c in channels if ("im" if c.user else "public_channel") in wanted]
    return page_of(found, call, "channels", 1000)


def members(call: Call) -> Answer:
    """conversations.members."""
    return page_of(list(_channel(call).members), call, "members", 1000)


def history(call: Call) -> Answer:
    """conversations.history: newest first, without the answers in threads."""
    talk = call.workspace.conversations
    roots = [m for m in talk.visible(_channel(call).id, None) if not m.thread_ts or m.broadcast or m.thread_ts == m.ts]
    found = [talk.told(m) for m in reversed(roots) if _between(call, m)]
    page = page_of(found, call, "messages", 999)
    return {**page, "has_more": bool(page["response_metadata"]["next_cursor"])}


def replies(call: Call) -> Answer:
    """conversations.replies: a thread, its root first."""
    talk, channel = call.workspace.conversations, _channel(call)
    root = channel.messages.get(call.need("ts", "thread_not_found"))
    if root is None:
        raise Refused("thread_not_found")
    found = [talk.told(m) for m in [root, *talk.replies(channel.id, root.ts)] if _between(call, m) or m is root]
    page = page_of(found, call, "messages", 1000)
    return {**page, "has_more": bool(page["response_metadata"]["next_cursor"])}


def _channel(call: Call) -> Channel:
    return call.workspace.conversations.find(call.need("channel", "channel_not_found"))


def _between(call: Call, message: Message) -> bool:
    ts, oldest, latest = float(message.ts), call.text("oldest"), call.text("latest")
    if call.flag("inclusive"):
        return (not oldest or ts >= float(oldest)) and (not latest or ts <= float(latest))
    return (not oldest or ts > float(oldest)) and (not latest or ts < float(latest))


METHODS = {
    "conversations.open": Method(run=open_, scope="im:write|mpim:write|channels:manage"),
    "conversations.info": Method(run=info, scope=READ, form_only=True),
    "conversations.list": Method(run=list_, scope=READ, tier=2, form_only=True),
    "conversations.members": Method(run=members, scope=READ, tier=4, form_only=True),
    "conversations.history": Method(run=history, scope=HISTORY),
    "conversations.replies": Method(run=replies, scope=HISTORY, form_only=True),
}
