"""The playground's account holds one of each sort, its metrics go on by the clock, and it is there at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.kinds import KINDS, Look
from bot.playground.seed import REGIONS, Seeded, seed
from bot.rules.policy import Policy
from bot.settings import Settings

NOW = datetime(2026, 11, 23, 12, 2, tzinfo=UTC)
EC2 = KINDS["ec2_instance"]


@pytest.fixture
def clock(local) -> FixedClock:
    local.clock.advance(NOW - local.clock.now())
    return local.clock


@pytest.fixture
def account(local, clock):
    return seed(local.aws, client=local.cloud.client), local.cloud, local.aws


def usage(cloud: Cloud, clock: FixedClock, name: str, seeded: Seeded, back: timedelta):
    for region in REGIONS:
        look = Look(cloud, "default", region, clock.now())
        found = [one for one in EC2.find(look) if one.id == seeded.instances[name]]
        if found:
            return EC2.measure(look, found, clock.now() - back, clock.now())[found[0].id]
    raise AssertionError(name)


def test_the_account_holds_one_of_each_sort(account, clock):
    seeded, cloud, _ = account
    found = {one.name: one for region in REGIONS for one in EC2.find(Look(cloud, "default", region, clock.now()))}
    assert set(found) == set(seeded.instances)
    assert {one.state for one in found.values()} == {"running", "stopped"}
    assert {one.owner for one in found.values()} == {"U0ENG", "U0LEAD", "U0OPS", None}
    stopped = found["old-baseline"]
    assert (stopped.since, stopped.created) == (
        NOW.replace(second=0) - timedelta(days=12),
        NOW - timedelta(days=40),
    )
    look = Look(cloud, "default", REGIONS[0], clock.now())
    for name in ("ebs_volume", "elastic_ip", "sagemaker_endpoint"):
        assert KINDS[name].find(look)


@pytest.mark.parametrize(("name", "busy"), [("notebook-vision", False), ("llm-pretrain", True), ("eval-sweep", True)])
def test_a_machine_is_busy_or_idle_by_its_gpus(account, clock, name, busy):
    seeded, cloud, _ = account
    points = usage(cloud, clock, name, seeded, timedelta(hours=6)).series["gpu_max_pct"].points
    assert len(points) == 72
    assert all((value > 50) == busy for _, value in points)
    assert points[-1][0] == NOW.replace(minute=0)


def test_a_machine_without_an_agent_has_no_gpu_metric(account, clock):
    seeded, cloud, _ = account
    found = usage(cloud, clock, "speech-demo", seeded, timedelta(hours=6))
    assert "gpu_max_pct" in found.missing
    assert found.series["cpu_max_pct"].points


@pytest.mark.parametrize("step", [timedelta(hours=19), timedelta(minutes=7)])
def test_metrics_go_on_without_a_hole_when_the_clock_moves(account, clock, step):
    seeded, cloud, _ = account
    for _ in range(5):
        clock.advance(step)
        points = usage(cloud, clock, "notebook-vision", seeded, timedelta(hours=3)).series["gpu_max_pct"].points
        assert len(points) == 36
    assert clock.now() - points[-1][0] < timedelta(minutes=5)


def test_what_is_launched_later_is_measured_too_and_falls_idle(account, clock):
    seeded, cloud, _ = account
    ec2 = cloud.client("ec2", "us-east-1")
    ec2.run_instances(ImageId=seeded.image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1)
    clock.advance(timedelta(seconds=10))
    look = Look(cloud, "default", "us-east-1", clock.now())
    new = next(one for one in EC2.find(look) if one.id not in seeded.instances.values())
    clock.advance(timedelta(hours=5))
    look = Look(cloud, "default", "us-east-1", clock.now())
    values = [value for _, value in EC2.measure(look, [new], NOW, clock.now())[new.id].series["gpu_max_pct"].points]
    assert max(values[:4]) > 50
    assert max(values[6:]) == 0


def test_a_stopped_machine_publishes_nothing(account, clock):
    seeded, cloud, aws = account
    ec2 = cloud.client("ec2", "us-east-1")
    identity = seeded.instances["notebook-vision"]
    ec2.stop_instances(InstanceIds=[identity])
    clock.advance(timedelta(hours=2))
    aws.before_metrics()
    series = [
        one for one in aws.backend("cloudwatch", "us-east-1").points if ("InstanceId", identity) in one.dimensions
    ]
    newest = max(point.at for one in series for point in aws.backend("cloudwatch", "us-east-1").points[one][-1:])
    assert newest < NOW.timestamp()


def test_the_local_aws_also_runs_by_itself():
    command = [sys.executable, "-m", "bot.playground.aws"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            endpoint = process.stdout.readline().strip()
            settings = Settings(_env_file=None, aws_endpoint_url=endpoint)  # type: ignore[call-arg]
            cloud = Cloud(settings, Policy, only_local=True)
            assert cloud.call(cloud.client("ec2", "us-east-1").describe_vpcs)["Vpcs"]
        finally:
            process.terminate()
        assert process.wait(10) == 0


def test_a_whole_local_aws_takes_less_than_250_mb():
    program = """
from bot.clock import Clock
from bot.playground.aws import LocalAws
from bot.playground.seed import seed
aws = LocalAws(Clock())
aws.start()
seed(aws)
print(int(open("/proc/self/statm").read().split()[1]) * 4 // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) < 250
