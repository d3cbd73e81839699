"""Score the estimator on published measurements that had no part in its making, and write docs/blind.md.

python -m benchmarks.blind
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

from benchmarks import blind_notes as words
from benchmarks.accuracy import suite_scores, table
from benchmarks.cases import HERE, WRONG, Case, every_case, load
from benchmarks.crossvalidate import Prediction, answer, left_out
from benchmarks.notes import AIMS
from benchmarks.score import HEAD, score
from data import Catalog
from data import load as load_catalog

ROWS = HERE / "blind.jsonl"
REPORT = HERE.parent / "docs" / "blind.md"
FEWEST = 4  # groups of fewer rows are not shown
SHOWN_FOLD = 1.5


def against_aims(made: list[Prediction]) -> str:
    """The scores of today, each aim missed in bold."""
    rows = []
    for one in suite_scores(made):
        aim = AIMS[one.suite]
        cells = list(one.row())
        missed = {
            4: one.fold > aim.fold,
            5: one.within_20 < aim.within_20,
            7: one.worst > aim.worst,
            8: one.held is not None and one.held < aim.held_low,
            9: one.width is not None and one.width > aim.width,
        }
        rows.append(tuple(f"**{cell}**" if missed.get(at) else cell for at, cell in enumerate(cells)))
    return table(HEAD, rows)


def by_group(made: list[Prediction], name: str, group: Callable[[Case], str]) -> str:
    """How far groups of rows lean, and how much of them the ranges hold."""
    sizes = Counter(group(one.case) for one in made)
    rows = []
    for key, size in sizes.most_common():
        if size >= FEWEST:
            mine = [one for one in made if group(one.case) == key]
            rows.append((key, *score(key, [(one.case.actual, one.said) for one in mine]).row()[1:]))
    return table((name, *HEAD[1:]), rows)


def far_off(made: list[Prediction]) -> str:
    """The rows that are furthest off, each with its reason."""
    folds = [(_fold(one), one) for one in made]
    shown = sorted(((fold, one) for fold, one in folds if fold > SHOWN_FOLD), key=lambda pair: -pair[0])
    head = ("row", "suite", "model, hardware, software", "actual", "predicted / actual", "why")
    return table(head, [_far(one) for _, one in shown])


def _fold(one: Prediction) -> float:
    return math.exp(abs(math.log(one.said.mid / one.case.actual))) if one.said and one.said.mid > 0 else math.inf


def _far(one: Prediction) -> tuple[str, ...]:
    case, line = one.case, one.case.line
    what = f"{line['model']['name']}, {line['hardware']['count']} x {case.chip}, {line.get('framework') or '-'}"
    ratio = f"{one.said.mid / case.actual:.2f}" if one.said else "no answer"
    row = case.id.partition("-")[0]
    return row, case.suite, what, f"{case.actual:g}", ratio, words.WHY.get(row, "not explained")


def wrong(rows: list[Case]) -> str:
    """The rows that cannot be as they are told, with the reason; they count in the first score alone."""
    out = [row for row in rows if row.id.partition("-")[0] in WRONG]
    cells = [(*_far(Prediction(row, None, None))[:4], WRONG[row.id.partition("-")[0]]) for row in out]
    return table(("row", "suite", "model, hardware, software", "actual", "why"), cells)


def report(rows: list[Case], catalog: Catalog) -> str:
    """The page."""
    seen = every_case()
    right = [row for row in rows if row.id.partition("-")[0] not in WRONG]
    made = left_out(right, catalog, lambda row: row.publisher, seen)
    parts = [words.INTRODUCTION.format(rows=len(rows), sources=len({row.publisher for row in rows})), words.FIRST]
    parts += [words.WITHOUT, against_aims(made)]
    parts += [words.NOW, against_aims([answer(row, catalog) for row in right]), "## What was mended\n"]
    parts += [table(("what the rows showed", "what was mended"), list(words.MENDED))]
    parts += [words.BY_PUBLISHER, by_group(made, "publisher", lambda row: row.publisher)]
    parts += ["## By chip\n", by_group(made, "chip", lambda row: row.chip)]
    parts += [f"## Rows off by more than {SHOWN_FOLD:g} x\n", words.FAR, far_off(made)]
    parts += ["## Rows that are wrong\n", words.WRONG, wrong(rows)]
    return "\n".join(parts)


def main() -> None:
    """Write the page and print the scores."""
    text = report(load(ROWS), load_catalog())
    REPORT.write_text(text, encoding="utf-8")
    print(text.partition("## What was mended")[0])


if __name__ == "__main__":
    main()
