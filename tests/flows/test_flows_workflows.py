"""Workflow steps and links, with the rights that the manifest gives and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from world import APPROVALS, ENGINEER, LEAD, ML, World, words, world

from bot.playground.slack import called
from bot.rules import links
from bot.wiring import build

PUBLIC = "https://mlbot.example"
ROOT = Path(__file__).parents[2]
REQUEST = {"type": "g5.xlarge", "hours": 8, "purpose": "nightly eval", "requester": ENGINEER}


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "manifest.json").read_text().replace("YOUR-HOST", "mlbot.example"))
    return found


@pytest.fixture(params=["http", "socket"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world whose Slack gives what the manifest asks for, over each transport."""
    with world(tmp_path, socket=request.param == "socket", manifest=manifest(), public_url=PUBLIC) as made:
        yield made


@pytest.fixture
def quick_town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, manifest=manifest(), public_url=PUBLIC) as made:
        yield made


def ends(town: World) -> int:
    return sum(call.method.startswith("functions.") for call in town.slack.calls)


def test_an_estimate_is_a_step_with_figures_to_go_on_with(town: World) -> None:
    step = town.slack.run_step(
        user=ENGINEER,
        callback_id="estimate",
        inputs={"text": "finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs"},
    )
    town.settle()
    assert step.outputs is not None
    assert set(step.outputs) == {"summary", "cost_usd", "cost_per", "hours", "best_instance"}
    assert step.outputs["cost_usd"] > 0
    assert ends(town) == 1


def test_what_a_step_does_not_understand_is_its_failure(quick_town: World) -> None:
    step = quick_town.slack.run_step(user=ENGINEER, callback_id="estimate", inputs={"text": "fine-tune lama-3-8b"})
    quick_town.settle()
    assert "llama-3-8b" in step.error
    assert step.outputs is None


def test_a_request_by_a_workflow_stands_in_the_requesters_name_and_is_decided_by_somebody_else(town: World) -> None:
    step = town.slack.run_step(user=LEAD, callback_id="request_launch", inputs=REQUEST)
    town.settle()
    town.pass_time(seconds=3)
    assert step.outputs is not None
    assert step.outputs["state"] == "asked"
    assert step.outputs["request_id"].startswith("l_")
    card = town.said(APPROVALS, user=LEAD)
    assert "nightly eval (asked by a workflow)" in card
    assert f"<@{ENGINEER}>" in card
    assert "g5.xlarge" in town.direct(ENGINEER)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"type": "g5.xlrge"}, "g5.xlarge"),
        ({"hours": 500}, "hours"),
        ({"requester": "U0GUEST"}, "Guests"),
        ({"requester": ""}, "requester"),
    ],
)
def test_a_request_that_cannot_be_made_fails_its_step(quick_town: World, changed: dict[str, Any], told: str) -> None:
    step = quick_town.slack.run_step(user=LEAD, callback_id="request_launch", inputs={**REQUEST, **changed})
    quick_town.settle()
    quick_town.pass_time(seconds=3)
    assert told in step.error
    assert ends(quick_town) == 1


def test_a_step_heard_again_or_told_twice_ends_once(quick_town: World) -> None:
    step = quick_town.slack.run_step(user=ENGINEER, callback_id="estimate", inputs={"text": "serve llama 3 8b qps=5"})
    quick_town.slack.people.events.step(ENGINEER, "estimate", next(iter(quick_town.slack.workspace.steps)), {})
    quick_town.slack.disturb("lost", "functions.completeSuccess")
    quick_town.settle()
    quick_town.pass_time(seconds=5)
    assert step.outputs is not None
    assert not step.error
    assert [c.error for c in quick_town.slack.calls if c.method.startswith("functions.")] == [
        "",
        "function_execution_not_in_running_state",
    ]


