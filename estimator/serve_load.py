"""What is asked of a replica: tokens of a request, how many requests at once, within which latency."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from estimator.result import Cluster
from estimator.serve_machine import Machine
from estimator.serve_tables import Tables, Task
from estimator.serve_text import GB, Replica, Split
from estimator.workload import Inference

TOKENS_IN, TOKENS_OUT = 512, 128
AT_ONCE = 256.0  # requests that a service takes at once
PLEASANT_S = 0.05  # between two tokens, which is faster than people read
BENCHMARK = re.compile(r"\(\s*99(\.9)?\s*%|mlperf|mlcommons", re.IGNORECASE)
BENCHMARK_SCENARIOS = ("offline", "server", "singlestream", "single stream", "multistream")
BEAMS = re.compile(r"beams?[ -]?(?:search|width|size)?\D{0,12}?(\d{1,2})|(\d{1,2})[ -]?beams?\b", re.IGNORECASE)
DRAWN = re.compile(r"beam|sampling|top[-_ ]?[kp]\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; *guessed* when nobody told its lengths."""

    tokens_in: float
    tokens_out: float
    beams: float
    drawn: bool
    guessed: bool


@dataclass(frozen=True, slots=True)
class Load:
    """How many requests a replica serves at once, and in which manner."""

    batch: float
    static: bool  # they start and end together
    unlimited: bool  # as many come as can be served
    most: int  # that fit
    busiest: float = 1.0  # at which a service of a request rate is still pleasant


def request(work: Inference, known: Tables, said: list[str]) -> Request:
    """The lengths of a request: told, those of the benchmark that is named, or usual ones."""
    scenario = work.scenario or ""
    beams = beams_of(scenario)
    if beams > 1:
        said.append(f"beam search: each request is decoded as {beams:.0f} sequences")
    drawn = DRAWN.search(scenario) is not None
    told_in, told_out = work.input_tokens or _prompt_of(work), work.output_tokens
    task = _task(work, known) if told_in is None and told_out is None else None
    if task is not None and task.tokens_in and task.tokens_out:
        said.append(f"no lengths told: {task.tokens_in} tokens in and {task.tokens_out} out as in {task.source}")
        return Request(float(task.tokens_in), float(task.tokens_out), max(beams, float(task.beams)), drawn, False)
    if told_in is None and (context := work.seq_len or 0) > (told_out or TOKENS_OUT):
        told_out = told_out or TOKENS_OUT
        told_in = context - told_out
        said.append(f"a context of {context:,} tokens: {told_in:,} of the prompt and {told_out:,} of the answer")
    elif told_in is None and told_out is None:
        said.append(f"no lengths told: {TOKENS_IN} tokens in and {TOKENS_OUT} out a request assumed")
    elif told_in is None:
        said.append(f"no length of the prompt told: {TOKENS_IN} tokens assumed")
    elif told_out is None:
        said.append(f"no length of the answer told: {TOKENS_OUT} tokens assumed")
    guessed = told_in is None and told_out is None
    return Request(float(told_in or TOKENS_IN), float(told_out or TOKENS_OUT), max(1.0, beams), drawn, guessed)


def beams_of(scenario: str) -> float:
    """Beams that are searched for each request ("beam search 4"); 1 where none are told."""
    found = BEAMS.search(scenario)
    return max(1.0, float(found[1] or found[2])) if found else 1.0


def _prompt_of(work: Inference) -> int | None:
    """A told sequence length less the answer's, where both are told."""
    if work.seq_len and work.output_tokens and work.seq_len > work.output_tokens:
        return work.seq_len - work.output_tokens
    return None


def _task(work: Inference, known: Tables) -> Task | None:
    named = BENCHMARK.search(f"{work.model.name} {work.framework or ''} {work.scenario or ''}")
    if named or (work.scenario or "").strip().lower() in BENCHMARK_SCENARIOS:
        return known.task(work.model.name, text=True)
    return None


