"""Forms that answer while they are filled in: dependent fields, the cost line, errors beside fields, values kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from world import APPROVALS, ENGINEER, LEAD, World

from bot import idle
from bot.playground.slack.local import LocalSlack
from bot.rules.launch import Wanted
from bot.rules.launch_preview import Preview
from bot.rules.policy import Limits
from data import load
from handlers.doorway import Doorway
from handlers.launch_form import drawn, form
from handlers.views import launch_form as views


def opened(town: World, command: str, user: str = ENGINEER) -> dict[str, Any]:
    town.command(command, user=user)
    return top(town.slack, user)


def top(slack: LocalSlack, user: str = ENGINEER) -> dict[str, Any]:
    return slack.views(user)[-1]


def change(town: World, block: str, value: Any, user: str = ENGINEER) -> str:
    """Change one field as a person does; returns all that the form then says."""
    view = top(town.slack, user)
    (found,) = [one for one in view["blocks"] if one["block_id"].partition(":")[0] == block]
    action = (found.get("element") or found.get("accessory"))["action_id"]
    town.slack.click_view(user=user, view_id=view["id"], action_id=action, block_id=found["block_id"], value=value)
    town.settle()
    return json.dumps(top(town.slack, user)["blocks"], ensure_ascii=False)


def offered(town: World, action: str, text: str) -> list[str]:
    view = top(town.slack)
    found = town.slack.people.suggest(ENGINEER, action_id=action, text=text, view_id=view["id"])
    return [option["value"] for option in found]


def values(town: World, user: str = ENGINEER) -> dict[str, Any]:
    state = top(town.slack, user)["state"]["values"]
    return {block.partition(":")[0]: next(iter(actions.values())) for block, actions in state.items()}


def test_the_cost_line_follows_what_is_filled_in(homes: World) -> None:
    first = json.dumps(opened(homes, "/ml-launch")["blocks"])
    assert "Choose an instance type" in first
    said = change(homes, "type", "g5.xlarge")
    assert "$1.01 an hour, $8.14 for 8 h" in said
    assert "needs 1 approval" in said
    assert "left $500.00" in said
    assert "$16.27 for 16 h" in change(homes, "hours", "16")
    assert "$4.02 an hour" in change(homes, "count", "4")


def test_what_is_wrong_is_said_at_once_and_beside_its_field_on_sending(homes: World) -> None:
    shown = opened(homes, "/ml-launch")
    change(homes, "type", "p5.48xlarge")
    assert "100 h are more than the policy's 72 h" in change(homes, "hours", "100")
    sent = homes.slack.submit_view(user=ENGINEER, view_id=shown["id"], values={"purpose": "LoRA"})
    assert set(sent.errors) == {"hours"}
    assert "100 h are more than the policy's 72 h. Enter 72." in sent.errors["hours"]
    change(homes, "hours", "hours=72")
    assert "for 72 h" in json.dumps(homes.slack.views(ENGINEER)[-1])
    change(homes, "hours", "100")
    assert values(homes)["purpose"]["value"] == "LoRA"
    assert APPROVALS not in homes.said(APPROVALS)


def test_a_budget_that_is_too_small_is_said_beside_the_hours(homes: World) -> None:
    shown = opened(homes, "/ml-launch")
    change(homes, "type", "p4d.24xlarge")
    change(homes, "hours", "40")
    sent = homes.slack.submit_view(user=ENGINEER, view_id=shown["id"], values={"purpose": "LoRA"})
    assert "budget" in sent.errors["hours"]


def test_the_types_are_those_of_the_region_with_their_price(homes: World) -> None:
    opened(homes, "/ml-launch")
    assert "g5.xlarge" in offered(homes, "pick_type", "a10g")
    everything = offered(homes, "pick_type", "")
    assert 0 < len(everything) <= 100
    here = set(offered(homes, "pick_type", "h200"))
    change(homes, "region", "us-west-2")
    catalog = homes.bot.parts.catalog
    there = offered(homes, "pick_type", "h200")
    assert here | set(there)
    assert all(
        catalog.rate(name, "us-west-2", "on-demand") or catalog.rate(name, "us-west-2", "spot") for name in there
    )
    assert offered(homes, "pick_type", "no such thing") == []


def test_a_type_that_is_sold_one_way_offers_that_market_alone() -> None:
    catalog = load()
    sold = replace(catalog.instance("g5.xlarge"), markets=("on-demand", "capacity-block"))
    narrow = replace(catalog, instances={**catalog.instances, "g5.xlarge": sold})
    given = {"type": "g5.xlarge", "region": "us-east-1", "market": "spot"}
    for known, block, value in ((catalog, "market", "spot"), (narrow, "market:on-demand", "on-demand")):
        view = views.form(given, Preview(problems={}), limits=Limits(), catalog=known, state={})
        (market,) = [one for one in view["blocks"] if one.get("block_id") == block]
        assert market["element"]["initial_option"]["value"] == value


def test_an_older_change_never_draws_over_a_newer_one(homes: World) -> None:
    shown = opened(homes, "/ml-launch")
    change(homes, "type", "g5.xlarge")
    old = homes.slack.click_view(user=ENGINEER, view_id=shown["id"], action_id="fill", block_id="hours", value="2")
    change(homes, "hours", "24")
    homes.slack.resend(old)
    homes.settle()
    assert "for 24 h" in json.dumps(top(homes.slack)["blocks"])


def test_a_form_that_was_filled_so_is_asked_for(homes: World) -> None:
    shown = opened(homes, "/ml-launch")
    for block, value in (("type", "g5.xlarge"), ("market", "spot"), ("hours", "4")):
        change(homes, block, value)
    sent = homes.slack.submit_view(user=ENGINEER, view_id=shown["id"], values={"purpose": "LoRA", "name": "x"})
    homes.settle()
    assert sent.errors == {}
    assert "g5.xlarge (spot) in us-east-1 for 4 h" in homes.said(APPROVALS)


def test_a_ceiling_that_was_asked_for_in_words_has_a_field_that_can_be_mended(homes: World) -> None:
    wanted = Wanted(
        instance_type="g5.xlarge", region="us-east-1", market="spot", max_usd_per_hour=0.05, image="ami-12345678"
    )
    parts = homes.bot.parts
    view = form(Doorway(parts, homes.bot.later), wanted, channel="C0ML", asker=ENGINEER)
    state = json.loads(view["private_metadata"])
    assert state["max_price"] == "0.05"
    field = next(one for one in view["blocks"] if one.get("block_id") == "max_price")
    assert field["element"]["initial_value"] == "0.05"
    assert "below today's spot price" in json.dumps(view)
    assert "Enter 0." in json.dumps(view)
    given = views.given_of(wanted, parts.policy().limits)
    for mended in ("2", ""):
        again = drawn(parts, {**given, "max_price": mended}, state, asker=ENGINEER)
        assert "below today's spot price" not in json.dumps(again)
    plain = form(Doorway(parts, homes.bot.later), replace(wanted, max_usd_per_hour=None), channel="C0ML")
    assert "max_price" not in json.dumps(plain)


def test_the_hint_of_the_image_names_the_policys(homes: World) -> None:
    image = homes.bot.parts.policy().launch.image
    opened(homes, "/ml-launch")
    assert f"Empty: {image}, the policy's." in json.dumps(top(homes.slack))
    homes.policy.write_text(homes.policy.read_text().replace(f'image = "{image}"', ""))
    opened(homes, "/ml-launch")
    assert "Empty: the newest Deep Learning AMI." in json.dumps(top(homes.slack))


def test_the_estimate_form_changes_with_the_kind_of_job_and_answers_while_it_is_filled(homes: World) -> None:
    opened(homes, "/ml-estimate")
    assert "llama-3-8b" in offered(homes, "pick_model", "llama 3")
    assert offered(homes, "pick_model", "org/own-model")[-1] == "org/own-model"
    said = change(homes, "model", "llama-3-8b")
    assert "$" in said
    change(homes, "amount", "qps=5 input=512 output=256")
    said = change(homes, "kind", "infer")
    assert "How much load" in said
    assert '"method"' not in said
    assert values(homes)["amount"]["value"] == "qps=5 input=512 output=256"
    assert "⚠" in change(homes, "more", "on 3 x nonsense9.large")


def test_longer_hours_say_what_they_cost(homes: World) -> None:
    homes.command("/ml-launch g5.xlarge hours=8 name=nightly")
    homes.press("approve", user=LEAD, channel=APPROVALS)
    homes.pass_time(minutes=5)
    idle.scan(homes.bot.parts, homes.clock.now())
    homes.command("/ml-instances")
    homes.press("extend", user=ENGINEER, channel="C0ML")
    assert "more, until" in json.dumps(top(homes.slack)["blocks"])
    assert "Say a number of hours above 0" in change(homes, "hours", "soon")


@pytest.mark.parametrize(("user", "own"), [(ENGINEER, "You are no approver."), (LEAD, "never of your own requests")])
def test_what_may_i_launch_is_answered_for_the_one_who_asks(homes: World, user: str, own: str) -> None:
    homes.slack.open_home(user=user)
    homes.settle()
    view = homes.slack.home(user)
    assert view
    homes.slack.click_view(user=user, view_id=view["id"], action_id="open_rules")
    homes.settle()
    assert own in json.dumps(top(homes.slack, user))
    said = change(homes, "rule", "p5.48xlarge", user)
    assert "p5.48xlarge in us-east-1" in said
    assert "$500.00" in said


def test_the_rules_lie_over_the_form_and_leave_it_as_it_is(homes: World) -> None:
    shown = opened(homes, "/ml-launch")
    change(homes, "hours", "12")
    homes.slack.click_view(user=ENGINEER, view_id=shown["id"], action_id="open_rules")
    homes.settle()
    assert [one["title"]["text"] for one in homes.slack.views(ENGINEER)] == ["Ask for a machine", "What may I launch?"]
    homes.slack.close_view(user=ENGINEER, view_id=top(homes.slack)["id"])
    assert values(homes)["hours"]["value"] == "12"
