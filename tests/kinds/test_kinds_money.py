"""What things bill: every part at its list price, and nothing at all when a part is unknown."""

from __future__ import annotations

import pytest

from bot.kinds import KINDS, prices
from bot.kinds.base import HOURS_PER_MONTH
from bot.rules.idle import Resource
from data import load

CATALOG = load()
DISK = {"id": "vol-1", "gb": 100, "type": "gp3", "iops": 3000, "mbps": 125}


def instance(**changes) -> Resource:
    details = {
        "disks": [DISK],
        "public_ip": "",
        "elastic_ips": 0,
        "platform": "Linux/UNIX",
        **changes.pop("details", {}),
    }
    given = {"type": "g5.xlarge", "state": "running", "region": "us-east-1", **changes}
    return Resource(id="i-1", kind="ec2_instance", account="default", details=details, **given)


def priced(one: Resource) -> Resource:
    return KINDS[one.kind].price(one, CATALOG)


@pytest.mark.parametrize(
    ("disk", "usd_per_month"),
    [
        (DISK, 8.0),
        ({**DISK, "iops": 4000}, 8.0 + 1000 * 0.005),
        ({**DISK, "mbps": 250}, 8.0 + 125 * 0.04),
        ({"gb": 100, "type": "gp2"}, 10.0),
        ({"gb": 500, "type": "st1"}, 22.5),
        ({"gb": 100, "type": "io2", "iops": 1000}, 12.5 + 65.0),
        ({"gb": 100, "type": "io2", "iops": 64000}, None),
        ({"gb": 100, "type": "standard"}, None),
    ],
)
def test_a_disk_costs_its_space_its_operations_and_its_throughput(disk, usd_per_month):
    usd = prices.disk(CATALOG, disk, "us-east-1")
    assert (usd is None) == (usd_per_month is None)
    if usd_per_month is not None:
        assert usd * HOURS_PER_MONTH == pytest.approx(usd_per_month)


def test_a_running_machine_costs_itself_its_disks_and_its_public_address():
    one = priced(instance(details={"public_ip": "3.3.3.3"}))
    assert one.usd_per_hour == pytest.approx(1.006 + 8 / HOURS_PER_MONTH + 0.005)
    assert one.usd_per_hour_stopped == pytest.approx(8 / HOURS_PER_MONTH)


def test_a_stopped_machine_costs_its_disks_and_its_elastic_ip():
    one = priced(instance(state="stopped", details={"elastic_ips": 1}))
    assert one.usd_per_hour == one.usd_per_hour_stopped == pytest.approx(8 / HOURS_PER_MONTH + 0.005)


def test_a_machine_without_disks_costs_nothing_when_it_is_stopped():
    assert priced(instance(state="stopped", details={"disks": []})).usd_per_hour == 0


def test_spot_has_the_price_of_its_market():
    spot, plain = priced(instance(market="spot")), priced(instance())
    assert spot.usd_per_hour < plain.usd_per_hour / 2


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "g99.xlarge"},
        {"region": "xx-nowhere-1"},
        {"market": "capacity-block"},
        {"details": {"platform": "Windows"}},
        {"details": {"disks": [{**DISK, "type": "standard"}]}},
    ],
)
def test_one_unknown_part_makes_the_sum_unknown(changes):
    assert priced(instance(**changes)).usd_per_hour is None


def test_what_is_left_after_a_stop_is_known_even_when_the_machine_is_not():
    assert priced(instance(type="g99.xlarge")).usd_per_hour_stopped == pytest.approx(8 / HOURS_PER_MONTH)


def volume(**disk) -> Resource:
    facts = {**DISK, **disk}
    return Resource(
        id="vol-1",
        kind="ebs_volume",
        account="default",
        region="us-east-1",
        type=facts["type"],
        state="available",
        details={"disk": facts, "attached_to": facts.get("attached_to", "")},
    )


def test_a_gp2_volume_says_what_gp3_would_save():
    assert priced(volume(type="gp2", gb=100)).details["gp3_saves_usd_per_month"] == pytest.approx(2.0)
    assert priced(volume(type="gp3")).details["gp3_saves_usd_per_month"] is None


def test_a_big_gp2_volume_saves_less_because_gp3_must_be_as_fast():
    # 5,000 GB of gp2 do 15,000 operations/s; gp3 pays 12,000 of them and 125 MB/s apart
    saved = priced(volume(type="gp2", gb=5000)).details["gp3_saves_usd_per_month"]
    assert saved == pytest.approx(5000 * 0.02 - 12_000 * 0.005 - 125 * 0.04)


def test_a_disk_of_a_machine_is_counted_with_the_machine():
    assert priced(volume(attached_to="i-9")).details["counted_with"] == "i-9"


def endpoint(*variants: tuple[str, int]) -> Resource:
    many = [{"name": str(n), "type": kind, "count": count} for n, (kind, count) in enumerate(variants)]
    return Resource(
        id="e",
        kind="sagemaker_endpoint",
        account="default",
        region="us-east-1",
        state="InService",
        details={"variants": many},
    )


def test_an_endpoint_costs_every_instance_behind_it():
    assert priced(endpoint(("ml.g4dn.xlarge", 2))).usd_per_hour == pytest.approx(2 * 0.7364)
    assert priced(endpoint(("ml.g4dn.xlarge", 1), ("ml.nobody.xlarge", 1))).usd_per_hour is None
    assert priced(endpoint(("", 0))).usd_per_hour == 0  # serverless


def job(**details) -> Resource:
    return Resource(
        id="j",
        kind="sagemaker_training_job",
        account="default",
        region="us-east-1",
        state="InProgress",
        type="ml.g4dn.xlarge",
        details={"count": 3, "gb": 50, **details},
    )


def test_a_training_job_costs_all_its_instances_and_managed_spot_is_unknown():
    assert priced(job()).usd_per_hour == pytest.approx(3 * 0.7364)
    assert priced(job(managed_spot=True)).usd_per_hour is None


@pytest.mark.parametrize(("state", "usd"), [("InService", 0.7364), ("Stopped", None)])
def test_the_disk_of_a_notebook_is_not_guessed(state, usd):
    one = Resource(
        id="n",
        kind="sagemaker_notebook",
        account="default",
        region="us-east-1",
        state=state,
        type="ml.g4dn.xlarge",
        details={"gb": 50},
    )
    assert (priced(one).usd_per_hour, priced(one).usd_per_hour_stopped) == (usd, None)