def test_a_step_outlives_a_restart_and_asks_once(quick_town: World) -> None:
    step = quick_town.slack.run_step(user=LEAD, callback_id="request_launch", inputs=REQUEST)
    quick_town.bot.workers.run_due()  # asked and checked, not told to Slack yet
    assert step.running
    after = build(quick_town.bot.parts.settings.model_copy(update={"port": 0}), clock=quick_town.clock)
    quick_town.clock.advance(timedelta(minutes=2))
    after.run_due()
    after.stop()
    assert step.outputs is not None
    assert len([m for m in quick_town.slack.messages(APPROVALS) if "nightly eval" in words(m)]) == 1
    assert ends(quick_town) == 1


def shown(town: World, ts: str) -> list[dict[str, Any]]:
    (message,) = [m for m in town.slack.messages(ML) if m["ts"] == ts]
    found: list[dict[str, Any]] = message.get("attachments", [])
    return found


def asked(town: World) -> str:
    """The link on the card of a new request."""
    town.command("/ml-launch g5.xlarge hours=8 purpose=run name=nightly")
    return re.findall(rf"{PUBLIC}/l/l_[0-9a-f]+", town.said(APPROVALS, user=LEAD))[0]


def test_a_link_to_a_request_shows_how_it_stands_and_calls_nobody(town: World) -> None:
    url = asked(town)
    ts = town.slack.say(user=LEAD, channel=ML, text=f"look at {url} please")
    town.settle()
    (attached,) = shown(town, ts)
    text = json.dumps(attached)
    assert "Launch request" in text
    assert "nightly" in text
    assert "Ann (engineer)" in text
    assert '"type": "button"' not in text
    (message,) = [m for m in town.slack.messages(ML) if m["ts"] == ts]
    assert called(message) == set()


def test_a_link_to_an_estimate_shows_the_point(quick_town: World) -> None:
    quick_town.command("/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs")
    url = re.findall(rf"{PUBLIC}/e/e_[0-9a-f]+", quick_town.said(ML, user=LEAD))[0]
    ts = quick_town.slack.say(user=LEAD, channel=ML, text=url)
    quick_town.settle()
    assert "Fine-tune llama-3-8b" in json.dumps(shown(quick_town, ts))


def test_links_show_nothing_to_strangers_and_of_unknown_things(quick_town: World) -> None:
    url = asked(quick_town)
    for user, text in (
        ("U0STRANGER", url),
        (LEAD, f"{PUBLIC}/l/l_00000000000000000000"),
        (LEAD, f"{PUBLIC}/x/{url[-22:]}"),
        (LEAD, f"{PUBLIC}/e/{url[-22:]}"),
    ):
        ts = quick_town.slack.say(user=user, channel=ML, text=text)
        quick_town.settle()
        assert shown(quick_town, ts) == []


def test_the_page_behind_a_link_is_the_same_for_every_id_and_tells_nothing(quick_town: World) -> None:
    url = asked(quick_town)
    here = f"http://127.0.0.1:{quick_town.bot.port}"
    pages = [
        urllib3.request("GET", here + path)
        for path in (url.removeprefix(PUBLIC), "/l/l_00000000000000000000", "/e/whatever")
    ]
    assert {page.status for page in pages} == {200}
    assert len({page.data for page in pages}) == 1
    assert b"Open it in Slack" in pages[0].data
    assert "default-src 'none'" in pages[0].headers["Content-Security-Policy"]
    assert urllib3.request("GET", here + "/l").status == 404


@given(st.text(max_size=60))
def test_only_whole_links_of_ours_lead_somewhere(tail: str) -> None:
    found = links.target(PUBLIC, f"{PUBLIC}/{tail}")
    assert found is None or found.id[0] == found.kind[0]
    assert links.target("", f"{PUBLIC}/{tail}") is None
    assert links.target(PUBLIC, f"https://mlbot.example.evil/{tail}") is None


def test_a_link_leads_back_to_what_it_is_about() -> None:
    for identity, kind in (("l_" + "0a" * 10, "launch"), ("e_" + "9f" * 10, "estimate")):
        assert links.target(PUBLIC, links.link(PUBLIC, identity)) == (kind, identity)
    assert links.link("", "l_1") == ""
