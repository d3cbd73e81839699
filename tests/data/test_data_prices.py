"""Prices agree with each other, and each says what it rests on."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from data import MARKETS, load
from data.rates import Rates
from data.shapes import Instance, Rate, Share

CATALOG = load()
EVERY = [rate for name in CATALOG.instances for region in CATALOG.regions for rate in CATALOG.rates(name, region)]


def holds(big: Instance, small: Instance) -> bool:
    """Whether *big* has at least as much of everything, and more of something."""
    pairs = [(big.chips, small.chips), (big.vcpu, small.vcpu), (big.memory_gib, small.memory_gib)]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def test_a_bigger_size_of_a_family_is_never_cheaper() -> None:
    families: dict[str, list[Instance]] = {}
    for one in CATALOG.instances.values():
        families.setdefault(one.family, []).append(one)
    wrong = []
    for family in families.values():
        pairs = [(big, small) for big, small in permutations(family, 2) if holds(big, small)]
        for region in CATALOG.regions:
            for big, small in pairs:
                more, less = (CATALOG.rate(one.name, region, "on-demand") for one in (big, small))
                if more and less and more.usd_per_hour < less.usd_per_hour:
                    wrong.append((region, big.name, small.name))
    assert not wrong


def test_spot_and_plans_cost_less_than_on_demand_and_sagemaker_more() -> None:
    for rate in EVERY:
        base = CATALOG.rate(rate.instance_type, rate.region, "on-demand")
        if base and rate.market in ("spot", "savings-plan-1y", "savings-plan-3y"):
            assert rate.usd_per_hour < base.usd_per_hour, rate
            assert (rate.high or 0) <= base.usd_per_hour * 1.000001, rate
        if base and rate.market == "sagemaker":
            assert rate.usd_per_hour >= base.usd_per_hour, rate


def test_three_years_cost_less_than_one() -> None:
    for rate in EVERY:
        if rate.market == "savings-plan-3y":
            year = CATALOG.rate(rate.instance_type, rate.region, "savings-plan-1y")
            assert year is None or rate.usd_per_hour < year.usd_per_hour


def test_a_spread_encloses_its_figure() -> None:
    for rate in EVERY:
        assert (rate.low is None) == (rate.high is None), rate
        if rate.low is not None and rate.high is not None:
            assert rate.low <= rate.usd_per_hour <= rate.high, rate


def test_every_price_says_its_basis_and_how_sure_it_is() -> None:
    for rate in EVERY:
        assert rate.basis, rate
        assert rate.confidence in ("high", "medium", "low"), rate
        assert rate.market in MARKETS, rate


def test_one_type_costs_alike_around_the_world() -> None:
    for name in CATALOG.instances:
        prices = [rate.usd_per_hour for r in CATALOG.regions if (rate := CATALOG.rate(name, r, "on-demand"))]
        assert not prices or max(prices) <= 3 * min(prices), name


def test_the_prices_of_before_june_2025_are_gone() -> None:
    assert CATALOG.rate("p4d.24xlarge", "us-east-1", "on-demand").usd_per_hour == pytest.approx(21.957642)
    assert CATALOG.rate("p5.48xlarge", "us-east-1", "on-demand").usd_per_hour == pytest.approx(55.04)
    assert CATALOG.rate("p4d.24xlarge", "us-east-1", "sagemaker").usd_per_hour < 30


def test_what_has_no_list_price_has_none_here() -> None:
    for name in ("p5e.48xlarge", "trn2.48xlarge", "p6e-gb200.36xlarge"):
        assert CATALOG.regions_with(name) == ()
        assert CATALOG.regions_with(name, "capacity-block")


def test_a_discount_that_was_not_read_is_unknown() -> None:
    assert CATALOG.rate("p5.48xlarge", "eu-north-1", "spot") is None
    assert CATALOG.rate("m5.large", "us-east-1", "savings-plan-1y") is None
    assert CATALOG.rate("p5.48xlarge", "mars-north-1", "on-demand") is None
    assert CATALOG.rate("g4dn.metal", "us-east-1", "sagemaker") is None


def test_the_spot_figures_that_straddle_the_price_cut_say_so_and_are_of_low_confidence() -> None:
    rate = CATALOG.rate("p4d.24xlarge", "us-east-1", "spot")
    assert "price cut" in rate.basis
    assert rate.confidence == "low"
    assert CATALOG.rate("p5.48xlarge", "us-east-1", "spot").as_of > date(2025, 6, 28)


def test_plans_say_that_they_rest_on_reserved_rates() -> None:
    plans = [rate for rate in EVERY if rate.market.startswith("savings-plan")]
    assert plans
    assert all("reserved rate" in rate.basis and "verified" in rate.basis for rate in plans)


def test_regions_come_cheapest_first() -> None:
    regions = CATALOG.regions_with("g5.xlarge")
    prices = [CATALOG.rate("g5.xlarge", region, "on-demand").usd_per_hour for region in regions]
    assert prices == sorted(prices)
    assert "us-east-1" in regions[:3]


def test_items_hold_for_their_region_for_the_us_or_everywhere() -> None:
    assert CATALOG.item("ebs_gp3", "us-east-1").usd == 0.08
    assert CATALOG.item("data_transfer_inter_az", "us-west-2").usd == 0.01
    assert CATALOG.item("data_transfer_inter_az", "eu-west-1") is None
    assert CATALOG.item("data_transfer_in", "eu-west-1").usd == 0
    assert CATALOG.item("elastic_ip_unattached", "us-east-1").usd == CATALOG.item("public_ipv4_idle", "us-east-1").usd
    assert CATALOG.item("sagemaker_serverless_inference_data", "us-east-1").usd is None


def test_cross_readings_and_obsolete_prices_are_no_items() -> None:
    names = {item.name for region in CATALOG.regions for item in CATALOG.items(region)}
    assert not [name for name in names if name.endswith(("_check", "_DISAGREES", "_OBSOLETE"))]
    assert "ebs_snapshot_standard" in names


def test_the_day_is_told_of_which_half_of_the_prices_in_some_regions_are_or_older() -> None:
    dates = sorted(r.as_of for r in EVERY if r.market == "on-demand" and r.region in ("us-east-1", "eu-west-1"))
    day = CATALOG.prices_of(["us-east-1", "eu-west-1"])
    assert day in dates
    older = sum(one <= day for one in dates)
    assert older >= len(dates) / 2 > sum(one < day for one in dates)
    assert CATALOG.prices_of(["mars-1"]) is None
    assert CATALOG.prices_as_of == CATALOG.prices_of(CATALOG.regions)


LIST = Rate("x9.large", "us-east-1", "on-demand", 10.0, None, None, "AWS list price", "high", "list", date(2026, 7, 1))


def share(name: str, region: str, percent: float | None) -> Share:
    return Share(name, region, "spot", percent, 20, 60, 0.1, f"{name} in {region}", "low", "advisor", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("shares", "basis"),
    [
        ([share("x9", "*", 50)], "x9 in *"),
        ([share("x9", "*", 50), share("x9", "us-east-1", 40)], "x9 in us-east-1"),
        ([share("x9", "us-east-1", 40), share("x9.large", "*", 30)], "x9.large in *"),
        ([share("x9.large", "*", 30), share("x9.large", "us-east-1", 35)], "x9.large in us-east-1"),
    ],
)
def test_the_nearest_discount_counts(shares: list[Share], basis: str) -> None:
    assert Rates([LIST], shares).find("x9.large", "us-east-1", "spot").basis == basis


def test_a_derived_price_carries_both_sources_the_older_date_and_the_spread() -> None:
    rate = Rates([LIST], [share("x9", "*", 50)]).find("x9.large", "us-east-1", "spot")
    assert (rate.usd_per_hour, rate.low, rate.high) == (5, 2, 6)
    assert rate.as_of == date(2026, 1, 1)
    assert "advisor" in rate.source
    assert "list" in rate.source
    assert rate.reclaimed_per_month == 0.1


def test_a_market_that_does_not_sell_a_type_has_no_price_whatever_its_family_costs() -> None:
    rates = Rates([LIST], [share("x9", "*", 50), share("x9.large", "*", None)])
    assert rates.find("x9.large", "us-east-1", "spot") is None


def test_a_folder_over_the_catalog_takes_the_place_of_its_rows(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(
        "instance_type,region,market,usd_per_hour,low,high,basis,confidence,source,as_of\n"
        "g5.xlarge,us-east-1,on-demand,0.9,,,AWS list price,high,AWS Price List,2026-11-20\n"
    )
    over = load(tmp_path)
    assert over.rate("g5.xlarge", "us-east-1", "on-demand").usd_per_hour == 0.9
    assert over.rate("g5.xlarge", "us-east-1", "savings-plan-1y").usd_per_hour == pytest.approx(0.9 * 0.63)
    assert over.rate("g5.xlarge", "us-east-2", "on-demand").usd_per_hour == 1.006
    assert load(tmp_path / "missing") is load()
