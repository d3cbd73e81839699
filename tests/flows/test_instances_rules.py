"""Who may do what to which machine, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.idle import Resource
from bot.rules.instances import VERBS, Ask, decide, fits
from bot.rules.people import Person
from bot.rules.policy import Policy

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = Policy.model_validate({"limits": {"max_hours": 72, "max_usd_per_hour": 60, "max_usd": 1000}})
OWNER = Person("U0ENG", team="T1")
DISK = {"id": "vol-1", "gb": 100, "type": "gp3", "ends_with_instance": True}
MACHINE = Resource(
    id="i-1",
    kind="ec2_instance",
    account="default",
    region="us-east-1",
    name="nightly",
    type="g5.xlarge",
    state="running",
    owner="U0ENG",
    since=NOW - timedelta(hours=5),
    until=NOW + timedelta(hours=3),
    usd_per_hour=1.02,
    usd_per_hour_stopped=0.011,
    details={"disks": [DISK], "usd_instance": 1.006},
)
STOPPED = replace(MACHINE, state="stopped", usd_per_hour=0.011)
SPOT = replace(MACHINE, market="spot", details={**MACHINE.details, "one_time_spot": True})


def ask(verb: str, person: Person = OWNER, **changes) -> Ask:
    return Ask(verb=verb, person=person, **{"approver": False, "team": "T1", "hours": 8.0, **changes})


def with_details(one: Resource, **details) -> Resource:
    return replace(one, details={**one.details, **details})


STRANGERS = [
    Person("U0OTHER", team="T1"),
    Person("U0ENG", team="T2"),
    Person("U0ENG", team="T1", guest=True),
    Person("U0ENG", team="T1", deleted=True),
    Person("U0ENG", team="T1", is_bot=True),
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("person", STRANGERS)
def test_only_the_owner_and_approvers_may(verb, person):
    found = STOPPED if verb == "start" else MACHINE
    decision = decide(ask(verb, person), found, POLICY, NOW)
    assert (decision.allowed, decision.effect) == (False, "none")
    assert decide(ask(verb), found, POLICY, NOW).effect == verb


@pytest.mark.parametrize("verb", VERBS)
def test_an_approver_may_whoever_owns_it(verb):
    found = replace(STOPPED if verb == "start" else MACHINE, owner=None)
    stranger = Person("U0LEAD", team="T1")
    assert decide(ask(verb, stranger, approver=True), found, POLICY, NOW).effect == verb
    assert decide(ask(verb, stranger), found, POLICY, NOW).effect == "none"


@pytest.mark.parametrize("person", STRANGERS[1:])
def test_being_an_approver_lifts_no_other_bar(person):
    assert not decide(ask("stop", person, approver=True), MACHINE, POLICY, NOW).allowed


def test_a_machine_without_an_owner_is_nobodys_even_for_a_person_without_an_id():
    nobody = Person("", team="T1")
    for owner in (None, ""):
        assert not decide(ask("stop", nobody), replace(MACHINE, owner=owner), POLICY, NOW).allowed


@pytest.mark.parametrize(
    ("verb", "state", "allowed", "effect", "says"),
    [
        ("stop", "running", True, "stop", "was running and is being stopped"),
        ("stop", "stopping", True, "none", "is stopping already"),
        ("stop", "stopped", True, "none", "is stopped already"),
        ("stop", "pending", False, "none", "still pending"),
        ("stop", "terminated", True, "none", "terminated already"),
        ("start", "stopped", True, "start", "was stopped and is being started"),
        ("start", "running", True, "none", "is running already"),
        ("start", "pending", True, "none", "is pending already"),
        ("start", "stopping", False, "none", "still stopping"),
        ("start", "terminated", True, "none", "terminated already"),
        ("terminate", "running", True, "terminate", "is being terminated"),
        ("terminate", "stopped", True, "terminate", "is being terminated"),
        ("terminate", "shutting-down", True, "none", "terminated already"),
        ("extend", "running", True, "extend", "now ends"),
        ("extend", "stopped", True, "extend", "now ends"),
        ("extend", "terminated", True, "none", "terminated already"),
    ],
)
def test_a_verb_fits_the_state_that_was_found(verb, state, allowed, effect, says):
    decision = decide(ask(verb), replace(MACHINE, state=state), POLICY, NOW)
    assert (decision.allowed, decision.effect) == (allowed, effect)
    assert says in decision.reason


@pytest.mark.parametrize("verb", VERBS)
def test_what_does_not_exist_is_said_to_be_gone(verb):
    decision = decide(ask(verb), None, POLICY, NOW)
    assert decision.effect == "none"
    assert "does not exist any more" in decision.reason


def test_one_time_spot_is_not_stopped_and_termination_is_offered():
    decision = decide(ask("stop"), SPOT, POLICY, NOW)
    assert (decision.allowed, decision.offer) == (False, "terminate")
    assert decide(ask("stop"), with_details(SPOT, one_time_spot=False), POLICY, NOW).effect == "stop"
    assert decide(ask("terminate"), SPOT, POLICY, NOW).effect == "terminate"


def test_a_root_on_a_local_disk_is_not_stopped():
    decision = decide(ask("stop"), with_details(MACHINE, root="instance-store"), POLICY, NOW)
    assert (decision.allowed, decision.offer) == (False, "terminate")


def test_protection_is_respected_even_for_approvers():
    guarded = with_details(MACHINE, protected=True, stop_protected=True)
    for verb in ("stop", "terminate"):
        decision = decide(ask(verb, approver=True), guarded, POLICY, NOW)
        assert not decision.allowed
        assert "protected" in decision.reason


def test_a_stop_says_what_keeps_billing_and_what_is_lost():
    found = with_details(replace(MACHINE, type="p4d.24xlarge"), nvme_gb=8000)
    notes = " ".join(decide(ask("stop"), found, POLICY, NOW).notes)
    assert "still cost $8.03 a month" in notes
    assert "NVMe disks (8,000 GB) is lost" in notes
    assert "scarce" in notes
    assert not decide(ask("stop"), with_details(replace(MACHINE, usd_per_hour_stopped=0.0)), POLICY, NOW).notes


def test_an_unknown_cost_is_said_to_be_unknown():
    notes = decide(ask("stop"), replace(MACHINE, usd_per_hour_stopped=None), POLICY, NOW).notes
    assert notes == ("What its disks cost while it is stopped is not known.",)


def test_a_termination_says_which_disks_go_and_which_stay():
    disks = [DISK, {"id": "vol-2", "gb": 500, "type": "gp3", "ends_with_instance": False}]
    notes = decide(ask("terminate"), with_details(MACHINE, disks=disks), POLICY, NOW).notes
    assert notes == ("100 GB of disk are deleted with it.", "500 GB of disk stay and keep billing.")


def test_a_freeze_stops_starts_and_lets_stops_through():
    why = "Launches are frozen by <@U0LEAD>."
    refused = decide(ask("start", frozen=why), STOPPED, POLICY, NOW)
    assert not refused.allowed
    assert refused.reason.startswith(why)
    for verb in ("stop", "terminate"):
        assert decide(ask(verb, frozen=why), MACHINE, POLICY, NOW).effect == verb


def test_a_start_says_its_price_and_obeys_the_cap():
    assert decide(ask("start"), STOPPED, POLICY, NOW).notes == ("It costs $1.02 an hour while it runs.",)
    dear = with_details(STOPPED, usd_instance=98.0)
    assert "over the policy's $60.00" in decide(ask("start", approver=True), dear, POLICY, NOW).reason


@pytest.mark.parametrize(
    ("before", "hours", "after"),
    [
        (NOW + timedelta(hours=3), 8, NOW + timedelta(hours=11)),
        (NOW - timedelta(hours=3), 8, NOW + timedelta(hours=8)),  # overdue: from now on
        (None, 8, NOW + timedelta(hours=8)),
        (None, 0.5, NOW + timedelta(minutes=30)),
    ],
)
def test_an_extension_counts_from_the_planned_end_or_from_now(before, hours, after):
    decision = decide(ask("extend", hours=hours), replace(MACHINE, until=before), POLICY, NOW)
    assert (decision.effect, decision.until) == ("extend", after)


@pytest.mark.parametrize("hours", [None, 0, -1, float("nan"), float("inf"), 10_000])
def test_an_extension_needs_a_number_of_hours(hours):
    assert not decide(ask("extend", hours=hours), MACHINE, POLICY, NOW).allowed


def test_an_extension_stays_within_the_policy():
    assert not decide(ask("extend", hours=70, approver=True), MACHINE, POLICY, NOW).allowed  # 3 h + 70 h
    assert decide(ask("extend", hours=69), MACHINE, POLICY, NOW).allowed
    dear = replace(MACHINE, usd_per_hour=50.0)
    assert "over the policy's $1,000" in decide(ask("extend", hours=21), dear, POLICY, NOW).reason


@pytest.mark.parametrize(
    ("person", "approver", "allowed"),
    [("U0ENG", False, False), ("U0ENG", True, False), ("U0LEAD", True, True), ("U0LEAD", False, False)],
)
def test_where_the_policy_says_so_somebody_else_must_extend(person, approver, allowed):
    policy = Policy.model_validate({"launch": {"end": {"extend_needs_approval": True}}})
    asked = ask("extend", Person(person, team="T1"), approver=approver)
    assert decide(asked, MACHINE, policy, NOW).allowed is allowed


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("running", ("stop", "terminate", "extend")),
        ("stopped", ("start", "terminate", "extend")),
        ("pending", ("terminate", "extend")),
        ("terminated", ()),
    ],
)
def test_a_list_offers_what_fits(state, verbs):
    assert fits(replace(MACHINE, state=state)) == verbs


@given(
    verb=st.sampled_from(VERBS),
    state=st.sampled_from(["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]),
    owner=st.sampled_from(["U0ENG", "U0OTHER", "", None]),
    approver=st.booleans(),
    frozen=st.sampled_from(["", "Launches are frozen."]),
    guarded=st.booleans(),
    spot=st.booleans(),
    hours=st.one_of(st.none(), st.floats()),
)
def test_no_effect_without_a_right_and_never_twice(verb, state, owner, approver, frozen, guarded, spot, hours):
    found = replace(SPOT if spot else MACHINE, state=state, owner=owner)
    found = with_details(found, protected=guarded, stop_protected=guarded)
    asked = ask(verb, approver=approver, frozen=frozen, hours=hours)
    decision = decide(asked, found, POLICY, NOW)
    assert decision.reason
    if decision.effect == "none":
        return
    assert decision.allowed
    assert approver or owner == "U0ENG"
    assert decision.effect == verb
    assert state not in ("shutting-down", "terminated")
    assert not (guarded and verb in ("stop", "terminate"))
    assert not (spot and verb == "stop")
    assert not (frozen and verb == "start")
    if verb == "extend":
        assert NOW < decision.until <= NOW + timedelta(hours=72)
