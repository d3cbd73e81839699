"""Channels and what was said in them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.playground.slack import people
from bot.playground.slack.elements import DRAWINGS, Block, Drawings
from bot.playground.slack.errors import Refused

KEPT_PER_CHANNEL = 500  # older ones are forgotten


@dataclass(slots=True, kw_only=True)
class Message:
    """One message; *only_for* names the one person who sees an ephemeral one."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Block] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    only_for: str = ""
    thread_ts: str = ""
    edited_ts: str = ""
    broadcast: bool = False
    team: str = people.TEAM
    earlier: Drawings = field(default_factory=list)

    @property
    def drawings(self) -> Drawings:
        """The blocks as they are and as they were, newest first, those of attachments too."""
        attached = (block for one in self.attachments for block in one.get("blocks") or [])
        return [[*self.blocks, *attached], *self.earlier]

    def redraw(self, text: str, blocks: list[Block], attachments: list[dict[str, Any]]) -> None:
        """Show something else in its place."""
        self.earlier = self.drawings[: DRAWINGS - 1]
        self.text, self.blocks, self.attachments = text, blocks, attachments

    def seen_by(self, user: str | None) -> bool:
        """Whether *user* sees it; None stands for the Web API, which sees no ephemeral message."""
        return not self.only_for or self.only_for == user

    def as_slack(self) -> dict[str, Any]:
        """The message object."""
        found: dict[str, Any] = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        if self.user == people.BOT_USER:
            found |= {"bot_id": people.BOT, "app_id": people.APP, "team": self.team}
        if self.thread_ts:
            found["thread_ts"] = self.thread_ts
        if self.broadcast:
            found["subtype"] = "thread_broadcast"
        if self.only_for:
            found["is_ephemeral"] = True
        if self.edited_ts:
            found["edited"] = {"user": self.user, "ts": self.edited_ts}
        for name in ("blocks", "attachments", "files"):
            if value := getattr(self, name):
                found[name] = value
        if self.reactions:
            found["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in self.reactions.items()]
        return found


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel, or the direct message between the bot and one person."""

    id: str
    name: str = ""
    purpose: str = ""
    user: str = ""  # of a direct message
    members: list[str] = field(default_factory=list)
    messages: OrderedDict[str, Message] = field(default_factory=OrderedDict)

    def as_slack(self) -> dict[str, Any]:
        """The conversation object."""
        if self.user:
            return {"id": self.id, "is_im": True, "user": self.user, "is_archived": False, "is_open": True}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_im": False,
            "is_private": False,
            "is_archived": False,
            "is_member": people.BOT_USER in self.members,
            "num_members": len(self.members),
            "purpose": {"value": self.purpose},
            "topic": {"value": ""},
        }


class Conversations:
    """Every channel; *changed* hears of each message that comes, changes or goes."""

    def __init__(self, clock: Clock, changed: Callable[[str, Message], None], team: str = people.TEAM) -> None:
        self._team = team
        self._clock = clock
        self._changed = changed
        self._last = 0
        self.channels = {
            identity: Channel(id=identity, name=name, purpose=purpose, members=list(people.CHANNEL_MEMBERS))
            for identity, name, purpose in people.CHANNELS
        }

    def stamp(self) -> str:
        """A ts: seconds with six decimals, later than every other."""
        self._last = max(self._last + 1, int(self._clock.now().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def open_direct(self, user: str) -> Channel:
        """The bot's direct message with *user*, opened if need be."""
        identity = people.direct_channel(user)
        if identity not in self.channels:
            self.channels[identity] = Channel(id=identity, user=user, members=[user, people.BOT_USER])
        return self.channels[identity]

    def find(self, name: str) -> Channel:
        """A channel by id or #name."""
        if name in self.channels:
            return self.channels[name]
        for channel in self.channels.values():
            if channel.name and channel.name == name.removeprefix("#"):
                return channel
        raise Refused("channel_not_found")

    def add(self, message: Message) -> Message:
        """Post *message*."""
        channel = self.channels[message.channel]
        message.team = self._team
        channel.messages[message.ts] = message
        while len(channel.messages) > KEPT_PER_CHANNEL:
            channel.messages.popitem(last=False)
        self._changed("message", message)
        return message

    def get(self, channel: str, ts: str) -> Message:
        """One message, ephemeral ones too."""
        found = self.find(channel).messages.get(ts)
        if found is None:
            raise Refused("message_not_found")
        return found

    def changed(self, message: Message) -> None:
        """Tell that *message* is different now."""
        self._changed("changed", message)

    def remove(self, message: Message) -> None:
        """Take *message* away."""
        self.channels[message.channel].messages.pop(message.ts, None)
        self._changed("removed", message)

    def visible(self, channel: str, user: str | None) -> Iterator[Message]:
        """What *user* sees in *channel*, oldest first."""
        found = self.find(channel)
        if found.user and user not in (None, found.user):
            return iter(())  # somebody else's direct message
        return (message for message in list(found.messages.values()) if message.seen_by(user))

    def replies(self, channel: str, ts: str, user: str | None = None) -> list[Message]:
        """The answers in the thread of *ts*, without its root."""
        return [m for m in self.visible(channel, user) if m.thread_ts == ts and m.ts != ts]

    def told(self, message: Message, user: str | None = None) -> dict[str, Any]:
        """The message object, with its thread's figures."""
        found = message.as_slack()
        if replies := self.replies(message.channel, message.ts, user):
            found |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
                "latest_reply": replies[-1].ts,
            }
        return found
