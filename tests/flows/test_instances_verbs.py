"""A pressed button until its effect in AWS: once, by whom it may be, told and written down."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import audit, instances
from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.instances import OPS, listing, press
from bot.ops import Workers
from bot.parts import Parts
from bot.people import People
from bot.playground.aws import LocalAws
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.launch import Wanted
from bot.rules.people import Person
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.store import state
from bot.store.db import Store
from bot.store.values import pack, stamp, unpack
from data import load

ENGINEER, LEAD, GROUP_LEAD, STRANGER, GUEST = "U0ENG", "U0LEAD", "U0GRP", "U0OTHER", "U0GUEST"
DENIED = "U0DENIED"
REGIONS = ("us-east-1", "us-west-2")


@dataclass
class Directory:
    """Slack's directory, as far as People asks it."""

    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def person(self, user: str) -> Person:
        self.asked.append(user)
        if self.silent:
            raise SlackError("Slack did not answer.", code="timeout")
        return Person(user, team="T1", guest=user == GUEST)

    def group_members(self, group: str) -> tuple[str, ...]:
        return (GROUP_LEAD,)

    def whoami(self) -> dict[str, str]:
        return {"team_id": "T1"}


@dataclass
class World:
    parts: Parts
    aws: LocalAws
    clock: FixedClock
    directory: Directory
    pressed: int = 0

    @property
    def ec2(self) -> Any:
        return self.parts.cloud.client("ec2", REGIONS[0])

    def run(
        self, owner: str | None = ENGINEER, region: str = REGIONS[0], tags: dict[str, str] | None = None, **more
    ) -> str:
        marks = {"Name": "nightly", **({"mlbot:owner": owner} if owner else {}), **(tags or {})}
        specs = [{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in marks.items()]}]
        given = {"ImageId": self.aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1, **more}
        client = self.parts.cloud.client("ec2", region)
        identity = client.run_instances(**given, TagSpecifications=specs)["Instances"][0]["InstanceId"]
        self.clock.advance(timedelta(seconds=5))
        return str(identity)

    def ref(self, identity: str) -> str:
        found = listing(self.parts, whose="all", user=ENGINEER)
        return next(row.ref for row in found.rows if row.resource.id == identity)

    def click(self, verb: str, ref: str, user: str = ENGINEER, **data) -> Click:
        self.pressed += 1
        return Click(
            action=verb, value=ref, user=user, team="T1", key=f"click-{self.pressed}", channel="C0ML", data=data
        )

    def press(self, verb: str, ref: str, user: str = ENGINEER, **data) -> str:
        """Press, let the bot work, and return what the presser is told."""
        click = self.click(verb, ref, user, **data)
        press(self.parts, click)
        self.work()
        return self.told(click.key)

    def work(self) -> int:
        return Workers(self.parts, OPS).run_due()

    def told(self, key: str, what: str = "whisper") -> str:
        with self.parts.store.reading() as tx:
            row = tx.one("SELECT * FROM outbox WHERE what = ? AND subject = ?", what, key)
        return str(unpack(row["data"])["text"]) if row else ""

    def state(self, identity: str) -> str:
        found = self.ec2.describe_instances(InstanceIds=[identity])["Reservations"]
        return str(found[0]["Instances"][0]["State"]["Name"])

    def audited(self, identity: str) -> list[str]:
        return [row["action"] for row in audit.export(self.parts.store, subject=identity)]


@pytest.fixture
def world(local, tmp_path: Path) -> World:
    approvals = {"channel": "C0APPROVALS", "approvers": [LEAD, DENIED], "groups": ["S0LEADS"], "denied": [DENIED]}
    limits = {"regions": REGIONS, "max_hours": 72}
    local.policy = Policy.model_validate({"approvals": approvals, "limits": limits})
    store = Store(f"sqlite:///{tmp_path / 'mlbot.db'}", synchronous="OFF")
    store.migrate()
    directory = Directory()
    parts = Parts(
        settings=Settings(_env_file=None, aws_endpoint_url=local.aws.endpoint),  # type: ignore[call-arg]
        store=store,
        clock=local.clock,
        policy=lambda: local.policy,
        cloud=local.cloud,
        slack=directory,  # type: ignore[arg-type]
        people=People(directory, local.clock),  # type: ignore[arg-type]
        catalog=load(),
        wake=lambda: None,
    )
    return World(parts, local.aws, local.clock, directory)


