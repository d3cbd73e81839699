"""Rebuild the calibration tables of serving from the priors and the published cases.

    python -m benchmarks.calibrate_serving          writes data/calibration/serving_runtimes.csv and serving_passes.csv

Shares and times are the priors', each with its source: a factor for each runtime, and for each class of chips, did not
help models and publishers that were left out. What is fitted is how far off they are: variance of the logarithm =
(weight x prior variance + sum over families of their mean square) / (weight + families).
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.calibrate_training import Row, Rows, read_table, with_tables, write
from benchmarks.cases import TRAINING, Case, load, predicted
from benchmarks.lines import read
from data import Catalog
from data import load as load_catalog
from estimator import serve, serve_pass, serve_runtime
from estimator.compute import shape
from estimator.result import Cluster
from estimator.workload import Inference

PRIOR_WEIGHT = 5.0  # families that a prior spread counts for
Squares = Mapping[tuple[str, ...], list[float]]


@dataclass(frozen=True)
class Item:
    """A case of serving with what the estimator takes."""

    case: Case
    work: Inference
    cluster: Cluster


def items(cases: Iterable[Case], catalog: Catalog) -> list[Item]:
    """The cases of speed and latency whose line is understood."""
    pairs = [(case, read(case, catalog)) for case in cases if case.suite not in TRAINING | {"memory"}]
    return [Item(case, *found) for case, found in pairs if found and isinstance(found[0], Inference)]  # type: ignore[arg-type]


def tables(cases: Iterable[Case], catalog: Catalog) -> Rows:
    """The tables that *cases* give."""
    priors = {
        "serving_runtimes": read_table("serving_runtime_priors"),
        "serving_passes": read_table("serving_pass_priors"),
    }
    squares = _squares(items(cases, catalog), with_tables(catalog, priors))
    return {
        "serving_runtimes": [_fitted(row, squares.get((row["runtime"],), [])) for row in priors["serving_runtimes"]],
        "serving_passes": [
            _fitted(row, squares.get((row["kind"], row["runtime"]), [])) for row in priors["serving_passes"]
        ],
    }


def _squares(found: list[Item], catalog: Catalog) -> Squares:
    """Mean square of log(actual / predicted) of each family, by the row of a table that it tells of."""
    families: dict[tuple[tuple[str, ...], object], list[float]] = defaultdict(list)
    for item in found:
        said = predicted(item.case, serve.estimate(item.work, item.cluster, catalog))
        key = _tells_of(item, catalog)
        if said is not None and key is not None:
            families[key, item.case.family].append(math.log(item.case.actual / said.mid) ** 2)
    by_row: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for (key, _), squares in families.items():
        by_row[key].append(statistics.mean(squares))
    return by_row


def _tells_of(item: Item, catalog: Catalog) -> tuple[str, ...] | None:
    """The row that an item tells of; None where something else is uncertain, too: no runtime named, a guessed shape."""
    work = item.work
    if work.model.family in serve.TEXT:
        run, named = serve_runtime.find(work.framework, item.cluster.chip, work.precision, catalog)
        return (run.name,) if named and not work.qps and not shape(work.model).guessed else None
    one = serve_pass.sample(work, catalog)
    return (one.kind, serve_pass.runtime(work.framework)) if one and one.sure and work.framework else None


def _fitted(prior: Row, squares: list[float]) -> Row:
    variance = (PRIOR_WEIGHT * float(prior["spread"]) ** 2 + sum(squares)) / (PRIOR_WEIGHT + len(squares))
    return {**prior, "spread": f"{math.sqrt(variance):.3f}", "rows": str(len(squares))}


if __name__ == "__main__":
    write(tables(load(), load_catalog()))
