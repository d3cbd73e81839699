"""`mlbot catalog refresh` over replies in AWS's own shape: what is taken, what is left, and how it is written."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from bot import catalog_overlay, cloud_catalog, cloud_prices, cloud_types
from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.commands import catalog as command
from bot.rules.policy import Policy
from bot.settings import Settings
from data import load

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DAY = NOW.date()
REPLIES = Path(__file__).parent / "replies"
NAMES = ("g5.xlarge", "p5.48xlarge", "trn2.48xlarge", "g6f.large", "m5.large")
CATALOG = load()


def reply(name: str) -> Any:
    return json.loads((REPLIES / f"{name}.json").read_text())


def strings(name: str) -> list[str]:
    """The Price List sends each product as a string of JSON."""
    return [json.dumps(product) for product in reply(name)]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return Cloud(Settings(_env_file=None), Policy)


@contextmanager
def stubbed(cloud: Cloud) -> Iterator[tuple[Stubber, Stubber, Stubber]]:
    """EC2, Price List and Savings Plans in us-east-1; every answer must be asked for."""
    with ExitStack() as stack:
        made = [Stubber(cloud.client(service, "us-east-1")) for service in ("ec2", "pricing", "savingsplans")]
        ec2, pricing, plans = (stack.enter_context(stub) for stub in made)
        yield ec2, pricing, plans
        for stub in made:
            stub.assert_no_pending_responses()


@pytest.fixture
def told(cloud: Cloud) -> Iterator[Cloud]:
    """A cloud whose every call in us-east-1 is answered once, in the order of a refresh."""
    with stubbed(cloud) as (ec2, pricing, plans):
        ec2.add_response("describe_instance_types", {"InstanceTypes": reply("instance_types")})
        products = strings("products_ec2")
        first = {"ServiceCode": "AmazonEC2", "Filters": ANY}
        pricing.add_response("get_products", {"PriceList": products[:4], "NextToken": "more"}, first)
        pricing.add_response("get_products", {"PriceList": products[4:]}, {**first, "NextToken": "more"})
        pricing.add_response("get_products", {"PriceList": strings("products_sagemaker")})
        ec2.add_response("describe_spot_price_history", {"SpotPriceHistory": []})
        ec2.add_response("describe_spot_price_history", {"SpotPriceHistory": reply("spot_history")})
        ec2.add_response("describe_spot_price_history", {"SpotPriceHistory": []})  # 100 names a call
        for page in reply("savings_plans"):
            plans.add_response("describe_savings_plans_offering_rates", page)
        pricing.add_response("get_products", {"PriceList": strings("products_storage")})
        pricing.add_response("get_products", {"PriceList": strings("products_snapshots")})
        yield cloud


@pytest.fixture
def reading(told: Cloud) -> cloud_catalog.Reading:
    return cloud_catalog.read(told, CATALOG, ["us-east-1"], NOW)


def price(reading: cloud_catalog.Reading, name: str, market: str) -> float | None:
    found = [r.usd_per_hour for r in reading.rates if (r.instance_type, r.market) == (name, market)]
    assert len(found) <= 1
    return found[0] if found else None


def test_every_market_is_read(reading: cloud_catalog.Reading) -> None:
    assert price(reading, "g5.xlarge", "on-demand") == 0.9054
    assert price(reading, "g5.xlarge", "sagemaker") == 1.268
    assert price(reading, "g5.xlarge", "spot") == pytest.approx((0.42 + 0.48) / 2)
    assert price(reading, "g5.xlarge", "savings-plan-1y") == 0.62
    assert price(reading, "g5.xlarge", "savings-plan-3y") == 0.4
    assert price(reading, "p5.48xlarge", "savings-plan-1y") == 34


def test_dedicated_hosts_other_software_and_types_that_are_not_listed_are_left_out(
    reading: cloud_catalog.Reading,
) -> None:
    assert {rate.instance_type for rate in reading.rates} == {"g5.xlarge", "p5.48xlarge", "g9.xlarge"}


def test_a_price_of_zero_is_no_price(reading: cloud_catalog.Reading) -> None:
    assert price(reading, "trn2.48xlarge", "on-demand") is None
    assert price(reading, "p5.48xlarge", "on-demand") == 55.04


def test_a_spot_price_far_below_any_discount_is_not_believed(reading: cloud_catalog.Reading) -> None:
    assert price(reading, "p5.48xlarge", "spot") is None


def test_a_spot_price_has_the_range_of_its_history(reading: cloud_catalog.Reading) -> None:
    spot = next(rate for rate in reading.rates if rate.market == "spot")
    assert (spot.low, spot.high) == (0.3, 0.51)
    assert "2 zones" in spot.basis


def test_each_price_is_dated_with_the_day_of_reading_and_names_the_publication(reading: cloud_catalog.Reading) -> None:
    assert {rate.as_of for rate in reading.rates} == {DAY}
    listed = next(rate for rate in reading.rates if rate.market == "on-demand")
    assert listed.source == "AWS Price List GetProducts, published 2026-11-18"


def test_storage_is_read_by_gb_and_month(reading: cloud_catalog.Reading) -> None:
    assert {item.name: item.usd for item in reading.items} == {
        "ebs_gp3": 0.08,
        "ebs_gp2": 0.095,
        "ebs_snapshot_standard": 0.05,
    }


def test_a_new_type_with_a_known_chip_is_listed_and_one_with_an_unknown_chip_is_told(
    reading: cloud_catalog.Reading,
) -> None:
    found = {one.name: one for one in reading.instances}
    assert set(found) == {*NAMES, "g9.xlarge"}
    assert (found["g9.xlarge"].chip, found["g9.xlarge"].chips, found["g9.xlarge"].network_gbps) == ("L40S", 1, 5)
    assert any("p9.48xlarge" in gap and "R100" in gap for gap in reading.gaps)


@pytest.mark.parametrize("name", ["g5.xlarge", "p5.48xlarge", "trn2.48xlarge", "g6f.large", "m5.large"])
def test_a_known_type_reads_as_the_catalog_has_it(name: str) -> None:
    told = next(one for one in reply("instance_types") if one["InstanceType"] == name)
    one, known = cloud_types.instance(told, CATALOG, DAY), CATALOG.instances[name]
    assert replace(one, source=known.source, as_of=known.as_of) == known


def test_the_wrong_memory_of_trainium2_is_not_taken() -> None:
    told = next(one for one in reply("instance_types") if one["InstanceType"] == "trn2.48xlarge")
    assert cloud_types.instance(told, CATALOG, DAY).chip_memory_gb == pytest.approx(103.08)


@pytest.mark.parametrize(("mib", "chip"), [(40960, "A100-40"), (81920, "A100-80")])
def test_chips_of_one_name_are_told_apart_by_their_memory(mib: int, chip: str) -> None:
    told = next(one for one in reply("instance_types") if one["InstanceType"] == "g9.xlarge")
    gpu = {"Name": "A100", "Manufacturer": "NVIDIA", "Count": 8, "MemoryInfo": {"SizeInMiB": mib}}
    assert cloud_types.instance({**told, "GpuInfo": {"Gpus": [gpu]}}, CATALOG, DAY).chip == chip


def test_a_refusal_is_a_gap_and_the_rest_is_read(cloud: Cloud) -> None:
    with stubbed(cloud) as (ec2, pricing, plans):
        ec2.add_client_error("describe_instance_types", "UnauthorizedOperation")
        pricing.add_response("get_products", {"PriceList": strings("products_ec2")})
        pricing.add_client_error("get_products", "AccessDeniedException")
        ec2.add_client_error("describe_spot_price_history", "UnauthorizedOperation")
        plans.add_client_error("describe_savings_plans_offering_rates", "AccessDeniedException")
        pricing.add_client_error("get_products", "AccessDeniedException")
        reading = cloud_catalog.read(cloud, CATALOG, ["us-east-1"], NOW)
    assert price(reading, "g5.xlarge", "on-demand") == 0.9054
    assert reading.instances == ()
    refused = [gap.partition(" in us-east-1")[0] for gap in reading.gaps]
    assert refused == ["types", "SageMaker prices", "spot prices", "savings-plan rates", "storage prices"]


@pytest.mark.parametrize("entry", ["{}", '{"terms": {"OnDemand": {}}}', '{"terms": {"Reserved": {"a": {}}}}'])
def test_a_product_without_a_price_is_passed_over(entry: str) -> None:
    assert list(cloud_prices.on_demand([entry], "us-east-1", NAMES, DAY)) == []


def test_changes_name_the_figure_before_and_after(reading: cloud_catalog.Reading) -> None:
    told = [str(change) for change in catalog_overlay.changes(CATALOG, reading, DAY)]
    assert "2026-11-21 price g5.xlarge us-east-1 on-demand: 1.006 -> 0.9054 (-10.0 %)" in told
    assert "2026-11-21 item ebs_gp2 us-east-1: 0.1 -> 0.095 (-5.0 %)" in told
    assert "2026-11-21 type g9.xlarge : new -> 1 x L40S" in told
    assert not [line for line in told if "p5.48xlarge us-east-1 on-demand" in line]  # the same price as before


def test_what_was_written_takes_the_place_of_the_shipped_figures(
    reading: cloud_catalog.Reading, tmp_path: Path
) -> None:
    version = catalog_overlay.write(tmp_path, reading, catalog_overlay.changes(CATALOG, reading, DAY), NOW)
    over = load(tmp_path / "current")
    assert version.name == "20261121T093000Z"
    assert over.rate("g5.xlarge", "us-east-1", "on-demand").usd_per_hour == 0.9054
    assert over.rate("g5.xlarge", "us-east-1", "on-demand").as_of == DAY
    assert over.rate("g5.xlarge", "us-east-1", "spot").reclaimed_per_month == 0.25  # from the family's band
    assert over.rate("g5.xlarge", "us-east-2", "on-demand").as_of < date(2026, 11, 1)
    assert over.instance("g9.xlarge").chip == "L40S"
    assert over.item("ebs_gp2", "us-east-1").usd == 0.095
    assert "2026-11-21,price,g5.xlarge" in (version / "changes.csv").read_text()


def test_a_later_refresh_of_one_region_keeps_the_others(reading: cloud_catalog.Reading, tmp_path: Path) -> None:
    catalog_overlay.write(tmp_path, reading, [], NOW)
    rate = replace(reading.rates[0], region="eu-west-1", usd_per_hour=2.5)
    second = cloud_catalog.Reading((rate,), (), (), ())
    catalog_overlay.write(tmp_path, second, [], NOW)  # in the same second
    over = load(tmp_path / "current")
    assert over.rate(rate.instance_type, "eu-west-1", rate.market).usd_per_hour == 2.5
    assert over.rate("g5.xlarge", "us-east-1", "on-demand").usd_per_hour == 0.9054


def test_tables_that_do_not_load_are_never_linked(reading: cloud_catalog.Reading, tmp_path: Path) -> None:
    good = catalog_overlay.write(tmp_path, reading, [], NOW)
    broken = replace(reading.rates[0], as_of="yesterday")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="yesterday"):
        catalog_overlay.write(tmp_path, cloud_catalog.Reading((broken,), (), (), ()), [], NOW)
    assert (tmp_path / "current").resolve() == good
    assert sorted(path.name for path in tmp_path.iterdir()) == [good.name, "current"]


def test_only_the_last_versions_are_kept(reading: cloud_catalog.Reading, tmp_path: Path) -> None:
    for hour in range(8):
        catalog_overlay.write(tmp_path, reading, [], NOW.replace(hour=hour))
    versions = sorted(path.name for path in tmp_path.iterdir() if path.name != "current")
    assert versions == [f"20261121T{hour:02}3000Z" for hour in range(3, 8)]
    assert (tmp_path / "current").resolve().name == versions[-1]


def asked(folder: Path, **given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"region": ["us-east-1"], "overlay": folder, "dry_run": False, **given})


def test_the_command_says_what_changed_and_where_it_is_written(
    told: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run_refresh(asked(tmp_path), cloud=told, clock=FixedClock(NOW)) == 0
    out, err = capsys.readouterr()
    assert "Read 8 prices and 6 types;" in out
    assert "g5.xlarge us-east-1 on-demand: 1.006 -> 0.9054 (-10.0 %)" in out
    assert (tmp_path / "current" / "rates.csv").exists()
    assert "p9.48xlarge" in err


def test_a_dry_run_writes_nothing(told: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run_refresh(asked(tmp_path, dry_run=True), cloud=told, clock=FixedClock(NOW)) == 0
    assert list(tmp_path.iterdir()) == []
    assert "Nothing was written" in capsys.readouterr().out


def test_an_account_that_tells_nothing_changes_nothing_and_hears_which_rights_are_needed(
    cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stubbed(cloud) as (ec2, pricing, plans):
        ec2.add_client_error("describe_instance_types", "UnauthorizedOperation")
        ec2.add_client_error("describe_spot_price_history", "UnauthorizedOperation")
        for _ in range(3):
            pricing.add_client_error("get_products", "AccessDeniedException")
        plans.add_client_error("describe_savings_plans_offering_rates", "AccessDeniedException")
        assert command.run_refresh(asked(tmp_path), cloud=cloud, clock=FixedClock(NOW)) == 1
    assert "pricing:GetProducts" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