def test_the_owner_stops_a_machine_and_hears_what_keeps_billing(world):
    identity = world.run()
    said = world.press("stop", world.ref(identity))
    assert world.state(identity) == "stopping"
    assert said.startswith(f"nightly (g5.xlarge, {identity}) was running and is being stopped.")
    assert "a month" in said
    assert world.audited(identity) == ["instance.stop.allowed", "instance.stop"]
    detail = audit.export(world.parts.store, subject=identity)[1]["detail"]
    assert detail["aws_request_id"]
    assert detail["before"]["state"] == "running"
    assert audit.verify(world.parts.store).broken_at is None


@pytest.mark.parametrize("user", [LEAD, GROUP_LEAD])
def test_an_approver_may_and_the_owner_is_told(world, user):
    identity = world.run()
    world.press("stop", world.ref(identity), user=user)
    assert world.state(identity) == "stopping"
    assert f"<@{user}>" in world.told(f"click-{world.pressed}", what="notice")


@pytest.mark.parametrize(
    ("user", "says"), [(STRANGER, "Only its owner <@U0ENG>"), (DENIED, "Only its owner"), (GUEST, "Guests may not")]
)
@pytest.mark.parametrize("verb", ["stop", "terminate", "extend"])
def test_nobody_else_may_and_it_is_written_down(world, verb, user, says):
    identity = world.run()
    said = world.press(verb, world.ref(identity), user=user, hours=8)
    assert says in said
    assert world.state(identity) == "running"
    assert world.audited(identity) == [f"instance.{verb}.refused"]


def test_a_resent_press_is_one_press(world):
    identity = world.run()
    click = world.click("stop", world.ref(identity))
    for _ in range(3):
        press(world.parts, click)
        world.work()
    assert world.aws.calls["StopInstances"] == 1
    assert world.audited(identity) == ["instance.stop.allowed", "instance.stop"]


def test_two_people_pressing_stop_stop_it_once(world):
    identity = world.run()
    ref = world.ref(identity)
    press(world.parts, world.click("stop", ref, ENGINEER))
    press(world.parts, world.click("stop", ref, LEAD))
    world.work()
    assert world.state(identity) == "stopping"
    assert world.audited(identity).count("instance.stop") <= 2
    assert "stopping already" in world.press("stop", ref)


def test_stop_start_and_terminate_one_after_the_other(world):
    identity = world.run()
    ref = world.ref(identity)
    world.press("stop", ref)
    world.clock.advance(timedelta(minutes=1))
    assert "is being started. It costs $1." in world.press("start", ref)
    world.clock.advance(timedelta(minutes=1))
    assert world.state(identity) == "running"
    assert "GB of disk are deleted with it" in world.press("terminate", ref)
    assert world.state(identity) == "shutting-down"
    assert world.press("stop", ref) == "It is terminated already."


def test_one_time_spot_is_not_stopped_and_termination_is_offered(world):
    identity = world.run(InstanceMarketOptions={"MarketType": "spot"})
    ref = world.ref(identity)
    assert "cannot stop" in world.press("stop", ref)
    assert world.aws.calls["StopInstances"] == 0
    with world.parts.store.reading() as tx:
        row = tx.one("SELECT data FROM outbox WHERE subject = ?", f"click-{world.pressed}")
    assert (unpack(row["data"])["offer"], unpack(row["data"])["ref"]) == ("terminate", ref)
    world.press("terminate", ref)
    assert world.state(identity) == "shutting-down"


def test_protection_is_respected(world):
    identity = world.run()
    world.ec2.modify_instance_attribute(InstanceId=identity, DisableApiTermination={"Value": True})
    assert "protected against termination" in world.press("terminate", world.ref(identity), user=LEAD)
    assert world.state(identity) == "running"


def test_a_machine_whose_owner_changed_meanwhile_obeys_the_tag_of_now(world):
    identity = world.run()
    ref = world.ref(identity)
    world.ec2.create_tags(Resources=[identity], Tags=[{"Key": "mlbot:owner", "Value": STRANGER}])
    assert "Only its owner <@U0OTHER>" in world.press("stop", ref, user=ENGINEER)
    assert "is being stopped" in world.press("stop", ref, user=STRANGER)


def test_a_made_up_reference_does_nothing(world):
    world.run()
    world.aws.calls.clear()
    assert "does not know" in world.press("terminate", "r_forged")
    assert not world.aws.calls


