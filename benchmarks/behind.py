"""Published figures that stand behind single constants, beside what the estimator says for them."""

from __future__ import annotations

from benchmarks.cases import HERE, Case, load
from benchmarks.crossvalidate import answer
from data import Catalog

ROWS = HERE / "behind.jsonl"
HEAD = ("what", "model, hardware, software", "published", "estimate", "range", "ratio", "source")


def rows(catalog: Catalog) -> list[tuple[str, ...]]:
    """One row a figure: what was published, what is said, and the ratio, bold where the range does not hold it."""
    return [_row(case, catalog) for case in load(ROWS)]


def _row(case: Case, catalog: Catalog) -> tuple[str, ...]:
    said, line = answer(case, catalog).said, case.line
    what = f"{line['model']}, {case.chip}, {line['framework']}, batch {line['batch']}"
    unit = {"samples_per_s": "a second", "tokens_per_s": "tokens/s"}[case.target]
    if said is None:
        return case.suite, what, f"{case.actual:.3g} {unit}", "no answer", "", "", case.source
    ratio = f"{said.mid / case.actual:.2f}"
    held = said.low <= case.actual <= said.high
    span = f"{said.low:.3g}-{said.high:.3g}"
    shown = ratio if held else f"**{ratio}**"
    return case.suite, what, f"{case.actual:.3g} {unit}", f"{said.mid:.3g}", span, shown, case.source
