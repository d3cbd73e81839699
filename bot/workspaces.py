"""Several workspaces in one process: each is a whole bot with its own token, policy, database and AWS accounts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltRequest, BoltResponse

from bot import health, links, wiring
from bot.clock import Clock
from bot.installs import Installs
from bot.policy import read
from bot.rules.errors import BotError, UserError
from bot.rules.policy import Policy
from bot.server import Door, Server
from bot.settings import Settings
from bot.socket import Socket
from bot.store import outbox
from data import OVERLAY, load

log = logging.getLogger(__name__)

LOOK_SECONDS = 900.0  # for new policy files, and tokens that soon expire
OWN = "mlbot's own"  # the AWS account of a policy that names no role for "default"


@dataclass
class Served:
    """One workspace that is served; *speaks* while its token is good."""

    bot: wiring.Bot
    accounts: frozenset[str]
    speaks: bool


class Workspaces:
    """
    Every installed workspace that has a policy file, behind one door; Slack's requests go to the bot of their team.

    A workspace that takes its token back is told nothing more, and what was promised in AWS (an end) still happens.
    """

    def __init__(self, settings: Settings, *, clock: Clock | None = None, only_local: bool = False) -> None:
        self._settings = settings
        self._clock = clock
        self._only_local = only_local
        self._catalog = load(OVERLAY)
        self._lock = threading.RLock()
        self._served: dict[str, Served] = {}
        self._by_hand = False
        self._stopping = threading.Event()
        self.installs = Installs(settings, self._serve_or_say)
        self.server: Server | None = None
        self.socket: Socket | None = None

    @property
    def bots(self) -> Mapping[str, wiring.Bot]:
        """By team, those that are served now."""
        with self._lock:
            return {team: one.bot for team, one in self._served.items()}

    @property
    def port(self) -> int:
        """Where the HTTP door listens."""
        return self.server.port if self.server else 0

    def start(self) -> None:
        """Serve every workspace that can be, then open the doors."""
        self.look_again()
        self.open_doors()
        threading.Thread(target=self._keep_looking, name="workspaces", daemon=True).start()

    def _keep_looking(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look_again()
            except Exception:
                log.exception("the installations could not be looked at")

    def open_doors(self) -> None:
        """One door for all: Slack's requests, the two pages of an installation, and the operators' pages."""
        settings = self._settings
        over_socket = bool(settings.slack_app_token.get_secret_value())
        acks, secret = health.Acks(), settings.slack_signing_secret.get_secret_value()
        pages = {**health.pages_of(lambda: self.bots, acks), **links.pages()}
        door = Door(None if over_socket else self, secret, pages, visits=self.installs.visits(), watch=acks)
        self.server = Server(door, host=settings.host, port=settings.port)
        self.server.start()
        if over_socket:
            self.socket = Socket(self, settings)
            self.socket.start()
            for bot in self.bots.values():
                bot.socket = self.socket

    def stop(self) -> None:
        """Take nothing more, then let each workspace finish what runs, all at the same time."""
        self._stopping.set()
        for door in (self.socket, self.server):
            if door is not None:
                door.stop()
        ending = [threading.Thread(target=_end, args=(bot,)) for bot in self.bots.values()]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()

    def drive_by_hand(self) -> None:
        """Serve from now on without threads of the bots' own: whoever asked lets them do what is due."""
        self._by_hand = True

    def look_again(self) -> None:
        """Serve what was installed or got its policy file meanwhile, and renew tokens that soon expire."""
        for team in sorted({*self.installs.teams(), *self._with_data()}):
            if why := self._serve_or_say(team):
                log.warning("workspace %s: %s", team, why)

    def _with_data(self) -> tuple[str, ...]:
        """Workspaces that were served once: what runs for them in AWS still ends in time."""
        return self._settings.teams_with_data()

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """Hand a request to the bot of its team; none of the others sees it."""
        body: dict[str, Any] = req.body
        team = self._team(body)
        served = self._served.get(team)
        if _is_over(body):
            threading.Thread(target=self.lose, args=(team,), name=f"lose-{team}").start()
            return BoltResponse(status=200, body="")
        if served is None or not served.speaks:
            return self._not_served(team, body)
        return served.bot.app.dispatch(req)

    def _team(self, body: Mapping[str, Any]) -> str:
        named = [team for team in _teams(body) if team]
        return next((team for team in named if team in self._served), named[0] if named else "")

    def _not_served(self, team: str, body: Mapping[str, Any]) -> BoltResponse:
        threading.Thread(target=self.look_again, name="look-again").start()
        text = (
            f"mlbot does not serve this workspace ({team or 'unknown'}) yet: it must be installed at /slack/install, "
            f"and an operator must write its policy file. Try again in a minute."
        )
        return BoltResponse(status=200, body=text if "command" in body else "")

    def lose(self, team: str) -> None:
        """Delete *team*'s token and send nothing there any more; its audit log and what it owes in AWS stay."""
        self.installs.forget(team)
        with self._lock:
            served = self._served.get(team)
            if served is None or not served.speaks:
                return
            served.speaks = False
        served.bot.sender.stop()
        log.warning("workspace %s has removed mlbot; nothing more is sent there", team)

    def _serve_or_say(self, team: str) -> str:
        """Serve *team*; returns why not, in a sentence, or nothing."""
        try:
            with self._lock:
                return self._serve(team)
        except (BotError, OSError) as error:
            return str(error)

    def _serve(self, team: str) -> str:
        token = self.installs.token(team)
        if (known := self._served.get(team)) is not None:
            self._take(known, token)
            return ""
        settings = self._settings.of_team(team, token)
        if settings.mlbot_policy is None or not settings.mlbot_policy.is_file():
            return f"An operator must write {team}.toml in the folder that MLBOT_POLICY names; then it is served."
        accounts = accounts_of(read(settings.mlbot_policy))
        for other, one in self._served.items():
            if shared := one.accounts & accounts:
                raise UserError(
                    f"Its policy names an AWS account that {other} has, too ({', '.join(sorted(shared))}); each would "
                    f"see the other's machines. Give it a role in an account of its own under [accounts.default]."
                )
        bot = wiring.build(settings, clock=self._clock, only_local=self._only_local, catalog=self._catalog)
        bot.socket = self.socket
        self._served[team] = Served(bot, accounts, bool(token))
        if not self._by_hand:
            bot.begin(speaks=bool(token))
        return ""

    def _take(self, known: Served, token: str) -> None:
        """A token that is new: renewed, or of an installation after a removal."""
        if not token:
            return
        known.bot.parts.slack.client.token = token
        if not known.speaks:
            parts = known.bot.parts
            with parts.store.transaction() as tx:
                outbox.hush(tx, now=parts.clock.now())
            known.speaks = True
            if not self._by_hand:
                known.bot.speak()


