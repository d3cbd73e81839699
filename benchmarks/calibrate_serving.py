"""Rebuild the calibration tables of serving from the priors and the published cases.

    python -m benchmarks.calibrate_serving           writes data/calibration/serving_constants.csv and _spread.csv

Every constant has a prior (value and deviation of its logarithm, with where it is from). The constants that ship are
the most likely ones under priors and cases: least squares of log(predicted / actual), one vote for each measurement
family, large misses weighing less (Huber). A constant that no case reads stays at its prior.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from benchmarks.calibrate_training import Row, Rows, read_table, write
from benchmarks.cases import Case, load, predicted
from benchmarks.lines import read
from data import Catalog
from data import load as load_catalog
from estimator import serve, serve_tables
from estimator.result import Cluster
from estimator.serve_tables import Tables
from estimator.workload import Inference

SUITES = frozenset({"llm-serving", "latency", "batch-inference"})
NOISE = 0.20  # deviation of one family around a perfect model
FAR = 2.0  # noises from which a miss weighs less
MOST_HELD = 0.45  # of a case's prediction that its own model is taken to hold; neighbours would take over the rest
BUMP = 0.04  # of the logarithm, for derivatives
ROUNDS = 8
SETTLED = 0.005  # of a logarithm, from which no round follows
LARGEST_STEP = 0.5  # of a logarithm in one round
# Of a group of runtimes: its deviation before rows are seen, and the families that this counts for.
USUAL = {"text": (0.30, 4.0), "pass": (0.27, 4.0)}
UNTOLD = {
    "framework": (0.35, "naming no runtime: TensorRT-LLM and an eager framework lie a factor of three apart"),
    "lengths": (0.40, "requests of 100 to 2000 tokens"),
    "length": (0.50, "texts of 32 to 512 tokens"),
    "shape": (0.20, "layers and width from the number of weights"),
    "precision": (0.12, "what is assumed is what runs: 16 bits on a chip, 8 on a CPU"),
    "experts": (0.15, "few models with experts are measured, and their kernels still change"),
    "software": (0.25, "runtimes without rows: residuals of those that have some, without their publisher"),
    "chip": (0.20, "a class of chips without rows"),
    "flops": (0.90, "FLOPs a weight of images differ by ten"),
    "kind": (0.30, "a kind of model without rows"),
    "speech": (0.45, "pipelines around Whisper differ by a factor of three on the same card"),
}
Constants = dict[str, float]


@dataclass(frozen=True)
class Item:
    """A case with what the estimator takes, and the constants that its estimate reads."""

    case: Case
    work: Inference
    cluster: Cluster
    reads: tuple[str, ...]


class Watched(dict[str, float]):
    """Constants that remember which of them were read."""

    def __init__(self, values: Mapping[str, float]) -> None:
        super().__init__(values)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> float:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: float | None = None) -> float | None:  # type: ignore[override]
        if name in self:
            self.seen.add(name)
        return super().get(name, default)


@cache
def priors() -> dict[str, tuple[float, float]]:
    """Each constant's prior value and the deviation of its logarithm."""
    return {row["name"]: (float(row["value"]), float(row["deviation"])) for row in read_table("serving_priors")}


def start() -> Constants:
    """The constants before any case is seen."""
    return {name: value for name, (value, _) in priors().items()}


class Fit:
    """The tables with other constants, and what they say of a case."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.tables = serve_tables.tables(catalog)

    def off(self, item: Item | tuple[Case, Inference, Cluster], constants: Mapping[str, float]) -> float:
        """log(predicted / actual) under *constants*."""
        case, work, cluster = item if isinstance(item, tuple) else (item.case, item.work, item.cluster)
        known = replace(self.tables, constants=constants)
        said = predicted(case, serve.estimate_with(work, cluster, self.catalog, known))
        return math.log(said.mid / case.actual) if said and said.mid > 0 else 0.0


def items(cases: Iterable[Case], catalog: Catalog) -> list[Item]:
    """The serving cases whose line is understood."""
    return [found for case in cases if case.suite in SUITES and (found := _item(case, catalog))]


_ITEMS: dict[str, Item | None] = {}


def _item(case: Case, catalog: Catalog) -> Item | None:
    if case.id not in _ITEMS:
        found = read(case, catalog)
        _ITEMS[case.id] = None
        if found and isinstance(found[0], Inference):
            watched = Watched(start())
            Fit(catalog).off((case, found[0], found[1]), watched)
            _ITEMS[case.id] = Item(case, found[0], found[1], tuple(sorted(watched.seen)))
    return _ITEMS[case.id]


@dataclass(frozen=True)
class Fitted:
    """The most likely constants, and the residual of each case as if its family had not voted."""

    constants: Constants
    left_out: dict[str, float]


def fit(found: list[Item], catalog: Catalog) -> Fitted:
    """Gauss-Newton on the logarithms of the constants that the cases read."""
    names = sorted({name for item in found for name in item.reads})
    votes = _votes(found)
    one, constants = Fit(catalog), start()
    rows: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        offs = [one.off(item, constants) for item in found]
        rows = [_slopes(one, item, constants, off) for item, off in zip(found, offs, strict=True)]
        weights = [votes[item.case.id] * _huber(off) for item, off in zip(found, offs, strict=True)]
        step = _solve(*_normal(names, rows, offs, weights, constants))
        largest = max((abs(each) for each in step), default=0.0)
        for name, each in zip(names, step, strict=True):
            constants[name] *= math.exp(max(-LARGEST_STEP, min(LARGEST_STEP, each)))
        if largest < SETTLED:
            break
    return Fitted(constants, _without_own_vote(found, one, names, rows, votes, constants))


def _votes(found: list[Item]) -> dict[str, float]:
    """The weight of each case: a family counts once."""
    sizes: dict[tuple[str, ...], int] = defaultdict(int)
    for item in found:
        sizes[item.case.family] += 1
    return {item.case.id: 1 / sizes[item.case.family] / NOISE**2 for item in found}


def _huber(off: float) -> float:
    return min(1.0, FAR * NOISE / max(abs(off), 1e-9))


def _slopes(one: Fit, item: Item, constants: Constants, off: float) -> dict[str, float]:
    """Change of the case's logarithm with that of each constant that it reads."""
    made = {}
    for name in item.reads:
        bumped = {**constants, name: constants[name] * math.exp(BUMP)}
        made[name] = (one.off(item, bumped) - off) / BUMP
    return made


