"""Manners: whatever the data, each message keeps Slack's limits, can be read aloud and calls only who must act."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.images import Preview
from bot.instances_list import Listed, Listing
from bot.playground.slack import called
from bot.playground.slack.limits import check_message, check_view
from bot.rules.errors import CloudError, Unclear
from bot.rules.extension import Extension, ExtensionCard
from bot.rules.idle_facts import Hold, Resource, Verdict
from bot.rules.idle_finding import BackTest, Finding, Gap, Outcome, ScanReport
from bot.rules.idle_week import Spent, Week
from bot.rules.images import Costs, SavedImage
from bot.rules.launch import Attempt, BudgetLine, Connect, Launch, LaunchCard, Offer, Wanted
from bot.rules.launch_preview import preview
from bot.rules.policy import Limits, Policy
from bot.rules.remind import Digest
from data import load
from estimator.answer import answer
from estimator.parse import parse
from handlers import errors
from handlers.views import (
    estimate,
    extension,
    help,
    idle,
    images,
    instances,
    launch,
    launch_form,
    mute,
    outgoing,
    pictures,
    reach,
    week,
)
from handlers.views.fit import CHARACTERS, fitted, size
from handlers.views.message import Message, plain, told
from handlers.views.named import named

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CATALOG = load()
ASKER = "U0ENG"
CALLS = ("<!channel>", "<@U0EVIL>", "<!subteam^S0LEADS>")
ODD = ("<https://evil.example|console>", "&", "```", "*_~`", "a" * 3001, "&" * 1500, "é" * 900, "2026-11-24 12:00 UTC")

ours = st.text(max_size=60) | st.sampled_from(ODD)  # from AWS, the policy or mlbot itself
texts = ours | st.builds("{}{}".format, st.sampled_from(CALLS), ours)  # from people and tags
names = texts.filter(bool)
money = st.none() | st.floats(0, 1e6)
moments = st.none() | st.integers(0, 365 * 24).map(lambda hours: NOW - timedelta(hours=hours))
people = st.sampled_from((ASKER, "U0LEAD"))
KINDS = ("ec2_instance", "ebs_volume", "sagemaker_endpoint")

resources = st.builds(
    Resource,
    id=names,
    kind=st.sampled_from(KINDS),
    account=st.just("default"),
    region=st.sampled_from(("us-east-1", "eu-west-3")),
    name=texts,
    type=st.sampled_from(("g5.xlarge", "p4d.24xlarge", "gp3", "")),
    state=st.sampled_from(("running", "stopped", "available", "InService")),
    owner=st.none() | people,
    purpose=texts,
    until=moments,
    since=moments,
    usd_per_hour=money,
)
verdicts = st.builds(
    Verdict,
    level=st.sampled_from(("active", "idle", "unknown")),
    reason=texts,
    safe=st.booleans(),
    confidence=st.sampled_from(("high", "low")),
    since=moments,
    advice=texts,
)
holds = st.builds(Hold, what=st.just("keep"), until=st.just(NOW), by=people, reason=texts)
outcomes = st.builds(Outcome, what=st.just("stopped"), by=people, at=st.just(NOW), words=texts)
findings = st.builds(
    Finding,
    ref=st.integers(0, 10**9).map("r_{:020x}".format),
    resource=resources,
    verdict=verdicts,
    owner=st.none() | people,
    hold=st.none() | holds,
    outcome=st.none() | outcomes,
    at=st.just(NOW),
    spark=st.lists(st.floats(0, 100), max_size=60).map(tuple),
    spark_of=st.sampled_from(("gpu_max_pct", "")),
    back_test=st.none() | st.builds(BackTest, days=st.just(14.0), alerts=st.integers(0, 9), wrong=st.integers(0, 9)),
    verbs=st.sampled_from(((), ("stop", "terminate"), ("delete",))),
)


def many(of: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few different ones, repeated up to *most*: what matters is how many and how long."""
    return st.tuples(st.lists(of, max_size=3), st.integers(0, most)).map(lambda got: tuple((got[0] * most)[: got[1]]))


