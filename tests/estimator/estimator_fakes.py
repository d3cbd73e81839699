"""A tiny estimator whose figures can be checked by hand."""

from __future__ import annotations

from data import Catalog
from estimator.result import Cluster, Estimate, Memory, Range, Step
from estimator.workload import Inference, Workload

NEED_GB = 20.0  # per chip, for every work


def around(mid: float) -> Range:
    """Half to double."""
    return Range(mid / 2, mid, mid * 2)


def simple(work: Workload, cluster: Cluster, catalog: Catalog) -> Estimate:
    """100 h on one A10G; speed goes with 16-bit TFLOP/s; needs 20 GB a chip; serves 1 request/s for each 10 TFLOP/s."""
    if cluster.chip is None:
        return Estimate(cluster=cluster, fits=False, why_not="needs a chip")
    memory = Memory(around(NEED_GB), {"weights": NEED_GB}, cluster.chip.memory_gb, least_gb=NEED_GB / 4)
    speed = cluster.count * (cluster.chip.bf16 or cluster.chip.fp16 or 1.0)
    if isinstance(work, Inference):
        fits = memory.fits and (work.qps is None or speed / 10 * 0.7 >= work.qps)
        return Estimate(
            cluster=cluster,
            hours=around(work.samples / (speed / 10) / 3600) if work.samples else None,
            samples_per_s=around(min(work.qps or 1e9, speed / 10)),
            tokens_per_s=around(100 * min(work.qps or 1e9, speed / 10)),
            ttft_ms=around(7000 / (cluster.chip.bf16 or 70)),
            tpot_ms=around(700 / (cluster.chip.bf16 or 70)),
            memory=memory,
            fits=fits,
            why_not="" if fits else "too small",
        )
    return Estimate(
        cluster=cluster,
        flops=1e18,
        hours=around(100 * 70 / speed),
        tokens_per_s=around(speed),
        samples_per_s=around(speed / 512),
        memory=memory,
        fits=memory.fits,
        why_not="" if memory.fits else "needs 20 GB",
        advice=() if memory.fits else ("take a larger card",),
        assumptions=("assumed so",),
        explain=lambda: (Step(name="hours", formula="100 x 70 / speed", source="this file"),),
        doubt=lambda: "name the framework",
    )
