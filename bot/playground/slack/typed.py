"""What a person types, as Slack keeps it."""

from __future__ import annotations

import re

from bot.playground.slack.workspace import Workspace

MENTION = re.compile(r"(?<!\w)([@#])([\w.-]+)")
ADDRESS = re.compile(r"https?://[^\s<>]+")


def escaped(text: str) -> str:
    """Slack's three entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_message(text: str, workspace: Workspace) -> str:
    """A message's text: escaped, with @name, #channel and addresses as Slack marks them."""
    users = {user.name: user.id for user in workspace.users.values()}
    channels = {channel.name: channel.id for channel in workspace.conversations.channels.values() if channel.name}

    def mention(found: re.Match[str]) -> str:
        sign, name = found.group(1), found.group(2)
        if sign == "@":
            return f"<@{users[name]}>" if name in users else found.group()
        return f"<#{channels[name]}|{name}>" if name in channels else found.group()

    linked = ADDRESS.sub(lambda found: f"<{found.group()}>", escaped(text))
    return MENTION.sub(mention, linked)
