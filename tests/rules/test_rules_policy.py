"""The policy file: errors that name the key, defaults that are safe, and a reload that never takes a broken edit."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.policy import PolicyFile, parse, read, summary
from bot.rules.errors import UserError
from bot.rules.launch_money import is_quiet, needed
from bot.rules.policy import Policy
from bot.rules.policy_launch import Approvals, Budgets, End, Launching, Limits, Quiet, TeamBudget
from bot.rules.policy_section import Section
from bot.rules.policy_stop import Stopping

SHIPPED = Path(__file__).parent.parent.parent / "bot" / "default_policy.toml"

WRONG = {
    "[limits]\nmax_hour = 3": "[limits] max_hour: there is no such key; did you mean max_hours?",
    "[approval]": "[approval]: there is no such key; did you mean approvals?",
    "[launch.end]\nstopp = true": "[launch.end] stopp: there is no such key; did you mean stop?",
    '[limits]\nregions = "us-east-1"': "[limits] regions: it must be a list in brackets, not 'us-east-1'.",
    "[limits]\nregions = []": "[limits] regions: name at least one region.",
    "[limits]\nmax_hours = -1": "[limits] max_hours: input should be greater than 0, not -1.",
    "[approvals]\nchannel = 3": "[approvals] channel: it must be text in quotes, not 3.",
    '[approvals.quiet]\nzone = "Mars"': "[approvals.quiet] zone: 'Mars' is no time zone; one is Europe/Berlin.",
    '[launch]\nimages = {nvidia = "x"}': "[launch]: images.nvidia: 'x' is no image id; one is ami-0123456789abcdef0.",
    "[limits": "is not TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_key_is_named_with_the_nearest_one_or_the_reason(text: str) -> None:
    with pytest.raises(UserError) as told:
        parse(text, name="policy.toml")
    assert str(told.value).startswith("policy.toml")
    assert WRONG[text] in str(told.value)


def test_every_wrong_key_is_told_at_once() -> None:
    with pytest.raises(UserError) as told:
        parse("[limits]\nmax_hours = 0\nmax_usd = 0\n[reminders]\nhour = 25", name="policy.toml")
    assert len(str(told.value).splitlines()) == 3


def test_without_a_file_nobody_can_approve_and_nothing_is_approved_by_itself() -> None:
    policy = PolicyFile(None)()
    assert policy == Policy()
    assert policy.approvals.approvers == ()
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert needed(policy.approvals, 0.01, noon) == 1
    assert policy.approvals.own_below_usd == 0
    assert policy.launch.end.stop is False


def test_the_shipped_file_says_the_defaults_and_every_key_in_it_exists() -> None:
    assert read(SHIPPED) == Policy()
    uncommented = re.sub(r"<([A-Z0-9]+)>", r"\1", SHIPPED.read_text())
    uncommented = re.sub(r"^# (?=[a-z_\[])", "", uncommented.split("\n\n", 1)[1], flags=re.M)
    parse(uncommented, name="with every comment taken away")


@pytest.mark.parametrize("section", [Approvals, Quiet, Limits, Stopping, Budgets, TeamBudget, Launching, End])
def test_every_key_about_launches_stands_in_the_shipped_file(section: type[Section]) -> None:
    text = SHIPPED.read_text()
    told = {key for key in section.model_fields if re.search(rf"^(# )?(\[[\w.]*)?{key}\b", text, re.M)}
    assert told == set(section.model_fields)


STRICT = {
    '[limits]\n\nregions = ["us-east-99"]': (
        "line 3: [limits] regions: the catalog knows no region 'us-east-99'; did you mean us-east-",
        'For example: regions = ["us-east-',
    ),
    '[limits]\nfamilies = ["g55"]': (
        "line 2: [limits] families: the catalog knows no instance family 'g55'; did you mean g5?",
        'For example: families = ["g5"]',
    ),
    '[limits]\ndenied_families = ["zz9"]': ("line 2: [limits] denied_families: the catalog knows no instance", "For"),
    '[approvals]\nchannel = "#ml"': (
        "line 2: [approvals] channel: '#ml' is no id; it must be a channel's id",
        'For example: channel = "C0123456789"',
    ),
    '# who\n[approvals]\napprovers = [\n  "lee",\n]': (
        "line 3: [approvals] approvers: 'lee' is no id",
        'For example: approvers = ["U0123456789"]',
    ),
    "[limits]\nmax_hours = inf": ("line 2: [limits] max_hours: input should be a finite number", "max_hours = 72"),
    "[approvals]\nexpires_hours = true": (
        "line 2: [approvals] expires_hours: true is a switch; this key takes another kind of value.",
        "For example: expires_hours = 24",
    ),
    '[budgets]\nteams = {ml = {members = ["ann"], usd_per_month = 5}}': (
        "line 2: [budgets.teams.ml] members: 'ann' is no id",
        "members = [",
    ),
    "[limits]\nmax_usd = 5\n[approvals.quiet]\nbegin = 30": ("line 4: [approvals.quiet] begin: input should be", "= 0"),
}


@pytest.mark.parametrize("text", STRICT)
def test_a_wrong_value_is_told_with_file_line_key_the_nearest_and_an_example(text: str) -> None:
    with pytest.raises(UserError) as told:
        parse(text, name="policy.toml")
    (said,) = str(told.value).splitlines()
    assert said.startswith("policy.toml, line ")
    for part in STRICT[text]:
        assert part in said


def test_the_summary_says_budgets_quiet_hours_break_glass_the_end_and_who_may_stop() -> None:
    text = """
