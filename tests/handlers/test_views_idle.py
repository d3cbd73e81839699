"""The morning message says the point first, carries evidence and money, and obeys nothing that a tag says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.idle_facts import Hold, Resource, Verdict
from bot.rules.idle_finding import BackTest, Finding, Gap, Outcome, ScanReport
from bot.rules.remind import Digest
from handlers.views import idle
from handlers.views.message import Message

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def machine(**changes: Any) -> Finding:
    resource = Resource(
        id="i-0123456789abcdef0",
        kind="ec2_instance",
        account="default",
        region="us-east-1",
        name=changes.pop("name", "nightly"),
        type="g5.xlarge",
        state=changes.pop("state", "running"),
        owner="U0ENG",
        until=changes.pop("until", None),
        since=NOW - timedelta(days=3),
        usd_per_hour=changes.pop("usd_per_hour", 1.2),
    )
    verdict = Verdict(level="idle", reason="GPU 0 % for 31 h", safe=True, since=NOW - timedelta(hours=31))
    given_ = {"ref": "r_1", "verdict": verdict, "owner": "U0ENG", "at": NOW, "verbs": ("stop", "terminate"), **changes}
    return Finding(resource=resource, **given_)


def text(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def presses(message: Message) -> list[str]:
    return [e["action_id"] for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def test_the_point_comes_first_with_its_money() -> None:
    message = idle.digest(Digest(to="U0ENG", owner="U0ENG", day=date(2026, 11, 24), items=(machine(),)))
    assert message.text == "1 idle, $29 a day, $37 since idle"
    assert "idle 31 h, $37 since" in text(message)


def test_a_running_machine_can_be_stopped_snoozed_kept_or_disowned() -> None:
    message = idle.digest(Digest(to="U0ENG", owner="U0ENG", day=date(2026, 11, 24), items=(machine(),)))
    assert presses(message) == ["stop_idle", "snooze_1d", "snooze_1w", "keep", "schedule", "park", "not_mine"]


def test_a_stopped_machine_says_what_its_disks_still_cost_and_asks_before_it_is_lost() -> None:
    found = machine(state="stopped", usd_per_hour=40 / 730)
    message = idle.digest(Digest(to="U0ENG", owner="U0ENG", day=date(2026, 11, 24), items=(found,)))
    assert "stopped 31 h, still $40 a month" in text(message)
    terminate = message.blocks[2]["elements"][0]
    assert terminate["action_id"] == "terminate_idle"
    assert "nightly" in terminate["confirm"]["text"]["text"]
    assert "lost" in terminate["confirm"]["text"]["text"]


def test_an_unknown_price_is_called_unknown() -> None:
    message = idle.digest(
        Digest(to="U0ENG", owner="U0ENG", day=date(2026, 11, 24), items=(machine(usd_per_hour=None),))
    )
    assert "price unknown" in text(message)
    assert "$0" not in text(message)


def test_what_was_answered_is_said_and_has_no_buttons_left() -> None:
    done = machine(outcome=Outcome("stopped", "U0ENG", NOW, "Stopped by <@U0ENG>; the disk still bills $8 a month."))
    message = idle.digest(Digest(to="U0ENG", owner="U0ENG", day=date(2026, 11, 24), items=(done,)))
    assert presses(message) == []
    assert "Stopped by" in text(message)


def test_a_channel_is_offered_claim() -> None:
    message = idle.digest(Digest(to="C0ML", owner=None, day=date(2026, 11, 24), items=(machine(owner=None),)))
    assert "claim" in presses(message)
    assert "not_mine" not in presses(message)


def test_the_plan_stands_beside_what_it_costs_now() -> None:
    message = idle.digest(
        Digest(to="U", owner="U", day=date(2026, 11, 24), items=(machine(until=NOW - timedelta(hours=4)),))
    )
    assert "was to end" in text(message)
    assert "now $86" in text(message)


def test_a_gap_and_an_alarm_are_shown() -> None:
    report = ScanReport(at=NOW, findings=(), gaps=(Gap("default", "eu-west-1", "", "no answer"),), alarm="too few")
    shown = text(idle.findings([], report=report, user="U0ENG"))
    assert "eu-west-1" in shown
    assert "too few" in shown


def test_what_is_held_is_named_with_its_reason() -> None:
    held = machine(hold=Hold(what="keep", until=NOW + timedelta(days=2), by="U0ENG", reason="demo <!here>"))
    shown = text(idle.findings([held], report=None, user="U0ENG"))
    assert "demo &lt;!here&gt;" in shown


@pytest.mark.parametrize("name", ["<!channel>", "<https://evil|console>", "a & b", "*bold*"])
def test_a_name_is_shown_and_not_obeyed(name: str) -> None:
    message = idle.digest(Digest(to="U", owner="U", day=date(2026, 11, 24), items=(machine(name=name),)))
    for bad in ("<!channel>", "<https://evil"):
        assert bad not in text(message)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=250), max_size=60), st.integers(0, 60))
def test_a_message_keeps_slacks_limits_however_much_is_idle(names: list[str], backtests: int) -> None:
    items = tuple(
        machine(
            name=name,
            ref=f"r_{n}",
            spark=(0.0, 50.0, 100.0) * 100,
            spark_of="gpu_max_pct",
            back_test=BackTest(14, backtests, 1),
        )
        for n, name in enumerate(names)
    )
    message = idle.digest(Digest(to="U", owner="U", day=date(2026, 11, 24), items=items))
    assert len(message.blocks) <= 50
    assert len(json.dumps(message.blocks)) < 13_200 or len(text(message)) < 13_200
    for block in message.blocks:
        assert len(block.get("text", {}).get("text", "")) <= 3000


def test_a_sparkline_keeps_its_peaks() -> None:
    assert idle.spark([0.0] * 79 + [100.0]) == "▁" * 39 + "█"
