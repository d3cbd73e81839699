"""The whole main job, as people live it: estimate, ask, approve, run, list, stop, be reminded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import APPROVALS, ENGINEER, LEAD, ML, OPERATOR, World, words

ASK = '/ml-launch g5.xlarge hours=8 name=nightly purpose="LoRA run"'


def ask(town: World, text: str = ASK, user: str = ENGINEER) -> None:
    town.command(text, user=user)


def approve(town: World, user: str = LEAD) -> None:
    town.press("approve", user=user, channel=APPROVALS)


def test_an_estimate_is_answered_in_the_channel_for_all_to_see(town: World) -> None:
    town.command("/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs")
    seen = town.said(ML, user=LEAD)
    assert "Best" in seen
    assert "Assumed" in seen
    assert "$" in seen


def test_bad_words_get_one_sentence_that_only_the_asker_sees(town: World) -> None:
    town.command("/ml-estimate finetune lama-3-8b on 20M tokens")
    assert "llama-3-8b" in town.said(ML, user=ENGINEER)
    assert "llama" not in town.said(ML, user=LEAD)


def test_a_model_that_only_the_hub_may_know_is_asked_there_or_said_to_be_unknown(town: World) -> None:
    town.command("/ml-estimate finetune acme/foo-lm lora samples=50k")
    assert "acme/foo-lm is not in the catalog, and the Hugging Face hub is not asked" in town.said(ML, user=ENGINEER)
    assert "acme" not in town.said(ML, user=LEAD)


def test_a_request_is_approved_by_somebody_else_and_runs_once(town: World) -> None:
    ask(town)
    card = town.said(APPROVALS, user=LEAD)
    for part in ("nightly", "g5.xlarge", "$1.01", "LoRA run", f"<@{ENGINEER}>"):
        assert part in card
    approve(town)
    assert f"Approved by <@{LEAD}>" in town.said(APPROVALS, user=LEAD)
    town.pass_time(minutes=2)
    town.pass_time(minutes=2)
    (machine,) = town.instances()
    assert machine["InstanceId"] in town.said(APPROVALS, user=LEAD)
    tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
    assert tags["mlbot:owner"] == ENGINEER
    assert tags["mlbot:purpose"] == "LoRA run"
    assert tags["mlbot:managed"] == "true"
    assert tags["Name"] == "nightly"
    assert tags["mlbot:until"]
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert machine["InstanceId"] in town.direct(ENGINEER)


def test_there_is_one_card_that_rewrites_itself(quick_town: World) -> None:
    ask(quick_town)
    approve(quick_town)
    quick_town.pass_time(minutes=2)
    cards = [m for m in quick_town.slack.messages(APPROVALS, as_user=LEAD) if "nightly" in words(m)]
    assert len(cards) == 1


def test_nobody_approves_their_own(quick_town: World) -> None:
    ask(quick_town, user=LEAD)
    approve(quick_town, user=LEAD)
    assert quick_town.instances() == []
    assert "own" in quick_town.said(APPROVALS, user=LEAD)


def test_only_those_whom_the_policy_names_may_approve(quick_town: World) -> None:
    ask(quick_town, user=LEAD)
    approve(quick_town, user=ENGINEER)
    assert quick_town.instances() == []
    assert "approver" in quick_town.said(APPROVALS, user=ENGINEER)


def test_the_second_approver_is_told_who_was_first(quick_town: World) -> None:
    ask(quick_town)
    for user in (LEAD, OPERATOR):  # both press before either press was carried out
        quick_town.click("approve", user=user, channel=APPROVALS)
    quick_town.settle()
    assert f"<@{LEAD}>" in quick_town.whispered(APPROVALS, user=OPERATOR)
    assert len(quick_town.instances()) == 1


def test_a_denial_has_a_reason_that_the_asker_reads(town: World) -> None:
    ask(town)
    town.press("deny", user=LEAD, channel=APPROVALS)
    (form,) = town.slack.views(LEAD)
    town.slack.submit_view(user=LEAD, view_id=form["id"], values={"reason": "A g4dn is enough"})
    town.settle()
    assert "A g4dn is enough" in town.said(APPROVALS, user=LEAD)
    assert town.instances() == []


def test_a_request_expires_and_can_then_not_be_approved(quick_town: World) -> None:
    ask(quick_town)
    quick_town.clock.advance(timedelta(hours=25))
    approve(quick_town)
    quick_town.pass_time(minutes=1)
    assert quick_town.instances() == []
    assert "xpired" in quick_town.said(APPROVALS, user=LEAD)


def test_without_words_the_form_opens_and_keeps_what_was_typed(town: World) -> None:
    town.command("/ml-launch")
    (form,) = town.slack.views(ENGINEER)
    sent = town.slack.submit_view(
        user=ENGINEER, view_id=form["id"], values={"type": "g5.xlarge", "hours": "many", "purpose": "LoRA"}
    )
    assert "hours" in sent.errors
    town.slack.submit_view(
        user=ENGINEER, view_id=form["id"], values={"type": "g5.xlarge", "hours": "4", "purpose": "LoRA"}
    )
    town.settle()
    assert "g5.xlarge" in town.said(APPROVALS, user=LEAD)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/ml-launch g5.xlrge", "g5.xlarge"),
        ("/ml-launch g5.xlarge region=us-eas-1", "us-east-1"),
        ("/ml-launch g5.xlarge hours=-3", "hours"),
        ("/ml-instances everybody", "all"),
    ],
)
def test_what_is_not_understood_is_told_with_the_nearest_thing(quick_town: World, text: str, told: str) -> None:
    quick_town.command(text)
    assert told in quick_town.said(ML, user=ENGINEER)
    assert quick_town.said(ML, user=LEAD) == ""
    assert quick_town.said(APPROVALS, user=LEAD) == ""


def test_a_failure_says_the_aws_code_and_the_way_out(quick_town: World) -> None:
    quick_town.aws.fail("RunInstances", "UnauthorizedOperation", status=403, times=None)
    ask(quick_town)
    seen = quick_town.said(APPROVALS, user=LEAD) + quick_town.said(ML, user=ENGINEER) + quick_town.direct(ENGINEER)
    assert "UnauthorizedOperation" in seen
    assert quick_town.instances() == []


def test_a_machine_is_listed_and_stopped_by_its_owner_and_by_nobody_else(town: World) -> None:
    ask(town)
    approve(town)
    town.pass_time(minutes=3)
    town.command("/ml-instances")
    assert "nightly" in town.said(ML, user=ENGINEER)
    town.press("stop", user=ENGINEER, channel=ML)
    town.pass_time(minutes=2)
    assert [i["State"]["Name"] for i in town.instances()] == ["stopped"]


def test_a_freeze_stops_launches(quick_town: World) -> None:
    quick_town.command("/ml-freeze on budget review", user=LEAD)
    ask(quick_town)
    quick_town.pass_time(minutes=1)
    assert quick_town.instances() == []
    quick_town.command("/ml-freeze off", user=ENGINEER)
    quick_town.pass_time(minutes=1)
    assert quick_town.instances() == []


def test_what_is_idle_is_shown_now_with_nothing_to_say_in_an_empty_account(town: World) -> None:
    town.command("/ml-idle now")
    assert "nothing of yours is idle" in town.said(ML, user=ENGINEER)
    assert town.said(ML, user=LEAD) == ""
