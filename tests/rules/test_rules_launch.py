"""Rules of launches as tables: the next choice, what a launch charges, how a machine is reached, what it boots."""

from __future__ import annotations

import base64
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import data
from bot import launch_boot
from bot.rules import launch_check, launch_params, launch_progress
from bot.rules.errors import CloudError, Forbidden, Gone, NoCapacity, NoQuota, Unsure
from bot.rules.launch import Attempt, Launch, Offer, Place, Wanted
from bot.rules.launch_image import Image
from bot.rules.launch_money import Spending, charge, drifted, price
from bot.rules.launch_next import after, next_choice, next_place, way_out
from bot.rules.launch_text import at, person, rate, usd
from bot.rules.policy_launch import Launching, Limits

CATALOG = data.load()
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TWO = Limits(regions=("us-east-1", "us-west-2"))


def wanted(**changes: Any) -> Wanted:
    return Wanted(**{"instance_type": "g5.xlarge", "region": "us-east-1", **changes})


def request(**changes: Any) -> Launch:
    given: dict[str, Any] = {
        "id": "l_0123456789",
        "state": "running",
        "wanted": wanted(),
        "asker": "U0ENG",
        "team": "T",
        "usd_per_hour": 1.0,
        "usd_total": 8.0,
        "asked_at": NOON,
        "expires_at": NOON + timedelta(days=1),
    }
    return Launch(**{**given, **changes})


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (Unsure("", code="ReadTimeoutError"), "again"),
        (Unsure("", code="RequestLimitExceeded"), "again"),
        (NoCapacity("", code="InsufficientInstanceCapacity"), "elsewhere"),
        (Forbidden("", code="ExpiredToken"), "wait"),
        (Forbidden("", code="NoCredentialsError"), "wait"),
        (Forbidden("", code="UnauthorizedOperation"), "over"),
        (NoQuota("", code="VcpuLimitExceeded"), "over"),
        (Gone("", code="InvalidAMIID.NotFound"), "over"),
        (CloudError("", code="InvalidParameterValue"), "over"),
        (CloudError("", code="IdempotentParameterMismatch"), "look"),
        (CloudError("", code="IdempotentInstanceTerminated"), "look"),
    ],
)
def test_what_a_failed_call_asks_for(error: CloudError, todo: str) -> None:
    assert after(error) == todo
    assert way_out(error, wanted(), TWO, CATALOG)


def test_places_are_tried_once_each_and_in_their_order() -> None:
    offer = Offer(params={}, places=(Place("a", "s1"), Place("b", "s2")))
    tried = [Attempt(id="1", launch="l", n=1, region="r", zone="a", params={})]
    assert next_place(offer, tried) == Place("b", "s2")
    assert next_place(offer, [*tried, Attempt(id="2", launch="l", n=2, region="r", zone="b", params={})]) is None


@pytest.mark.parametrize(
    ("now", "limits", "then"),
    [
        (wanted(market="spot"), TWO, wanted()),
        (wanted(market="spot", max_usd_per_hour=0.3), TWO, wanted()),
        (wanted(), TWO, wanted(region="us-west-2")),
        (wanted(key_name="k", image="ami-0123456789"), TWO, wanted(region="us-west-2")),
        (wanted(region="us-west-2"), TWO, wanted(region="us-west-2", instance_type="g6.xlarge")),
        (wanted(), Limits(denied_families=("g6",)), wanted(instance_type="gr6.4xlarge")),
        (wanted(), Limits(families=("g5",)), None),
    ],
)
def test_the_next_choice_is_on_demand_then_the_next_region_then_the_next_type(
    now: Wanted, limits: Limits, then: Wanted | None
) -> None:
    found = next_choice(now, "InsufficientInstanceCapacity", limits, CATALOG)
    assert found == then


def test_every_next_choice_has_a_price_and_at_least_the_memory() -> None:
    for name, one in CATALOG.instances.items():
        found = next_choice(
            wanted(instance_type=name, region="us-west-2"), "X", Limits(regions=("us-west-2",)), CATALOG
        )
        if found is not None:
            other = CATALOG.instances[found.instance_type]
            assert price(found, CATALOG) is not None
            assert (other.chip_memory_gb or 0) * other.chips >= (one.chip_memory_gb or 0) * one.chips
            assert (other.chip is None) == (one.chip is None)


