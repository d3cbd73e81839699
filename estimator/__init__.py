"""Pure numbers: words become a workload, a workload becomes time, memory and money; no files, no network, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data import Catalog
    from estimator.result import Cluster, Estimate
    from estimator.workload import Workload

__all__ = ["estimate"]


def estimate(work: Workload, cluster: Cluster, catalog: Catalog) -> Estimate:
    """One workload on one cluster; what cannot run is an estimate that says why not."""
    from estimator.neuron import refusal
    from estimator.result import Estimate
    from estimator.workload import Inference

    if refused := refusal(work, cluster.chip, catalog):
        return Estimate(cluster=cluster, fits=False, why_not=refused.why, advice=(refused.instead,))
    if isinstance(work, Inference):
        from estimator.serve import estimate as serving

        return serving(work, cluster, catalog)
    from estimator.train import estimate as training

    return training(work, cluster, catalog)
