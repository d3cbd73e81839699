"""Energy and CO2e are told where board power and grid are known, and unknown where they are not."""

from __future__ import annotations

from datetime import date

import pytest

from data import load
from estimator import text
from estimator.answer import Answer, answer
from estimator.contract import to_json
from estimator.energy import co2e
from estimator.parse import parse
from estimator.result import Range

CATALOG = load()
JOB = "finetune llama-3-8b lora samples=50k seq=512"


def told(words: str) -> Answer:
    return answer(parse(words, CATALOG), CATALOG, date(2026, 9, 1))


def test_energy_is_board_power_times_time_and_co2e_that_of_the_grid_with_cooling() -> None:
    found = to_json(told(f"{JOB} on g5.xlarge"))
    kwh, grid = found["energy_kwh"]["mid"], CATALOG.grids["us-east-1"]
    assert kwh == pytest.approx(0.3 * found["hours"]["mid"])
    assert found["co2e_kg"]["mid"] == pytest.approx(kwh * grid.pue * grid.kg_co2e_per_kwh)
    steps = {step["name"]: step for step in found["steps"]}
    assert "Virginia" in steps["CO2e"]["formula"]
    assert "EPA eGRID" in steps["CO2e"]["source"]


def test_a_clean_grid_makes_less_of_the_same_energy() -> None:
    dirty, clean = (told(f"{JOB} on g5.xlarge in {region}").shown for region in ("us-east-1", "eu-north-1"))
    assert dirty
    assert clean
    assert clean.energy_kwh == dirty.energy_kwh
    assert clean.co2e_kg
    assert dirty.co2e_kg
    assert clean.co2e_kg.mid < 0.1 * dirty.co2e_kg.mid


def test_a_grid_or_a_board_power_that_is_not_known_is_unknown() -> None:
    assert co2e(Range(1, 1, 1), None) is None
    trainium = told("train llama-2-7b tokens=1B seq=4096 on trn1.32xlarge")
    assert to_json(trainium)["energy_kwh"] is None
    assert to_json(trainium)["co2e_kg"] is None
    assert "Energy: unknown, no board power is published for Trainium1." in text.render(trainium)
    outside = told("train llama-2-7b tokens=1B seq=4096 on 8 x mi300x")
    assert to_json(outside)["energy_kwh"] is not None
    assert to_json(outside)["co2e_kg"] is None


def test_one_line_of_the_text_tells_both() -> None:
    lines = [line for line in text.render(told(f"{JOB} on g5.xlarge")).splitlines() if line.startswith("Energy:")]
    assert len(lines) == 1


def test_every_grid_has_a_source_and_a_region_of_the_catalog() -> None:
    for grid in CATALOG.grids.values():
        assert grid.region in CATALOG.regions
        assert 0 < grid.kg_co2e_per_kwh < 1.2
        assert 1 <= grid.pue < 2
        assert grid.source