[approvals]
break_glass = ["U0ENG"]
quiet = {begin = 20, end = 8, weekends = true, zone = "Europe/Berlin"}
[budgets]
usd_per_month = 20000
person_usd_per_month = 2000
teams = {ml = {members = ["U0ENG"], usd_per_month = 8000}}
[launch.end]
stop = true
[stop]
anyone_after_hours = 2
"""
    said = "\n".join(summary(parse(text, name="p")))
    for line in (
        "Budgets by month: everybody $20000, each person $2000, team ml $8000.",
        "Quiet hours: 20:00 to 8:00 and weekends (Europe/Berlin).",
        "Break-glass: by U0ENG, with a reason.",
        "At the end of the hours mlbot reminds 30 minutes before and stops it 15 minutes later.",
        "Machines may be stopped by their owner and approvers, and by everybody 2 h after the planned end.",
    ):
        assert line in said
    none = "\n".join(summary(Policy()))
    assert "Budgets by month: none." in none
    assert "Quiet hours: none." in none
    assert "Break-glass: by nobody." in none


def change(path: Path, text: str, tick: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(tick, tick))


def test_a_change_is_taken_and_a_broken_one_leaves_the_last_good_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    change(path, "[limits]\nmax_hours = 5", 1)
    policy = PolicyFile(path)
    assert policy().limits.max_hours == 5
    change(path, "[limits]\nmax_hours = 6", 2)
    assert policy().limits.max_hours == 6
    assert policy.trouble == ""
    change(path, "[limits]\nmax_hours = 'x'", 3)
    assert policy().limits.max_hours == 6
    assert "max_hours" in policy.trouble
    path.unlink()
    assert policy().limits.max_hours == 6
    assert "cannot be read" in policy.trouble
    change(path, "[limits]\nmax_hours = 7", 4)
    assert policy().limits.max_hours == 7
    assert policy.trouble == ""


def test_a_file_that_is_missing_or_broken_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        PolicyFile(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError):
        PolicyFile(tmp_path / "bytes.toml")


@pytest.mark.parametrize(
    ("usd", "hour", "people"),
    [(4.99, 12, 0), (5, 12, 1), (99, 12, 1), (100, 12, 2), (None, 12, 2), (4.99, 23, 1), (4.99, 3, 1)],
)
def test_money_and_the_hour_say_how_many_must_agree(usd: float | None, hour: int, people: int) -> None:
    rules = Approvals(auto_below_usd=5, two_above_usd=100, quiet=Quiet(begin=22, end=7))
    assert needed(rules, usd, datetime(2026, 11, 23, hour, tzinfo=UTC)) == people


@pytest.mark.parametrize(
    ("quiet", "at", "is_it"),
    [
        (Quiet(), "2026-11-22T03:00", False),
        (Quiet(weekends=True), "2026-11-22T12:00", True),
        (Quiet(begin=22, end=7), "2026-11-23T22:00", True),
        (Quiet(begin=22, end=7), "2026-11-23T07:00", False),
        (Quiet(begin=12, end=14), "2026-11-23T13:59", True),
        (Quiet(begin=22, end=7, zone="Asia/Tokyo"), "2026-11-23T12:59", False),
        (Quiet(begin=22, end=7, zone="Asia/Tokyo"), "2026-11-23T13:00", True),
    ],
)
def test_quiet_hours_are_in_their_zone_and_may_span_midnight(quiet: Quiet, at: str, is_it: bool) -> None:
    assert is_quiet(quiet, datetime.fromisoformat(at).replace(tzinfo=UTC)) is is_it