def test_an_extension_of_a_machine_that_no_request_made_moves_its_tag(world):
    until = world.clock.now() + timedelta(hours=3)
    identity = world.run(tags={"mlbot:until": until.isoformat()})
    ref = world.ref(identity)
    said = world.press("extend", ref, hours=8)
    wanted = until + timedelta(hours=8)
    assert f"{wanted:%Y-%m-%d %H:%M} UTC" in said
    row = next(row for row in listing(world.parts, whose="mine", user=ENGINEER).rows if row.ref == ref)
    assert row.resource.until == wanted


def test_an_extension_of_what_a_request_launched_is_a_request_itself(world):
    until = world.clock.now() + timedelta(hours=3)
    identity = world.run(tags={"mlbot:until": until.isoformat(), "mlbot:request": "l_1"})
    save_launch(world, "l_1", until=until)
    said = world.press("extend", world.ref(identity), hours=8)
    assert "waits for approval" in said
    with world.parts.store.reading() as tx:
        assert tx.value("SELECT until FROM launch WHERE id = 'l_1'") == stamp(until)
        assert tx.value("SELECT dest FROM outbox WHERE what = 'extension_card'") == "C0APPROVALS"


def test_an_extension_that_is_carried_out_twice_extends_once(world, monkeypatch):
    until = world.clock.now() + timedelta(hours=3)
    identity = world.run(tags={"mlbot:until": until.isoformat()})
    press(world.parts, world.click("extend", world.ref(identity), hours=8))

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt  # the process dies after AWS did it and before the row is written

    monkeypatch.setattr(instances, "tell", crash)
    with pytest.raises(KeyboardInterrupt):
        world.work()
    monkeypatch.undo()
    world.clock.advance(timedelta(minutes=1))  # the lease lapses
    world.work()
    row = listing(world.parts, whose="mine", user=ENGINEER).rows[0]
    assert row.resource.until == until + timedelta(hours=8)


def save_launch(world: World, identity: str, *, until) -> None:
    with world.parts.store.transaction() as tx:
        now = stamp(world.clock.now())
        tx.insert(
            "launch",
            id=identity,
            key=identity,
            team="T1",
            asker=ENGINEER,
            state="running",
            wanted=pack(asdict(Wanted(instance_type="g5.xlarge", region=REGIONS[0]))),
            card_channel="C0APPROVALS",
            asked_at=now,
            expires_at=now,
            changed_at=now,
            until=stamp(until),
        )


def test_a_freeze_stops_starts_and_not_stops(world):
    identity = world.run()
    ref = world.ref(identity)
    with world.parts.store.transaction() as tx:
        state.put(tx, "freeze", "budget", by=LEAD, now=world.clock.now())
    assert "is being stopped" in world.press("stop", ref)
    world.clock.advance(timedelta(minutes=1))
    assert "frozen" in world.press("start", ref)
    assert world.state(identity) == "stopped"


def test_no_capacity_at_a_start_is_said_with_its_code(world):
    identity = world.run()
    ref = world.ref(identity)
    world.press("stop", ref)
    world.clock.advance(timedelta(minutes=1))
    world.aws.fail("StartInstances", "InsufficientInstanceCapacity", status=500, times=None)
    said = world.press("start", ref)
    assert said.startswith("Start failed.")
    assert "InsufficientInstanceCapacity" in said
    assert world.audited(identity)[-1] == "instance.start.failed"


def test_a_right_that_is_missing_is_said_and_not_tried_again(world):
    identity = world.run()
    ref = world.ref(identity)
    world.aws.fail("StopInstances", "UnauthorizedOperation", status=403, times=None)
    said = world.press("stop", ref)
    assert said == (
        "Stop failed. mlbot's AWS role may not call StopInstances (UnauthorizedOperation). It lacks"
        " ec2:StopInstances: an AWS administrator adds it, as `mlbot policy iam` prints it."
    )
    assert world.aws.calls["StopInstances"] == 1
    world.clock.advance(timedelta(hours=1))
    assert world.work() == 0


def test_a_lost_answer_is_asked_again_until_it_is_known(world):
    identity = world.run()
    ref = world.ref(identity)
    world.aws.disturb("lost", "StopInstances", times=2)
    assert world.press("stop", ref) == ""
    assert world.state(identity) == "stopping"
    world.clock.advance(timedelta(seconds=2))
    world.work()
    assert "is being stopped" in world.told(f"click-{world.pressed}")
    assert world.audited(identity) == ["instance.stop.allowed", "instance.stop"]


