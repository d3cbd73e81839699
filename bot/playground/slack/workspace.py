"""The state of one local workspace; every part is used under its lock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.playground.slack import people
from bot.playground.slack.errors import Refused
from bot.playground.slack.messages import Channel, Conversations, Message
from bot.playground.slack.modals import Views
from bot.playground.slack.people import User
from bot.playground.slack.tickets import ResponseUrls, Triggers
from bot.playground.slack.uploads import Uploads

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the bot must show."""

    bot: str
    app: str


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What the app shows when it asks for a workspace's token."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the manifest says of the bot; nothing of it is enforced where there is no manifest."""

    commands: tuple[Mapping[str, Any], ...] = ()
    events: frozenset[str] | None = None
    scopes: frozenset[str] | None = None
    shortcuts: tuple[Mapping[str, Any], ...] = ()
    unfurls: tuple[str, ...] = ()  # domains
    functions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # steps of workflows, by callback id
    home: bool = True


@dataclass(slots=True)
class Quiet:
    """When somebody does not want to be disturbed, in epoch seconds."""

    enabled: bool = False
    starts: int = 1
    ends: int = 1
    snoozed: bool = False


@dataclass(slots=True)
class Step:
    """One run of a workflow's step that the app provides."""

    callback_id: str
    user: str = ""  # who runs the workflow
    channel: str = ""  # where they are told how it ended; empty: nowhere
    outputs: dict[str, Any] | None = None
    error: str = ""

    @property
    def running(self) -> bool:
        """Whether the app has said neither yes nor no."""
        return self.outputs is None and not self.error


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of the Web API, kept for tests and for the curious."""

    method: str
    args: Mapping[str, Any]
    error: str  # empty when Slack took it


class Workspace:
    """Everything that Slack would keep."""

    def __init__(
        self,
        clock: Clock,
        monotonic: Callable[[], float],
        tokens: Tokens,
        manifest: Mapping[str, Any] | None,
        *,
        team: str = people.TEAM,
    ) -> None:
        self.team = team
        self.client: OAuthClient | None = None  # None: whoever has a code gets the token
        self.installed = True
        self.clock = clock
        self.monotonic = monotonic
        self.tokens = tokens
        self.app = app_of(manifest)
        self.base_url = ""  # once the server listens
        self.lock = threading.RLock()
        self.users = {user.id: people.at_home(user, team) for user in people.USERS}
        self.groups = {str(group["id"]): dict(group) for group in people.GROUPS}
        self.conversations = Conversations(clock, self._message_changed, team)
        self.views = Views(self.conversations.stamp, lambda what, user: self.tell({"type": what, "user": user}), team)
        self.triggers = Triggers(monotonic)
        self.response_urls = ResponseUrls(clock)
        self.uploads = Uploads()
        self.socket_tickets: set[str] = set()
        self.steps: dict[str, Step] = {}  # by execution id
        self.install_codes: dict[str, str] = {}  # code -> who installs
        self.escapes_commands = False  # whether a command's words come with &amp; &lt; &gt;
        self.quiet: dict[str, Quiet] = {}
        self.read: dict[tuple[str, str], str] = {}  # (user, channel) -> ts of the last message seen
        self.chosen: dict[tuple[str, str, str], dict[tuple[str, str], Any]] = {}  # what stands in a message's selects
        self.calls: deque[ApiCall] = deque(maxlen=1000)
        self._listeners: list[Callable[[Event], None]] = []

    def user(self, identity: str) -> User:
        """One member."""
        if identity not in self.users:
            raise Refused("user_not_found")
        return self.users[identity]

    def listen(self, heard: Callable[[Event], None]) -> Callable[[], None]:
        """Call *heard* with whatever changes; returns what ends that."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    def tell(self, event: Event) -> None:
        """Tell everyone who listens."""
        for heard in list(self._listeners):
            heard(event)

    def place(self, channel: str, user: str) -> Channel:
        """A channel as *user* names it: their own direct message is there before anybody wrote in it."""
        if channel == people.direct_channel(user):
            return self.conversations.open_direct(user)
        return self.conversations.find(channel)

    def whisper(self, channel: str, user: str, text: str) -> Message:
        """What Slackbot tells one person."""
        message = Message(
            channel=channel, ts=self.conversations.stamp(), user=people.SLACKBOT, text=text, only_for=user
        )
        return self.conversations.add(message)

    def _message_changed(self, what: str, message: Message) -> None:
        self.tell({"type": what, "channel": message.channel, "ts": message.ts, "only_for": message.only_for})


def app_of(manifest: Mapping[str, Any] | None) -> App:
    """What matters of a manifest."""
    if manifest is None:
        return App()
    features, settings = manifest.get("features", {}), manifest.get("settings", {})
    return App(
        commands=tuple(features.get("slash_commands", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        shortcuts=tuple(features.get("shortcuts", ())),
        unfurls=tuple(features.get("unfurl_domains", ())),
        functions=dict(manifest.get("functions", {})),
        home=bool(features.get("app_home", {}).get("home_tab_enabled")),
    )