@pytest.mark.parametrize(
    ("state", "started", "ended", "spent", "committed"),
    [
        ("approved", None, None, 0, 8),
        ("launching", None, None, 0, 8),
        ("expired", None, None, 0, 0),
        ("failed", None, None, 0, 0),
        ("running", -2, None, 2, 6),
        ("running", -10, None, 10, 0),
        ("running", -10, -7, 3, 0),
        ("ended", -10, -9, 1, 0),
    ],
)
def test_a_launch_charges_what_it_ran_and_commits_the_rest_of_what_was_asked(
    state: Any, started: int | None, ended: int | None, spent: float, committed: float
) -> None:
    def hour(count: int | None) -> datetime | None:
        return None if count is None else NOON + timedelta(hours=count)

    until = None if started is None else NOON + timedelta(hours=started + 8)
    row = Spending(
        asker="U",
        state=state,
        usd_per_hour=1,
        usd_total=8,
        started_at=hour(started),
        ended_at=hour(ended),
        until=until,
    )
    assert charge(row, NOON) == (spent, committed)


def test_drift_counts_in_both_directions_and_an_unknown_price_is_a_change() -> None:
    assert not drifted(100, 105, 5)
    assert drifted(100, 105.1, 5)
    assert drifted(100, 94.9, 5)
    assert drifted(100, None, 5)
    assert not drifted(None, None, 5)


def test_the_price_counts_all_machines_and_their_disks() -> None:
    found = price(wanted(count=2, hours=10, disk_gb=100), CATALOG)
    assert found is not None
    assert found.usd_per_hour == pytest.approx(2.012)
    assert found.usd_total == pytest.approx(20.12 + 2 * 100 * 0.08 * 10 / 730)
    assert found.usd_disk == pytest.approx(2 * 100 * 0.08 * 10 / 730)
    assert price(wanted(instance_type="p5e.48xlarge"), CATALOG) is None


def test_any_change_of_what_is_shown_makes_another_hash() -> None:
    shown = launch_params.digest(wanted(), {"a": 1}, 1.0, 8.0)
    assert shown == launch_params.digest(wanted(), {"a": 1}, 1.0, 8.0)
    changed = [
        launch_params.digest(wanted(hours=9), {"a": 1}, 1.0, 8.0),
        launch_params.digest(wanted(), {"a": 2}, 1.0, 8.0),
        launch_params.digest(wanted(), {"a": 1}, 1.1, 8.0),
        launch_params.digest(wanted(), {"a": 1}, 1.0, None),
    ]
    assert len({shown, *changed}) == 5


@given(st.text(max_size=200))
def test_values_of_the_boot_script_are_quoted(value: str) -> None:
    text = base64.b64decode(launch_boot.script(["gpu-check"], {"login": value.replace("\x00", "")})).decode()
    assert f"login={shlex.quote(value.replace(chr(0), ''))}\n" in text


def test_the_boot_script_is_a_shell_script_and_short_enough() -> None:
    script = launch_boot.script(["gpu-check", "jupyter", "end-guard"], {"login": "a'; reboot #", "grace_minutes": "15"})
    text = base64.b64decode(script)
    assert subprocess.run(["bash", "-n"], input=text, check=False).returncode == 0
    assert len(text) < launch_boot.MOST_BYTES
    assert launch_boot.script([], {"login": "x"}) == ""


def test_jupyter_and_the_end_guard_are_units_that_start_at_each_boot(tmp_path) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    (place / "jupyter").touch(mode=0o755)
    login = "a'; touch pwned; $(touch pwned) %n #"
    made = launch_boot.script(["jupyter", "end-guard"], {"login": login, "grace_minutes": "15"})
    text = base64.b64decode(made).decode().replace("/opt/pytorch/bin", str(place))
    for folder in ("/etc/systemd/system", "/usr/local/bin"):
        text = text.replace(folder, str(tmp_path))
    head, _, rest = text.partition("\n")
    script = f"{head}\nsystemctl() {{ echo $@; }}\n{rest}"
    done = subprocess.run(["bash"], input=script, text=True, cwd=tmp_path, capture_output=True, check=True)
    enabled = [line for line in done.stdout.splitlines() if line.startswith("enable")]
    assert enabled == ["enable --now mlbot-jupyter.service", "enable --now mlbot-end-guard.service"]
    jupyter = (tmp_path / "mlbot-jupyter.service").read_text()
    assert f"User={login.replace('%', '%%')}\n" in jupyter
    assert f"ExecStart={place}/jupyter lab --ip=127.0.0.1 " in jupyter
    guard = (tmp_path / "mlbot-end-guard.service").read_text()
    assert f"ExecStart={tmp_path}/mlbot-end-guard 15\n" in guard
    assert all("WantedBy=multi-user.target" in unit for unit in (jupyter, guard))
    assert subprocess.run(["bash", "-n", str(tmp_path / "mlbot-end-guard")], check=False).returncode == 0
    assert "nohup" not in text
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("g5.xlarge", "Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.8", ""),
        ("g5.xlarge", "our team's image", ""),
        ("g5.xlarge", "Deep Learning AMI Neuron", "is for Neuron chips and g5.xlarge has NVIDIA ones"),
        ("trn1.2xlarge", "Deep Learning AMI Neuron", ""),
        (
            "trn1.2xlarge",
            "Deep Learning OSS Nvidia Driver AMI",
            "is for NVIDIA chips and trn1.2xlarge has Neuron ones",
        ),
        ("trn1.2xlarge", "our team's image", "does not say that it carries Neuron's drivers"),
        ("t3.medium", "Deep Learning OSS Nvidia Driver AMI", "is for NVIDIA chips and t3.medium has none"),
        ("t3.medium", "ubuntu-noble-24.04", ""),
    ],
)
def test_an_image_of_other_chips_is_noted(kind: str, name: str, says: str) -> None:
    note = launch_check.misfit(wanted(instance_type=kind), Image("ami-1", name), data.load().instance(kind))
    assert (says in note) if says else not note
    mine = wanted(instance_type=kind, image="ami-1")
    assert not launch_check.misfit(mine, Image("ami-1", name), data.load().instance(kind))


