"""From values by key to a workload: models with their shape, machines, wishes, and whether it makes sense."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from data import Catalog
from estimator.asked_images import take_images
from estimator.asked_limits import sensible
from estimator.asked_model import SHAPE, Values, model_spec, some
from estimator.parse_keys import BY_NAME, Unclear, Value
from estimator.parse_machines import usual_type
from estimator.units import count
from estimator.workload import (
    FineTuning,
    Hardware,
    Inference,
    Parallel,
    Pipeline,
    Training,
    Wish,
    Work,
    Workload,
)

SPLIT = ("tp", "pp", "cp", "ep", "dp", "sharding")
WORK = {one.name for one in fields(Work)}
TRAINED, SERVED = (tuple(one.name for one in fields(kind) if one.name not in WORK) for kind in (Training, Inference))
TUNED = ("method", "lora_rank")
WISHED = ("deadline_hours", "budget_usd", "vendor", "max_nodes", "chips", "prefer", "max_usd_per_hour")
MACHINES = ("instance_type", "accelerator", "count", "nodes", "chips", "per_node")
COMMON = {
    *("kind", "model", "region", "market", "precision", "framework", "resolution"),
    *(*SHAPE, *SPLIT, *WISHED, *MACHINES),
}
NO_LOAD = "How much will it serve? Say queries=1M or qps=5."


@dataclass
class Asked:
    """What was said, ready to be made into a workload; *lenient* ignores what does not belong and notes it."""

    values: dict[str, Value]
    kind: str
    families: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    region: str = "us-east-1"
    lenient: bool = False
    described: str = ""  # the name that a model's description carries
    notes: list[str] = field(default_factory=list)


def workload(asked: Asked, catalog: Catalog) -> Workload | Pipeline:
    """The workload that is asked for; Unclear when something is missing or cannot be."""
    if asked.kind == "pipeline":
        return _pipeline(asked, catalog)
    made = _one(asked, catalog)
    sensible(made, catalog)
    return made


def _one(asked: Asked, catalog: Catalog) -> Workload:
    values = dict(asked.values)
    _turn(values, asked)
    names = [*SERVED] if asked.kind == "infer" else [*TRAINED, *(TUNED if asked.kind == "finetune" else ())]
    _refuse_strangers(values, {*names, *COMMON}, asked)
    model = model_spec(values, catalog, asked.described)
    take_images(values, model, asked.kind, asked.notes, lenient=asked.lenient)
    hardware, wish = _machines(values, asked, catalog)
    common: dict[str, Any] = {
        "model": model,
        **some(values, ("precision", "framework")),
        "parallel": Parallel(**some(values, SPLIT)),
        "hardware": hardware,
        "wish": wish,
        **some(values, names),
    }
    if asked.kind == "infer":
        return Inference(**common, notes=tuple(asked.notes))
    if asked.kind == "finetune":
        return FineTuning(**common, notes=tuple(asked.notes))
    return Training(**common, notes=tuple(asked.notes))


def _refuse_strangers(values: Values, known: set[str], asked: Asked) -> None:
    """A value that another kind of workload takes is asked about, or noted where lines are read leniently."""
    doing = {"infer": "serving", "finetune": "fine-tuning", "train": "training"}[asked.kind]
    for name in sorted(set(values) - known):
        if asked.lenient:
            asked.notes.append(f"{name} has no meaning for {doing}; ignored")
            continue
        if name == "method" or name == "lora_rank":
            raise Unclear(f"{name} belongs to fine-tuning, not {doing}.", field=name)
        example = "infer llama-3-8b qps=5 input=512 output=256" if asked.kind == "infer" else BY_NAME[name].example
        raise Unclear(f"{name} has no meaning for {doing}.", field=name, nearest="", example=example)


# -- values that stand for others


def _turn(values: dict[str, Value], asked: Asked) -> None:
    """Queries into samples, batch into global batch, steps into tokens, a rate of tokens into a rate of requests."""
    if asked.kind == "infer":
        _turn_serving(values, asked)
    else:
        _turn_training(values, asked)


def _turn_serving(values: dict[str, Value], asked: Asked) -> None:
    values.pop("sample_tokens", None)
    if "tokens" in values and not asked.lenient:
        _tokens_as_requests(values, asked)
    if "queries" in values:
        values["samples"] = values.pop("queries")
    if "output_rate" in values:
        if "output_tokens" not in values:
            raise Unclear("How many tokens has an answer? Say output=256.", field="output_tokens", example="output=256")
        values["qps"] = float(values.pop("output_rate")) / float(values["output_tokens"])


def _tokens_as_requests(values: dict[str, Value], asked: Asked) -> None:
    """2B tokens to serve are so many requests of the lengths that are told."""
    length = float(values.get("input_tokens") or values.get("seq_len") or 0)
    if not length:
        raise Unclear(
            "How long is a request? With input= and output= the tokens become requests.",
            field="tokens",
            example="infer llama-3-8b tokens=2B input=512 output=128",
        )
    total = float(values.pop("tokens"))
    values.setdefault("samples", max(1.0, float(round(total / length))))
    asked.notes.append(f"{count(total)} tokens are {count(float(values['samples']))} requests of {length:,.0f} tokens")


def _turn_training(values: dict[str, Value], asked: Asked) -> None:
    if not asked.lenient and {"input_tokens", "output_tokens"} <= set(values):
        both = int(values.pop("input_tokens")) + int(values.pop("output_tokens"))
        values.setdefault("seq_len", both)
        asked.notes.append(f"a sample counts as {both:,} tokens: its input and its output")
    for one, other in (("batch", "global_batch"), ("queries", "samples"), ("input_tokens", "seq_len")):
        if one in values and other not in values:
            values[other] = values.pop(one)
    if "service_hours" in values and not asked.lenient:
        hours = values.pop("service_hours")
        values.setdefault("deadline_hours", hours)
        asked.notes.append(f"for {float(hours):g} h: read as the deadline")
    if "batch_tokens" in values:
        values["global_batch"] = max(
            1, int(float(values.pop("batch_tokens")) // _needed(values, "seq_len", "A batch in tokens needs"))
        )
    if "words" in values:
        values["tokens"] = float(values.pop("words")) / 0.75
        asked.notes.append("a token is taken as 0.75 words")
    if not asked.lenient and "tokens" in values and float(values.get("epochs", 1)) != 1:
        asked.notes.append(f"{count(float(values['tokens']))} tokens, seen {float(values['epochs']):g} times")
        values["tokens"] = float(values["tokens"]) * float(values.pop("epochs"))
    if "steps" in values:
        samples = float(values.pop("steps")) * _needed(values, "global_batch", "Steps need")
        if "seq_len" in values:
            values["tokens"] = samples * float(values["seq_len"])
        else:
            values["samples"] = samples


def _needed(values: Values, name: str, because: str) -> float:
    if name not in values:
        raise Unclear(
            f"{because} {name}: say {BY_NAME[name].example}.",
            field=name,
            example=BY_NAME[name].example,
        )
    return float(values[name])


# -- machines and wishes


def _machines(values: dict[str, Value], asked: Asked, catalog: Catalog) -> tuple[Hardware | None, Wish]:
    families = asked.families
    kind = str(values.get("instance_type") or "")
    if not kind and "accelerator" not in values and len(families) == 1 and {"nodes", "chips", "count"} & set(values):
        kind = families[0] if families[0] in catalog.instances else usual_type(families[0], catalog).name
        asked.notes.append(f"{families[0]} without a size: {kind} taken")
        families = ()
    if kind:
        return _by_type(kind, values, catalog), _wish(values, asked, ())
    if "accelerator" in values:
        return _by_chip(str(values["accelerator"]), values), _wish(values, asked, ())
    if "nodes" in values or "count" in values:
        nodes = values.pop("nodes", None) or values.pop("count")
        values.setdefault("max_nodes", int(nodes))
        asked.notes.append(f"no type of machine named: at most {nodes} of any")
    return None, _wish(values, asked, families)


def _by_type(kind: str, values: dict[str, Value], catalog: Catalog) -> Hardware:
    instance = catalog.instances[kind]
    wanted = values.get("count") or values.get("nodes")
    if wanted and values.get("nodes", wanted) != wanted:
        raise Unclear(
            f"{wanted} or {values['nodes']} machines? Say one of them.", field="count", example=f"on 2 x {kind}"
        )
    chips = values.pop("chips", None)
    if chips and not wanted and instance.chips:
        wanted = -(-int(chips) // max(1, int(instance.chips)))
    return Hardware(instance_type=kind, count=int(wanted) if wanted else None)


def _by_chip(chip: str, values: dict[str, Value]) -> Hardware:
    per_node = int(values["per_node"]) if "per_node" in values else None
    wanted = values.pop("chips", None) or values.get("count")
    if "nodes" in values and not wanted:
        wanted = int(values["nodes"]) * (per_node or 8)
    elif "nodes" in values and wanted:
        per_node = per_node or -(-int(wanted) // int(values["nodes"]))
    return Hardware(accelerator=chip, count=int(wanted) if wanted else None, per_node=per_node)


def _wish(values: Values, asked: Asked, families: tuple[str, ...]) -> Wish:
    markets = tuple(dict.fromkeys([*asked.markets, *([str(values["market"])] if values.get("market") else [])]))
    market: Any = markets[0] if len(markets) == 1 else None
    region = str(values.get("region") or asked.region)
    return Wish(region=region, market=market, families=families, **some(values, WISHED))


# -- pipelines


def _pipeline(asked: Asked, catalog: Catalog) -> Pipeline:
    """The model is trained, then served: amounts and epochs go to the training, requests to the serving."""
    values = asked.values
    tuned = "method" in values or "lora_rank" in values or asked.values.get("kind") == "finetune"
    served = {*SERVED, "queries", "output_rate"} - {"samples", "steps"}
    both = COMMON | {"seq_len"}
    if not {"queries", "qps", "concurrency", "output_rate"} & set(values):
        raise Unclear(NO_LOAD, field="queries", example="pipeline bert-base samples=100k epochs=3 queries=1M")
    first = {name: value for name, value in values.items() if name not in served or name in both}
    wishes = {"deadline_hours", "budget_usd", "trials", "parallel_trials"}
    told = {"seq_len"} if "input_tokens" in values else set()  # the requests' own length goes before the training's
    second = {name: value for name, value in values.items() if name in (served | both) - wishes - told}
    shared = {"families": asked.families, "markets": asked.markets, "region": asked.region}
    train = _one(replace(asked, values=first, kind="finetune" if tuned else "train", notes=asked.notes), catalog)
    serve = _one(Asked(values=second, kind="infer", **shared), catalog)  # type: ignore[arg-type]
    if not isinstance(train, Training) or not isinstance(serve, Inference):
        raise TypeError("a pipeline trains and then serves")
    sensible(train, catalog)
    sensible(serve, catalog)
    return Pipeline(train=train, serve=serve)
