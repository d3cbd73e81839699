"""Inference on one cluster: throughput, latency, memory, replicas, and whether it fits, with 80 % intervals."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from data.catalog import Catalog
from estimator import serve_pass, serve_runtime
from estimator.compute import shape
from estimator.intervals import interval, spread, together
from estimator.result import Cluster, Estimate, Memory, Step
from estimator.serve_machine import BITS, Machine, machine, usual_precision
from estimator.serve_text import GB, Replica
from estimator.workload import Inference

TOKENS_IN, TOKENS_OUT = 512, 128
AT_ONCE = 64  # sequences at once beyond which people find a service slow
BUSIEST = 0.7  # of a replica's capacity, so that the 95th percentile of the wait stays short
UNNAMED = 0.45  # deviation of the logarithm that naming no runtime adds
GUESSED = 0.5  # and guessing a shape or FLOPs from the number of weights
TEXT = ("decoder", "encoder-decoder")
TAKE_TURNS = ("huggingface", "litgpt-4bit", "llama.cpp")  # layers are spread over the chips unless a TP is told
BEAMS = re.compile(r"beam[ -]?search\D{0,12}(\d{1,2})|(\d{1,2})[ -]?beams?\b|beams?\s*=?\s*(\d{1,2})", re.IGNORECASE)


def estimate(work: Inference, cluster: Cluster, catalog: Catalog) -> Estimate:
    """One serving job on one cluster; what cannot run says why in *why_not*."""
    said: list[str] = []
    precision = work.precision or usual_precision(cluster)
    if precision == "int8" and "99.9" in work.model.name:
        precision = usual_precision(cluster)
        said.append(f"a target of 99.9 % of the accuracy is not met by 8-bit integers: {precision} assumed")
    if work.precision is None:
        said.append(f"no precision named: {precision} assumed")
    if cluster.chip is not None and precision == "bf16" and not cluster.chip.bf16:
        precision = "fp16"
        said.append(f"{cluster.chip.name} has no bf16: fp16 assumed")
    found = machine(cluster, precision)
    if isinstance(found, str):
        return Estimate(cluster=cluster, fits=False, why_not=found)
    if work.model.family in TEXT:
        return _text(work, cluster, catalog, found, said)
    return _once(work, cluster, catalog, found, said)


@dataclass(frozen=True, slots=True)
class Load:
    """What one request asks and how many are served at once by a replica."""

    tokens_in: float
    tokens_out: float
    batch: float
    offline: bool


def _text(work: Inference, cluster: Cluster, catalog: Catalog, found: Machine, said: list[str]) -> Estimate:
    run, named = serve_runtime.find(work.framework, cluster.chip, work.precision, catalog)
    if not named:
        said.append(f"no runtime named: {run.name} assumed")
    chips = _chips_a_replica(work, cluster, found)
    takes_turns = run.name in TAKE_TURNS and not work.parallel.tp
    lanes = 1.0 if takes_turns else float(chips)
    one = Replica(work.model, shape(work.model), found, run, chips, lanes, beams(work.scenario))
    if one.beams > 1:
        said.append(f"beam search: each request is decoded as {one.beams} sequences, {2 * one.beams} candidates a step")
    replicas = max(1, cluster.count // chips)
    context = float((work.input_tokens or TOKENS_IN) + (work.output_tokens or TOKENS_OUT))
    if one.most_sequences(context) < 1:
        return _too_big(one, cluster, context, said)
    load = _load(work, one, replicas, said)
    return _answer(work, cluster, one, load, replicas, said, named)


def beams(scenario: str | None) -> int:
    """Beams that are searched for each request ("beam search 4"); 1 where none are told."""
    found = BEAMS.search(scenario or "")
    return max(1, int(next(group for group in found.groups() if group))) if found else 1


def _chips_a_replica(work: Inference, cluster: Cluster, found: Machine) -> int:
    """Chips of one copy: told, else as few as hold the weights with a fifth of the room left for KV cache."""
    if work.parallel.tp or work.parallel.pp:
        cores = 2 if cluster.chip is not None and cluster.chip.vendor == "AWS" else 1
        told = (work.parallel.tp or cores) * (work.parallel.pp or 1) // cores
        return max(1, min(cluster.count, told))
    need = work.model.params * BITS[found.precision] * 1.25 / GB
    chips = 1
    while chips < cluster.count and chips * (found.usable_gb - 1) < need:
        chips *= 2
    return min(chips, cluster.count)


def _load(work: Inference, one: Replica, replicas: int, said: list[str]) -> Load:
    tokens_in, tokens_out = float(work.input_tokens or TOKENS_IN), float(work.output_tokens or TOKENS_OUT)
    if work.input_tokens is None and work.output_tokens is None:
        said.append(f"no lengths told: {TOKENS_IN} tokens in and {TOKENS_OUT} out a request assumed")
    most = one.most_sequences(tokens_in + tokens_out / 2) or 1
    told = work.batch or work.concurrency
    if told:
        return Load(tokens_in, tokens_out, min(float(most), max(1.0, told / (1 if work.batch else replicas))), False)
    if work.qps:
        at_once = _at_once(one, work.qps / replicas, tokens_in, tokens_out, min(most, AT_ONCE))
        return Load(tokens_in, tokens_out, at_once, False)
    said.append(f"requests come without limit: {most} are served at once by a replica")
    return Load(tokens_in, tokens_out, float(most), True)


def _at_once(one: Replica, qps: float, tokens_in: float, tokens_out: float, most: int) -> float:
    """Requests in flight at *qps* (Little's law: rate x time in the system), found by a few rounds."""
    batch = 1.0
    for _ in range(8):
        held = one.prefill_s(tokens_in) + tokens_out * one.step_s(batch, tokens_in + tokens_out / 2)
        batch = min(float(most), max(1.0, 0.5 * batch + 0.5 * qps * held))
    return batch


def _answer(
    work: Inference,
    cluster: Cluster,
    one: Replica,
    load: Load,
    replicas: int,
    said: list[str],
    named: bool,
) -> Estimate:
    context = load.tokens_in + load.tokens_out / 2
    step, prefill = one.step_s(load.batch, context), one.prefill_s(load.tokens_in)
    if work.batch:
        together_s = one.prefill_s(load.tokens_in, load.batch) + load.tokens_out * step
        capacity = replicas * load.batch / together_s
    else:
        capacity = replicas / one.request_s(load.batch, load.tokens_in, load.tokens_out)
    wanted = work.qps
    if wanted is not None:  # by what a replica could do, whatever share of it this load takes
        busiest = float(min(AT_ONCE, one.most_sequences(context))) or 1.0
        capacity = replicas / one.request_s(busiest, load.tokens_in, load.tokens_out)
    rate = capacity if wanted is None else min(wanted, capacity)
    around = spread(_sigma(one, named))
    # Requests are at every stage of their answer: half of it is held on the average.
    parts = one.parts(load.batch, context)
    # A demand that is met is what it is; only what the machine sets is uncertain.
    rates = interval(rate, spread(0.05) if wanted is not None and rate < BUSIEST * capacity else around)
    memory = Memory(interval(sum(parts.values()), spread(0.17)), parts, one.machine.usable_gb)
    result = Estimate(
        cluster=cluster,
        flops=2.0 * one.of.active * (load.tokens_in + load.tokens_out) * (work.samples or 1.0),
        hours=rates.inverse((work.samples or 0.0) / 3600) if work.samples else None,
        tokens_per_s=rates.times(load.tokens_out),
        samples_per_s=rates,
        ttft_ms=interval(1e3 * prefill * (load.batch if work.batch else 1.0) ** 0.5, around),
        tpot_ms=interval(1e3 * step, around),
        memory=memory,
        split=_split(one.chips, replicas),
        replicas=replicas,
        batch=max(1, round(load.batch)),
        assumptions=tuple(said),
        steps=_steps(one, load, step, prefill),
        biggest_unknown=""
        if named
        else f"name the runtime: the range narrows from x{_width(one, False):.1f} to x{_width(one, True):.1f}",
    )
    return _short(result, wanted, capacity)


def _short(result: Estimate, wanted: float | None, capacity: float) -> Estimate:
    """Says so when the machines cannot serve the rate that was asked with headroom."""
    if wanted is None or wanted <= BUSIEST * capacity:
        return result
    need = -(-wanted // (BUSIEST * capacity / result.replicas))
    why = (
        f"{wanted:g} requests a second need {need:g} replicas at {BUSIEST:.0%} load, {result.replicas} are there "
        f"({capacity:.3g} a second at most)"
    )
    return replace(result, fits=False, why_not=why, advice=(f"take {need:g} replicas",))


def _sigma(one: Replica, named: bool) -> float:
    return together([one.runtime.spread, 0.0 if named else UNNAMED, GUESSED if one.of.guessed else 0.0])


def _width(one: Replica, named: bool) -> float:
    return spread(_sigma(one, named)).width


def _split(chips: int, replicas: int) -> str:
    each = f"TP {chips}" if chips > 1 else "one chip each"
    return f"{replicas} replicas, {each}" if replicas > 1 else each


def _too_big(one: Replica, cluster: Cluster, context: float, said: list[str]) -> Estimate:
    parts = one.parts(1, context)
    need, usable = sum(parts.values()), one.machine.usable_gb
    where = f"{cluster.count} x {usable:.0f} GB" if cluster.count > 1 else f"{usable:.0f} GB"
    why = f"{one.weights / GB:.0f} GB of weights and the KV cache do not fit {where}"
    advice = ("use 8-bit or 4-bit weights", "take more chips or a chip with more memory")
    memory = Memory(interval(need, spread(0.08)), parts, usable)
    return Estimate(cluster=cluster, memory=memory, fits=False, why_not=why, advice=advice, assumptions=tuple(said))


def _steps(one: Replica, load: Load, step: float, prefill: float) -> tuple[Step, ...]:
    run, chip = one.runtime, one.machine
    read = (one.touched(load.batch) + one.kv_per_token * load.tokens_in * load.batch * one.beams) / GB
    return (
        Step(
            name="Weights and KV cache",
            formula=f"{one.weights / GB:.1f} GB of weights; {one.kv_per_token / 1e3:.1f} kB a token of KV cache",
            source="2 x layers x key-value width x bytes a token",
        ),
        Step(
            name="Time to first token",
            formula=f"2 x {one.of.active / 1e9:.3g}B x {load.tokens_in:g} tokens at {run.prefill(chip.precision):.0%} "
            f"of {chip.flops / 1e12:.0f} TFLOP/s x {one.lanes:g} = {prefill * 1e3:.0f} ms",
            source=run.source,
        ),
        Step(
            name="Time per output token",
            formula=f"{read:.1f} GB read at {run.memory_use:.0%} of {chip.bandwidth / GB:.0f} GB/s x {one.lanes:g}, "
            f"and {run.layer_s * 1e6:.0f} us a layer, for {load.batch:.0f} at once = {step * 1e3:.1f} ms",
            source=run.source,
        ),
    )


def _once(work: Inference, cluster: Cluster, catalog: Catalog, found: Machine, said: list[str]) -> Estimate:
    one = serve_pass.sample(work, catalog)
    if one is None:
        why = f"the FLOPs of {work.model.name} are not known: give gflops_per_sample, or params"
        return Estimate(cluster=cluster, fits=False, why_not=why)
    said.append(one.how)
    told = bool(work.framework)
    if not told:
        said.append("no runtime named: a framework such as PyTorch assumed")
    rate = serve_pass.share(one.kind, work.framework, work.batch, catalog)
    parts = _pass_parts(work, found)
    memory = Memory(interval(sum(parts.values()), spread(0.3)), parts, found.usable_gb)
    if not memory.fits:
        why = f"{sum(parts.values()):.1f} GB do not fit {found.usable_gb:.0f} GB"
        return Estimate(cluster=cluster, memory=memory, fits=False, why_not=why, assumptions=tuple(said))
    each = found.flops * rate.share / one.flops
    capacity = each * cluster.count
    around = spread(together([rate.spread, 0.0 if told else 0.3, 0.0 if one.sure else 0.9]))
    served = capacity if work.qps is None else min(work.qps, capacity)
    rates = interval(served, around)
    step = Step(
        name="Samples a second",
        formula=f"{rate.share:.0%} of {found.flops / 1e12:.0f} TFLOP/s x {cluster.count} "
        f"/ {one.flops / 1e9:.3g} GFLOPs",
        source=rate.source,
    )
    latency = interval(1e3 * (work.batch or 1) / each, around)
    result = Estimate(
        cluster=cluster,
        flops=one.flops * (work.samples or 1.0),
        hours=rates.inverse(work.samples / 3600) if work.samples else None,
        samples_per_s=rates,
        ttft_ms=latency,
        memory=memory,
        split=_split(1, cluster.count),
        replicas=cluster.count,
        batch=work.batch,
        assumptions=tuple(said),
        steps=(step,),
        biggest_unknown="" if told else "name the runtime (TensorRT or a framework): they differ by a factor of two",
    )
    return _short(result, work.qps, capacity)


def _pass_parts(work: Inference, found: Machine) -> dict[str, float]:
    weights = work.model.params * BITS[found.precision] / GB
    return {"weights": weights, "activations": 0.3 * weights + 0.2, "framework": 1.0}
