"""Rebuild the calibration tables of training and fine-tuning from the priors and the published cases.

    python -m benchmarks.calibrate_training          writes data/calibration/training_efficiency.csv and _spread.csv

A cell of the table is a prior (the median of a wider collection of published runs, or the cell's parents) and the
measurement families that fall into it, one vote each: log share = (weight x prior + sum of families) / (weight + n).
"""

from __future__ import annotations

import csv
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import TRAINING, Case, every_case, predicted
from benchmarks.lines import read
from data import Catalog
from data import load as load_catalog
from estimator import efficiency, train
from estimator.efficiency import ANY, Cell, Key, Tables
from estimator.explain import LARGE_STEP
from estimator.plan import Plan, make_plan
from estimator.result import Cluster
from estimator.run import load_of, resolve
from estimator.speed import PCIE
from estimator.workload import FineTuning, Training

HERE = Path(__file__).parent
FOLDER = HERE.parent / "data" / "calibration"
# Model FLOPs utilisation counts 6 N + 6 L h s at the size of a typical run; the table's share counts a large step on
# few chips with the attention core at its own speed. Their ratio on the cases: 1.18 to 1.26 dense, 1.5 to 1.6 MoE.
LIFT = {**LARGE_STEP, ANY: LARGE_STEP["dense"]}
USUAL_SIGMA = 0.25
PARENT_WEIGHT = 2.0  # families that a cell's parents count for when it has no prior of its own
FARTHEST = math.log(2.0)  # a family further from what is believed counts as this far: one odd run moves a cell little
STEADY = TRAINING - {"run-hours"}  # whole runs of mixtures count: step benchmarks of them have one publisher
Row = dict[str, str]
Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Item:
    """A case with what the estimator takes."""

    case: Case
    work: Training
    cluster: Cluster


def items(cases: Iterable[Case], catalog: Catalog) -> list[Item]:
    """The cases of training and fine-tuning, memory too, whose line is understood."""
    pairs = [(case, read(case, catalog)) for case in cases]
    return [Item(case, found[0], found[1]) for case, found in pairs if found and isinstance(found[0], Training)]


def with_tables(catalog: Catalog, made: Mapping[str, list[Row]]) -> Catalog:
    """The catalog with other calibration tables."""
    changed: dict[str, tuple[Mapping[str, str], ...]] = {**catalog.calibration}
    changed |= {name: tuple(rows) for name, rows in made.items()}
    return replace(catalog, calibration=changed)


def residual(item: Item, catalog: Catalog) -> float | None:
    """log(actual speed / predicted speed): positive when it was faster than predicted."""
    said = predicted(item.case, train.estimate(item.work, item.cluster, catalog))
    if said is None:
        return None
    return math.log(item.case.actual / said.mid) * (1 if item.case.is_speed else -1)


def tables(cases: Iterable[Case], catalog: Catalog) -> Rows:
    """The tables that *cases* give."""
    found = items(cases, catalog)
    priors = _priors()
    start = with_tables(catalog, {"training_efficiency": list(_rows(priors)), "training_spread": list(NO_SPREAD)})
    speeds = [item for item in found if item.case.suite in STEADY]
    cells = _fitted(speeds, priors, start)
    made: Rows = {"training_efficiency": list(_rows(cells)), "training_spread": list(NO_SPREAD)}
    made["training_spread"] = _spread(found, with_tables(catalog, made))
    return made


# --- cells -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Belief:
    """What is believed of a cell: log share, standard deviation of one measurement, weight in families, its source."""

    log: float
    sigma: float
    weight: float
    families: int
    source: str


def _priors() -> dict[Key, Belief]:
    made = {}
    for row in read_table("training_priors"):
        spread = math.log(float(row["p90"]) / float(row["p10"])) / 2.563 if row["p10"] else USUAL_SIGMA
        lifted = float(row["mfu"]) * LIFT.get(row["kind"], 1.0)
        key = Key(row["chips"], row["precision"], row["kind"], row["stack"])
        made[key] = Belief(math.log(lifted), spread, float(row["weight"]), 0, row["source"])
    return made


