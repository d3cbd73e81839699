"""The tables of serving are what priors and published cases give, and the estimates that ship keep their accuracy."""

from __future__ import annotations

import csv
import io
import math
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from data import load

ROOT = Path(__file__).parents[2]
CATALOG = load()
SUITES = ("llm-serving", "latency", "batch-inference")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(str(ROOT))
    names = ("calibrate_serving", "cases", "crossvalidate", "score")
    return SimpleNamespace(**{name: import_module(f"benchmarks.{name}") for name in names})


def test_serving_tables_are_rebuilt_to_the_last_digit(bench: SimpleNamespace) -> None:
    for name, rows in bench.calibrate_serving.tables(bench.cases.load(), CATALOG).items():
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        assert text.getvalue() == (ROOT / "data" / "calibration" / f"{name}.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("suite", "fold"), [("llm-serving", 1.30), ("latency", 1.32), ("batch-inference", 1.25)])
def test_serving_that_ships_keeps_its_accuracy(bench: SimpleNamespace, suite: str, fold: float) -> None:
    cases = [case for case in bench.cases.load() if case.suite == suite]
    found = bench.score.score(suite, [(case.actual, bench.crossvalidate.answer(case, CATALOG).said) for case in cases])
    assert found.fold <= fold
    assert found.within_20 >= 0.4
    assert found.worst <= 4
    assert 0.75 <= found.held <= 0.90
    assert found.width <= 4


def test_without_cases_the_prior_spreads_stand(bench: SimpleNamespace) -> None:
    made = bench.calibrate_serving.tables([], CATALOG)
    for row in made["serving_runtimes"] + made["serving_passes"]:
        assert row["rows"] == "0"
    priors = bench.calibrate_serving.read_table("serving_runtime_priors")
    for made_row, prior in zip(made["serving_runtimes"], priors, strict=True):
        assert math.isclose(float(made_row["spread"]), float(prior["spread"]))
        assert made_row["memory_use"] == prior["memory_use"]