gaps = many(st.builds(Gap, account=st.just("default"), region=texts, kind=texts, reason=texts), 12)
digests = st.builds(
    Digest,
    to=st.just(ASKER),
    day=st.just(date(2026, 11, 24)),
    owner=st.none() | people,
    items=many(findings, 40),
    small=many(findings, 40),
    unknown=many(findings, 40),
)
wishes = st.builds(
    Wanted,
    instance_type=st.just("g5.xlarge"),
    region=st.just("us-east-1"),
    count=st.integers(1, 1000),
    market=st.sampled_from(("on-demand", "spot")),
    hours=st.floats(0.1, 1e4),
    name=texts,
    purpose=texts,
    key_name=texts,
)
launches = st.builds(
    Launch,
    id=st.just("l_" + "0" * 20),
    state=st.sampled_from(tuple(launch.HEADS)),
    wanted=wishes,
    asker=people,
    team=st.just("T0LOCAL"),
    usd_per_hour=money,
    usd_total=money,
    asked_at=st.just(NOW),
    expires_at=st.just(NOW),
    offer=st.none() | st.builds(Offer, params=st.just({}), places=st.just(()), notes=many(ours, 30)),
    decided_by=many(people, 5),
    decided_at=moments,
    reason=ours,
    until=moments,
    instance_ids=many(st.just("i-0123456789abcdef0"), 100),
    progress=st.sampled_from(("", "pending", "running", "ready", "stopped")),
    error_code=texts,
    error=ours,
    way_out=ours,
)
attempts = st.builds(
    Attempt,
    id=names,
    launch=st.just("l_1"),
    n=st.just(1),
    region=st.just("us-east-1"),
    zone=texts,
    params=st.just({}),
    state=st.just("refused"),
    error=texts,
)
budgets = st.builds(
    BudgetLine,
    name=ours | st.just(f"<@{ASKER}>"),
    limit=st.floats(0, 1e6),
    spent=st.floats(0, 1e6),
    committed=st.floats(0, 1e6),
)
cards = st.builds(
    LaunchCard,
    launch=launches,
    votes=many(people, 5),
    attempts=many(attempts, 30),
    budgets=many(budgets, 6),
    connect=st.none() | st.builds(Connect, ssm=texts, ssh=texts, jupyter=texts, check=texts, console=texts),
    refs=many(st.just("r_1"), 3),
    buttons=st.sampled_from(((), ("approve", "deny", "withdraw", "break_glass"), ("try_next", "raise_quota"))),
    waits=ours,
)
extensions = st.builds(
    ExtensionCard,
    extension=st.builds(
        Extension,
        id=st.just("x_1"),
        launch=st.just("l_1"),
        asker=people,
        state=st.sampled_from(tuple(extension.HEADS)),
        more=st.floats(0.1, 1e4),
        hours=st.floats(0.1, 1e4),
        before=moments,
        until=st.just(NOW),
        usd_more=st.floats(0, 1e6),
        usd_total=st.floats(0, 1e6),
        usd_per_hour=st.floats(0, 1e4),
        asked_at=st.just(NOW),
        expires_at=st.just(NOW),
        needed=st.integers(1, 2),
        decided_by=many(people, 5),
        decided_at=moments,
        how=st.sampled_from(("", "vote", "break_glass")),
        reason=texts,
        error=ours,
    ),
    launch=launches,
    votes=many(people, 5),
    budgets=many(budgets, 6),
    buttons=st.sampled_from(((), ("approve", "deny", "withdraw", "break_glass"))),
)
listings = st.builds(
    Listing,
    at=st.just(NOW),
    rows=many(
        st.builds(
            Listed,
            ref=st.just("r_1"),
            resource=resources,
            age=st.none() | st.timedeltas(timedelta(), timedelta(days=900)),
            usd_so_far=money,
            verbs=st.sampled_from(((), ("stop", "terminate", "extend"), ("start", "terminate"))),
        ),
        60,
    ),
    gaps=gaps,
)
reports = st.none() | st.builds(ScanReport, at=st.just(NOW), findings=st.just(()), gaps=gaps)
spent = st.builds(Spent, *(st.floats(0, 1e6) for _ in range(4)))
weeks = st.builds(
    Week,
    to=st.just("C0ML"),
    first=st.just(date(2026, 11, 16)),
    last=st.just(date(2026, 11, 22)),
    by_owner=many(st.tuples(people | st.just(""), spent), 90),
    by_day=st.tuples(*(st.tuples(st.just(date(2026, 11, 16 + day)), spent) for day in range(7))),
    unknown=many(findings, 40),
    gaps=gaps,
)
JOBS = (
    "finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs",
    "infer llama-3-8b qps=5 input=512 output=256",
    "train llama-2-7b tokens=2T seq=4096 on 64 x p4d.24xlarge",
)
ANSWERS = tuple(answer(parse(job, CATALOG), CATALOG, NOW.date()) for job in JOBS)
answers = st.builds(
    replace,
    st.sampled_from(ANSWERS),
    asked=names,
    words=texts,
    headline=texts,
    assumptions=many(texts, 60),
    left_out=many(texts, 60),
    notes=many(texts, 60),
    biggest_unknown=texts,
)

