"""Published measurements as lines for the estimator, and what an answer says for each of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estimator.result import Estimate, Range

HERE = Path(__file__).parent
# Rows of blind.jsonl that cannot be as their source says them, with the reason.
WRONG = {
    "B062": "the same recipe on as many A800 took others one to two hours (PKU-Alignment/safe-rlhf, discussion 36)",
    "B068": "141 TFLOP/s without recomputation, 91 % of what an RTX A6000 has: another card of that name must be meant",
    "B070": "124 TFLOP/s and a third more for recomputation are more than an RTX A6000 has, as above",
    "B042": "225 TFLOP/s over a whole run is 72 % of an A100's peak: the card's days or chips are incomplete",
}
TRAINING = frozenset(
    {"train-throughput", "run-hours", "moe-run-hours", "mlperf-hours", "finetune-hours", "finetune-throughput"}
)


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: the line that asks for it, the field of the answer that should say it, the value, the source."""

    id: str
    suite: str
    line: dict[str, Any]
    target: str
    actual: float
    source: str
    year: int

    @property
    def model(self) -> str:
        """The model's name without what makes no difference: punctuation, notes in brackets, the minor version."""
        told = self.line["model"]
        name = (told if isinstance(told, str) else told["name"]).lower()
        name = re.sub(r"\(.*?\)|pre-training|fine-tuning|huggingface", "", name)
        return re.sub(r"[-_ .]", "", name).replace("llama31", "llama3")

    @property
    def publisher(self) -> str:
        """Who published it: the repository or paper, without its commit, table and round."""
        return re.sub(r"_results_v.*", "", re.split(r"@|,| \(", self.source)[0])

    @property
    def chip(self) -> str:
        """The accelerator as the line names it."""
        return str(self.line["hardware"].get("accelerator") or self.line["hardware"].get("instance_type"))

    @property
    def family(self) -> tuple[str, str, str, str]:
        """Rows that measure nearly the same: one family counts once in the calibration."""
        return self.suite, self.publisher, self.model, self.chip

    @property
    def is_speed(self) -> bool:
        """Whether more is better."""
        return "_per_s" in self.target


def load(path: Path = HERE / "cases.jsonl") -> list[Case]:
    """Every case of a file."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return [
        Case(row["id"], row["suite"], row["input"], row["target"], row["actual"], row["source"], row["year"])
        for row in rows
    ]


def every_case() -> list[Case]:
    """Every measurement that the tables may see: the collection, and the rows of other sources that are not wrong."""
    return load() + [case for case in load(HERE / "blind.jsonl") if case.id.partition("-")[0] not in WRONG]


def predicted(case: Case, estimate: Estimate) -> Range | None:
    """What the estimate says for the case's target; None when it does not."""
    count = case.line["hardware"].get("count") or 1
    if case.target == "memory_gb":
        return estimate.memory.per_accelerator if estimate.memory else None
    if case.target == "accelerator_hours":
        return estimate.hours and estimate.hours.times(count)
    field, each, _ = case.target.partition("_per_accelerator")
    found: Range | None = getattr(estimate, field)
    return found and found.times(1 / count if each else 1.0)
