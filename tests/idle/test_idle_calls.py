"""How often AWS is asked: as often as its pages and limits demand, and no more."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from benchmarks.idle_scan import NOW, Account, parts
from bot import idle
from bot.idle_scan import LONG_LOOKS

MACHINES, REGIONS = 600, 2


def test_a_scan_asks_for_pages_of_machines_and_full_batches_of_metrics(tmp_path: Path) -> None:
    account = Account(MACHINES, REGIONS, 0, 0.0)
    report = idle.scan(parts(account, tmp_path), NOW)
    assert sum(one.verdict.level == "idle" for one in report.findings) == MACHINES / 10
    assert account.calls["describe_instances"] == REGIONS
    assert account.calls["list_metrics"] == REGIONS
    batches = REGIONS * ceil(MACHINES / REGIONS * 8 / 500)
    looked_back = account.calls["dry_run"]
    assert looked_back == LONG_LOOKS
    assert batches <= account.calls["get_metric_data"] <= batches + REGIONS + ceil(looked_back / 3) + REGIONS * 3


def test_a_known_account_is_not_looked_back_over_again(tmp_path: Path) -> None:
    account = Account(200, 1, 0, 0.0)
    bot = parts(account, tmp_path)
    idle.scan(bot, NOW)
    account.calls.clear()
    idle.scan(bot, NOW)
    assert account.calls["dry_run"] == 0
    assert account.calls["get_metric_data"] == ceil(200 * 8 / 500)


def test_a_region_that_does_not_answer_is_asked_once_and_is_one_gap(tmp_path: Path) -> None:
    account = Account(40, 2, 1, 0.0)
    report = idle.scan(parts(account, tmp_path), NOW)
    assert len(report.findings) == 20
    assert [(gap.region, gap.kind) for gap in report.gaps] == [("us-east-1", "")]
    assert account.calls["describe_instances"] + account.calls["describe_volumes"] == 3
