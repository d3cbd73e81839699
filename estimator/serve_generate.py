"""Text generation on one cluster: how many requests at once, what they take, whether it fits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from estimator.intervals import interval, spread, together
from estimator.result import Estimate, Memory, Step
from estimator.serve_load import Load, Request, load, request, split, token_s
from estimator.serve_setting import Doubts, Setting, short
from estimator.serve_tables import Runtime
from estimator.serve_text import CACHE, GB, Replica, Split, replica
from estimator.units import gigabytes, plural

IN_TURN = ("huggingface", "bitsandbytes", "llama.cpp")  # place layers on the chips, which then take turns
MEMORY_SIGMA = 0.13
FEWER_BITS = (("8-bit", 1.0), ("4-bit", 0.56))  # bytes a weight, with the scales of 4 bits
ALMOST = 1.08  # times the usable memory, up to which a model may fit after all


@dataclass(frozen=True, slots=True)
class Plan:
    """A replica with its requests, and how many replicas there are."""

    one: Replica
    asked: Request
    load: Load
    replicas: int


@dataclass(frozen=True, slots=True)
class Served:
    """Requests a second of all replicas, at most and now; seconds to the first and to each further token."""

    capacity: float
    rate: float
    first_s: float
    token_s: float


def generate(setting: Setting, run: Runtime, *, named: bool) -> Estimate:
    """The estimate of a model that writes text under the runtime *run*."""
    work, found = setting.work, setting.machine
    asked = request(work, setting.known, setting.said)
    parted = split(work, setting.cluster, found, by_layers=run.name in IN_TURN)
    one = replica(work.model, found, run, parted, setting.known, beams=asked.beams, drawn=asked.drawn)
    if one.weights > ALMOST * found.usable_gb * GB * parted.chips:
        return _too_big(setting, one, asked)
    replicas = max(1, setting.cluster.count // parted.chips)
    plan = Plan(one, asked, load(work, one, asked, replicas, setting.said), replicas)
    made = _served(setting, plan)
    if replicas > 1 and setting.cluster.per_node > 1:
        setting.said.append(f"all {setting.cluster.count:,} chips serve: {_split_words(parted, replicas)}")
    result = _answer(setting, plan, made, _doubts(setting, plan, named=named))
    if one.most_sequences(asked.tokens_in, asked.tokens_out) < 1:
        refused = _too_big(setting, one, asked)
        return replace(result, fits=False, why_not=refused.why_not, advice=refused.advice, memory=refused.memory)
    return short(_crowded(setting, plan, result), work.qps, made.capacity)


def _served(setting: Setting, plan: Plan) -> Served:
    work, one, asked, at_once = setting.work, plan.one, plan.asked, plan.load.batch
    step = one.step_s(at_once, asked.tokens_in, asked.tokens_out)
    if plan.load.static:
        capacity = plan.replicas * at_once / one.together_s(at_once, asked.tokens_in, asked.tokens_out)
        return Served(capacity, capacity, one.prefill_s(asked.tokens_in, at_once), step)
    each = token_s(one, at_once, asked)
    first = one.prefill_s(asked.tokens_in) + (step if at_once > 1 else 0.0)  # it waits for the step under way
    if work.qps is None or work.concurrency:
        busy = one.pace.busy if plan.load.unlimited else 1.0
        capacity = plan.replicas * busy / one.request_s(at_once, asked.tokens_in, asked.tokens_out)
        return Served(capacity, capacity, first, each)
    # What it could do, whatever share of that this load takes.
    capacity = plan.replicas / one.request_s(plan.load.busiest, asked.tokens_in, asked.tokens_out)
    return Served(capacity, min(work.qps, capacity), first, each)


def _doubts(setting: Setting, plan: Plan, *, named: bool) -> Doubts:
    sigmas = setting.known.sigmas
    found = setting.doubts(f"text.{plan.one.runtime.name}", named=named)
    if plan.asked.guessed:
        found["lengths"] = sigmas["lengths"]
    if plan.one.of.guessed:
        found["shape"] = sigmas["shape"]
    if plan.one.chosen:
        found["experts"] = sigmas["experts"]
    return found


def _answer(setting: Setting, plan: Plan, made: Served, doubts: Doubts) -> Estimate:
    work, one, asked = setting.work, plan.one, plan.asked
    around = spread(together(doubts.values()))
    rates = setting.rates(made.rate, made.capacity, around)
    return Estimate(
        cluster=setting.cluster,
        flops=2.0 * one.of.matmul * (asked.tokens_in + asked.tokens_out) * (work.samples or 1.0),
        hours=rates.inverse(work.samples / 3600) if work.samples else None,
        tokens_per_s=rates.times(asked.tokens_out),
        samples_per_s=rates,
        ttft_ms=interval(1e3 * made.first_s, around),
        tpot_ms=interval(1e3 * made.token_s, around),
        memory=_memory(one, asked, plan.load.batch),
        split=_split_words(one.split, plan.replicas),
        replicas=plan.replicas,
        batch=max(1, round(plan.load.batch)),
        assumptions=tuple(setting.said),
        explain=lambda: _steps(plan, made),
        doubt=setting.doubt,
    )


def _memory(one: Replica, asked: Request, batch: float) -> Memory:
    reserved = one.runtime.reserved if batch > 1 else 1.0
    parts = one.parts(batch, asked.tokens_in, reserved * asked.tokens_out)
    alone = one.parts(1.0, asked.tokens_in, asked.tokens_out)
    return Memory(
        interval(sum(parts.values()), spread(MEMORY_SIGMA)).at_least(parts["weights"]),
        parts,
        one.machine.usable_gb,
        least_gb=sum(alone.values()),
        at=f"{plural(max(1, round(batch)), 'request')} at once of {asked.tokens_in:,.0f} tokens in and "
        f"{asked.tokens_out:,.0f} out{' (assumed)' if asked.guessed else ''}",
    )


def _crowded(setting: Setting, plan: Plan, made: Estimate) -> Estimate:
    """Says so when the batch that was told does not fit; the figures are those of the largest that does."""
    told, one, most = setting.work.batch, plan.one, plan.load.most
    if not told or told <= most:
        return made
    need = sum(one.parts(float(told), plan.asked.tokens_in, plan.asked.tokens_out).values())
    why = f"a batch of {told:,} needs {need:,.1f} GB a chip, {one.machine.usable_gb:,.1f} GB can be used"
    return replace(made, fits=False, why_not=why, advice=(f"a batch of {most:,} fits",))


def _too_big(setting: Setting, one: Replica, asked: Request) -> Estimate:
    usable, chips = one.machine.usable_gb, one.split.chips
    where = f"{chips} x {usable:.0f} GB" if chips > 1 else f"{usable:.0f} GB"
    return Estimate(
        cluster=setting.cluster,
        memory=_memory(one, asked, 1.0),
        fits=False,
        why_not=f"{one.weights / GB:.0f} GB of weights and the KV cache of one request do not fit {where}",
        advice=_smaller(one),
        assumptions=tuple(setting.said),
    )


def _smaller(one: Replica) -> tuple[str, ...]:
    """Fewer bits a weight, with what they would take where that fits; else more room."""
    room = CACHE * one.machine.usable_gb * one.split.chips
    sizes = ((bits, one.weights / GB * each / one.machine.weight_bytes) for bits, each in FEWER_BITS)
    fitting = [f"{bits} weights: about {gigabytes(size)}" for bits, size in sizes if size < min(room, one.weights / GB)]
    need = one.weights / GB / CACHE / one.split.chips
    return (*fitting, f"more chips, or one with more than {gigabytes(need)}")


# -- in words


def _split_words(parted: Split, replicas: int) -> str:
    """How the chips are used: "4 replicas, TP 2"."""
    each = "one chip each" if parted.chips == 1 else f"layers over {parted.chips} chips in turn"
    if parted.lanes > 1 or parted.stages > 1:
        each = f"TP {parted.lanes}" + (f", PP {parted.stages}" if parted.stages > 1 else "")
    return f"{replicas:,} replicas, {each}" if replicas > 1 else each


def _steps(plan: Plan, made: Served) -> tuple[Step, ...]:
    """How memory, the first token and each further token were computed."""
    one, asked, at_once = plan.one, plan.asked, plan.load.batch
    pace, chip, lanes = one.pace, one.machine, one.split.lanes
    kv = one.kv_per_token * one.kept(asked.tokens_in, asked.tokens_out / 2) * at_once / GB
    read = f"{one.touched(at_once * one.beams) / GB:,.1f} GB of weights at {pace.bandwidth / GB:,.0f} GB/s"
    return (
        Step(
            name="weights and KV cache",
            formula=f"{one.weights / GB:,.1f} GB of weights; {one.kv_per_token / 1e3:,.1f} kB a token of KV cache",
            source="2 x layers x key-value width x bytes a token; embeddings keep 16 bits",
        ),
        Step(
            name="time to first token",
            formula=f"2 x {one.of.matmul / 1e9:.3g}B weights x {asked.tokens_in:,.0f} tokens"
            f"{f' x {at_once:,.0f}' if plan.load.static else ''} at {pace.prompt / chip.flops:.0%} of "
            f"{chip.flops / 1e12:,.0f} TFLOP/s x {lanes} = {made.first_s * 1e3:,.1f} ms",
            source=f"share of the peak as calibrated for {one.runtime.name} on chips of class {chip.chips}",
        ),
        Step(
            name="time per output token",
            formula=f"{read}, {kv:,.1f} GB of KV cache at {pace.kv / GB:,.0f} GB/s, x {lanes}, and "
            f"{pace.layer_s * 1e6:,.0f} us a layer, for {at_once:,.0f} at once = {made.token_s * 1e3:,.1f} ms",
            source=f"shares and overheads as calibrated for {one.runtime.name}; {one.runtime.source}",
        ),
    )
