"""The parallelism that was told: read from fields and free text, and held against model, chips and batch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from data.shapes import Chip
from estimator.workload import ModelSpec, Parallel, Training, Workload

STAGES = ((2, "shard_grad_op"), (3, "fsdp|full_shard|zero"), (1, "dist-opt|distributed opt"), (0, "ddp"))
BARE = re.compile(r"zero(?!-?\s?[0-3])(?!.*fsdp)")
LONG = {"tensor": "tp", "pipeline": "pp", "context": "cp", "expert": "ep", "data": "dp"}
RANKS = re.compile(
    r"(?<![a-z])(?:(?P<short>[tpced]p)|(?P<long>tensor|pipeline|context|expert|data)[ _-]parallel(?:ism|[ _-]size)?)"
    r"\s*[=:]?\s*(?P<ranks>\d{1,6})(?!\d)"
)
RANKED = ("tp", "pp", "cp", "ep", "dp")
CORES = {"NeuronCore-v1": 4, "NeuronCore-v2": 2, "NeuronCore-v3": 4, "NeuronCore-v4": 4}  # logical, of a chip
LARGEST = 1024  # ranks up to which the nearest split that works is looked for


@dataclass(frozen=True, slots=True)
class Told:
    """Ranks by kind and the ZeRO stage, None where not told."""

    tp: int | None = None
    pp: int | None = None
    cp: int | None = None
    ep: int | None = None
    dp: int | None = None
    stage: int | None = None
    bare: bool = False  # "ZeRO" without a number: 3 where all weights are trained, 2 where most are frozen

    @property
    def model_ranks(self) -> int:
        """Chips that share one sample, as far as told."""
        return (self.tp or 1) * (self.pp or 1) * (self.cp or 1)

    @property
    def ranked(self) -> bool:
        """Whether any number of ranks was told, if only 1."""
        return any((self.tp, self.pp, self.cp, self.dp))


@dataclass(frozen=True, slots=True)
class Place:
    """What a split has to fit: the model, the chips, and the batch as far as told."""

    model: ModelSpec
    chips: int
    cores: int = 1  # of a chip: Neuron's splits count cores, and its heads are padded
    global_batch: int | None = None
    micro_batch: int | None = None
    replicas: bool = False  # of a service: what the split leaves over holds more copies


def cores_of(chip: Chip | None) -> int:
    """NeuronCores of a chip, which Neuron's splits count; 1 for other chips."""
    return CORES.get(chip.arch, 1) if chip else 1