def _rows(beliefs: Mapping[Key, Belief]) -> Iterator[Row]:
    for key, belief in sorted(beliefs.items()):
        figures = (f"{math.exp(belief.log):.4f}", f"{belief.sigma:.3f}", str(belief.families))
        yield dict(zip(COLUMNS, (*key, *figures, belief.source), strict=True))


COLUMNS = ("chips", "precision", "kind", "stack", "share", "sigma", "families", "source")


def _fitted(speeds: list[Item], priors: dict[Key, Belief], start: Catalog) -> dict[Key, Belief]:
    """The priors, moved by the families: first each class of chips over all software, then each software."""
    known = efficiency.tables(start)
    votes = _votes(speeds, start, known)
    cells = dict(priors)
    pooled: dict[Key, list[Vote]] = defaultdict(list)
    for key, cast in votes.items():
        ratio = known.ratios.get((ANY, ANY, key.stack), (1.0, ""))[0]
        mean = statistics.mean(vote.log for vote in cast)
        if key.stack != "examples" or key.kind != "dense":  # language models of those who name no software
            pooled[key._replace(stack=ANY)].append(Vote(mean - math.log(ratio), key.stack))
    for key in sorted(pooled, key=lambda key: (key.kind != "dense", key.precision != "16-bit", key)):
        cells[key] = moved(_belief(key, cells, known), pooled[key])
    for key in sorted(votes):
        if key.stack != ANY:
            cells[key] = moved(_belief(key, cells, known), votes[key])
    return cells


class Vote(NamedTuple):
    """The log share that a family of rows implies, and who published it (or the software, over all software)."""

    log: float
    by: str


def _votes(speeds: list[Item], start: Catalog, known: Tables) -> dict[Key, list[Vote]]:
    """Log shares that the rows imply, the median of each family, by cell."""
    families: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for item in speeds:
        off, plan = residual(item, start), make_plan(item.work, item.cluster, known.factors)
        if off is not None and not isinstance(plan, str) and not _gathers(item, plan, known, start):
            families[plan.key, item.case.family].append(off + math.log(known.cell(plan.key).share))
    votes: dict[Key, list[Vote]] = defaultdict(list)
    for (key, family), logs in families.items():
        assert isinstance(key, Key)
        assert isinstance(family, tuple)
        votes[key].append(Vote(statistics.median(logs), str(family[1])))
    return votes


def _gathers(item: Item, plan: Plan, known: Tables, start: Catalog) -> bool:
    """Whether weights are gathered over PCIe: that rate varies by machine, so that the row says little of the share."""
    chip = item.cluster.chip
    if item.cluster.count == 1 or chip is None or (chip.link_gb_s or 0) >= PCIE:
        return False
    return load_of(resolve(item.work, item.cluster, plan, 0.0, known, start)).gathered > 0


def _belief(key: Key, cells: Mapping[Key, Belief], known: Tables) -> Belief:
    if key in cells:
        return cells[key]
    made = {one: Cell(math.exp(b.log), b.sigma, b.families, b.source) for one, b in cells.items()}
    parent = replace(known, cells=made).cell(key)
    return Belief(math.log(parent.share), parent.sigma, PARENT_WEIGHT, 0, parent.source)


def moved(prior: Belief, votes: list[Vote]) -> Belief:
    """The belief that the votes lead to; its deviation is that from what one would believe without their publisher."""
    n, weight = len(votes), prior.weight
    logs = {vote.by: [_near(prior, one.log) for one in votes if one.by == vote.by] for vote in votes}
    total = weight * prior.log + sum(map(sum, logs.values()))
    squares = 0.0
    for mine in logs.values():
        without = (total - sum(mine)) / (weight + n - len(mine))
        squares += sum((log - without) ** 2 for log in mine)
    sigma = math.sqrt((weight * prior.sigma**2 + squares) / (weight + n))
    said = f"{prior.source}; {n} measured {'family' if n == 1 else 'families'}"
    return Belief(total / (weight + n), sigma, weight + n, n, said)


