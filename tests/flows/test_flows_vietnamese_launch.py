"""A Vietnamese engineer and approver live through launches, lists, images, hours and help in Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from world import APPROVALS, ENGINEER, LEAD, ML, World

from handlers.views.help import TOPICS
from handlers.words.phrasebook import SLOT, entries, phrasebook

WORD = re.compile(r"[A-Za-zÀ-ỹ][A-Za-zÀ-ỹ'-]+")
# What stays as it is: code, people, channels and times of Slack, ids of AWS, names of types and regions, key=value.
STAYS = re.compile(
    r"```.*?```|`[^`]*`|<[^>]*>|'[^']*'|\b(?:i|ami|snap|vol|sir)-[0-9a-f]+|\b[a-z]+\d\w*\.\w+|\b[a-z]+-[a-z]+-\d\w?"
    r"|/ml-[a-z]+|\b\w+=\S+|\[\w+\]|&\w+;|\(AWS: \w+\)|\(\w+\)\.?$|^mlbot: \w+$|các mục là [a-z, ]+|Mục \w+"
    r"|\baws ec2\S* .*",
    re.DOTALL,
)
# The names of what the stories ask for, and of what Slack and AWS call so.
NAMED = ("nightly", "LoRA run", "notebook-vision", "Berlin", "New York", "not spot enough", "Because it is the demo")
NAMED += (
    "Estimate this",
    "Estimate an ML job",
    "Ask for a machine",
    "mlbot",
    "Session Manager",
    "SSH",
    "Instance Connect",
)
NAMED += (
    "AWS list prices",
    "budget review",
    "English",
    "Deep Learning AMI",
    "On-demand",
    "on-demand",
    "Workflow Builder",
)

# What AWS itself says in them.
NAMED += (
    "a snapshot of the image could not be taken",
    "The image id",
    "does not exist",
    "An internal error has occurred",
)


def english() -> set[str]:
    """Words of the English side of the phrasebook that its Vietnamese side never uses."""
    both = [*entries("vi")]
    mine = {word.lower() for one, _ in both for word in WORD.findall(STAYS.sub(" ", SLOT.sub(" ", one)))}
    theirs = {word.lower() for _, said in both for word in WORD.findall(STAYS.sub(" ", SLOT.sub(" ", said)))}
    return mine - theirs


def stayed(text: str, words: set[str]) -> list[str]:
    """The English words that stand in *text* although they are neither code nor a name."""
    rest = STAYS.sub(" ", text)
    for name in NAMED:
        rest = rest.replace(name, " ")
    return [word for word in WORD.findall(rest) if word.lower() in words]


def texts(found: Any) -> Iterator[str]:
    """Every text element of blocks or of a form."""
    if isinstance(found, list):
        for one in found:
            yield from texts(one)
    elif isinstance(found, dict):
        if found.get("type") in ("mrkdwn", "plain_text") and isinstance(found.get("text"), str):
            yield found["text"]
        for name, one in found.items():
            if name not in ("state", "private_metadata"):
                yield from texts(one)


def read(town: World, *users: str) -> list[str]:
    """All that *users* read and nobody else does: direct messages, whispers, forms."""
    found: list[str] = []
    for user in users:
        for channel in (ML, APPROVALS, town.slack.dm_channel(user)):
            for message in town.slack.messages(channel, as_user=user):
                if message.get("is_ephemeral") or channel.startswith("D"):
                    found += [message.get("text", ""), *texts(message.get("blocks") or [])]
        found += texts(town.slack.views(user))
    return found


def check(town: World, *users: str, at_least: int = 1) -> None:
    words, seen = english(), read(town, *users)
    left = {text: found for text in seen if (found := stayed(text, words))}
    assert not left, "\n".join(f"{found}: {text}" for text, found in left.items())
    assert len(seen) >= at_least


@pytest.fixture
def thanh_pho(quick_town: World) -> World:
    """A world in which the engineer and the approver have a Vietnamese Slack."""
    users = quick_town.slack.workspace.users
    for user in (ENGINEER, LEAD):
        users[user] = replace(users[user], locale="vi-VN")
    return quick_town


def launch(town: World) -> None:
    town.command('/ml-launch g5.xlarge hours=8 name=nightly purpose="LoRA run"')
    town.press("approve", user=LEAD, channel=APPROVALS)
    town.pass_time(minutes=3)
    town.pass_time(minutes=3)


@pytest.mark.parametrize(
    "text",
    [
        "Your request stands in <#C1>.",
        "Yêu cầu của bạn was denied.",
        "Ended: terminated by <@U1>.",
        "`g5.xlarge` is not known",
    ],
)
def test_english_that_stays_is_seen(text: str) -> None:
    assert stayed(text, english())


def test_code_and_names_are_no_english_that_stays() -> None:
    assert stayed("nightly (g5.xlarge, i-0abc) ở us-east-1 `is the` <!date^1^{time}|of>", english()) == []


@pytest.mark.parametrize("topic", ["", *TOPICS])
def test_every_topic_of_the_help(thanh_pho: World, topic: str) -> None:
    thanh_pho.command(f"/ml-help {topic}")
    check(thanh_pho, ENGINEER, at_least=2)


@pytest.mark.parametrize("said", ["tlh", "instanses"])
def test_a_help_that_is_not_there(thanh_pho: World, said: str) -> None:
    thanh_pho.command(f"/ml-help {'lang ' if said == 'tlh' else ''}{said}")
    check(thanh_pho, ENGINEER)


def test_a_launch_from_the_request_to_the_end_that_is_over(thanh_pho: World) -> None:
    launch(thanh_pho)
    assert "đã sẵn sàng" in thanh_pho.direct(ENGINEER)
    thanh_pho.command("/ml-instances")
    thanh_pho.press("extend", user=ENGINEER, channel=ML)
    form = thanh_pho.slack.views(ENGINEER)[-1]
    check(thanh_pho, ENGINEER, LEAD, at_least=12)
    thanh_pho.slack.submit_view(user=ENGINEER, view_id=form["id"], values={"hours": "18"})
    thanh_pho.settle()
    thanh_pho.press("approve", user=LEAD, channel=APPROVALS, text="More hours?")
    for hours in (9, 16, 2, 25):
        thanh_pho.pass_time(hours=hours)
        thanh_pho.pass_time(minutes=6)
    check(thanh_pho, ENGINEER, LEAD, at_least=16)


def test_verbs_from_the_list_and_those_that_are_refused(thanh_pho: World) -> None:
    launch(thanh_pho)
    for verb in ("stop", "stop", "start", "terminate", "terminate"):
        thanh_pho.command("/ml-instances")
        if verb not in str(thanh_pho.slack.messages(ML, as_user=ENGINEER)[-1]):
            continue
        thanh_pho.press(verb, user=ENGINEER, channel=ML)
        thanh_pho.pass_time(minutes=6)
    thanh_pho.command("/ml-instances all")
    check(thanh_pho, ENGINEER, LEAD, at_least=12)


def test_decisions_and_their_forms(thanh_pho: World) -> None:
    town = thanh_pho
    town.command("/ml-launch g5.xlarge hours=8 name=nightly")
    town.press("approve", user=ENGINEER, channel=APPROVALS)
    town.press("withdraw", user=LEAD, channel=APPROVALS)
    town.press("deny", user=LEAD, channel=APPROVALS)
    check(town, ENGINEER, LEAD, at_least=6)
    form = town.slack.views(LEAD)[-1]
    town.slack.submit_view(user=LEAD, view_id=form["id"], values={"reason": "not spot enough"})
    town.settle()
    assert "đã từ chối yêu cầu" in town.direct(ENGINEER)
    town.command("/ml-launch g5.xlarge hours=8 market=spot")
    town.pass_time(hours=25)
    town.pass_time(minutes=1)
    check(town, ENGINEER, LEAD)


def test_a_freeze_and_what_it_stops(thanh_pho: World) -> None:
    thanh_pho.command("/ml-freeze")
    thanh_pho.command("/ml-freeze on budget review", user=LEAD)
    thanh_pho.command("/ml-freeze off")
    thanh_pho.command("/ml-freeze maybe", user=LEAD)
    thanh_pho.command("/ml-launch g5.xlarge hours=2")
    thanh_pho.pass_time(minutes=1)
    thanh_pho.command("/ml-freeze off", user=LEAD)
    check(thanh_pho, ENGINEER, LEAD, at_least=6)


@pytest.mark.parametrize(
    "asked",
    [
        "g5.xlrge",
        "g5.xlarge region=us-eas-1",
        "g5.xlarge hours=-3",
        "g5.xlarge disk=0",
        "g5.xlarge count=0",
        "g5.xlarge market=gift",
        "g5.xlarge image=ubuntu",
        "g5.xlarge colour=red",
        "g5.xlarge quickly",
        "hours=3",
        "g5.xlarge hours=3 hours=4",
        "g5.xlarge max_price=1",
        "g5.xlarge hours=8000 disk=60000 count=40",
        "g5.xlarge region=eu-west-1",
        "p5.48xlarge hours=100",
        "g5.xlarge key=nobodys",
        "g5.xlarge image=ami-0123456789abcdef0",
        "g5.xlarge market=spot max_price=0.01",
    ],
)
def test_what_a_check_refuses(thanh_pho: World, asked: str) -> None:
    thanh_pho.command(f"/ml-launch {asked}")
    thanh_pho.pass_time(minutes=1)
    check(thanh_pho, ENGINEER)


@pytest.mark.parametrize(
    ("code", "status"),
    [("UnauthorizedOperation", 403), ("InsufficientInstanceCapacity", 500), ("VcpuLimitExceeded", 400)],
)
def test_what_aws_refuses(thanh_pho: World, code: str, status: int) -> None:
    thanh_pho.aws.fail("RunInstances", code, status=status, times=None)
    thanh_pho.command("/ml-launch g5.xlarge hours=8")
    if code != "UnauthorizedOperation":  # which a dry run shows before anybody is asked
        thanh_pho.press("approve", user=LEAD, channel=APPROVALS)
        thanh_pho.pass_time(minutes=3)
    check(thanh_pho, ENGINEER)


def test_the_form_its_problems_and_what_may_be_launched(thanh_pho: World) -> None:
    town = thanh_pho
    town.command("/ml-launch")
    (form,) = town.slack.views(ENGINEER)
    given = {"type": "g5.xlarge", "hours": "many", "purpose": "LoRA run"}
    sent = town.slack.submit_view(user=ENGINEER, view_id=form["id"], values=given)
    assert not [word for text in sent.errors.values() for word in stayed(text, english())], sent.errors
    assert form["title"]["text"] == "Yêu cầu một máy"
    town.settle()
    check(town, ENGINEER, at_least=20)
    town.slack.click_view(user=ENGINEER, view_id=form["id"], action_id="open_rules", value="form")
    town.settle()
    check(town, ENGINEER, at_least=30)


def test_images_are_saved_parked_and_woken(thanh_pho: World) -> None:
    town = thanh_pho
    launch(town)
    for action, values in (("save_image", {"after": "keep", "name": "nightly"}), ("park", {})):
        town.command("/ml-instances")
        town.press(action, user=ENGINEER, channel=ML)
        check(town, ENGINEER)
        form = town.slack.views(ENGINEER)[-1]
        town.slack.submit_view(user=ENGINEER, view_id=form["id"], values=values)
        town.settle()
        for _ in range(4):
            town.pass_time(seconds=11)
            check(town, ENGINEER)
    town.command("/ml-instances")
    town.press("wake", user=ENGINEER, channel=ML)
    town.command("/ml-instances")
    town.press("image_delete", user=ENGINEER, channel=ML)
    check(town, ENGINEER, at_least=20)


def test_an_image_that_fails(thanh_pho: World) -> None:
    launch(thanh_pho)
    thanh_pho.command("/ml-instances")
    thanh_pho.aws.ec2.images.break_next()
    thanh_pho.press("park", user=ENGINEER, channel=ML)
    form = thanh_pho.slack.views(ENGINEER)[-1]
    thanh_pho.slack.submit_view(user=ENGINEER, view_id=form["id"], values={})
    thanh_pho.settle()
    for _ in range(4):
        thanh_pho.pass_time(seconds=11)
    assert "Không lưu được" in thanh_pho.direct(ENGINEER)
    check(thanh_pho, ENGINEER)


def test_hours_that_are_set_kept_by_the_clock_and_removed(thanh_pho: World) -> None:
    town = thanh_pho
    launch(town)
    choose(town, "own")
    (form,) = town.slack.views(ENGINEER)
    given = {"days": "weekdays", "start": "soon", "end": "18:00", "zone": "Europe/Berlin"}
    sent = town.slack.submit_view(user=ENGINEER, view_id=form["id"], values=given)
    assert not [word for text in sent.errors.values() for word in stayed(text, english())], sent.errors
    check(town, ENGINEER)
    town.slack.submit_view(user=ENGINEER, view_id=form["id"], values={**given, "start": "10"})
    town.settle()
    choose(town, "work")
    choose(town, "keep_day")
    town.clock.advance(datetime(2026, 11, 24, 20, 1, tzinfo=UTC) - town.clock.now())
    for _ in range(3):
        town.pass_time(minutes=1)
    choose(town, "daily")
    choose(town, "remove")
    check(town, ENGINEER, at_least=20)


def choose(town: World, choice: str) -> None:
    """A choice from the Schedule menu of the newest list."""
    town.command("/ml-instances")
    message = town.slack.messages(ML, as_user=ENGINEER)[-1]
    for block in message["blocks"]:
        for one in block.get("elements") or []:
            if one.get("action_id") == "schedule":
                value = next(o["value"] for o in one["options"] if o["value"].endswith(f":{choice}"))
                town.slack.click(
                    user=ENGINEER,
                    channel=ML,
                    ts=message["ts"],
                    action_id="schedule",
                    block_id=block["block_id"],
                    value=value,
                )
                town.settle()
                return
    raise AssertionError(message)


@pytest.mark.parametrize(
    "refused",
    [
        "box is in us-west-2, which the policy does not allow.",
        "box is of the family p4d, which the policy does not allow.",
        "The hours of box ended 24 Nov 09:00, and more hours need somebody else's approval. "
        "Extend asks for them; then it can be started.",
    ],
)
def test_why_nothing_was_started_is_vietnamese(refused: str) -> None:
    said = phrasebook("vi").say(refused)
    assert not re.search(r"\b(which|policy|hours|approval|started)\b", said)