costs = st.builds(Costs, keep=money, stop=money, park=money, gb=st.floats(1, 20000))
saved = st.builds(
    SavedImage,
    id=st.just("m_00000000000000000001"),
    state=st.sampled_from(("saving", "ending", "saved", "failed", "deleted")),
    after=st.sampled_from(("keep", "terminate", "park")),
    machine=st.sampled_from(("", "ended", "kept")),
    ref=st.just("r_00000000000000000001"),
    account=st.sampled_from(("default", "research")),
    region=st.just("us-east-1"),
    instance=st.just("i-0a"),
    was=st.just("running"),
    label=names,
    name=st.just("mlbot nightly"),
    owner=people | st.just(""),
    by=people,
    team=st.just("T0"),
    wanted=wishes,
    gb=st.floats(1, 20000),
    usd_per_month=money,
    asked_at=st.just(NOW),
    aws_id=st.just("ami-0123456789abcdef0") | st.just(""),
    progress=st.integers(0, 100),
    error=texts,
)

# Each message that the outbox sends, by its name in VIEWS, and each that answers a command.
SENT: Mapping[str, st.SearchStrategy[Message]] = {
    "notice": ours.map(told).map(lambda text: Message(text, [outgoing.section(text)])),
    "whisper": ours.map(told).map(lambda text: Message(text, [outgoing.section(text)])),
    "reminder": digests.map(idle.digest),
    "digest": weeks.map(week.digest).map(lambda message: named(message, str.lower)),
    "unclaimed": findings.map(idle.unclaimed),
    "launch_card": cards.map(launch.card),
    "extension_card": extensions.map(extension.card),
    "launch_notice": st.builds(
        launch.notice, cards, st.sampled_from(("connect", "denied", "waits", "end_soon", "failed")), ours
    ),
    "picture": st.builds(
        pictures.shown,
        st.lists(st.fixed_dictionaries({"file": st.just("F1"), "title": ours, "alt": ours}), max_size=3),
        ours,
    ),
    "reply": st.builds(reach.offer, wishes, st.none(), st.just("e_1")),
    "image": st.builds(images.done, saved, woken=st.booleans()) | saved.map(images.progress),
}
ANSWERED: Mapping[str, st.SearchStrategy[Message]] = {
    "estimate": answers.map(lambda found: estimate.message(found, "e_1")),
    "instances": st.builds(
        lambda found, kept: instances.listing(found, whose="all", images=images.listing(kept)),
        listings,
        many(st.tuples(saved, st.booleans()), 20),
    ),
    "idle": st.builds(
        lambda found, report: idle.findings(found, report=report, asker=idle.Asker(ASKER)), many(findings, 60), reports
    ),
    "help": st.just(help.help_message()) | st.sampled_from(help.ALL).map(help.topic_message),
    "mute": moments.map(mute.answer),
    "unclear": st.builds(Unclear, texts, nearest=texts, example=texts).map(errors.message),
    "cloud error": st.builds(CloudError, texts, code=texts).map(errors.message),
    "ready": cards.map(launch.ready),
    "received": wishes.map(launch.received),
    "link": st.builds(lambda card: Message("a link", reach.shown_launch(card)), cards),
}
FORMS: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "launch": st.builds(
        lambda wanted: launch_form.form(
            given := launch_form.given_of(wanted, Limits()),
            preview(given, Policy(), CATALOG, (), NOW),
            limits=Limits(),
            catalog=CATALOG,
            state={"channel": "C0ML"},
        ),
        wishes,
    ),
    "keep": findings.map(lambda found: idle.keep_form(found, {"until": "2026-12-01"}, 7.0, {"value": found.ref})),
    "how": answers.map(estimate.how),
    "save": st.builds(Preview, st.just("r_1"), resources, costs).map(lambda found: images.save_form(found, {})),
    "park": st.builds(Preview, st.just("r_1"), resources, costs).map(lambda found: images.park_form(found, {})),
}
TRIED = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # whole records: what is shrunk of them says no more
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_every_message_of_the_outbox_is_looked_at_here() -> None:
    # those of a schedule are notices; a view that comes new is added above
    assert set(SENT) == set(outgoing.VIEWS)