Matrix = list[list[float]]


def _normal(
    names: list[str], rows: list[dict[str, float]], offs: list[float], weights: list[float], constants: Constants
) -> tuple[Matrix, list[float]]:
    """The normal equations of cases and priors."""
    place = {name: index for index, name in enumerate(names)}
    left = [[0.0] * len(names) for _ in names]
    right = [0.0] * len(names)
    for name, (value, deviation) in ((name, priors()[name]) for name in names):
        at = place[name]
        left[at][at] += 1 / deviation**2
        right[at] -= math.log(constants[name] / value) / deviation**2
    for row, off, weight in zip(rows, offs, weights, strict=True):
        for name, slope in row.items():
            at = place[name]
            right[at] -= weight * slope * off
            for other, second in row.items():
                left[at][place[other]] += weight * slope * second
    return left, right


def _solve(left: Matrix, right: list[float]) -> list[float]:
    """Gaussian elimination; the matrix is positive definite."""
    rows = [[*row, value] for row, value in zip(left, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = rows[column]
        for row in rows[column + 1 :]:
            if factor := row[column] / pivot[column]:
                for at in range(column, size + 1):
                    row[at] -= factor * pivot[at]
    found = [0.0] * size
    for at in range(size - 1, -1, -1):
        known = sum(rows[at][other] * found[other] for other in range(at + 1, size))
        found[at] = (rows[at][size] - known) / rows[at][at]
    return found


def _without_own_vote(
    found: list[Item],
    one: Fit,
    names: list[str],
    rows: list[dict[str, float]],
    votes: Mapping[str, float],
    constants: Constants,
) -> dict[str, float]:
    """Each residual divided by what the case's family does not hold of its own prediction (1 - leverage)."""
    offs = [one.off(item, constants) for item in found]
    weights = [votes[item.case.id] * _huber(off) for item, off in zip(found, offs, strict=True)]
    left, _ = _normal(names, rows, offs, weights, constants)
    held: dict[tuple[str, ...], float] = defaultdict(float)
    for item, row, weight in zip(found, rows, weights, strict=True):
        slopes = [row.get(name, 0.0) for name in names]
        held[_whose(item)] += weight * sum(a * b for a, b in zip(slopes, _solve(left, slopes), strict=True))
    return {item.case.id: off / (1 - min(MOST_HELD, held[_whose(item)])) for item, off in zip(found, offs, strict=True)}


def _whose(item: Item) -> tuple[str, ...]:
    """What is left out together: a model, as one publisher measured it."""
    return item.case.publisher, item.case.model


# -- tables


_MADE: dict[frozenset[str], Rows] = {}


def tables(cases: Iterable[Case], catalog: Catalog) -> Rows:
    """The tables that *cases* give; made once for the same serving cases."""
    found = items(cases, catalog)
    key = frozenset(item.case.id for item in found)
    if key not in _MADE:
        _MADE[key] = _tables(found, catalog)
    return _MADE[key]


def _tables(found: list[Item], catalog: Catalog) -> Rows:
    made = fit(found, catalog)
    readers: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for item in found:
        for name in item.reads:
            readers[name].add(item.case.family)
    constants = [
        {"name": name, "value": f"{value:.4g}", "families": str(len(readers[name]))}
        for name, value in made.constants.items()
    ]
    return {"serving_constants": constants, "serving_spread": _spread(found, made, catalog)}


def _spread(found: list[Item], made: Fitted, catalog: Catalog) -> list[Row]:
    """Deviations by group of runtimes: the usual one, moved by the families; then what is not told."""
    squares: dict[str, dict[tuple[str, ...], list[float]]] = defaultdict(lambda: defaultdict(list))
    known = replace(serve_tables.tables(catalog), constants=made.constants)
    for item in found:
        group = _group(item, known)
        off = min(1.2, abs(made.left_out[item.case.id]))
        for name in (group, group.partition(".")[0]):
            squares[name][_whose(item)].append(off * off)
    rows: list[Row] = []
    for group in sorted({*USUAL, *squares}):
        usual, weight = USUAL[group.partition(".")[0]]
        if "." in group:
            usual = float(next(row["sigma"] for row in rows if row["name"] == group.partition(".")[0]))
        families = [statistics.mean(family) for family in squares[group].values()]
        sigma = math.sqrt((weight * usual**2 + sum(families)) / (weight + len(families)))
        source = "residuals of the cases, each family as if it had not voted"
        rows.append({"name": group, "sigma": f"{sigma:.3f}", "families": str(len(families)), "source": source})
    untold = [
        {"name": name, "sigma": f"{sigma:.3f}", "families": "0", "source": source}
        for name, (sigma, source) in UNTOLD.items()
    ]
    return rows + untold


def _group(item: Item, known: Tables) -> str:
    return serve.group(item.work, item.cluster, known)


if __name__ == "__main__":
    write(tables(load(), load_catalog()))
