"""Score an estimator against published measurements.

    python -m benchmarks.score [CASES.jsonl] -- mlbot estimate --batch -

The command reads JSON lines and answers JSON lines, each with its id. A case without an answer counts as missed.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import HERE, Case, load
from estimator.result import Range

HEAD = ("suite", "cases", "answered", "median", "mean fold", "within 20 %", "within 2 x", "worst", "held", "width")


@dataclass(frozen=True, slots=True)
class Score:
    """How well one suite was predicted; shares count cases without an answer as missed."""

    suite: str
    cases: int
    answered: int
    median: float  # predicted / actual
    fold: float  # geometric mean of max(predicted / actual, actual / predicted)
    within_20: float  # share of the cases with a fold of at most 1.2
    within_2x: float
    worst: float
    held: float | None  # share of the intervals that hold the actual value
    width: float | None  # median high / low

    def row(self) -> tuple[str, ...]:
        """The score as text, in the order of HEAD."""
        return (
            self.suite,
            str(self.cases),
            str(self.answered),
            f"{self.median:.2f}",
            f"{self.fold:.2f}",
            f"{self.within_20:.0%}",
            f"{self.within_2x:.0%}",
            f"{self.worst:.2f}",
            "-" if self.held is None else f"{self.held:.0%}",
            "-" if self.width is None else f"x{self.width:.2f}",
        )


def score(suite: str, pairs: Iterable[tuple[float, Range | None]]) -> Score:
    """The score of (actual, said) pairs; a range without width is a bare number."""
    listed = list(pairs)
    got = [(actual, said) for actual, said in listed if said is not None and said.mid > 0]
    ratios = [said.mid / actual for actual, said in got] or [math.nan]
    folds = [math.exp(abs(math.log(ratio))) for ratio in ratios]
    ranged = [(actual, said) for actual, said in got if said.high > said.low]
    return Score(
        suite=suite,
        cases=len(listed),
        answered=len(got),
        median=statistics.median(ratios),
        fold=math.exp(statistics.mean(map(math.log, folds))),
        within_20=sum(fold <= 1.2 for fold in folds) / len(listed),
        within_2x=sum(fold <= 2 for fold in folds) / len(listed),
        worst=max(folds),
        held=sum(said.low <= actual <= said.high for actual, said in ranged) / len(ranged) if ranged else None,
        width=statistics.median(said.high / said.low for _, said in ranged) if ranged else None,
    )


def said_by(answer: dict[str, Any], case: Case) -> Range | None:
    """What a line of the answer says for the case's target; None when it says nothing."""
    field, each, _ = case.target.partition("_per_accelerator")
    value = answer.get(field) if answer.get("ok") else None
    if field == "memory_gb" and isinstance(value, dict):
        value = value.get("per_accelerator")
    if isinstance(value, (int, float)):
        value = {"low": value, "mid": value, "high": value}
    if not value or value.get("mid") is None:
        return None
    said = Range(value["low"] or value["mid"], value["mid"], value["high"] or value["mid"])
    return said.times(1 / (case.line["hardware"].get("count") or 1)) if each else said


def ask(command: list[str], cases: list[Case]) -> dict[str, dict[str, Any]]:
    """The answers of *command* by id."""
    lines = "".join(json.dumps({"id": case.id, **case.line}) + "\n" for case in cases)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers = (json.loads(line) for line in done.stdout.splitlines() if line.strip())
    return {answer["id"]: answer for answer in answers}


def scores(cases: list[Case], said: dict[str, Range | None]) -> list[Score]:
    """One score a suite."""
    suites = sorted({case.suite for case in cases})
    return [
        score(suite, [(case.actual, said.get(case.id)) for case in cases if case.suite == suite]) for suite in suites
    ]


def main() -> None:
    """Print the scores of the command after "--"."""
    cut = sys.argv.index("--")
    cases = load(Path(sys.argv[1]) if cut > 1 else HERE / "cases.jsonl")
    answers = ask(sys.argv[cut + 1 :], cases)
    found = scores(cases, {case.id: said_by(answers.get(case.id, {}), case) for case in cases})
    for row in (HEAD, *(one.row() for one in found)):
        print(f"{row[0]:22}" + "".join(f"{cell:>12}" for cell in row[1:]))


if __name__ == "__main__":
    main()
