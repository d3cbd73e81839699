"""How much longer a step takes under a split than its computation alone: exchanges, gathers and the pipeline's bubble.

Counted as in Megatron-LM (Narayanan et al. 2021, Korthikanti et al. 2022) and ZeRO (Rajbhandari et al. 2020): a tensor
rank takes part in two all-reduces a layer and direction, a pipeline of p stages idles for p - 1 micro-batches a step,
ZeRO-3 moves the weights three times a micro-batch. Only the ratio of two splits is used: the calibrated efficiency is
that of well-chosen ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from estimator.compute import Shape
from estimator.efficiency import width_factor
from estimator.memory import Split

BYTES = 2.0  # of an activation, a gathered weight, a reduced gradient
STAGES_FILLED = 4  # micro-batches for each stage when no global batch is told
FEWEST = 8  # micro-batches of a step when no global batch is told
BACKWARD = 2 / 3  # of a micro-batch's computation, behind which gathers and reductions hide
NODES_A_TOKEN = 4  # machines to which one token is sent at most where experts are spread (DeepSeek-V3, section 2.1.2)
SAYS = {
    "tensor": "the exchanges of tensor parallelism",
    "width": "the narrow matrices of tensor parallelism",
    "context": "the exchange of keys and values",
    "experts": "the exchange between experts",
    "gathers": "gathering the weights for each micro-batch",
    "head": "the head on the last stage of the pipeline",
    "bubble": "the bubble of the pipeline",
    "gradients": "the exchange of gradients",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Bytes a second: of one chip to others of its machine, and of a machine to others."""

    chip: float
    machine: float
    per_node: int  # chips that are joined by the fast links


@dataclass(frozen=True, slots=True)
class Pace:
    """What the time of a step depends on besides model and split."""

    seconds: float  # chip-seconds of one token, computation alone
    seq_len: float
    global_batch: float | None
    trained: float  # share of the weights that have gradients
    interleaved: int  # parts of each pipeline stage
    balanced: bool  # the last stage has fewer layers, as it has the head
    overlap: float  # part of the exchanges inside a layer that hides
    half_width: float  # of the matrices, at which efficiency is half
    links: Links


def stretch(of: Shape, split: Split, pace: Pace) -> dict[str, float]:
    """What each cost adds to a step, in shares of its computation; 1 + their sum is how much longer it takes."""
    work = pace.seconds * split.micro_batch * pace.seq_len / (split.tp * split.pp * split.cp)
    found = {name: cost / work for name, cost in _of_a_micro_batch(of, split, pace, work).items()}
    micro_batches = _micro_batches(split, pace)
    found["head"] = 0.0 if pace.balanced else min(1.0, of.vocab * of.hidden / of.matmul) * (split.pp - 1)
    found["bubble"] = (1 + sum(found.values())) * (split.pp - 1) / (micro_batches * pace.interleaved)
    if split.zero < 3:
        held = BYTES * pace.trained * of.params / (split.tp * split.pp)
        reduced = 2 * _passed(held, split.dp * split.ep * split.cp, split.tp, pace.links)
        found["gradients"] = max(0.0, reduced / work - BACKWARD) / micro_batches
    return found


def _micro_batches(split: Split, pace: Pace) -> float:
    """Micro-batches that one data-parallel rank takes in a step."""
    if pace.global_batch is None:
        return max(FEWEST, STAGES_FILLED * split.pp)
    return max(1.0, pace.global_batch / (split.micro_batch * split.dp * split.ep))


def _of_a_micro_batch(of: Shape, split: Split, pace: Pace, work: float) -> dict[str, float]:
    """Seconds that each exchange of one micro-batch on one stage takes beyond what hides behind its computation."""
    tokens, layers, links = split.micro_batch * pace.seq_len / split.cp, of.layers / split.pp, pace.links
    shown = 1 - pace.overlap
    reduces = 6 if split.recompute == "full" else 4
    width = split.tp**0.5  # one side of each matrix is narrower
    half = pace.half_width
    found = {
        "tensor": shown * layers * reduces * 2 * _passed(BYTES * tokens * of.hidden, split.tp, 1, links),
        "width": work * (width_factor(of.hidden, half) / width_factor(of.hidden / width, half) - 1),
        "context": shown
        * layers
        * 3
        * _passed(2 * BYTES * tokens * split.cp * of.kv / split.tp, split.cp, split.tp, links),
        "experts": shown * layers * 4 * _sent(of, split, tokens, links),
        "gathers": 0.0,
    }
    if split.zero >= 3:
        held = BYTES * of.params / (split.tp * split.pp * split.ep)
        gathered = (2 + pace.trained) * _passed(held, split.dp * split.cp, split.tp * split.ep, links)
        found["gathers"] = max(0.0, gathered - BACKWARD * work)
    return found


def _passed(size: float, ranks: int, stride: int, links: Links) -> float:
    """Seconds to gather, or to reduce and scatter, *size* bytes over ranks that stand *stride* chips apart."""
    if ranks <= 1:
        return 0.0
    inside = size * (ranks - 1) / ranks / links.chip
    if ranks * stride <= links.per_node:
        return inside
    together = max(1, links.per_node // stride)  # ranks of a group in one machine, which its network carries once
    groups = links.per_node / together
    return max(inside, groups * size * max(0.0, 1 - together / ranks) / links.machine)


def _sent(of: Shape, split: Split, tokens: float, links: Links) -> float:
    """Seconds to send each token to its experts on other chips, or back."""
    if split.ep <= 1 or of.chosen <= 0:
        return 0.0
    size = BYTES * tokens * of.hidden / split.tp
    inside = of.chosen * size * (split.ep - 1) / split.ep / links.chip
    machines = split.ep * split.tp * split.cp / links.per_node
    if machines <= 1:
        return inside
    copies = min(of.chosen, NODES_A_TOKEN, machines) * (1 - 1 / machines)
    return max(inside, copies * size * links.per_node / links.machine)
