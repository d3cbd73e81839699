"""The blind rows are rows of their own, and every one of them gets an answer."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from data import load

ROOT = Path(__file__).parents[2]
CATALOG = load()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(str(ROOT))
    return SimpleNamespace(
        **{name: import_module(f"benchmarks.{name}") for name in ("blind", "cases", "crossvalidate")}
    )


def test_no_blind_row_is_a_row_of_the_collection_that_the_tables_are_fitted_on(bench: SimpleNamespace) -> None:
    def of(case: object) -> tuple[object, ...]:
        return case.publisher, case.model, case.chip, case.line["hardware"]["count"], case.target, case.actual  # type: ignore[attr-defined]

    fitted, blind = {of(case) for case in bench.cases.load()}, [of(case) for case in bench.cases.load(bench.blind.ROWS)]
    assert len(set(blind)) == len(blind) > 100
    assert not fitted & set(blind)


def test_every_blind_row_names_its_source_and_year_and_is_answered(bench: SimpleNamespace) -> None:
    rows = bench.cases.load(bench.blind.ROWS)
    assert all(row.source and 2018 < row.year <= 2026 for row in rows)
    assert [row.id for row in rows if bench.crossvalidate.answer(row, CATALOG).said is None] == []
