"""One local Slack: start it, point a bot at it, and act as its people."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.clock import Clock
from bot.playground.slack.client import Client
from bot.playground.slack.controls import Control, Controls
from bot.playground.slack.delivery import ACK_SECONDS, Delivered, Transport
from bot.playground.slack.doors import Doors
from bot.playground.slack.elements import Block
from bot.playground.slack.faults import Fault, Faults, How
from bot.playground.slack.install import AUTHORIZE, authorize_page, belongs, issue_code
from bot.playground.slack.over_http import OverHttp, check_local
from bot.playground.slack.over_socket import OverSocket
from bot.playground.slack.page import Page
from bot.playground.slack.people import BOT_USER, TEAM
from bot.playground.slack.rates import Pace, Rates
from bot.playground.slack.screen import END
from bot.playground.slack.server import HOST, Answer, Asked, HttpServer
from bot.playground.slack.web_api import WebApi
from bot.playground.slack.workspace import ApiCall, OAuthClient, Quiet, Step, Tokens, Workspace

RETRY_LOOK_SECONDS = 0.5
DOORS = ("/api/", "/commands/", "/actions/", "/upload/", "/files/")


class LocalSlack:
    """
    Slack's servers and everybody's clients on 127.0.0.1.

    With *events_url* the bot is told by signed HTTP, without it over Socket Mode. *manifest* (as pasted into Slack)
    limits commands, events and scopes to what it names. *monotonic* (seconds) measures triggers and rates;
    `rates.pace` and `ack_seconds` may be set. After `sell` the bot gets its token when somebody installs it, and
    `beside` puts another workspace behind the same address.
    """

    def __init__(
        self,
        *,
        signing_secret: str,
        bot_token: str = "xoxb-local",
        app_token: str = "xapp-local",
        events_url: str | None = None,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        manifest: Mapping[str, Any] | None = None,
        team: str = TEAM,
    ) -> None:
        tokens = Tokens(bot_token, app_token)
        self.workspace = Workspace(clock or Clock(), monotonic, tokens, manifest, team=team)
        self._others: list[LocalSlack] = []
        self.faults = Faults()
        self.rates = Rates(Pace(), monotonic)
        self.sockets = OverSocket(self.workspace)
        self.people = Client(self.workspace, self._transport)
        self.ack_seconds = ACK_SECONDS
        self._secret = signing_secret
        self._http: OverHttp | None = None
        self._events_url: str | None = None
        self.events_url = events_url
        self._doors = Doors(self.workspace, WebApi(self.workspace, self.rates), self.faults)
        self.controls = Controls()
        self._page = Page(self.workspace, self.people, self.controls)
        self._server = HttpServer(self._route)
        self._stopped = threading.Event()

    @property
    def events_url(self) -> str | None:
        """Where the bot hears of everything by HTTP; None: over Socket Mode."""
        return self._events_url

    @events_url.setter
    def events_url(self, url: str | None) -> None:
        self._events_url = check_local(url) if url else None
        self._http = OverHttp(url, self._secret) if url else None

    def _transport(self) -> Transport:
        transport: OverHttp | OverSocket = self._http or self.sockets
        transport.ack_seconds = self.ack_seconds
        return transport

    def start(self, port: int = 0) -> str:
        """Listen; returns the base address."""
        self.workspace.base_url = f"http://{HOST}:{self._server.start(port)}"
        threading.Thread(target=self._resend_events, name="slack-retries", daemon=True).start()
        return self.workspace.base_url

    @property
    def url(self) -> str:
        """The base address."""
        return self.workspace.base_url

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL should say."""
        return self.workspace.base_url + "/api/"

    def sell(self, client: OAuthClient) -> None:
        """From now on the app must be installed, and show who it is, to get a token."""
        self.workspace.client, self.workspace.installed = client, False

    def beside(self, team: str, *, bot_token: str) -> LocalSlack:
        """Another workspace of the same Slack, in which the same app may be installed; call it once this listens."""
        mine = self.workspace
        other = LocalSlack(
            signing_secret=self._secret,
            bot_token=bot_token,
            app_token=mine.tokens.app,
            events_url=self.events_url,
            clock=mine.clock,
            team=team,
        )
        if mine.client is not None:
            other.sell(mine.client)
        other.workspace.base_url = mine.base_url
        other.sockets = self.sockets  # an app's websockets bear what happens in all its workspaces
        self._others.append(other)
        return other

    def stop(self) -> None:
        """Close everything; what hangs, ends."""
        self._stopped.set()
        self.faults.mend()
        self.sockets.close()
        self.end_streams()
        self._server.stop()

    def end_streams(self) -> None:
        """Break the pages' streams; they come back by themselves while this runs."""
        self.workspace.tell(END)

    def _resend_events(self) -> None:
        while not self._stopped.wait(RETRY_LOOK_SECONDS):
            self.people.events.send_due()

    def _route(self, asked: Asked) -> Answer | None:
        there = next((other for other in self._others if belongs(asked, other.workspace)), self)
        return there._routed(asked)

    def _routed(self, asked: Asked) -> Answer | None:
        if asked.path == AUTHORIZE:
            return authorize_page(asked, self.workspace, self.events_url)
        if asked.path.startswith("/link"):
            return self.sockets.serve(asked)
        if asked.path.startswith(DOORS):
            return self._doors.answer(asked)
        return self._page.answer(asked)

    def control(
        self,
        identity: str,
        label: str,
        act: Callable[[], object],
        *,
        hint: str = "",
        pressed: Callable[[], bool] | None = None,
    ) -> None:
        """A button above the page's chat; *act* may return a sentence to show, *pressed* makes it a switch."""
        self.controls.add(Control(identity, label, act, hint, pressed))

    # What people do

    def command(self, *, user: str, channel: str, command: str, text: str = "") -> Delivered | None:
        """Type a slash command; None when the app has no such command."""
        return self.people.command(user, channel, command, text)

    def click(
        self, *, user: str, channel: str, ts: str, action_id: str, value: Any = None, block_id: str | None = None
    ) -> Delivered:
        """Press a message's button, or choose *value* in its menu; for a button *value* overrides its own."""
        return self.people.click(user, channel, ts, action_id=action_id, block_id=block_id, value=value)

    def click_view(
        self, *, user: str, view_id: str, action_id: str, value: Any = None, block_id: str | None = None
    ) -> Delivered:
        """The same in a form or on the Home tab."""
        return self.people.click_view(user, view_id, action_id=action_id, block_id=block_id, value=value)

    def submit_view(self, *, user: str, view_id: str, values: Mapping[str, Any] | None = None) -> Delivered:
        """Send a form off; *values* by block id. `errors` of the result stand beside its fields."""
        return self.people.submit(user, view_id, values or {})

    def close_view(self, *, user: str, view_id: str, clear: bool = False) -> Delivered | None:
        """Close a form without sending it."""
        return self.people.close(user, view_id, clear=clear)

    def shortcut(self, *, user: str, callback_id: str, channel: str = "", ts: str = "") -> Delivered:
        """Use a global shortcut, or one of a message."""
        return self.people.shortcut(user, callback_id, channel=channel, ts=ts)

    def say(self, *, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        """Write a message; returns its ts."""
        return self.people.say(user, channel, text, thread_ts=thread_ts).ts

    def open_home(self, *, user: str, tab: str = "home") -> None:
        """Look at the app's Home tab."""
        self.people.open_home(user, tab)

    def run_step(self, *, user: str, callback_id: str, inputs: Mapping[str, Any] | None = None) -> Step:
        """Run a workflow with a step of the app's; its `outputs` or `error` say what came of it."""
        return self.people.run_step(user, callback_id, inputs or {})

    def install_code(self, user: str) -> str:
        """The code that the install page would hand to the app's redirect address."""
        return issue_code(self.workspace, user)

    def uninstall(self, *, tell: bool = True) -> None:
        """Somebody removes the app: its token is void, and unless that is lost the app is told."""
        self.workspace.installed = False
        if tell:
            self.people.events.send({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}})
            self.people.events.send({"type": "app_uninstalled"})

    def resend(self, sent: Delivered) -> Delivered:
        """Deliver the same once more."""
        return self.people.resend(sent)

    # What people see

    def messages(self, channel: str, as_user: str | None = None) -> list[dict[str, Any]]:
        """What *as_user* sees in *channel*, oldest first; without a user, what the Web API would tell."""
        with self.workspace.lock:
            talk = self.workspace.conversations
            return [talk.told(message, as_user) for message in talk.visible(channel, as_user)]

    def views(self, user: str) -> list[dict[str, Any]]:
        """The forms on *user*'s screen, the top one last."""
        with self.workspace.lock:
            return [view.as_slack() for view in self.workspace.views.stacks.get(user, [])]

    def home(self, user: str) -> dict[str, Any] | None:
        """*user*'s Home tab, once the bot has drawn it."""
        with self.workspace.lock:
            view = self.workspace.views.homes.get(user)
            return view.as_slack() if view else None

    def dm_channel(self, user: str) -> str:
        """The id of the bot's direct message with *user*."""
        with self.workspace.lock:
            return self.workspace.conversations.open_direct(user).id

    @property
    def calls(self) -> Sequence[ApiCall]:
        """The Web API calls so far, oldest first."""
        return list(self.workspace.calls)

    # What may go wrong

    def fail(
        self, method: str = "", code: str = "internal_error", *, status: int = 200, times: int | None = 1
    ) -> Fault:
        """Refuse the next *times* calls of *method* (empty: any; times None: until mended)."""
        return self.faults.add(Fault(how="error", method=method, code=code, status=status, times=times))

    def limit(self, method: str = "", *, retry_after: int = 1, times: int | None = 1) -> Fault:
        """Answer 429."""
        return self.faults.add(Fault(how="limit", method=method, retry_after=retry_after, times=times))

    def disturb(self, how: How, method: str = "", *, seconds: float = 0.0, times: int | None = 1) -> Fault:
        """Be slow, hang, lose the answer or reset the connection; `response_url` names response addresses."""
        return self.faults.add(Fault(how=how, method=method, seconds=seconds, times=times))

    def mend(self) -> None:
        """All is well again."""
        self.faults.mend()

    def set_quiet(self, user: str, quiet: Quiet) -> None:
        """Set when *user* does not want to be disturbed."""
        self.workspace.quiet[user] = quiet

    def fill_view(self, *, user: str, view_id: str, values: Mapping[str, Any]) -> Block:
        """Enter values without sending the form off; returns its state."""
        return self.people.fill(user, view_id, values)
