"""The answer to a workload: the best, cheapest and fastest choice, the table behind them, and what was assumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from estimator.option import Option
from estimator.result import Step
from estimator.workload import Pipeline, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the terminal and Slack show. *options* are ranked, best first; those that miss a wish come last."""

    work: Workload | Pipeline
    asked: str  # what was understood: "fine-tune llama-3-8b with LoRA on 25.6M tokens"
    words: str  # the same as key=value words, which parse to the same workload
    headline: str  # the point in one sentence
    per: str  # what the options' usd is for: "the job", "a month", "24 h"; "" when nothing is priced
    options: tuple[Option, ...]
    best: Option | None
    cheapest: Option | None
    fastest: Option | None
    assumptions: tuple[str, ...]
    left_out: tuple[str, ...]  # why well-known types are not in the table, one line a reason
    notes: tuple[str, ...]  # a cheaper region, old chips, retired services
    prices: str  # one line with the prices' date, and a warning when they are old
    prices_as_of: date
    prices_old: bool  # older than 90 days
    biggest_unknown: str
    steps: tuple[Step, ...]  # How was this computed?
    parts: tuple[Answer, ...] = ()  # of a pipeline: the training, then the serving