def accounts_of(policy: Policy) -> frozenset[str]:
    """The numbers of the AWS accounts that a policy reaches."""
    named = frozenset(one.role_arn.split(":")[4] for one in policy.accounts.values())
    return named if "default" in policy.accounts else named | {OWN}


def _teams(body: Mapping[str, Any]) -> list[str]:
    """
    The teams that a request names, the likeliest to be meant first.

    In a channel shared through Slack Connect the person's team is not the one whose message or form it is.
    """
    view, message, team = body.get("view") or {}, body.get("message") or {}, body.get("team")
    rights = body.get("authorizations") or [{}]
    found = [
        view.get("app_installed_team_id"),
        message.get("team"),
        rights[0].get("team_id"),
        team.get("id") if isinstance(team, dict) else team,
        body.get("team_id"),
        (body.get("user") or {}).get("team_id") if isinstance(body.get("user"), dict) else None,
    ]
    return [str(one) for one in found if one]


def _is_over(body: Mapping[str, Any]) -> bool:
    """Whether a request says that the workspace's token is void."""
    event = body.get("event")
    if not isinstance(event, dict):
        return False
    tokens = event.get("tokens")
    bots = isinstance(tokens, dict) and bool(tokens.get("bot"))
    return event.get("type") == "app_uninstalled" or (event.get("type") == "tokens_revoked" and bots)


def _end(bot: wiring.Bot) -> None:
    bot.socket = bot.server = None  # the door was everybody's
    bot.stop()
