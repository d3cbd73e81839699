"""Score the estimator against published runs and write docs/accuracy.md.

    python -m benchmarks.accuracy

Each case is answered three times: from the tables as they ship, from tables that have not seen its model, and from
tables that have not seen its publisher. The last two are what a new model or a new source will meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from benchmarks import behind, notes
from benchmarks.cases import TRAINING, Case, every_case, load
from benchmarks.crossvalidate import Prediction, answer, left_out
from benchmarks.naive import rule_of_thumb
from benchmarks.score import HEAD, Score, score
from data import Catalog
from data import load as load_catalog
from estimator.result import Range

REPORT = Path(__file__).parent.parent / "docs" / "accuracy.md"
GROUPS: dict[str, Callable[[Case], str]] = {"model": attrgetter("model"), "publisher": attrgetter("publisher")}
SHOWN_FOLD = 1.6  # rows further off than this are listed


def suite_scores(made: list[Prediction]) -> list[Score]:
    """One score a suite."""
    suites = sorted({one.case.suite for one in made})
    return [score(suite, [(p.case.actual, p.said) for p in made if p.case.suite == suite]) for suite in suites]


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def against_aims(ours: dict[str, list[Score]]) -> str:
    """Each aim beside the worse of the two cross-validations."""
    rows = []
    for suite, aim in notes.AIMS.items():
        found = [one for scores in list(ours.values())[1:] for one in scores if one.suite == suite]
        if found:
            rows.append((suite, *_compared(aim, found)))
    return table(("suite", "mean fold", "within 20 %", "worst", "80 % interval holds", "median width"), rows)


def _compared(aim: notes.Aim, found: list[Score]) -> tuple[str, ...]:
    fold, near = max(one.fold for one in found), min(one.within_20 for one in found)
    worst, width = max(one.worst for one in found), max(one.width or 0 for one in found)
    held = [one.held or 0 for one in found]
    inside = all(aim.held_low <= share <= aim.held_high for share in held)
    return (
        _judged(f"{fold:.2f}", f"{aim.fold:g}", fold <= aim.fold),
        _judged(f"{near:.0%}", f"{aim.within_20:.0%}", near >= aim.within_20),
        _judged(f"{worst:.1f}", f"{aim.worst:g}", worst <= aim.worst),
        _judged(" / ".join(f"{share:.0%}" for share in held), f"{aim.held_low:.0%}-{aim.held_high:.0%}", inside),
        _judged(f"x{width:.2f}", f"x{aim.width:g}", width <= aim.width),
    )


def _judged(found: str, aim: str, met: bool) -> str:
    return f"{found} (aim {aim})" if met else f"**{found}** (aim {aim})"


def withheld(cases: list[Case], catalog: Catalog) -> str:
    """How well it goes when less is told: the same cases with a field withheld."""
    rows = []
    for name, fields in notes.WITHHELD.items():
        told = [case for case in cases if case.suite in TRAINING and any(case.line.get(field) for field in fields)]
        fewer = [replace(case, line={k: v for k, v in case.line.items() if k not in fields}) for case in told]
        full, less = (_whole([answer(case, catalog) for case in some]) for some in (told, fewer))
        rows.append((name, str(less.cases), *full.row()[4:6], full.row()[9], *less.row()[4:6], *less.row()[8:]))
    head = ("withheld", "cases", "fold told", "20 % told", "width told", "fold", "within 20 %", "held", "width")
    return table(head, rows)


def _whole(made: list[Prediction]) -> Score:
    return score("all", [(one.case.actual, one.said) for one in made])


def far_off(made: dict[str, list[Prediction]]) -> str:
    """The rows that are furthest off without their model or publisher, each explained."""
    worst: dict[str, tuple[float, Prediction]] = {}
    for one in (one for listed in list(made.values())[1:] for one in listed):
        fold = _fold(one.case, one.said)
        if fold > max(SHOWN_FOLD, worst.get(one.case.id, (0.0, one))[0]):
            worst[one.case.id] = fold, one
    rows = [_far(one) for _, one in sorted(worst.values(), key=lambda found: -found[0])]
    return table(("case", "suite", "model, hardware, software", "actual", "predicted / actual", "why"), rows)


def refused(made: list[Prediction]) -> str:
    """Runs that took place and that the memory formulas refuse, each explained."""
    rows = [
        (one.case.id.split("-")[0], one.case.suite, one.estimate.why_not, notes.why(one.case))
        for one in made
        if one.estimate and not one.estimate.fits
    ]
    return table(("case", "suite", "answer", "why"), rows)


def _fold(case: Case, said: Range | None) -> float:
    return math.exp(abs(math.log(said.mid / case.actual))) if said and said.mid > 0 else math.inf


def _far(one: Prediction) -> tuple[str, ...]:
    case = one.case
    told = case.line["model"]
    name = told if isinstance(told, str) else told["name"]
    software = str(case.line.get("framework") or "-")[:40]
    what = f"{name}, {case.line['hardware'].get('count', 1)} x {case.chip}, {software}"
    ratio = f"{one.said.mid / case.actual:.2f}" if one.said else "no answer"
    return case.id.split("-")[0], case.suite, what, f"{case.actual:g}", ratio, notes.why(case)


def side_by_side(cases: list[Case], catalog: Catalog, ours: dict[str, list[Score]]) -> str:
    """The rule of thumb beside ours, and what other tools reach on comparable sets."""
    thumb = [Prediction(case, rule_of_thumb(case, catalog), None) for case in cases if case.suite in TRAINING]
    by_suite = {one.suite: one for one in list(ours.values())[1]}
    rows = [
        (rule.suite, f"{rule.fold:.2f}", f"{rule.worst:.1f}", f"{rule.within_20:.0%}", *_short(by_suite[rule.suite]))
        for rule in suite_scores(thumb)
    ]
    head = ("suite", "6ND at 40 %: fold", "worst", "within 20 %", "ours: fold", "worst", "within 20 %")
    return table(head, rows) + "\n" + notes.OTHER_TOOLS


def _short(one: Score) -> tuple[str, ...]:
    return f"{one.fold:.2f}", f"{one.worst:.1f}", f"{one.within_20:.0%}"


def report(cases: list[Case], catalog: Catalog, seen: list[Case]) -> str:
    """The page; *seen* are all the rows that the tables are fitted on."""
    made = {"as it ships": [answer(case, catalog) for case in cases]}
    made |= {f"without the case's {name}": left_out(cases, catalog, group, seen) for name, group in GROUPS.items()}
    ours = {name: suite_scores(listed) for name, listed in made.items()}
    parts = [notes.INTRODUCTION.format(cases=len(cases), publishers=len({case.publisher for case in cases}))]
    parts += ["## Against the aims\n", notes.AIMED, against_aims(ours)]
    for name, scores in ours.items():
        parts += [f"## Scores {name}\n", table(HEAD, [one.row() for one in scores])]
    parts += ["## Beside other estimates\n", side_by_side(cases, catalog, ours)]
    parts += ["## When less is told\n", notes.LESS, withheld(cases, catalog)]
    parts += [f"## Rows off by more than {SHOWN_FOLD:g} x\n", notes.FAR, far_off(made)]
    parts += ['## Runs that are answered "does not fit"\n', notes.TOO_BIG, refused(made["as it ships"])]
    parts += ["## Speech, images, CPUs\n", notes.BEHIND, table(behind.HEAD, behind.rows(catalog))]
    parts += [
        notes.METHOD,
        notes.SPEED,
        "## What was tried and did not help\n",
        table(("tried", "outcome"), list(notes.TRIED)),
    ]
    return "\n".join(parts)


def main() -> None:
    """Write the page and print its first table."""
    text = report(load(), load_catalog(), every_case())
    REPORT.write_text(text, encoding="utf-8")
    print(text.split("## Scores", 1)[0])


if __name__ == "__main__":
    main()
