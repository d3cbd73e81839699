"""The playground: the real bot between a local Slack and a local AWS, with one clock that can be moved."""

from __future__ import annotations

import gc
import json
import os
import secrets
import socketserver
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot.clock import Clock
from bot.cloud import is_loopback
from bot.playground.aws import IMAGES, LocalAws
from bot.playground.seed import seed
from bot.playground.slack import LocalSlack, Pace
from bot.settings import Settings
from bot.store import ops, outbox
from bot.store.alive import at_work
from bot.wiring import Bot, build, settle

POLICY = """
[access]
operators = ["U0OPS"]
[approvals]
channel = "C0APPROVALS"
approvers = ["U0LEAD", "U0OPS"]
[reminders]
channel = "C0ML"
leads = ["U0LEAD"]
zone = "Europe/Berlin"
[limits]
regions = ["us-east-1", "us-west-2"]
[launch]
image = "{image}"
[launch.images]
"""
HOST = "127.0.0.1"
SETTLES = 10.0  # seconds at most until what was sent has arrived
HOUR = clock_time(9, 5)  # just after the policy's hour
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")  # of the playground's people and its channel
# Whatever the shell has: keys that no real AWS knows, and no profile that could lend others.
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
NOT_INHERITED = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


@dataclass
class Playground:
    """Everything that runs; `stop` ends it and forgets it."""

    bot: Bot
    slack: LocalSlack
    aws: LocalAws
    clock: Clock
    folder: tempfile.TemporaryDirectory[str]

    @property
    def url(self) -> str:
        """The page's address."""
        return self.slack.url

    def next_morning(self) -> str:
        """Move the clock from morning to morning until each of the people has had theirs."""
        for at in next_mornings(self.clock.now()):
            self._settle()
            self.clock.advance(at - self.clock.now())
            self.scan()
        return f"It is {self.clock.now():%A} morning. Look at the direct messages and at #ml."

    def _settle(self) -> None:
        """Let what is on its way arrive: a clock that jumps in between ends its lease, and it would be sent twice."""
        deadline = time.monotonic() + SETTLES
        while time.monotonic() < deadline and self._busy():
            time.sleep(0.05)

    def _busy(self) -> bool:
        now = self.clock.now()
        with self.bot.parts.store.reading() as tx:
            return at_work(tx) or outbox.is_due(tx, now) or ops.is_due(tx, now)

    def scan(self) -> str:
        """What the schedule would do by now, at once."""
        self.bot.sweep()
        self.bot.scan_and_remind()
        return "Scanned. /ml-idle shows what was found."

    def no_capacity(self) -> str:
        """The next launch finds the first three zones full; boto3 asks each of them twice."""
        self.aws.no_capacity(times=6)
        return "The next launch will find three zones full."

    def lose_a_reply(self) -> str:
        """The next RunInstances works, but its answer is lost; boto3 tries twice by itself."""
        self.aws.disturb("lost", "RunInstances", times=2)
        return "The answer to the next launch will be lost; still one machine starts."

    def stop(self) -> None:
        """End everything."""
        self.bot.stop()
        self.slack.stop()
        self.aws.stop()
        self.folder.cleanup()
        gc.unfreeze()


def next_mornings(now: datetime) -> list[datetime]:
    """The next morning after *now* in each zone, earliest first."""
    return sorted(_morning(now, ZoneInfo(name)) for name in ZONES)


def _morning(now: datetime, zone: ZoneInfo) -> datetime:
    at = datetime.combine(now.astimezone(zone).date(), HOUR, tzinfo=zone)
    return at if at > now else datetime.combine(at.date() + timedelta(days=1), HOUR, tzinfo=zone)


def start(port: int = 3000, *, socket: bool = False) -> Playground:
    """Start all of it on 127.0.0.1; *port* is the page's (0: any free one)."""
    os.environ.update(KEYS)
    for name in NOT_INHERITED:
        os.environ.pop(name, None)
    folder = tempfile.TemporaryDirectory(prefix="mlbot-playground-")
    clock = Clock()
    aws = LocalAws(clock)
    endpoint = aws.start()
    seed(aws, every_kind=True)
    secret = secrets.token_hex(16)
    door = free_port()
    slack = LocalSlack(
        signing_secret=secret, bot_token="xoxb-local", app_token="xapp-local", clock=clock, manifest=manifest()
    )
    slack.rates.pace = Pace.generous()
    slack.start(port=port)
    policy = Path(folder.name, "policy.toml")
    policy.write_text(policy_text(aws.image), encoding="utf-8")
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        slack_bot_token=SecretStr("xoxb-local"),
        slack_signing_secret=SecretStr(secret),
        slack_app_token=SecretStr("xapp-local" if socket else ""),
        slack_api_url=slack.api_url,
        host=HOST,
        port=door,
        mlbot_public_url=f"http://{HOST}:{door}",
        database_url=f"sqlite:///{folder.name}/mlbot.db",
        mlbot_policy=policy,
        aws_region="us-east-1",
        aws_endpoint_url=endpoint,
    )
    assert is_loopback(settings.slack_api_url), "the playground speaks to this machine alone"
    assert is_loopback(settings.aws_endpoint_url), "the playground speaks to this machine alone"
    bot = build(settings, clock=clock, only_local=True)
    bot.start()
    settle()
    if not socket:
        slack.events_url = f"http://127.0.0.1:{bot.port}/slack/events"
    return _with_controls(Playground(bot, slack, aws, clock, folder))


def policy_text(image: str) -> str:
    """The policy file of the playground: an image for each family of chips, *image* for what has none of its own."""
    lines = [f'{chips} = "{identity}"\n' for chips, (identity, _, _) in IMAGES.items() if identity != image]
    return POLICY.replace("{image}", image) + "".join(lines)


def manifest() -> dict[str, Any] | None:
    """What a workspace would paste: it names the commands, and limits the bot to its scopes; None when not shipped."""
    path = Path(__file__).parents[2] / "manifest.json"
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").replace("YOUR-HOST", HOST))
    return found


def free_port() -> int:
    """A port that nobody listens on; links must name it before the door opens."""
    with socketserver.TCPServer((HOST, 0), socketserver.BaseRequestHandler) as found:
        return int(found.server_address[1])


def _with_controls(made: Playground) -> Playground:
    made.slack.control("morning", "Next morning", made.next_morning)
    made.slack.control("scan", "Scan now", made.scan)
    made.slack.control("capacity", "Break AWS: no capacity", made.no_capacity)
    made.slack.control("lost", "Break AWS: lose a reply", made.lose_a_reply)
    return made
