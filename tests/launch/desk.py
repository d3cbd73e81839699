"""A launch desk for tests: the real store, ops, outbox and features, a fake Slack, an AWS of the test's choice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import data
from bot import instances, launch
from bot.clock import FixedClock
from bot.ops import Workers
from bot.outbox import OutboxRow, View, deliver
from bot.parts import Parts
from bot.policy import parse
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.launch import Launch, Reply, Wanted
from bot.rules.people import Person
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.store import launches
from bot.store.db import Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ASKER, LEAD, OTHER, NOBODY = "U0ENG", "U0LEAD", "U0OPS", "U0NOBODY"
TEAM = "T0HOME"
ROOM = "C0APPROVALS"
POLICY = """
[approvals]
channel = "C0APPROVALS"
approvers = ["U0LEAD", "U0OPS"]
[limits]
regions = ["us-east-1", "us-west-2"]
[launch]
image = "ami-0fee1dee9a0c10001"
"""


@dataclass
class Said:
    """A message as it went out; blocks do not matter here."""

    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)


class FakeSlack:
    """Remembers what was posted; `before` and `after` of a call may raise."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str]] = []
        self.updates: list[tuple[str, str, str]] = []
        self.whispers: list[tuple[str, str]] = []
        self.standing: dict[tuple[str, str], str] = {}
        self.people: dict[str, Person] = {
            user: Person(user, user.lower(), TEAM) for user in (ASKER, LEAD, OTHER, NOBODY)
        }
        self.groups: dict[str, tuple[str, ...]] = defaultdict(tuple)
        self.down = False
        self.io: Callable[[str, str], None] = lambda moment, name: None

    def _call(self, name: str) -> None:
        self.io("before", name)
        if self.down:
            raise SlackError("Slack did not answer.", code="TimeoutError")

    def post(self, channel: str, message: Any, *, thread_ts: str | None = None) -> tuple[str, str]:
        self._call("slack.post")
        self.posts.append((channel, message.text))
        ts = f"{len(self.posts)}.0"
        self.standing[channel, ts] = message.text
        self.io("after", "slack.post")
        return channel, ts

    def update(self, channel: str, ts: str, message: Any) -> None:
        self._call("slack.update")
        if (channel, ts) not in self.standing:
            raise SlackError("gone", code="message_not_found")
        self.updates.append((channel, ts, message.text))
        self.standing[channel, ts] = message.text
        self.io("after", "slack.update")

    def whisper(self, channel: str, user: str, message: Any) -> None:
        self._call("slack.whisper")
        self.whispers.append((user, message.text))

    def respond(self, url: str, message: Any, **_: Any) -> None:
        self._call("slack.respond")
        self.whispers.append((url, message.text))

    def open_dm(self, user: str) -> str:
        self._call("slack.open_dm")
        return f"D-{user}"

    def person(self, user: str) -> Person:
        self._call("slack.person")
        if user not in self.people:
            raise SlackError("no such user", code="user_not_found")
        return self.people[user]

    def group_members(self, group: str) -> tuple[str, ...]:
        self._call("slack.group_members")
        return self.groups[group]

    def whoami(self) -> Mapping[str, Any]:
        self._call("slack.whoami")
        return {"team_id": TEAM, "user_id": "U0BOT"}


def card_text(parts: Parts, row: OutboxRow) -> Said:
    """The card in one line: state, who decided, machines, error, waits."""
    found = launch.card(parts, row.subject)
    one = found.launch
    words = [one.state, one.progress, ",".join(one.decided_by), ",".join(one.instance_ids), one.error, found.waits]
    return Said(" | ".join(words))


def extension_text(parts: Parts, row: OutboxRow) -> Said:
    """The card of an extension in one line."""
    one = launch.extension_card(parts, row.subject).extension
    return Said(f"{one.state} | {one.hours:g} h | {','.join(one.decided_by)}")


def plain_text(parts: Parts, row: OutboxRow) -> Said:
    return Said(str(row.data["text"]))


VIEWS: Mapping[str, View] = {
    "launch_card": card_text,
    "extension_card": extension_text,
    "launch_notice": plain_text,
    "whisper": plain_text,
    "notice": plain_text,
}


@dataclass
class Desk:
    """One process of mlbot as far as launches go; several desks on one folder are replicas."""

    parts: Parts
    slack: FakeSlack
    clock: FixedClock
    policy: list[Policy]
    presses: int = 0

    def ask(self, *, asker: str = ASKER, key: str = "ask-1", **changes: Any) -> str:
        wanted = Wanted(**{"instance_type": "g5.xlarge", "region": "us-east-1", "name": "nightly", **changes})
        return launch.ask(self.parts, wanted, asker=asker, team=TEAM, key=key, reply=Reply("C0ML", ""))

    def press(self, action: str, identity: str, user: str = LEAD, *, key: str = "", **given: Any) -> None:
        self.presses += 1
        key = key or f"click-{id(self)}-{self.presses}"
        click = Click(action=action, value=identity, user=user, team=TEAM, key=key, channel=ROOM, data=given)
        launch.press(self.parts, click)

    def settle(self) -> None:
        """Do all that is due, here and now."""
        workers = Workers(self.parts, {**launch.OPS, **instances.OPS})
        while workers.run_due() + deliver(self.parts, VIEWS):
            pass

    def pass_time(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))
        launch.recover(self.parts)
        self.settle()

    def find(self, identity: str) -> Launch:
        with self.parts.store.reading() as tx:
            found = launches.find(tx, identity)
        assert found is not None
        return found

    def asked(self, **changes: Any) -> str:
        """Ask and let the checks run."""
        identity = self.ask(**changes)
        self.settle()
        return identity

    def approved(self, user: str = LEAD, **changes: Any) -> str:
        """Ask, check, approve and carry out."""
        identity = self.asked(**changes)
        self.press("approve", identity, user)
        self.settle()
        return identity

    def rules(self, text: str) -> None:
        """Change the policy file."""
        self.policy[0] = parse(text, name="policy.toml")

    def told(self, user: str = "") -> str:
        """All that was whispered or written to *user* alone."""
        direct = [text for channel, text in self.slack.posts if channel == f"D-{user}"]
        return "\n".join([*(text for to, text in self.slack.whispers if to == user), *direct])

    def card(self) -> str:
        """The newest card as it stands."""
        return [text for (channel, _), text in self.slack.standing.items() if channel == ROOM][-1]


def desk(
    folder: Path,
    cloud: Callable[[Settings, Callable[[], Policy]], Any],
    *,
    policy: str = POLICY,
    clock: FixedClock | None = None,
    slack: FakeSlack | None = None,
    store: Callable[[str], Store] | None = None,
) -> Desk:
    """A desk over the database in *folder*; *cloud* makes its AWS."""
    from bot.people import People

    url = f"sqlite:///{folder / 'mlbot.db'}"
    settings = Settings(_env_file=None, database_url=url)  # type: ignore[call-arg]
    kept = store(url) if store else Store(url, synchronous="OFF")
    kept.migrate()
    clock, slack, rules = clock or FixedClock(NOON), slack or FakeSlack(), [parse(policy, name="policy.toml")]
    made: Any = slack
    parts = Parts(
        settings=settings,
        store=kept,
        clock=clock,
        policy=lambda: rules[0],
        cloud=cloud(settings, lambda: rules[0]),
        slack=made,
        people=People(made, clock),
        catalog=data.load(),
        wake=lambda: None,
    )
    return Desk(parts, slack, clock, rules)
