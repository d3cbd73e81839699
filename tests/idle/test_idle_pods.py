"""Alerts on bursty GPU pods: most are right, more often than those of the usual rules, and there are enough of them."""

from __future__ import annotations

import io
from functools import cache

import pytest

from benchmarks.idle_pods import fleet, team
from benchmarks.idle_rules import count, ours, plain
from bot import replay
from bot.rules.policy_idle import Idle


@cache
def pods() -> tuple:
    return tuple((name, {"gpu_max_pct": series}) for name, series in fleet(3, 1))


def share(rule) -> tuple[int, float]:
    outcomes, _ = count(rule, pods())
    told = outcomes["right"] + outcomes["wrong"]
    return told, outcomes["right"] / told


def test_safe_alerts_on_bursty_pods_are_mostly_right_and_many() -> None:
    many, right = share(ours(Idle(), "safe"))
    assert many >= 30
    assert right >= 0.75
    assert right > share(plain(max, 1, 120))[1]


def test_nags_on_bursty_pods_are_right_more_often_than_those_of_a_peak_over_an_hour() -> None:
    many, right = share(ours(Idle(), "nag"))
    assert many >= 100
    assert right >= 0.55
    assert right > share(plain(max, 10, 60))[1] + 0.05


@pytest.mark.parametrize("seed", [4])
def test_alerts_on_the_machines_of_a_team_are_mostly_right(seed: int) -> None:
    machines = tuple((name, {"gpu_max_pct": series}) for name, series in team(seed, 1))
    for level, least_many, least_right in (("nag", 100, 0.65), ("safe", 60, 0.75)):
        outcomes, _ = count(ours(Idle(), level), machines)
        told = outcomes["right"] + outcomes["wrong"]
        assert told >= least_many
        assert outcomes["right"] / told >= least_right


def test_a_hundred_thousand_rows_are_replayed() -> None:
    rows = ["resource,timestamp,gpu_max_pct,cpu_max_pct"]
    for name, series in list(pods())[:75]:
        rows += [f"{name},{at.isoformat()},{value:.0f},3" for at, value in series["gpu_max_pct"].points]
    assert len(rows) > 100_000
    assert len(list(replay.run(replay.read(io.StringIO("\n".join(rows))), Idle()))) > 20