def _near(prior: Belief, log: float) -> float:
    return min(max(log, prior.log - FARTHEST), prior.log + FARTHEST)


# --- what else is uncertain ------------------------------------------------------------------------------------------

# Name: (standard deviation of the logarithm, families that it counts for, where it is from).
DEFAULTS = {
    "floor": (
        0.09,
        0,
        "repeats of one benchmark on the same hardware differ by 2 % (median) to 11 % (90th percentile)",
    ),
    "framework": (0.24, 0, "19 % median error without the software against 12.4 % with it, whole families left out"),
    "chip": (0.25, 0, "classes of chips without a measured row"),
    "precision": (0.12, 0, "Hopper and Blackwell rows with the precision withheld"),
    "flops": (0.35, 0, "FLOPs a sample from the number of weights: 230 to 440 a weight"),
    "shape": (0.06, 0, "the same rows with layers, width and vocabulary withheld"),
    "batch": (0.08, 0, "the same rows with micro-batch and global batch withheld"),
    "whole_run": (0.18, 5, "whole runs of months"),
    "short_run": (0.08, 5, "runs of hours, to a quality target or fine-tuning"),
    "adapters": (0.08, 5, "LoRA and QLoRA rows"),
    "tokens": (0.2, 5, "rows whose real tokens are not told"),
    "memory_full": (0.14, 5, "memory rows, full training"),
    "memory_lora": (0.12, 5, "memory rows, LoRA"),
    "memory_qlora": (0.12, 5, "memory rows, QLoRA"),
    "memory_samples": (0.35, 0, "no published row"),
}
NO_SPREAD = [{"name": name, "sigma": "0", "rows": "0", "source": ""} for name in DEFAULTS]


def _spread(found: list[Item], fitted: Catalog) -> list[Row]:
    """Standard deviations of what the cells do not explain: the default, moved by the families that tell of it."""
    known = efficiency.tables(fitted)
    excess: dict[str, dict[object, list[float]]] = defaultdict(lambda: defaultdict(list))
    for item in found:
        off, name = residual(item, fitted), _tells_of(item)
        if off is not None and name:
            excess[name][item.case.family].append(off * off - _explained(item, known))
    return [_doubt(name, list(excess[name].values())) for name in DEFAULTS]


def _tells_of(item: Item) -> str | None:
    suite, work = item.case.suite, item.work
    method = (work.method or "full") if isinstance(work, FineTuning) else "full"
    if suite == "memory":
        return f"memory_{method}"
    if suite == "run-hours":
        return "whole_run"
    if suite == "finetune-hours" and not work.tokens:
        return "tokens"
    if suite in ("mlperf-hours", "finetune-hours"):
        return "short_run"
    return "adapters" if method != "full" else None


def _explained(item: Item, known: Tables) -> float:
    plan = make_plan(item.work, item.cluster, known.factors)
    if item.case.suite == "memory" or isinstance(plan, str):
        return 0.0
    return known.cell(plan.key).sigma ** 2 + (DEFAULTS["framework"][0] ** 2 if "framework" in plan.guessed else 0.0)


def _doubt(name: str, families: list[list[float]]) -> Row:
    sigma, weight, source = DEFAULTS[name]
    over = [max(0.0, statistics.mean(family)) for family in families]
    if over:
        sigma = math.sqrt((weight * sigma**2 + sum(over)) / (weight + len(over)))
    return {"name": name, "sigma": f"{sigma:.3f}", "rows": str(len(over)), "source": source}


# --- files -----------------------------------------------------------------------------------------------------------


def read_table(name: str) -> list[Row]:
    """The rows of a calibration table as it stands."""
    with (FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(made: Rows) -> None:
    """Write each table to its file."""
    for name, rows in made.items():
        with (FOLDER / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    write(tables(every_case(), load_catalog()))