def split(work: Inference, cluster: Cluster, found: Machine, *, by_layers: bool) -> Split:
    """Chips of one copy: told, else as few as hold the weights with a fifth of the room left for KV cache.

    With *by_layers* the chips of a copy hold its layers in turn, as eager frameworks place them.
    """
    told = work.parallel
    if told.tp or told.pp:
        cores = 2 if cluster.chip is not None and cluster.chip.vendor == "AWS" else 1
        lanes = max(1, min(cluster.count, (told.tp or cores) // cores))
        stages = max(1, min(told.pp or 1, cluster.count // lanes))
        return Split(lanes * stages, lanes, stages, cluster.per_node)
    need = work.model.params * found.weight_bytes * 1.25 / GB
    chips = 1
    while chips < cluster.count and chips * (found.usable_gb - 1.5) < need:
        chips *= 2
    chips = min(chips, cluster.count)
    if by_layers:  # one request passes the stages one after another
        return Split(chips, 1, 1, cluster.per_node)
    return Split(chips, chips, 1, cluster.per_node)


def load(work: Inference, one: Replica, asked: Request, replicas: int, said: list[str]) -> Load:
    """How many requests a replica serves at once."""
    most = max(1, one.most_sequences(asked.tokens_in, asked.tokens_out))
    if work.batch:  # told: a runtime's usual limit can be raised, memory cannot
        most = max(1, one.fitting(asked.tokens_in, asked.tokens_out))
        return Load(min(float(most), float(work.batch)), True, False, most)
    if work.concurrency:
        return Load(min(float(most), max(1.0, work.concurrency / replicas)), False, False, most)
    if work.qps:
        busiest = busiest_batch(work, one, asked, most)
        return Load(at_once(one, work.qps / replicas, asked, busiest), False, False, most, busiest)
    fast = quick_enough(work, one, asked, float(most))
    limited = f", so that the latency asked for is kept ({most} would fit)" if fast < most else ""
    said.append(f"requests come without limit: {fast:.0f} are served at once by a replica{limited}")
    return Load(fast, False, True, most)


def at_once(one: Replica, qps: float, asked: Request, most: float) -> float:
    """Requests in flight at *qps* (Little's law: rate x time in the system), found by a few rounds."""
    batch = 1.0
    for _ in range(8):
        held = batch * one.request_s(batch, asked.tokens_in, asked.tokens_out)
        batch = min(most, max(1.0, 0.5 * batch + 0.5 * qps * held))
    return batch


def busiest_batch(work: Inference, one: Replica, asked: Request, most: int) -> float:
    """Requests at once at which a service is still pleasant: within the latency asked for, else as fast as reading.

    Where one request alone is slower than that, until the time between its tokens doubles.
    """
    if (work.max_tpot_ms is not None or work.max_latency_ms is not None) and _quick(work, one, asked, 1.0):
        return quick_enough(work, one, asked, min(AT_ONCE, float(most)))
    limit = max(PLEASANT_S, 2 * token_s(one, 1.0, asked))
    return _largest(lambda batch: token_s(one, batch, asked) <= limit, min(AT_ONCE, float(most)))


def _quick(work: Inference, one: Replica, asked: Request, batch: float) -> bool:
    """Whether *batch* requests at once keep the latency that was asked for."""
    step = token_s(one, batch, asked)
    whole = one.prefill_s(asked.tokens_in) + asked.tokens_out * step
    return 1e3 * step <= (work.max_tpot_ms or math.inf) and 1e3 * whole <= (work.max_latency_ms or math.inf)


def quick_enough(work: Inference, one: Replica, asked: Request, most: float) -> float:
    """The largest number of requests at once, up to *most*, that keeps the latency that was asked for.

    All of them where one request alone misses it: a load of one would cost more and miss it, too.
    """
    if work.max_tpot_ms is None and work.max_latency_ms is None:
        return most

    def kept(batch: float) -> bool:
        return _quick(work, one, asked, batch)

    return _largest(kept, most) if kept(1.0) else most


def _largest(kept: Callable[[float], bool], most: float) -> float:
    """The largest whole number up to *most* that is kept, by halving; 1 where none is."""
    if kept(most):
        return most
    low, high = 1.0, most
    while high - low > max(0.5, 0.02 * low):
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return float(int(low))


def token_s(one: Replica, batch: float, asked: Request) -> float:
    """Seconds between two tokens of a request while prompts of others are read in between."""
    whole = batch * one.request_s(batch, asked.tokens_in, asked.tokens_out)
    return whole / max(1.0, asked.tokens_out)
