"""What a rule of thumb says: 6 FLOPs a weight and token at 40 % of the 16-bit peak."""

from __future__ import annotations

from benchmarks.cases import TRAINING, Case
from benchmarks.lines import read
from data import Catalog
from estimator.compute import sample_gflops, sixteen_bit_peak
from estimator.plan import TEXT
from estimator.result import Range
from estimator.workload import Training

UTILISATION = 0.4


def rule_of_thumb(case: Case, catalog: Catalog) -> Range | None:
    """The rule's answer for a case of training or fine-tuning; None where it has none."""
    found = read(case, catalog) if case.suite in TRAINING else None
    if found is None:
        return None
    work, cluster = found
    if not isinstance(work, Training) or cluster.chip is None:
        return None
    peak = sixteen_bit_peak(cluster.chip)
    text = work.model.family in TEXT
    flops = 6 * (work.model.active_params or work.model.params) if text else 3e9 * (sample_gflops(work.model) or 0)
    if not peak or not flops:
        return None
    chip_rate = UTILISATION * peak * 1e12 / flops
    if case.is_speed:
        return Range(chip_rate, chip_rate, chip_rate)
    units = work.tokens or (work.samples or 0) * (work.epochs or 1) * (work.seq_len or 1)
    hours = units / chip_rate / 3600 / (cluster.count if case.target == "hours" else 1)
    return Range(hours, hours, hours)