@pytest.mark.parametrize(
    ("states", "checks", "progress"),
    [
        ([], {}, "pending"),
        (["pending"], {}, "pending"),
        (["running"], {"i-0": False}, "running"),
        (["running"], {"i-0": True}, "ready"),
        (["running"], {"i-0": None}, "ready"),
        (["running", "pending"], {"i-0": True}, "pending"),
        (["running", "running"], {"i-0": True, "i-1": False}, "running"),
    ],
)
def test_a_launch_is_ready_when_every_machine_passed_its_checks(
    states: list[str], checks: dict[str, bool | None], progress: str
) -> None:
    facts = [{"InstanceId": f"i-{n}", "State": {"Name": state}} for n, state in enumerate(states)]
    assert launch_progress.step(facts, checks, max(len(states), 1)).progress == progress


@pytest.mark.parametrize("code", sorted(launch_progress.BROKEN))
def test_what_ended_by_itself_has_its_reason_in_words(code: str) -> None:
    fact = {"InstanceId": "i-0", "State": {"Name": "terminated"}, "StateReason": {"Code": code, "Message": code}}
    found = launch_progress.step([fact], {}, 1)
    assert found.gone
    assert found.why == launch_progress.REASONS[code]


def test_one_way_in_for_each_set_up() -> None:
    machine = {"public_dns": "ec2-1.example", "public_ip": "198.51.100.7"}
    plain = request(instance_ids=("i-0",), machine=machine)
    keyed = request(instance_ids=("i-0",), machine=machine, wanted=wanted(key_name="me"))

    def way(launch: Launch, *, ssm: bool) -> Any:
        offer = Offer(params={}, places=(), ssm=ssm)
        return launch_progress.connect(launch, offer, neuron=False, chip=True, jupyter=True)

    assert way(request(), ssm=True) is None
    assert way(keyed, ssm=False).ssh == "ssh -i me.pem ubuntu@ec2-1.example"
    assert way(keyed, ssm=False).jupyter.endswith("-L 8889:localhost:8888")
    assert "AWS-StartPortForwardingSession" in way(plain, ssm=True).jupyter
    assert "ec2-instance-connect ssh" in way(plain, ssm=False).console
    assert way(plain, ssm=True).console == ""


def test_a_spot_machine_that_may_come_back_is_stopped_and_not_ended() -> None:
    params = launch_params.build(
        request(wanted=wanted(market="spot")), Launching(spot="persistent"), image="ami-1", root="", user_data=""
    )
    assert params["InstanceInitiatedShutdownBehavior"] == "stop"
    assert params["InstanceMarketOptions"]["SpotOptions"]["InstanceInterruptionBehavior"] == "stop"


def test_money_times_and_people_read_as_a_person_writes_them() -> None:
    assert [usd(x) for x in (None, 0, 0.0526, 1.006, 8.048, 1250)] == [
        "unknown",
        "$0.00",
        "$0.0526",
        "$1.01",
        "$8.05",
        "$1,250.00",
    ]
    assert [rate(x) for x in (None, 1.006, 98.32, 0.5, 1250)] == ["unknown", "$1.006", "$98.32", "$0.50", "$1,250.00"]
    assert at(NOON) == "2026-11-23 12:00 UTC"
    assert [person(x) for x in ("U0ENG", "command line (ann)", "U0<!channel>")] == [
        "<@U0ENG>",
        "command line (ann)",
        "U0<!channel>",
    ]
