"""A bot without Slack's door: a database, the local AWS, a clock that stands, and people who live somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import data
from bot import idle
from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.ops import Workers
from bot.parts import Parts
from bot.people import People
from bot.playground.aws import LocalAws
from bot.playground.aws.metrics import Point, Series
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.people import Person
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.store.db import Row, Store

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
ENG, LEAD, OTHER = "U0ENG", "U0LEAD", "U0OTHER"
POLICY: dict[str, Any] = {
    "approvals": {"channel": "C0APPROVALS", "approvers": [LEAD]},
    "reminders": {"channel": "C0ML"},
    "limits": {"regions": ["us-east-1"]},
}


@dataclass
class Workspace:
    """Slack as far as people are asked for: who is where, who left, and whether it answers."""

    people: dict[str, Person] = field(
        default_factory=lambda: {user: Person(user, name=user.lower(), team="T1") for user in (ENG, LEAD, OTHER)}
    )
    down: bool = False

    def person(self, user: str) -> Person:
        if self.down:
            raise SlackError("Slack did not answer.", code="timeout")
        if user not in self.people:
            raise SlackError("Slack refused: users_not_found.", code="users_not_found")
        return self.people[user]

    def group_members(self, group: str) -> tuple[str, ...]:
        return ()

    def whoami(self) -> Mapping[str, Any]:
        return {"team_id": "T1"}


@dataclass
class IdleWorld:
    """Parts with their clock, AWS and people at hand."""

    parts: Parts
    clock: FixedClock
    aws: LocalAws | None
    slack: Workspace
    policy: dict[str, Any]
    workers: Workers = field(init=False)
    presses: int = 0
    on_policy: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.workers = Workers(self.parts, idle.OPS)

    def set_policy(self, **tables: Any) -> None:
        """Change tables of the policy, key by key."""
        for name, table in tables.items():
            self.policy[name] = {**self.policy.get(name, {}), **table}
        self.on_policy()

    def press(self, action: str, ref: str, *, user: str = ENG, **form: Any) -> None:
        """Press a button and let the workers do what follows."""
        self.presses += 1
        click = Click(action=action, value=ref, user=user, team="T1", key=f"press-{self.presses}", data=form)
        idle.press(self.parts, click)
        self.workers.run_due()

    def posts(self, what: str = "") -> list[Row]:
        """Rows of the outbox, oldest first."""
        with self.parts.store.reading() as tx:
            return tx.all("SELECT * FROM outbox WHERE ? IN ('', what) ORDER BY id", what)

    def said_to(self, user: str) -> str:
        """The last whisper."""
        rows = [row for row in self.posts("whisper") if row["dest"] == user]
        return str(rows[-1]["data"]) if rows else ""

    def audit(self) -> list[str]:
        """Actions of the audit log."""
        with self.parts.store.reading() as tx:
            return [row["action"] for row in tx.all("SELECT action FROM audit ORDER BY seq")]


def settings_for(aws: LocalAws | None) -> Settings:
    """The environment of a bot over *aws*, or over nothing."""
    endpoint = aws.endpoint if aws else "http://127.0.0.1:9"
    return Settings(_env_file=None, aws_endpoint_url=endpoint)  # type: ignore[call-arg]


def policy_of(tables: dict[str, Any]) -> Policy:
    """The policy as it stands now."""
    return Policy.model_validate(tables)


def build(folder: Path, clock: FixedClock, aws: LocalAws | None = None, cloud: Any = None) -> IdleWorld:
    """A fresh bot on the database in *folder*."""
    tables = {name: dict(table) for name, table in POLICY.items()}
    settings = settings_for(aws)
    store = Store(f"sqlite:///{folder / 'mlbot.db'}", synchronous="OFF")
    store.migrate()
    slack = Workspace()
    parts = Parts(
        settings=settings,
        store=store,
        clock=clock,
        policy=lambda: policy_of(tables),
        cloud=cloud or Cloud(settings, lambda: policy_of(tables), only_local=True),
        slack=slack,  # type: ignore[arg-type]
        people=People(slack, clock),  # type: ignore[arg-type]
        catalog=data.load(),
        wake=lambda: None,
    )
    return IdleWorld(parts, clock, aws, slack, tables)


def launch(
    world: IdleWorld, *, region: str = "us-east-1", kind: str = "g5.xlarge", age: float = 240, **tags: str
) -> str:
    """A machine that has run for *age* hours; tags are written with mlbot: before them, but Name."""
    assert world.aws
    ec2 = world.parts.cloud.client("ec2", region)
    marks = [{"Key": key if key == "Name" else f"mlbot:{key}", "Value": value} for key, value in tags.items()]
    answer = ec2.run_instances(
        ImageId=world.aws.image,
        InstanceType=kind,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": marks}] if marks else [],
    )
    identity = str(answer["Instances"][0]["InstanceId"])
    world.aws.grow_old(region, identity, launched=world.clock.now() - timedelta(hours=age))
    return identity


def load(
    world: IdleWorld,
    identity: str,
    *,
    hours: float,
    region: str = "us-east-1",
    gpu: float | None = 0.0,
    cpu: float = 1.0,
    gpus: int = 1,
    end: datetime | None = None,
) -> None:
    """What the machine did over the last *hours*: one level the whole time."""
    assert world.aws
    cloudwatch = world.aws.backend("cloudwatch", region)
    end = end or world.clock.now()
    times = [end - STEP * (n + 1) for n in range(round(hours * 12))]
    here = (("InstanceId", identity),)
    plain = {"CPUUtilization": cpu, "NetworkIn": 1e5, "NetworkOut": 1e5, "EBSReadOps": 10.0, "EBSWriteOps": 10.0}
    for name, value in plain.items():
        cloudwatch.put(Series("AWS/EC2", name, here), [Point(at.timestamp(), value, value, value, 1) for at in times])
    for index in range(gpus if gpu is not None else 0):
        assert gpu is not None
        of = tuple(sorted({"InstanceId": identity, "index": str(index), "host": "h"}.items()))
        series = Series("CWAgent", "nvidia_smi_utilization_gpu", of)
        cloudwatch.put(series, [Point(at.timestamp(), gpu, gpu, gpu, 1) for at in times])


def at_home(world: IdleWorld, user: str, zone: str) -> None:
    """Let *user* live in *zone*."""
    world.slack.people[user] = replace(world.slack.people[user], tz=zone)
