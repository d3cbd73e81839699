"""A small world for the stories: the real bot, a local Slack, a local AWS, and one clock that they share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.clock import FixedClock
from bot.playground.aws import LocalAws
from bot.playground.slack import LocalSlack
from bot.settings import Settings
from bot.wiring import Bot, build

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
ENGINEER, LEAD, OPERATOR = "U0ENG", "U0LEAD", "U0OPS"
ML, APPROVALS = "C0ML", "C0APPROVALS"
SECRET = "a-signing-secret"
POLICY = """
[approvals]
channel = "C0APPROVALS"
approvers = ["U0LEAD", "U0OPS"]
[reminders]
channel = "C0ML"
[limits]
regions = ["us-east-1", "us-west-2"]
[launch]
image = "{image}"
"""


@dataclass
class World:
    """Everything a story needs; `settle` lets the bot do what is due, in this thread."""

    bot: Bot
    slack: LocalSlack
    aws: LocalAws
    clock: FixedClock
    policy: Path

    def command(self, text: str, *, user: str = ENGINEER, channel: str = ML) -> None:
        """Type a slash command and let the bot answer."""
        name, _, words = text.partition(" ")
        self.slack.command(user=user, channel=channel, command=name, text=words)
        self.settle()

    def press(self, action: str, *, user: str, channel: str, text: str = "") -> None:
        """Press a button and let the bot do what is due."""
        self.click(action, user=user, channel=channel, text=text)
        self.settle()

    def click(self, action: str, *, user: str, channel: str, text: str = "") -> None:
        """Press the newest button whose action id begins with *action*, on a message that contains *text*."""
        message, element = self.find(action, user=user, channel=channel, text=text)
        self.slack.click(
            user=user,
            channel=channel,
            ts=message["ts"],
            action_id=element["action_id"],
            value=element.get("value", ""),
        )

    def find(self, action: str, *, user: str, channel: str, text: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        """The newest message with such a button, and the button."""
        for message in reversed(self.slack.messages(channel, as_user=user)):
            if text not in json.dumps(message, ensure_ascii=False):
                continue
            for element in buttons(message):
                if element["action_id"].startswith(action):
                    return message, element
        raise AssertionError(f"no button {action!r} in {channel}: {self.said(channel, user=user)}")

    def said(self, channel: str, *, user: str = ENGINEER) -> str:
        """All that *user* sees in *channel*, as one text."""
        return "\n".join(words(message) for message in self.slack.messages(channel, as_user=user))

    def whispered(self, channel: str, *, user: str) -> str:
        """What only *user* sees in *channel*."""
        seen = self.slack.messages(channel, as_user=user)
        return "\n".join(words(message) for message in seen if message.get("is_ephemeral"))

    def direct(self, user: str) -> str:
        """All that the bot wrote to *user* alone."""
        return self.said(self.slack.dm_channel(user), user=user)

    def settle(self) -> None:
        """Let the bot do all that is due now."""
        for _ in range(20):
            if not self.bot.later.settle() + self.bot.run_due():
                return

    def pass_time(self, **time: float) -> None:
        """Move the clock, then let the bot sweep and settle."""
        self.clock.advance(timedelta(**time))
        self.bot.sweep()
        self.settle()

    def instances(self) -> list[dict[str, Any]]:
        """What the local AWS runs, in the policy's first region."""
        ec2 = self.bot.parts.cloud.client("ec2", "us-east-1")
        found = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        return [i for i in found if i["State"]["Name"] != "terminated"]


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Every element of a message that can be pressed."""
    found: list[dict[str, Any]] = []
    for block in message.get("blocks") or []:
        found += block.get("elements") or []
        if block.get("accessory"):
            found.append(block["accessory"])
    return [element for element in found if isinstance(element, dict) and "action_id" in element]


def words(message: dict[str, Any]) -> str:
    """A message's texts, fallback and blocks."""
    return message.get("text", "") + "\n" + json.dumps(message.get("blocks") or [], ensure_ascii=False)


@contextmanager
def world(
    folder: Path,
    *,
    socket: bool = False,
    policy: str = POLICY,
    at: datetime = NOON,
    manifest: dict[str, Any] | None = None,
    public_url: str = "",
) -> Iterator[World]:
    """Start everything, hand it over, stop everything."""
    clock = FixedClock(at)
    aws = LocalAws(clock)
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing")
    endpoint = aws.start()
    slack = LocalSlack(
        signing_secret=SECRET, bot_token="xoxb-local", app_token="xapp-local", clock=clock, manifest=manifest
    )
    slack.ack_seconds = 60.0  # a busy machine fails no story; what a late ack means has tests of its own
    slack.start(port=0)
    policy_file = folder / "policy.toml"
    policy_file.write_text(policy.replace("{image}", aws.image))
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        slack_bot_token=SecretStr("xoxb-local"),
        slack_signing_secret=SecretStr(SECRET),
        slack_app_token=SecretStr("xapp-local" if socket else ""),
        slack_api_url=slack.api_url,
        port=0,
        database_url=f"sqlite:///{folder / 'mlbot.db'}",
        mlbot_policy=policy_file,
        aws_endpoint_url=endpoint,
        mlbot_public_url=public_url,
    )
    bot = build(settings, clock=clock)
    bot.open_doors()
    if socket:
        assert slack.sockets.connected.wait(20)  # what is sent before the socket is open is lost, as in Slack
    else:
        slack.events_url = f"http://127.0.0.1:{bot.port}/slack/events"
    try:
        yield World(bot, slack, aws, clock, policy_file)
    finally:
        bot.stop()
        slack.stop()
        aws.stop()
