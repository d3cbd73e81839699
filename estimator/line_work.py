"""A checked line as a workload; what is not understood and does no harm is noted, not refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel

from data import Catalog
from estimator.asked import Asked, workload
from estimator.asked_model import SHAPE
from estimator.line import HardwareLine, Line, ModelLine, ParallelLine
from estimator.parse_datasets import dataset_named, settle_datasets
from estimator.parse_keys import BY_NAME, Unclear, Value, choice, key_of, nearest, unknown_choice, value
from estimator.parse_machines import chip_named, instance_name, take_machines
from estimator.parse_names import model_name, region, unknown_model
from estimator.parse_text import Found, Text
from estimator.workload import Pipeline, Workload

_AWS_REGION = re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-(?:north|south|east|west|central){1,2}-\d")
_NOT_VALUES = {"id", "kind", "model", "parallel", "hardware", "region", "market", "dataset"}
_ALIKE = 0.2  # a told size within this of the catalog's is the same model


def work_of(line: Line, catalog: Catalog) -> Workload | Pipeline:
    """The workload of a line; Unclear names what cannot be."""
    notes: list[str] = []
    values: dict[str, Value] = {}
    for name in (*type(line).model_fields,):
        said = getattr(line, name)
        if name not in _NOT_VALUES and said is not None and said != "":
            _take(name, said, values, notes)
    _take_model(line.model, values, notes, catalog)
    _take_parallel(line.parallel, values, notes)
    _take_hardware(line.hardware, values, notes, catalog)
    if line.dataset:
        settle_datasets([dataset_named(line.dataset[:120], catalog)], Found(values=values, notes=notes))
    notes += _strangers(line)
    asked = Asked(
        values=values,
        kind=_kind(line.kind),
        markets=tuple(_market(line.market)),
        region=_region(line.region, catalog, notes),
        lenient=True,
        described=_name(line.model),
        notes=notes,
    )
    return workload(asked, catalog)


def _strangers(said: BaseModel, path: str = "") -> Iterator[str]:
    """Each field that a line has and nobody knows, with the one that may be meant."""
    fields = [name for name in type(said).model_fields if name != "id"]
    for name in said.model_extra or {}:
        key = key_of(name[:60])
        near = key.name if key and key.name in fields else nearest(name.lower(), fields, 0.75)
        meant = f"; did you mean {path}{near}?" if near else ""
        yield f"unknown field {f'{path}{name[:60]}'!r} ignored{meant}"


def _kind(said: str) -> str:
    return str(value(BY_NAME["kind"], said))


def _take(name: str, said: Value, values: dict[str, Value], notes: list[str]) -> None:
    """A value of the line; a word that is none of the choices is refused where it would change the answer much."""
    key = BY_NAME[name]
    if key.choices is None:
        values[name] = said
        return
    chosen = choice(key, str(said))
    if chosen is None and not key.otherwise:
        raise unknown_choice(key, str(said))
    if chosen:
        values[name] = chosen
    elif chosen is None:
        near = unknown_choice(key, str(said)).nearest
        nearest = f"; the nearest is {near}" if near else ""
        notes.append(f"{name} {str(said)[:60]!r} is not known, {key.otherwise}{nearest}")
    else:
        notes.append(f"{name} {str(said)[:60]!r}: the usual one is taken")


def _market(said: str | None) -> Iterator[str]:
    if said and (chosen := str(value(BY_NAME["market"], said))):
        yield chosen


def _region(said: str | None, catalog: Catalog, notes: list[str]) -> str:
    if not said:
        return "us-east-1"
    try:
        return region(said, catalog.regions)
    except Unclear:
        name = said.strip().lower()
        if not _AWS_REGION.fullmatch(name):
            raise
        notes.append(f"no prices are known in {name}")
        return name


# -- the model


def _name(said: str | ModelLine) -> str:
    return (said.name or "") if isinstance(said, ModelLine) else ""


def _take_model(said: str | ModelLine, values: dict[str, Value], notes: list[str], catalog: Catalog) -> None:
    if isinstance(said, str):
        values["model"] = _known(said, catalog) or _refuse(said, catalog)
        return
    told = {name: getattr(said, name) for name in SHAPE if getattr(said, name, None) is not None}
    for name, one in told.items():
        _take(name, one, values, notes)
    known = _known(said.name or "", catalog)
    if known and _same(said, known, catalog):
        values["model"] = known
    elif "params" not in values and not {"layers", "hidden"} <= set(values):
        _refuse(said.name or "", catalog)
    elif known:
        notes.append(f"{said.name} is not the {known} of the catalog: the shape of the line is taken")
    notes += _strangers(said, "model.")


def _known(name: str, catalog: Catalog) -> str | None:
    if not name.strip():
        return None
    found = model_name(name[:120], catalog)
    if found is None and (inside := catalog.model_within(name[:120])):
        found = inside.name
    return found


def _refuse(name: str, catalog: Catalog) -> str:
    if not name:
        raise Unclear("The model has neither a known name nor params.", field="model")
    raise unknown_model(name[:120], catalog)


def _same(said: ModelLine, known: str, catalog: Catalog) -> bool:
    """Whether the described model is the one of the catalog: nothing told contradicts it."""
    model = catalog.models[known]
    if said.params is not None and abs(said.params - model.params) > _ALIKE * model.params:
        return False
    pairs = ((said.layers, model.layers), (said.hidden, model.hidden))
    return all(told is None or listed is None or told == listed for told, listed in pairs)


# -- splits and machines


def _take_parallel(said: str | ParallelLine | None, values: dict[str, Value], notes: list[str]) -> None:
    if isinstance(said, str) and said:
        values["sharding"] = said
    if isinstance(said, ParallelLine):
        told = {name: getattr(said, name) for name in type(said).model_fields}
        values.update({name: one for name, one in told.items() if one is not None and one != ""})
        notes += _strangers(said, "parallel.")


def _take_hardware(
    said: str | HardwareLine | None, values: dict[str, Value], notes: list[str], catalog: Catalog
) -> None:
    if isinstance(said, str) and said:
        _machines_in_words(said, values, catalog)
    if isinstance(said, HardwareLine):
        if said.instance_type:
            values["instance_type"] = instance_name(said.instance_type, catalog, field="hardware.instance_type")
        elif said.accelerator:
            values["accelerator"] = chip_named(said.accelerator, catalog, field="hardware.accelerator")
        named = bool(said.instance_type or said.accelerator)
        if said.count is not None:
            values["count" if named else "chips"] = said.count
        if said.per_node is not None and said.accelerator and not said.instance_type:
            values["per_node"] = said.per_node
        elif said.per_node is not None:
            notes.append("hardware.per_node ignored: the instance type says how many it has")
        notes += _strangers(said, "hardware.")


def _machines_in_words(said: str, values: dict[str, Value], catalog: Catalog) -> None:
    """Hardware as a string: "64 x p4d.24xlarge"."""
    found = Found()
    take_machines(Text(said[:200]), found, catalog)
    if not found.machines:
        raise Unclear(f"I do not know the hardware {said[:60]!r}.", field="hardware", example='"1 x g5.xlarge"')
    first = found.machines[0]
    values[first.kind] = first.name
    if first.count:
        values["count"] = first.count
