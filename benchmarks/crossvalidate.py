"""Predict each case from tables that have not seen its model, or its publisher."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks import calibrate_serving, calibrate_training
from benchmarks.calibrate_training import Rows, with_tables
from benchmarks.cases import Case, predicted
from benchmarks.lines import read
from data import Catalog
from estimator import estimate
from estimator.result import Estimate, Range

Calibrator = Callable[[Iterable[Case], Catalog], Rows]
CALIBRATORS: tuple[Calibrator, ...] = (calibrate_training.tables, calibrate_serving.tables)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A case with what was said for it."""

    case: Case
    said: Range | None
    estimate: Estimate | None  # None: the line was refused


def answer(case: Case, catalog: Catalog) -> Prediction:
    """What the estimator says for a case."""
    found = read(case, catalog)
    if found is None:
        return Prediction(case, None, None)
    made = estimate(*found, catalog)
    return Prediction(case, predicted(case, made), made)


def refitted(cases: Iterable[Case], catalog: Catalog) -> Catalog:
    """The catalog with the tables that *cases* give."""
    known = list(cases)
    made: Rows = {}
    for calibrate in CALIBRATORS:
        made |= calibrate(known, catalog)
    return with_tables(catalog, made)


def left_out(
    cases: list[Case], catalog: Catalog, group: Callable[[Case], str], seen: list[Case] | None = None
) -> list[Prediction]:
    """Each case answered from the tables of all the cases of other groups, or of those of *seen*."""
    made = []
    for name in sorted({group(case) for case in cases}):
        other = refitted((case for case in seen or cases if group(case) != name), catalog)
        made += [answer(case, other) for case in cases if group(case) == name]
    return made