def test_an_aws_that_never_answers_is_told_in_the_end(world):
    identity = world.run()
    ref = world.ref(identity)
    world.aws.disturb("reset", "StopInstances", times=None)
    press(world.parts, world.click("stop", ref))
    for _ in range(12):
        world.work()
        world.clock.advance(timedelta(minutes=1))
    assert world.told(f"click-{world.pressed}").startswith("Stop failed. AWS did not answer")


def test_a_slack_that_does_not_answer_lets_nobody_do_anything(world):
    identity = world.run()
    ref = world.ref(identity)
    world.directory.silent = True
    assert world.press("stop", ref) == ""
    assert world.state(identity) == "running"
    world.clock.advance(timedelta(minutes=2))
    world.directory.silent = False
    world.work()
    assert world.state(identity) == "stopping"


def test_a_click_that_waited_too_long_is_dropped_and_said_so(world):
    identity = world.run()
    ref = world.ref(identity)
    world.directory.silent = True
    world.press("terminate", ref)
    world.clock.advance(timedelta(minutes=20))
    world.directory.silent = False
    world.work()
    assert world.state(identity) == "running"
    assert "nothing was done" in world.told(f"click-{world.pressed}")


def test_a_decision_asks_slack_afresh(world):
    identity = world.run()
    ref = world.ref(identity)
    world.directory.asked.clear()
    world.press("stop", ref)
    assert world.directory.asked == [ENGINEER]


def test_a_list_shows_ones_own_or_all_with_money_and_verbs(world):
    mine, other = world.run(), world.run(owner=LEAD, region=REGIONS[1])
    world.clock.advance(timedelta(hours=10))
    everything = listing(world.parts, whose="all", user=ENGINEER)
    assert {row.resource.id for row in everything.rows} == {mine, other}
    assert everything.gaps == ()
    own = listing(world.parts, whose="mine", user=ENGINEER).rows
    assert [row.resource.id for row in own] == [mine]
    assert own[0].usd_so_far == pytest.approx(10 * own[0].resource.usd_per_hour, rel=0.01)
    assert own[0].verbs == ("stop", "terminate", "extend")
    assert own[0].ref.startswith("r_")


def test_a_reference_stays_the_same_from_list_to_list(world):
    identity = world.run()
    assert world.ref(identity) == world.ref(identity)


def test_the_dearest_come_first_and_stopped_ones_last(world):
    cheap, dear, stopped = world.run(InstanceType="t3.micro"), world.run(InstanceType="p4d.24xlarge"), world.run()
    world.press("stop", world.ref(stopped))
    world.clock.advance(timedelta(minutes=1))
    found = [row.resource.id for row in listing(world.parts, whose="all", user=ENGINEER).rows]
    assert found == [dear, cheap, stopped]


def test_a_region_that_refuses_is_a_gap_and_the_others_are_listed(world):
    identity = world.run()
    world.aws.fail("", "UnauthorizedOperation", status=403, times=None, region=REGIONS[1])
    found = listing(world.parts, whose="all", user=ENGINEER)
    assert [row.resource.id for row in found.rows] == [identity]
    assert [(gap.account, gap.region) for gap in found.gaps] == [("default", REGIONS[1])]
    assert "UnauthorizedOperation" in found.gaps[0].reason


def test_an_unknown_price_is_no_price(world):
    identity = world.run()
    world.aws.backend("ec2", REGIONS[0]).get_instance_by_id(identity).instance_type = "g99.xlarge"
    row = listing(world.parts, whose="all", user=ENGINEER).rows[0]
    assert (row.resource.usd_per_hour, row.usd_so_far) == (None, None)


def test_a_region_that_hangs_costs_two_timeouts_and_is_named(world, monkeypatch):
    identity = world.run()
    world.aws.disturb("hang", "", times=None, region=REGIONS[1])
    monkeypatch.setitem(__import__("bot.cloud").cloud.TIMEOUTS, "read_timeout", 0.2)
    cloud = Cloud(world.parts.settings, world.parts.policy, only_local=True)
    began = time.monotonic()
    found = listing(replace(world.parts, cloud=cloud), whose="all", user=ENGINEER)
    assert time.monotonic() - began < 20
    assert [row.resource.id for row in found.rows] == [identity]
    assert [gap.region for gap in found.gaps] == [REGIONS[1]]
    assert found.gaps[0].reason.startswith("AWS did not answer")