@pytest.mark.parametrize("name", [*SENT, *ANSWERED])
def test_a_message_keeps_slacks_limits_and_can_be_read_aloud(name: str) -> None:
    @TRIED
    @given((SENT | ANSWERED)[name])
    def keeps(drawn: Message) -> None:
        message = fitted(drawn)
        check_message(message.blocks, [])
        assert size(message.blocks) <= CHARACTERS
        assert 0 < len(message.text) <= 3000
        assert called({"text": message.text, "blocks": message.blocks}) <= {ASKER, "U0LEAD"}

    keeps()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_keeps_slacks_limits(name: str) -> None:
    @TRIED
    @given(FORMS[name])
    def keeps(view: dict[str, Any]) -> None:
        check_view(view)

    keeps()


def test_the_weekly_message_calls_nobody() -> None:
    @TRIED
    @given(SENT["digest"])
    def calls(message: Message) -> None:
        assert called({"text": message.text, "blocks": message.blocks}) == set()

    calls()


def blocks_of(count: int, length: int) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}} for _ in range(count)]


@pytest.mark.parametrize(("count", "length"), [(50, 10), (51, 10), (200, 5), (5, 2999), (49, 300)])
def test_what_is_over_is_left_out_and_that_is_said_and_the_buttons_stay(count: int, length: int) -> None:
    row = mute.row()
    message = fitted(Message("", [*blocks_of(count, length), row]))
    check_message(message.blocks, [])
    assert message.blocks[-1] == row
    assert message.text
    cut = len(message.blocks) < count + 1
    assert ("more than fits" in json.dumps(message.blocks)) == cut


def test_a_message_that_fits_stays_as_it_is() -> None:
    message = Message("hello", blocks_of(3, 100))
    assert fitted(message) == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("it expires at 2026-11-24 12:00 UTC.", "it expires at <!date^1795521600^{date_short_pretty} {time}|2026-"),
        ("at 2026-99-24 12:00 UTC", "at 2026-99-24 12:00 UTC"),
        ("<!channel> 2026-11-24", "&lt;!channel&gt; 2026-11-24"),
    ],
)
def test_times_are_shown_in_the_readers_zone(text: str, shown: str) -> None:
    assert told(text).startswith(shown)


def test_people_are_named_where_they_need_not_act() -> None:
    message = named(Message("by <@U0ENG>", [{"t": 'x "<@U0ENG>" <@U0LEAD|lee>'}]), lambda user: f'"{user}" <b>')
    assert message.text == f"by {plain(chr(34) + 'U0ENG' + chr(34) + ' <b>')}"
    assert "<@" not in json.dumps(message.blocks)