def place(work: Workload, chips: int, cores: int) -> Place:
    """What a split of *work* has to fit on so many chips."""
    if isinstance(work, Training):
        return Place(work.model, chips, cores, work.global_batch, work.micro_batch)
    return Place(work.model, chips, cores, replicas=True)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a split cannot be: the field, one sentence, and the value of the field that would work ("" for none)."""

    field: str
    message: str
    nearest: str = ""


@lru_cache(maxsize=512)
def told(parallel: Parallel) -> Told:
    """What the fields say, else the free text."""
    text = parallel.sharding.lower()
    ranks = {found["short"] or LONG[found["long"]]: int(found["ranks"]) for found in RANKS.finditer(text)}
    return replace(in_fields(parallel, ranks), stage=_stage(text), bare=bool(BARE.search(text)))


def in_fields(parallel: Parallel, otherwise: dict[str, int] | None = None) -> Told:
    """What the fields say alone, or *otherwise* by kind where they are silent."""
    ranks: dict[str, Any] = {name: getattr(parallel, name) or (otherwise or {}).get(name) for name in RANKED}
    return Told(**ranks)


def _stage(text: str) -> int | None:
    if found := re.search(r"zero-?\s?([0-3])", text):
        return int(found[1])
    return next((stage for stage, pattern in STAGES if re.search(pattern, text)), None)


def problem(asked: Told, place: Place) -> Problem | None:
    """Why *asked* cannot be laid over *place*; None when it can."""
    found = next(_problems(asked, place), None)
    if found is None or found.nearest:
        return found
    near = _nearest(asked, place, found.field)
    return replace(found, nearest=f"{found.field}={near}" if near else "")


def usable(parallel: Parallel, where: Place) -> tuple[Told, str]:
    """The told split as far as it can be: free text that cannot is ignored, which the second value says."""
    asked = told(parallel)
    found = problem(asked, where)
    if found is None:
        return asked, ""
    kept = replace(in_fields(parallel), stage=asked.stage)
    return kept, f"the split {parallel.sharding[:60]!r} is ignored: {found.message.rstrip('.')}"


def _problems(asked: Told, place: Place) -> Iterator[Problem]:
    yield from _shape_problems(asked, place)
    yield from _count_problems(asked, place)
    yield from _batch_problems(asked, place)


def _shape_problems(asked: Told, place: Place) -> Iterator[Problem]:
    model = place.model
    tp, pp, ep, heads, layers = asked.tp or 1, asked.pp or 1, asked.ep or 1, model.heads, model.layers
    if heads and heads % tp and place.cores == 1:
        why = "is more than" if tp > heads else "does not divide"
        yield Problem("tp", f"tp={tp} {why} the {heads} attention heads of {model.name}.")
    if layers and pp > layers:
        yield Problem("pp", f"pp={pp} is more than the {layers} layers of {model.name}.")
    if model.experts and ep > model.experts:
        yield Problem("ep", f"ep={ep} is more than the {model.experts} experts of {model.name}.")


def _count_problems(asked: Told, place: Place) -> Iterator[Problem]:
    ranks, seen = 1, []
    for name in ("tp", "cp", "pp"):
        told_ranks = getattr(asked, name) or 1
        if told_ranks == 1:
            continue
        ranks *= told_ranks
        seen.append(f"{name}={told_ranks}")
        if not _divides(ranks, place):
            yield Problem(name, f"A split of {' '.join(seen)} needs {_needed(ranks, place)}.")
    if asked.dp and not place.replicas and not _fills(asked, place):
        said = " x ".join([*seen, f"dp={asked.dp}"])
        yield Problem("dp", f"{said} is {ranks * asked.dp} chips, and there are {place.chips}.")


def _needed(ranks: int, place: Place) -> str:
    if ranks > place.chips * place.cores:
        return f"{ranks} chips, and there are {place.chips}"
    return f"a multiple of {ranks} chips, and there are {place.chips}"


def _divides(ranks: int, place: Place) -> bool:
    """Whether the chips, or the NeuronCores, can be dealt into groups of so many."""
    chips = {place.chips, place.chips * place.cores}
    return any(ranks <= one if place.replicas else one % ranks == 0 for one in chips)


def _fills(asked: Told, place: Place) -> bool:
    """Whether the ranks are all the chips; pipeline, tensor and context ranks that were not told take what is left."""
    dp, open_ranks = asked.dp or 1, not (asked.tp and asked.pp)
    chips = {place.chips, place.chips * place.cores}
    ranks = asked.model_ranks * dp
    return any(one % ranks == 0 if open_ranks else one == ranks for one in chips)


def _batch_problems(asked: Told, place: Place) -> Iterator[Problem]:
    """A told split fixes the data-parallel ranks, and each takes a micro-batch at a time."""
    if not asked.ranked or not place.global_batch or place.replicas:
        return
    open_ranks = asked.tp is None or asked.pp is None  # may be chosen so that fewer ranks share the batch
    dp = asked.dp or (1 if open_ranks or place.cores > 1 else place.chips // asked.model_ranks)
    micro = place.micro_batch or 1
    if dp * micro > place.global_batch:
        each = f" with a micro-batch of {micro} each" if micro > 1 else ""
        yield Problem(
            "global_batch",
            f"A global batch of {place.global_batch} does not reach {dp} data-parallel ranks{each}.",
            f"global_batch={dp * micro}",
        )


def _nearest(asked: Told, place: Place, name: str) -> int | None:
    """The value of a field nearest to what was told with which the split can be."""
    value: int = getattr(asked, name)
    if name == "dp":
        left = place.chips // asked.model_ranks
        near = [one for one in range(1, min(left, LARGEST) + 1) if left % one == 0]
        tried = sorted([*near, left], key=lambda one: abs(one - value))
    else:
        tried = sorted(range(1, min(2 * value, LARGEST) + 1), key=lambda one: abs(one - value))
    return next((one for one in tried if _works(replace(asked, **_with(name, one)), place)), None)


def _with(name: str, ranks: int) -> dict[str, Any]:
    return {name: ranks}


def _works(asked: Told, place: Place) -> bool:
    return not any((next(_shape_problems(asked, place), None), next(_count_problems(asked, place), None)))
