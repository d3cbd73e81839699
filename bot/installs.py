"""Several workspaces: each installs mlbot by OAuth, and Bolt's own stores keep its token in a file of ours alone."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.error import BoltError
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import Bot as Installed
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore
from slack_sdk.oauth.state_store.sqlite3 import SQLite3OAuthStateStore
from slack_sdk.oauth.token_rotation import TokenRotator

from bot.server import Answer, Visit
from bot.settings import Settings
from bot.slack_scopes import SCOPES
from bot.store import installed

log = logging.getLogger(__name__)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
TEAM = re.compile("T[A-Z0-9]{2,20}")
STATE_SECONDS = 600  # how long somebody may look at Slack's page
RENEW_MINUTES = 120  # before a token that expires does
WHY = {
    "access_denied": "You pressed Cancel; nothing was installed.",
    "invalid_browser": "Begin at /slack/install in this browser; another one, or an old page, will not do.",
    "invalid_state": "This took too long, or the page was used before. Begin again at /slack/install.",
    "missing_code": "Slack sent no code. Begin again at /slack/install.",
    "invalid_code": "Slack did not take the code, or the client id or secret is wrong; mlbot's log says which.",
    "storage_error": "mlbot is installed workspace by workspace and not for a whole organisation.",
}


class Installs:
    """The installations of one app; *fresh* is told of a team that has just installed it."""

    def __init__(self, settings: Settings, fresh: Callable[[str], str] = lambda team: "") -> None:
        self._settings = settings
        self._fresh = fresh
        self._path = _private(settings.installations)
        self._store = SQLite3InstallationStore(database=str(self._path), client_id=settings.slack_client_id)
        self._client = WebClient(base_url=settings.slack_api_url, timeout=10)
        self._flow = _Flow(client=self._client, settings=self._oauth())

    def teams(self) -> tuple[str, ...]:
        """The ids of the workspaces whose token is kept."""
        return tuple(installed.teams(self._path, self._settings.slack_client_id))

    def token(self, team: str) -> str:
        """The bot token of *team*, renewed where it would soon expire; empty without an installation."""
        bot = self._bot(team)
        if bot is None:
            return ""
        secret = self._settings.slack_client_secret.get_secret_value()
        rotator = TokenRotator(client_id=self._settings.slack_client_id, client_secret=secret, client=self._client)
        renewed = rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=RENEW_MINUTES)
        if renewed is not None:
            self._store.save_bot(renewed)
            bot = renewed
        return str(bot.bot_token)

    def forget(self, team: str) -> None:
        """Delete what was kept of *team*: its people removed mlbot, or took its token back."""
        self._store.delete_all(enterprise_id=installed.enterprise(self._path, team), team_id=team)

    def visits(self) -> Mapping[str, Visit]:
        """The two addresses that a browser goes to, by path."""
        return {
            INSTALL: self._visited(self._flow.handle_installation),
            REDIRECT: self._visited(self._flow.handle_callback),
        }

    def _bot(self, team: str) -> Installed | None:
        return self._store.find_bot(enterprise_id=installed.enterprise(self._path, team), team_id=team)

    def _visited(self, handle: Callable[[BoltRequest], BoltResponse]) -> Visit:
        def visit(query: str, headers: Mapping[str, str]) -> Answer:
            # Bolt writes the team into a header as it came.
            told: dict[str, Sequence[str]] = {
                name: values for name, values in parse_qs(query).items() if name != "team" or TEAM.fullmatch(values[0])
            }
            request = BoltRequest(body="", query=told, headers={name: [value] for name, value in headers.items()})
            return _answer(handle(request))

        return visit

    def _oauth(self) -> OAuthSettings:
        settings = self._settings
        return OAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            scopes=sorted(SCOPES),
            redirect_uri=settings.slack_redirect_uri or None,
            install_path=INSTALL,
            install_page_rendering_enabled=False,  # Slack's own page comes next and says more
            redirect_uri_path=REDIRECT,
            authorization_url=_authorize_url(settings.slack_api_url),
            callback_options=CallbackOptions(success=self._succeeded, failure=_failed),
            installation_store=self._store,
            state_store=SQLite3OAuthStateStore(database=str(self._path), expiration_seconds=STATE_SECONDS),
            state_expiration_seconds=STATE_SECONDS,
        )

    def _succeeded(self, told: SuccessArgs) -> BoltResponse:
        team = str(told.installation.team_id)
        log.info("workspace %s has installed mlbot", team)
        missing = self._fresh(team)
        words = missing or "Write /invite @mlbot in your channels, then try /ml-help."
        return _page(200, f"mlbot is installed in {told.installation.team_name or team} ({team}).", words)


class _Flow(OAuthFlow):
    def store_installation(self, request: BoltRequest, installation: Installation) -> None:
        """Keep it, unless it is for a whole organisation: then it would be of no one team."""
        if installation.is_enterprise_install or not installation.team_id:
            raise BoltError("an installation for a whole organisation is not taken")
        super().store_installation(request, installation)


def known(settings: Settings) -> tuple[str, ...]:
    """The installed workspaces, for those who only look; no file is made."""
    path = settings.installations
    return tuple(installed.teams(path, settings.slack_client_id)) if path.exists() else ()


def with_token(settings: Settings) -> Settings:
    """*settings* with the token of their workspace, where it is one of several."""
    if not settings.mlbot_team or settings.slack_bot_token.get_secret_value() or not settings.installations.exists():
        return settings
    return settings.of_team(settings.mlbot_team, Installs(settings).token(settings.mlbot_team))


def _private(path: Path) -> Path:
    """The file, for its owner alone, before anything is written into it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    path.chmod(0o600)
    return path


def _authorize_url(api_url: str) -> str:
    parts = urlsplit(api_url)
    return urlunsplit((parts.scheme, parts.netloc, "/oauth/v2/authorize", "", ""))


def _failed(told: FailureArgs) -> BoltResponse:
    log.warning("an installation failed: %s %s", told.reason, told.error or "")
    return _page(told.suggested_status_code, "mlbot was not installed.", WHY.get(told.reason, told.reason))


def _page(status: int, head: str, words: str) -> BoltResponse:
    text = f"<h1>{escape(head)}</h1><p>{escape(words)}</p>"
    body = f'<!doctype html><html lang="en"><title>mlbot</title><body>{text}</body></html>'
    return BoltResponse(status=status, body=body, headers={"Content-Type": "text/html; charset=utf-8"})


def _answer(told: BoltResponse) -> Answer:
    body = told.body if isinstance(told.body, str) else json.dumps(told.body)
    headers = [(name, value) for name, values in told.headers.items() for value in values]
    kind = next((value for name, value in headers if name.lower() == "content-type"), "text/plain; charset=utf-8")
    rest = tuple((n, v) for n, v in headers if n.lower() not in ("content-type", "content-length"))
    return Answer(f"{told.status} Answer", body, kind, (*rest, ("Cache-Control", "no-store")))
