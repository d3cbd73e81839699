"""A case's line as the workload and the cluster that the command line makes of it."""

from __future__ import annotations

import json

from benchmarks.cases import Case
from data import Catalog
from estimator.line import read as checked
from estimator.line_work import work_of
from estimator.parse_keys import Unclear
from estimator.rank import cluster_named
from estimator.result import Cluster
from estimator.workload import Pipeline, Workload


def read(case: Case, catalog: Catalog) -> tuple[Workload, Cluster] | None:
    """What the estimator takes; None when the line is refused."""
    try:
        work = work_of(checked(json.dumps(case.line))[1], catalog)
    except Unclear:
        return None
    if isinstance(work, Pipeline) or work.hardware is None:
        return None
    return work, cluster_named(work.hardware, catalog)[0]
