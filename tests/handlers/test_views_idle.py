"""The morning message says the point first, carries evidence and money, and obeys nothing that a tag says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.idle_facts import Hold, Resource, Verdict
from bot.rules.idle_finding import BackTest, Finding, Gap, Outcome, ScanReport
from bot.rules.idle_words import inert
from bot.rules.remind import Digest
from handlers.views import idle, idle_item
from handlers.views.message import Message, told

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


def presses_of(message: Message) -> list[dict[str, Any]]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def presses(message: Message) -> list[str]:
    return [one["action_id"] for one in presses_of(message)]


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
    shown = text(idle.findings([], report=report, asker=idle.Asker("U0ENG")))
    assert "eu-west-1" in shown
    assert "too few" in shown


def test_what_is_held_is_named_with_its_reason() -> None:
    held = machine(hold=Hold(what="keep", until=NOW + timedelta(days=2), by="U0ENG", reason="demo <!here>"))
    shown = text(idle.findings([held], report=None, asker=idle.Asker("U0ENG")))
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
    assert idle_item.spark([0.0] * 79 + [100.0]) == "▁" * 39 + "█"


def blind(**changes: Any) -> Finding:
    verdict = Verdict(level="unknown", reason="nothing says how busy it is", advice="Run the CloudWatch agent.")
    return machine(verdict=changes.pop("verdict", verdict), **changes)


def new() -> Finding:
    reason = "started 20 min ago, too new to judge: look again in 40 min"
    return blind(verdict=Verdict(level="unknown", reason=reason, too_new=True), usd_per_hour=None)


def day(**found: Any) -> Digest:
    return Digest(to="U0ENG", owner="U0ENG", day=date(2026, 11, 24), **found)


STOPPED = Outcome("stopped", "U0ENG", NOW, "Stopped by Ann.")
REFUSED = Outcome("refused", "U0ENG", NOW, "Nothing was done. AWS says no.")
WORKS = Outcome("busy", "U0ENG", NOW, "Not stopped: GPU reached 88 %.")


@pytest.mark.parametrize(
    ("found", "point"),
    [
        (day(unknown=(blind(), blind())), "2 machines nobody can judge: install the agent"),
        (day(unknown=(blind(),)), "1 machine nobody can judge: install the agent"),
        (day(items=(machine(),), unknown=(blind(),)), "1 idle, $29 a day, $37 since idle; 1 machine nobody can judge:"),
        (day(items=(machine(), machine(outcome=STOPPED))), "1 idle, $29 a day, $37 since idle; 1 answered"),
        (day(items=(machine(outcome=STOPPED),)), "all answered"),
        (day(items=(machine(outcome=WORKS),)), "all answered"),
        (day(items=(machine(outcome=REFUSED),)), "1 idle, $29 a day, $37 since idle"),
        (day(unknown=(blind(outcome=STOPPED),)), "all answered"),
    ],
)
def test_the_point_says_what_is_left_to_answer(found: Digest, point: str) -> None:
    message = idle.digest(found)
    assert message.text.startswith(point)
    assert message.blocks[0]["text"]["text"].startswith(f"Good morning: {point}")


def test_what_was_refused_keeps_its_evidence_and_its_buttons() -> None:
    message = idle.digest(day(items=(machine(outcome=REFUSED),)))
    assert "GPU 0 % for 31 h" in text(message)
    assert "Nothing was done. AWS says no." in text(message)
    assert presses(message)[0] == "stop_idle"
    assert "~" not in text(idle.digest(day(items=(machine(outcome=WORKS),))))


def test_an_unknown_thing_that_was_answered_says_so() -> None:
    message = idle.digest(day(unknown=(blind(outcome=Outcome("snoozed", "U0ENG", NOW, "Snoozed by Ann.")),)))
    assert "Snoozed by Ann." in text(message)
    assert presses(message) == []


def test_what_has_just_started_is_too_new_and_not_called_unknown() -> None:
    message = idle.findings([new()], report=None, asker=idle.Asker("U0ENG"))
    assert message.text == "nothing of yours is idle; 1 too new to judge"
    assert "look again in 40 min" in text(message)
    assert "nknown" not in text(message)


def test_everybodys_list_offers_claim_on_what_nobody_owns_and_says_whose_the_rest_is() -> None:
    asker = idle.Asker("U0LEAD", everybody=True, ownerless=frozenset({"r_free", "r_left"}))
    found = [
        machine(owner=None, ref="r_free"),
        machine(owner="U0GONE", ref="r_left"),
        machine(owner="U0ENG", ref="r_eng"),
    ]
    message = idle.findings(found, report=None, asker=asker)
    rows = [[e["action_id"] for e in b["elements"]] for b in message.blocks if b["type"] == "actions"]
    assert ["claim" in row for row in rows] == [True, True, False]
    assert not any("not_mine" in row for row in rows)
    assert "Owner: nobody" in text(message)
    assert "Owner: <@U0ENG>" in text(message)
    assert idle.findings([], report=None, asker=asker).text == "nothing is idle"


def test_a_channel_is_not_offered_claim_on_what_has_an_owner_who_only_did_not_answer() -> None:
    found = Digest(to="C0ML", day=date(2026, 11, 24), items=(machine(),), escalated=frozenset({"r_1"}))
    assert "claim" not in presses(idle.digest(found))
    assert "<@U0ENG> has not answered" in text(idle.digest(found))


@pytest.mark.parametrize(
    ("owner", "escalated", "said"),
    [
        (None, set(), "Nobody's: "),
        (None, {"r_1"}, "Nobody's, or not answered: "),
        (None, {"r_1", "r_2"}, "Not answered: "),
        ("U0LEAD", {"r_1", "r_2"}, "Good morning: "),
    ],
)
def test_a_morning_message_begins_with_whose_things_it_names(owner: str | None, escalated: set[str], said: str) -> None:
    items = (machine(), replace(machine(), ref="r_2"))
    found = Digest(to="C0ML", day=date(2026, 11, 24), owner=owner, items=items, escalated=frozenset(escalated))
    assert idle.digest(found).blocks[0]["text"]["text"].startswith(said)


def test_a_message_that_is_cut_names_nothing_without_its_answers() -> None:
    items = tuple(replace(machine(), ref=f"r_{n}") for n in range(12))
    blocks = idle.digest(Digest(to="U0ENG", day=date(2026, 11, 24), owner="U0ENG", items=items)).blocks
    assert "There is more" in str(blocks[-1])
    assert [block["type"] for block in blocks[1:-1]] == ["section", "actions"] * ((len(blocks) - 2) // 2)


@pytest.mark.parametrize(
    ("kind", "details", "lost", "stays"),
    [
        ("ec2_instance", {"disks": [{"gb": 200, "ends_with_instance": True}]}, "200 GB of disk are deleted", ""),
        ("ec2_instance", {"disks": [{"gb": 500, "ends_with_instance": False}]}, "cannot be brought back", "500 GB"),
        ("ebs_volume", {"gb": 200}, "All data on it (200 GB) are lost for good", "Snapshots of it stay"),
        ("elastic_ip", {"ip": "192.0.2.1"}, "goes back to AWS", "holds no data"),
        ("ebs_snapshot", {"gb": 100}, "This copy (100 GB) is lost for good", "The disk itself"),
        ("ec2_image", {"gb": 100}, "lost for good with its snapshots (100 GB)", "Machines stay"),
        ("sagemaker_endpoint", {}, "answers nobody", "can be made again"),
        ("sagemaker_studio_app", {}, "in memory is lost", "Files of its home or space stay"),
    ],
)
def test_the_confirmation_says_what_is_lost_and_what_stays(kind: str, details: Any, lost: str, stays: str) -> None:
    one = machine(state="stopped", verbs=("terminate",) if kind == "ec2_instance" else ("delete",))
    one = replace(one, resource=replace(one.resource, kind=kind, details=details, name="n" * 200))
    asks = presses_of(idle.digest(day(items=(one,))))[0]["confirm"]["text"]["text"]
    assert lost in asks
    assert stays in asks
    assert len(asks) <= 300
    if kind in ("elastic_ip", "sagemaker_endpoint"):
        assert "data is lost" not in asks


def test_a_training_job_asks_before_a_stop_that_is_its_end_and_a_machine_does_not() -> None:
    job = machine(state="InProgress")
    job = replace(job, resource=replace(job.resource, kind="sagemaker_training_job"))
    assert "cannot be started again" in presses_of(idle.digest(day(items=(job,))))[0]["confirm"]["text"]["text"]
    assert "confirm" not in presses_of(idle.digest(day(items=(machine(),))))[0]


@pytest.mark.parametrize(
    ("kind", "type_", "title"),
    [
        ("elastic_ip", "", "nightly (i-0123456789abcdef0), address in us-east-1"),
        ("ec2_image", "image", "nightly (i-0123456789abcdef0), image in us-east-1"),
        ("sagemaker_studio_app", "ml.g5.xlarge", "nightly (i-0123456789abcdef0), ml.g5.xlarge Studio app in us-east-1"),
    ],
)
def test_a_title_has_neither_gap_nor_doubled_word(kind: str, type_: str, title: str) -> None:
    one = machine()
    assert idle_item.title(replace(one, resource=replace(one.resource, kind=kind, type=type_))) == title


def test_a_place_that_refuses_is_one_line_whatever_it_refused() -> None:
    gaps = tuple(Gap("default", "eu-west-1", kind, f"may not list {kind}") for kind in ("ec2_instance", "ebs_volume"))
    shown = text(idle.findings([], report=ScanReport(at=NOW, findings=(), gaps=gaps), asker=idle.Asker("U0ENG")))
    assert shown.count("Not seen:") == 1
    assert "Not seen: eu-west-1 (2 kinds): may not list ec2_instance" in shown


@pytest.mark.parametrize("reason", ["<@U0LEAD>", "<!channel>", "<https://evil|x>", "https://evil", "@here", "#general"])
def test_a_keeps_reason_is_neutral_wherever_it_stands(reason: str) -> None:
    hold = Hold(what="keep", until=NOW + timedelta(days=2), by="U0ENG", reason=reason)
    kept = Outcome("kept", "U0ENG", NOW, f"Kept by Ann until Thu 26 Nov 09:00, $9 ({inert(reason)}).")
    shown = [
        text(idle.findings([machine(hold=hold)], report=None, asker=idle.Asker("U0ENG"))),
        text(idle.digest(day(items=(machine(outcome=kept),)))),
        told(kept.words),
        told(f"Not stopped by its schedule: kept by Ann until Thu: {inert(reason)}"),
    ]
    for said in shown:
        for live in ("<@U0LEAD>", "<!channel>", "<https:", "https://", "@here", "#general"):
            assert live not in said


def test_what_was_claimed_in_the_channel_keeps_its_answers_there_and_nowhere_else() -> None:
    claimed = machine(outcome=Outcome("claimed", "U0LEAD", NOW, "Claimed by Lee."), owner="U0LEAD")
    channel = idle.digest(Digest(to="C0ML", day=date(2026, 11, 24), items=(claimed,)))
    assert presses(channel)[0] == "stop_idle"
    assert "claim" not in presses(channel)
    assert presses(idle.digest(day(items=(replace(claimed, owner="U0ENG"),)))) == []


def test_the_question_whose_it_is_says_each_thing_once() -> None:
    resting = machine(state="stopped", owner=None, usd_per_hour=40 / 730)
    shown = text(idle.unclaimed(resting))
    assert shown.count("$40") == 1
    assert "GPU 0 % for 31 h" in text(idle.unclaimed(machine(owner=None)))
    assert presses(idle.unclaimed(machine(owner="U0LEAD")))[0] == "stop_idle"


def test_the_list_is_ranked_by_money() -> None:
    found = [machine(name=name, ref=f"r_{name}", usd_per_hour=rate) for name, rate in (("cheap", 0.5), ("dear", 9.0))]
    shown = text(idle.findings(found, report=None, asker=idle.Asker("U0ENG")))
    assert shown.index("dear") < shown.index("cheap")


def test_a_list_that_is_too_long_parts_nothing_from_its_buttons_and_keeps_its_end() -> None:
    found = [machine(name=f"box-{n}" * 20, ref=f"r_{n}", spark=(1.0,) * 40, spark_of="gpu_max_pct") for n in range(12)]
    report = ScanReport(at=NOW, findings=())
    message = idle.findings(found, report=report, asker=idle.Asker("U0ENG"))
    kinds = [block["type"] for block in message.blocks]
    assert kinds[-2:] == ["context", "context"]
    assert all(kinds[n + 1] == "actions" for n, kind in enumerate(kinds) if kind == "section")
    left = 12 - kinds.count("section")
    assert f"{left} more: they are shown when these are answered." in text(message)
    assert "Scanned" in text(message)


def test_the_channel_is_sent_to_the_list_that_has_what_nobody_owns() -> None:
    small = (machine(usd_per_hour=0.005, owner=None),)
    assert "`/ml-idle all` has all" in text(idle.digest(Digest(to="C0ML", day=date(2026, 11, 24), small=small)))
    assert "`/ml-idle` has all" in text(idle.digest(day(small=small)))


def test_others_things_stand_with_few_buttons_so_that_more_of_them_are_seen() -> None:
    asker = idle.Asker("U0LEAD", everybody=True)
    assert presses(idle.findings([machine()], report=None, asker=asker)) == ["stop_idle", "keep"]


def test_a_stopped_machines_local_disks_are_lost_already() -> None:
    running = machine(state="running", verbs=("terminate",))
    running = replace(running, resource=replace(running.resource, details={"nvme_gb": 225}))
    stopped = replace(running, resource=replace(running.resource, state="stopped"))
    asks = [presses_of(idle.digest(day(items=(one,))))[0]["confirm"]["text"]["text"] for one in (running, stopped)]
    assert ["NVMe" in said for said in asks] == [True, False]


@pytest.mark.parametrize(("hours", "said"), [(91, "3 days"), (67.9, "67 h"), (5.25, "5.2 h"), (0.5, "30 min")])
def test_at_least_is_never_more_than_it_was(hours: float, said: str) -> None:
    verdict = Verdict(level="idle", reason="GPU 0 %", since=NOW - timedelta(hours=hours), at_least=True)
    assert idle_item.money(machine(verdict=verdict)).startswith(f"idle at least {said}, ")
