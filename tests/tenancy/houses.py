"""Two workspaces of one Slack that have installed the same bot, each with its own people, channels and AWS account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from pydantic import SecretStr
from world import NOON, POLICY, SECRET, World

from bot.clock import FixedClock
from bot.playground.aws import LocalAws
from bot.playground.slack import LocalSlack, OAuthClient
from bot.settings import Settings
from bot.workspaces import Workspaces

HERE, THERE = "T0LOCAL", "T0NEXT"
CLIENT = OAuthClient("123.456", "the-client-secret")
ROLE = '[accounts.default]\nrole_arn = "arn:aws:iam::{account}:role/mlbot"\n'
ACCOUNTS = {HERE: "111111111111", THERE: "222222222222"}


@dataclass
class Houses:
    """The process that serves both, and what stands around it."""

    many: Workspaces
    slacks: dict[str, LocalSlack]
    aws: LocalAws
    clock: FixedClock
    folder: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.many.port}"

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return urllib3.request("GET", self.address + path, headers=headers, redirect=False, retries=False)

    def write_policy(self, team: str, *, account: str | None = None, more: str = "") -> Path:
        file = self.folder / "policies" / f"{team}.toml"
        text = POLICY.replace("{image}", self.aws.image) + more
        file.write_text(text + ROLE.replace("{account}", account or ACCOUNTS[team]))
        return file

    def install(self, team: str, *, cookie: bool = True) -> urllib3.BaseHTTPResponse:
        """What a browser does: our page, Slack's page, and back; returns our last page."""
        first = self.get(f"/slack/install?team={team}")
        page = urllib3.request("GET", first.headers["Location"], retries=False).data.decode()
        back = page.split('href="')[1].split('"')[0].replace("&amp;", "&")
        kept = SimpleCookie(first.headers["Set-Cookie"])
        sent = "; ".join(f"{name}={morsel.value}" for name, morsel in kept.items())
        parts = urlsplit(back)
        return self.get(f"{parts.path}?{parts.query}", **({"Cookie": sent} if cookie else {}))

    def world(self, team: str) -> World:
        """One workspace's people, with its bot."""
        policy = self.folder / "policies" / f"{team}.toml"
        return World(self.many.bots[team], self.slacks[team], self.aws, self.clock, policy)


@contextmanager
def opened(tmp_path: Path, *, socket: bool = False) -> Iterator[Houses]:
    """Start everything, hand it over, stop everything; Slack speaks over HTTP, or over one websocket for both."""
    clock = FixedClock(NOON)
    aws = LocalAws(clock)
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing")
    endpoint = aws.start()
    slack = LocalSlack(signing_secret=SECRET, bot_token="xoxb-here", app_token="xapp-both", clock=clock)
    slack.start()
    slack.sell(CLIENT)
    (tmp_path / "policies").mkdir()
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        slack_client_id=CLIENT.id,
        slack_client_secret=SecretStr(CLIENT.secret),
        slack_signing_secret=SecretStr(SECRET),
        slack_app_token=SecretStr("xapp-both" if socket else ""),
        slack_redirect_uri="https://mlbot.example/slack/oauth_redirect" if socket else "",
        slack_api_url=slack.api_url,
        port=0,
        database_url=f"sqlite:///{tmp_path / 'data' / 'mlbot.db'}",
        mlbot_policy=tmp_path / "policies",
        aws_endpoint_url=endpoint,
    )
    many = Workspaces(settings, clock=clock)
    many.drive_by_hand()
    many.open_doors()
    if socket:
        assert slack.sockets.connected.wait(20)
    else:
        slack.events_url = f"http://127.0.0.1:{many.port}/slack/events"
    slacks = {HERE: slack, THERE: slack.beside(THERE, bot_token="xoxb-there")}
    try:
        yield Houses(many, slacks, aws, clock, tmp_path)
    finally:
        many.stop()
        slack.stop()
        aws.stop()
