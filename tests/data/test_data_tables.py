"""Every row is sourced, dated, positive and alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from data import MARKETS, load, tables
from data.catalog import HERE

CATALOG = load()
KEYS = {
    "chips": ("name",),
    "instances": ("name",),
    "models": ("name",),
    "rates": ("instance_type", "region", "market"),
    "items": ("name", "region"),
    "quotas": ("service", "code"),
}


def listed() -> list[object]:
    return [
        *CATALOG.chips.values(),
        *CATALOG.instances.values(),
        *CATALOG.models.values(),
        *CATALOG.quotas,
        *CATALOG._rates.listed,
        *CATALOG._items.values(),
        *(share for shares in tables.read((HERE,), "discounts", tables.shares) for share in shares),
    ]


def test_every_row_says_where_it_comes_from_and_when() -> None:
    for row in listed():
        assert row.source.strip(), row
        assert date(2016, 1, 1) <= row.as_of <= date(2030, 1, 1), row


def test_no_figure_is_zero_or_less_where_unknown_would_be_the_word() -> None:
    may_be_zero = {"chips", "nvme_gb", "usd"}  # a CPU type, a type without disks, transfer in
    for row in listed():
        for field in fields(row):
            value = getattr(row, field.name)
            if isinstance(value, float | int) and not isinstance(value, bool):
                assert value > 0 or (field.name in may_be_zero and value == 0), (field.name, row)


def test_only_transfer_into_aws_is_free() -> None:
    assert {item.name for item in CATALOG._items.values() if item.usd == 0} == {"data_transfer_in"}


@pytest.mark.parametrize("name", KEYS)
def test_no_row_stands_twice(name: str) -> None:
    counted = Counter(tuple(row[key] for key in KEYS[name]) for row in tables.rows(HERE / f"{name}.csv"))
    assert not [key for key, count in counted.items() if count > 1]


def test_no_discount_stands_twice_for_one_place() -> None:
    shares = [share for each in tables.read((HERE,), "discounts", tables.shares) for share in each]
    counted = Counter((share.applies_to, share.region, share.market) for share in shares)
    assert not [key for key, count in counted.items() if count > 1]


def test_every_instance_carries_a_chip_that_the_catalog_knows_in_a_family_that_the_chip_names() -> None:
    for one in CATALOG.instances.values():
        if one.chip is None:
            assert one.chips == 0, one
            assert one.chip_memory_gb is None, one
        else:
            assert one.family in CATALOG.chips[one.chip].families, one


def test_every_family_that_a_chip_names_has_a_type_but_for_the_one_that_is_not_listed_yet() -> None:
    sold = {one.family for one in CATALOG.instances.values()}
    missing = {family for chip in CATALOG.chips.values() for family in chip.families} - sold
    assert missing == {"trn2u", "trn3", "vt1"} & missing


def test_a_whole_chip_has_the_memory_of_its_kind_and_a_slice_its_part() -> None:
    for one in CATALOG.instances.values():
        if one.chip:
            whole = CATALOG.chips[one.chip].memory_gb
            assert one.chip_memory_gb == pytest.approx(whole * min(one.chips, 1), rel=0.01), one


def test_trainium2_has_96_gib_whatever_the_api_says() -> None:
    assert CATALOG.chip("trn2").memory_gb == pytest.approx(96 * 1.073741824, rel=1e-3)


def test_peaks_are_dense_ones() -> None:
    assert CATALOG.chip("H100").bf16 == pytest.approx(989.4)
    assert CATALOG.chip("A10G").fp16 == 70
    assert CATALOG.chip("A100").bf16 == 312


@pytest.mark.parametrize("chip", CATALOG.chips.values(), ids=lambda chip: chip.name)
def test_a_narrower_type_is_never_slower(chip: object) -> None:
    rates = [chip.tf32, chip.bf16, chip.fp8, chip.fp4]
    known = [rate for rate in rates if rate is not None]
    assert known == sorted(known)
    if chip.fp16 is not None and chip.fp32 is not None:
        assert chip.fp16 >= chip.fp32


def test_older_chips_have_no_bf16_and_only_newer_ones_fp8() -> None:
    for chip in CATALOG.chips.values():
        if chip.arch in ("Kepler", "Maxwell", "Pascal", "Volta", "Turing"):
            assert chip.bf16 is None, chip
        if chip.arch in ("Kepler", "Maxwell", "Pascal", "Volta", "Turing", "Ampere"):
            assert chip.fp8 is None, chip


def test_the_chips_that_teams_compare_with_are_there_and_are_not_on_ec2() -> None:
    google, amd = ["TPU v4", "TPU v5e", "TPU v5p"], ["MI300X"]
    nvidia = ["RTX 3090", "RTX 4090", "RTX 5090", "A100 PCIe", "H100 PCIe", "V100 PCIe"]
    assert all(CATALOG.chip(name).families == () for name in [*google, *amd, *nvidia])


def test_every_accelerated_ec2_type_and_the_cpu_types_are_listed() -> None:
    assert sum(1 for one in CATALOG.instances.values() if one.chip) >= 94
    assert sum(1 for one in CATALOG.instances.values() if not one.chip) >= 119


def test_quotas_name_families_that_exist_and_one_code_a_market() -> None:
    for one in CATALOG.instances.values():
        codes = [q.code for q in CATALOG.quotas if q.market == "on-demand" and one.family in q.families]
        assert len(codes) <= 1, one
    assert CATALOG.quota("p5.48xlarge", "on-demand").code == "L-417A185B"
    assert CATALOG.quota("p5.48xlarge", "spot").code == "L-C4BD4855"
    assert CATALOG.quota("g5.xlarge", "savings-plan-1y").code == "L-DB2E81BA"
    assert CATALOG.quota("g5.xlarge", "sagemaker").code == "L-1928E07B"
    assert CATALOG.quota("p6-b200.48xlarge", "spot") is None  # the sources disagree


def test_markets_are_those_that_the_catalog_names() -> None:
    assert {rate.market for rate in CATALOG._rates.listed} <= set(MARKETS)


def test_a_row_that_cannot_be_read_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("name,unit,region,usd,source,as_of\nebs_gp3,u,r,0.08,s,yesterday\n")
    with pytest.raises(ValueError, match=r"items\.csv, line 2"):
        load(tmp_path)
