"""When a replay alerts, when it does not alert again, and whether it was right."""

from __future__ import annotations

from datetime import timedelta

from bot.rules.idle_episode import Alert, alerts
from bot.rules.policy_idle import Idle
from tests.rules.idle_made import HOUR, MINUTE, NOW, series

START = NOW
RULES = Idle()


def minutes(*spells: tuple[float, float]) -> list[float | None]:
    """Minutes of values: pairs of how many, and what."""
    return [value for count, value in spells for _ in range(int(count))]


def replay(*spells: tuple[float, float], rules: Idle = RULES, **others: list[float | None]) -> list[Alert]:
    found = minutes(*spells)
    end = START + MINUTE * len(found)
    given = {"gpu_max_pct": series(found, step=MINUTE, end=end)}
    given |= {name: series(values, step=MINUTE, end=end) for name, values in others.items()}
    return alerts("pod", given, rules)


def when(found: list[Alert]) -> list[tuple[float, str]]:
    return [((alert.at - START) / MINUTE, alert.level) for alert in found]


def test_an_alert_is_the_start_of_an_episode_at_each_level() -> None:
    assert when(replay((10, 80), (400, 0))) == [(70, "nag"), (130, "safe")]


def test_an_alert_is_right_when_the_next_hour_stays_quiet() -> None:
    nag, safe = replay((10, 80), (125, 0), (200, 80))
    assert nag.wrong is False
    assert safe.wrong is True


def test_where_the_data_end_before_the_hour_nobody_can_tell() -> None:
    assert replay((10, 80), (70, 0))[0].wrong is None


def test_work_ends_an_episode_and_another_begins() -> None:
    found = replay((10, 80), (70, 0), (30, 80), (150, 0))
    assert when(found)[0] == (70, "nag")
    assert [alert.level for alert in found].count("nag") == 2


def test_a_blip_below_the_busy_limit_opens_no_new_episode() -> None:
    assert [alert.level for alert in replay((10, 80), (70, 0), (3, 7), (300, 0))] == ["nag", "safe"]


def test_a_machine_that_rests_every_two_hours_is_not_nagged_each_time() -> None:
    rhythm = [(20, 80), (100, 0)] * 12
    patient, naive = replay(*rhythm), replay(*rhythm, rules=Idle(pace=0))
    assert len(naive) == 12
    assert len(patient) <= 2


def test_a_mean_below_five_percent_is_no_alert_while_it_bursts() -> None:
    assert replay(*[(20, 0), (1, 40)] * 30) == []


def test_the_minute_of_the_alert_is_the_end_of_its_interval() -> None:
    found = replay((1, 80), (60, 0))
    assert found[0].at == START + 61 * MINUTE


def test_missing_minutes_are_no_silence() -> None:
    gone = [80.0, *[None] * 200, 0.0]
    assert alerts("pod", {"gpu_max_pct": series(gone, step=MINUTE)}, RULES) == []


def test_cpu_beside_the_gpu_is_a_veto_for_as_long_as_it_works() -> None:
    busy_then_quiet = [60.0] * 200 + [1.0] * 300
    found = replay((500, 0), cpu_max_pct=busy_then_quiet)
    assert when(found) == [(260, "nag"), (320, "safe")]


def test_cpu_alone_is_never_safe_within_a_day() -> None:
    quiet = series([1.0] * (12 * 60), end=START + 60 * HOUR)
    found = alerts("box", {"cpu_avg_pct": quiet}, Idle(cpu_hours=24, cpu_safe_hours=24))
    assert [(alert.level, alert.at - START) for alert in found] == [
        ("nag", timedelta(hours=24)),
        ("safe", timedelta(hours=24)),
    ]
    assert [alert.at - START for alert in alerts("box", {"cpu_avg_pct": quiet}, RULES)] == [24 * HOUR, 48 * HOUR]


def test_a_column_that_begins_late_is_used_from_then_on() -> None:
    late = [None] * 300 + [50.0] * 200
    assert [alert.level for alert in replay((500, 0), cpu_max_pct=late)] == ["nag", "safe"]
