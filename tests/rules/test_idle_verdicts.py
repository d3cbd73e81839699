"""What is called active, idle and unknown, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.rules.idle import Hold, Known, Usage, Verdict, judge, rule_for
from bot.rules.idle_past import past, spark
from bot.rules.policy_idle import Idle
from tests.rules.idle_made import HOUR, MINUTE, NOW, machine, over, series, usage

RULES = Idle()


def verdict(one=None, used=None, rules=RULES, known=None) -> Verdict:
    return judge(one or machine(), used or usage(over(24, 0)), rules, NOW, known or Known())


def test_a_gpu_that_did_nothing_for_a_day_is_idle_and_safe_to_stop() -> None:
    found = verdict()
    assert (found.level, found.safe, found.confidence) == ("idle", True, "high")
    assert found.reason == "GPU 0 % for 24 h, CPU at most 1 %, network at most 0 kB/s"
    assert found.since == NOW - 24 * HOUR
    assert found.at_least


@pytest.mark.parametrize(
    ("quiet_hours", "level", "safe"),
    [(0.5, "active", False), (0.9, "active", False), (1.1, "idle", False), (1.9, "idle", False), (2.1, "idle", True)],
)
def test_an_hour_of_silence_is_idle_and_two_are_safe(quiet_hours: float, level: str, safe: bool) -> None:
    found = verdict(used=usage(over(24, lambda age: 0 if age < quiet_hours else 80)))
    assert (found.level, found.safe) == (level, safe)


@pytest.mark.parametrize(("at_most", "level", "safe"), [(0, "idle", True), (3, "idle", False), (6, "active", False)])
def test_the_busiest_moment_counts_and_not_the_mean(at_most: float, level: str, safe: bool) -> None:
    burst = over(24, lambda age: at_most if abs(age - 0.5) < 0.05 else 0)
    found = verdict(used=usage(burst))
    assert (found.level, found.safe) == (level, safe)


def test_one_burst_in_an_hour_is_told_with_its_time() -> None:
    found = verdict(used=usage(over(24, lambda age: 97 if abs(age - 0.5) < 0.05 else 0)))
    assert found.level == "active"
    assert found.reason == "GPU reached 97 % at 2026-11-23 08:30 UTC"


@pytest.mark.parametrize(
    ("used", "said"),
    [
        (usage(over(24, 0), cpu=60), "CPU reached 60 %"),
        (usage(over(24, 0), net=3e9), "network reached 10.0 MB/s"),
        (usage(over(24, 0), disk_ops=over(24, 90_000)), "disk reached 300 operations/s"),
    ],
)
def test_work_beside_the_gpu_is_a_veto_and_called_loading(used: Usage, said: str) -> None:
    found = verdict(used=used)
    assert found.level == "active"
    assert said in found.reason
    assert found.reason.startswith("GPU 0 % for 24 h, but")
    assert found.reason.endswith("maybe loading or preparing data")


def test_a_spike_of_cpu_two_hours_ago_is_no_veto_but_not_yet_safe() -> None:
    found = verdict(used=usage(over(24, 0), cpu=over(24, lambda age: 40 if 1.4 < age < 1.6 else 1)))
    assert (found.level, found.safe) == ("idle", False)


@pytest.mark.parametrize(
    ("share", "level"), [(1.0, "idle"), (0.92, "idle"), (0.75, "unknown"), (0.5, "unknown"), (0.0, "unknown")]
)
def test_below_nine_tenths_of_the_datapoints_it_is_unknown(share: float, level: str) -> None:
    minutes = [0.0 if i % 100 < share * 100 or i in (0, 1439) else None for i in range(1440)]
    for start in range(0, 1440, 25):  # spread the holes: every 25 minutes the first ones stay
        kept = round(25 * share)
        minutes[start : start + 25] = [0.0] * kept + [None] * (25 - kept)
    if share:
        minutes[-1] = 0.0
    gpu = series(minutes, step=MINUTE)
    found = verdict(used=Usage({"gpu_max_pct": gpu, "cpu_max_pct": over(5, 1)}))
    assert found.level == level
    if level == "unknown":
        assert "nvidia_gpu" in found.advice


def test_activity_proves_work_however_little_is_measured() -> None:
    found = verdict(used=usage(series([None] * 10 + [88.0, None])))
    assert found.level == "active"


def test_a_gpu_last_seen_an_hour_ago_is_unknown() -> None:
    found = verdict(used=usage(over(20, 0, end=NOW - HOUR)))
    assert found.level == "unknown"
    assert found.reason == "no GPU datapoint since 2026-11-23 08:00 UTC"


def test_an_agent_that_publishes_ten_minutes_late_is_the_present() -> None:
    assert verdict(used=usage(over(20, 0, end=NOW - 10 * MINUTE))).level == "idle"


def test_one_gpu_of_several_without_measurements_makes_it_unknown() -> None:
    found = verdict(used=Usage(usage(over(24, 0)).series, ("gpu_max_pct",)))
    assert (found.level, found.reason) == ("unknown", "not every GPU of it is measured")


def test_a_gpu_nobody_measures_falls_back_on_a_day_of_cpu_with_low_confidence_and_is_never_safe() -> None:
    found = verdict(used=usage(None, cpu=over(100, 1), net=over(100, 1e5)))
    assert (found.level, found.confidence, found.safe) == ("idle", "low", False)
    assert "nvidia_gpu" in found.advice


def test_less_than_a_day_of_cpu_is_unknown_without_a_gpu_metric() -> None:
    found = verdict(used=usage(None, cpu=over(20, 1), net=over(20, 1e5)))
    assert found.level == "unknown"
    assert "nvidia_gpu" in found.advice


def test_a_busy_cpu_proves_work_where_the_gpu_is_not_measured() -> None:
    assert verdict(used=usage(None, cpu=over(20, 35))).level == "active"


def test_nothing_measured_is_unknown() -> None:
    found = verdict(used=Usage({}, ("gpu_max_pct", "cpu_max_pct", "net_bytes")))
    assert (found.level, found.reason) == ("unknown", "nothing says how busy it is")


@pytest.mark.parametrize(("hours", "level", "safe"), [(20, "unknown", False), (26, "idle", False), (50, "idle", True)])
def test_a_machine_without_gpu_needs_a_day_of_cpu_and_two_to_be_safe(hours: float, level: str, safe: bool) -> None:
    plain = machine(type="m5.xlarge", details={"chip": None, "known_type": True})
    found = verdict(plain, Usage({"cpu_max_pct": over(hours, 1), "net_bytes": over(hours, 1e5)}))
    assert (found.level, found.safe) == (level, safe)


def test_a_neuron_machine_without_metrics_is_told_how_to_publish_them() -> None:
    trainium = machine(type="trn1.32xlarge", details={"chip": "Trainium", "neuron": True, "known_type": True})
    assert "neuron" in verdict(trainium, Usage({}, ("gpu_max_pct",))).advice


@pytest.mark.parametrize("signal", ["cpu", "net"])
def test_a_veto_that_cannot_be_measured_makes_it_less_sure_and_not_safe(signal: str) -> None:
    found = verdict(used=usage(over(24, 0), **{signal: None}))
    assert (found.level, found.safe, found.confidence) == ("idle", False, "medium")


def test_there_is_no_verdict_on_a_machine_that_has_just_started() -> None:
    young = machine(since=NOW - 20 * MINUTE)
    found = verdict(young)
    assert (found.level, found.reason) == ("unknown", "started 20 min ago, too new to judge: look again in 40 min")
    assert verdict(young, usage(over(0.3, 80))).level == "active"


def test_an_idle_time_never_begins_before_the_machine_did() -> None:
    started = NOW - 5 * HOUR
    found = verdict(machine(since=started))
    assert found.since == started
    assert not found.at_least


def test_what_earlier_scans_saw_lengthens_the_episode() -> None:
    begun = NOW - 31 * HOUR
    assert verdict(known=Known(idle_since=begun)).since == begun


def test_an_earlier_episode_is_not_joined_to_one_that_began_since() -> None:
    used = usage(over(24, lambda age: 0 if age < 5 else 80))
    assert verdict(used=used, known=Known(idle_since=NOW - 31 * HOUR)).since == NOW - 5 * HOUR


def test_its_own_longest_pause_lengthens_the_window() -> None:
    nine_to_five = usage(over(72, lambda age: 80 if (age + 8) % 24 > 16 else 0), cpu=over(72, 1), net=over(72, 1e5))
    found = verdict(used=nine_to_five)
    assert found.level == "active"
    assert "paused for" in found.reason
    assert verdict(used=nine_to_five, rules=Idle(pace=0)).level == "idle"


def test_before_the_planned_end_silence_may_be_loading_and_is_safe_later() -> None:
    planned = machine(until=NOW + 3 * HOUR)
    found = verdict(planned, usage(over(24, lambda age: 0 if age < 3 else 80)))
    assert (found.level, found.safe) == ("idle", False)
    assert "maybe loading data" in found.reason
    assert verdict(planned).safe


def test_after_the_planned_end_half_the_silence_is_enough() -> None:
    late = machine(until=NOW - HOUR)
    found = verdict(late, usage(over(24, lambda age: 0 if age < 0.6 else 80)))
    assert found.level == "idle"
    assert "past its planned end by 60 min" in found.reason


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"mlbot:keep-until": "2026-11-25"}, "keeps it until 2026-11-25 00:00 UTC"),
        ({"mlbot:keep-until": "until I am back"}, "is no ISO time, so it is left alone"),
        ({"mlbot:heartbeat": "2026-11-23T08:40:00Z"}, "a job renewed its tag"),
    ],
)
def test_tags_can_keep_it(tags: dict[str, str], said: str) -> None:
    found = verdict(machine(tags=tags))
    assert found.level == "active"
    assert said in found.reason


@pytest.mark.parametrize(
    "tags", [{"mlbot:keep-until": "2026-11-22"}, {"mlbot:heartbeat": "2026-11-23T06:00:00Z"}, {"team": "a"}]
)
def test_tags_that_have_lapsed_keep_nothing(tags: dict[str, str]) -> None:
    assert verdict(machine(tags=tags)).level == "idle"


def test_a_snooze_stands_until_its_time() -> None:
    hold = Hold(what="snooze", until=NOW + HOUR, by="U1")
    assert verdict(known=Known(hold=hold)).level == "active"
    over_now = Hold(what="snooze", until=NOW, by="U1")
    assert verdict(known=Known(hold=over_now)).level == "idle"


def test_an_open_session_is_a_veto() -> None:
    assert verdict(machine(details={"chip": "A10G", "sessions": 1})).level == "active"


def test_families_types_and_tags_change_the_rule_in_that_order() -> None:
    rules = Idle(
        families={"g5": {"nag_minutes": 30, "cpu_pct": 20}, "g5.xlarge": {"nag_minutes": 40}},
        tags={"team=research": {"nag_minutes": 180}},
    )
    assert rule_for(rules, machine(type="g5.48xlarge")).nag_minutes == 30
    assert rule_for(rules, machine()).nag_minutes == 40
    patient = rule_for(rules, machine(tags={"team": "research"}))
    assert (patient.nag_minutes, patient.cpu_pct) == (180, 20)
    assert rule_for(rules, machine(type="p5.48xlarge")).nag_minutes == 60


def test_an_average_alone_is_judged_by_stricter_limits() -> None:
    quiet = {"cpu_max_pct": over(24, 1), "net_bytes": over(24, 1e5)}
    assert verdict(used=Usage({"gpu_avg_pct": over(24, 3), **quiet})).level == "active"
    found = verdict(used=Usage({"gpu_avg_pct": over(24, 0), **quiet}))
    assert (found.level, found.confidence) == ("idle", "medium")


# --- what rests -----------------------------------------------------------------------------------------------------


def test_a_stopped_machine_is_idle_for_what_its_disks_bill() -> None:
    stopped = machine(state="stopped", since=NOW - timedelta(days=12), usd_per_hour=40 / 730)
    found = verdict(stopped, Usage({}))
    assert found.level == "idle"
    assert found.reason == "stopped for 12 days; its disks and addresses still cost $40 a month"
    assert not found.safe


def test_a_stop_whose_time_aws_forgot_counts_from_when_it_was_first_seen() -> None:
    found = verdict(machine(state="stopped", since=None), Usage({}), known=Known(state_since=NOW - timedelta(days=4)))
    assert found.reason.startswith("stopped for at least 4 days")
    assert found.at_least


def test_a_price_that_is_not_known_is_said_to_be_unknown() -> None:
    found = verdict(machine(state="stopped", since=None, usd_per_hour=None), Usage({}))
    assert found.reason == "stopped for a time that nobody knows; what its disks and addresses cost is unknown"


@pytest.mark.parametrize(
    ("kind", "state", "details", "level"),
    [
        ("ebs_volume", "available", {}, "idle"),
        ("ebs_volume", "in-use", {"attached_to": "i-1"}, "active"),
        ("ebs_volume", "in-use", {"attached_to": "i-1", "attached_state": "stopped"}, "active"),
        ("elastic_ip", "available", {}, "idle"),
        ("elastic_ip", "in-use", {"attached_to": "i-1"}, "active"),
        ("ec2_instance", "pending", {}, "active"),
        ("ec2_instance", "stopping", {}, "active"),
    ],
)
def test_states_that_say_everything(kind: str, state: str, details: dict[str, object], level: str) -> None:
    assert verdict(machine(kind=kind, state=state, details=details), Usage({})).level == level


def test_a_gp2_disk_is_told_what_gp3_would_save() -> None:
    gp3 = {"gb": 600, "gp3": {"iops": 3000, "mbps": 250}, "gp3_saves_usd_per_month": 12.0}
    disk = machine(kind="ebs_volume", state="in-use", usd_per_hour=60 / 730, details={"attached_to": "i-1", **gp3})
    assert verdict(disk, Usage({})).advice == (
        "600 GB of gp2 cost $60 a month; gp3 with 3,000 IOPS and 250 MB/s, no less, costs $48: $12 a month saved."
    )


@pytest.mark.parametrize(("days", "level"), [(10, "active"), (40, "idle")])
def test_old_snapshots_of_our_own_are_idle(days: int, level: str) -> None:
    one = machine(kind="ebs_snapshot", state="completed", created=NOW - timedelta(days=days))
    assert verdict(one, Usage({})).level == level


def endpoint(**changed: object):
    return machine(kind="sagemaker_endpoint", state="InService", created=NOW - timedelta(days=30), **changed)


@pytest.mark.parametrize(
    ("used", "level", "safe"),
    [
        (Usage({"invocations": over(14 * 24, lambda age: 3 if 5 < age < 6 else 0)}), "active", False),
        (Usage({"invocations": over(14 * 24, lambda age: 3 if 30 < age < 31 else 0)}), "idle", False),
        (Usage({"invocations": over(14 * 24, 0)}), "idle", True),
        (Usage({}, ("invocations",)), "idle", True),
        (Usage({}), "unknown", False),
    ],
)
def test_an_endpoint_that_nobody_calls_is_idle_after_a_day_and_safe_after_a_week(used, level, safe) -> None:
    found = verdict(endpoint(), used)
    assert (found.level, found.safe) == (level, safe)


def test_a_new_endpoint_is_given_a_day() -> None:
    new = machine(kind="sagemaker_endpoint", state="InService", created=NOW - 3 * HOUR)
    assert verdict(new, Usage({}, ("invocations",))).level == "active"


def test_missing_is_zero_for_invocations_alone() -> None:
    assert verdict(endpoint(), Usage({}, ("invocations",))).level == "idle"
    assert verdict(machine(), Usage({}, ("gpu_max_pct", "cpu_max_pct", "net_bytes"))).level == "unknown"


# --- what earlier scans saw -----------------------------------------------------------------------------------------


def test_a_short_look_and_what_is_known_say_the_same_as_a_long_look() -> None:
    used = usage(over(5, 0), cpu=over(5, 1), net=over(5, 1e5))
    before = Known(idle_since=NOW - 31 * HOUR, was_safe=True, pause=10 * HOUR)
    found = verdict(used=used, known=before)
    assert (found.level, found.safe, found.since) == ("idle", True, NOW - 31 * HOUR)
    assert found.reason.startswith("GPU 0 % for 31 h")


def test_a_stop_is_safe_no_more_after_a_blip() -> None:
    blip = over(5, lambda age: 3 if 1 < age < 1.1 else 0)
    found = verdict(used=usage(blip), known=Known(idle_since=NOW - 31 * HOUR, was_safe=True))
    assert (found.level, found.safe) == ("idle", False)


def test_a_pause_known_from_a_longer_past_lengthens_the_window() -> None:
    found = verdict(used=usage(over(5, lambda age: 0 if age < 3 else 80)), known=Known(pause=4 * HOUR))
    assert found.level == "active"


# --- the days behind ------------------------------------------------------------------------------------------------


def test_the_days_behind_say_how_often_the_rule_would_have_been_wrong_before_this_episode() -> None:
    rhythm = usage(over(14 * 24, lambda age: 0 if age < 4 or age % 24 > 22.5 else 80))
    found = past(machine(), rhythm, RULES)
    assert found is not None
    assert found.back_test is not None
    assert (found.back_test.alerts, found.back_test.wrong) == (2, 2)  # its pauses are known from then on
    naive = past(machine(), rhythm, Idle(pace=0))
    assert naive is not None
    assert naive.back_test is not None
    assert naive.back_test.wrong == naive.back_test.alerts == 14
    assert found.pause == 1.5 * HOUR - 5 * MINUTE


def test_a_machine_of_yesterday_has_no_back_test() -> None:
    found = past(machine(), usage(over(24, 0)), RULES)
    assert found is not None
    assert found.back_test is None


def test_the_picture_is_of_the_signal_that_decides_over_the_last_day() -> None:
    name, values = spark(usage(over(72, lambda age: 50 if 10 < age < 11 else 0)), RULES)
    assert name == "gpu_max_pct"
    assert len(values) == 96
    assert max(values) == 50
