"""The words of docs/accuracy.md: aims, what explains the rows that are far off, what was tried."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.cases import Case


@dataclass(frozen=True, slots=True)
class Aim:
    """What a suite should reach on models and publishers that the tables have not seen."""

    fold: float
    within_20: float
    worst: float
    held_low: float
    held_high: float
    width: float


SERVING = Aim(1.45, 0.40, 4.0, 0.75, 0.90, 4.0)
TUNING = Aim(1.35, 0.45, 3.0, 0.75, 0.90, 3.0)
AIMS = {
    "train-throughput": Aim(1.15, 0.75, 2.0, 0.75, 0.90, 1.8),
    "run-hours": Aim(1.20, 0.60, 2.0, 0.75, 0.95, 2.5),
    "finetune-hours": TUNING,
    "finetune-throughput": TUNING,
    "mlperf-hours": Aim(1.25, 0.55, 2.0, 0.75, 0.90, 2.5),
    "memory": Aim(1.15, 0.75, 1.6, 0.75, 0.90, 1.7),
    "llm-serving": SERVING,
    "latency": SERVING,
    "batch-inference": SERVING,
}
WITHHELD = {
    "framework": ("framework",),
    "precision": ("precision",),
    "micro-batch and global batch": ("micro_batch", "global_batch"),
    "recompute and split": ("recompute", "parallel"),
    "all of these": ("framework", "precision", "micro_batch", "global_batch", "recompute", "parallel"),
}

INTRODUCTION = """# How well the estimates hold

`make accuracy` answers {cases} published measurements of {publishers} publishers (`benchmarks/cases.jsonl`, each with
its source) and writes this page. Fold is max(predicted / actual, actual / predicted); the mean is geometric. A case
without an answer counts as missed. *Held* is the share of the 80 % intervals that hold the measured value, *width* the
median of high / low.
"""
AIMED = """Quoted is the worse of two cross-validations: the case's model was left out of the calibration, or its
publisher. Bold misses its aim. Intervals that hold more than their aim are wider than these rows need; they stay so, as
publishers that are not in the collection differ more than those that are. Memory formulas have no fitted table: their
constants were chosen on these rows, so that memory is in-sample in every column.
"""
OTHER_TOOLS = """Other tools on comparable sets, none of which states an interval with measured coverage: whole runs,
mean fold 1.21 and worst 2.05 (calculon); step throughput of language models, 17 % mean error (llm-analysis) and 10.7 %
(six constants fitted to one table); batch-1 decoding, 83-93 % (GenZ, LLM-Viewer), 6.6 % (aiconfigurator, 16 bits only,
845 MB installed); memory of fine-tuning, 216 % (gpu_poor).
"""
LESS = """The same training and fine-tuning cases, as the tables ship, with a field withheld from the line. The interval
should widen as much as the error grows.
"""
FAR = "Predicted without the case's model or publisher, whichever is further off.\n"
TOO_BIG = """All cases are runs that took place, so that each of these is a memory estimate that is too high. *Fits* is
never said above the usable memory.
"""
BEHIND = """\
The cases hold no speech, no images outside TensorRT and no text on CPUs. The constants of these (`serving_priors.csv`,
`serving_cpus.csv`) were set with the figures below in sight, so that this is no test: it shows how far they lie.
Bold is outside the range. Pipelines around Whisper differ by more than a factor of three on the same card.
"""
METHOD = """## How it is calibrated

A step's efficiency is looked up by class of chips, precision, kind of model and software. A cell is a prior and the
measured families that fall into it (`data/calibration/training_efficiency.csv`, written by
`python -m benchmarks.calibrate_training`): one vote for each publisher, model and chip, so that a table of eighty rows
counts no more than its models. The prior is the median of a wider collection where there is one, else the cell's
parents times a usual ratio (`training_priors.csv`, `training_ratios.csv`). Width of the matrices, tokens of a
micro-batch, number of chips, sequence length and links act as factors with one constant each
(`training_factors.csv`), each with the observation that it comes from.

Step benchmarks of mixtures of experts have one publisher. Seven whole runs of six others (`moe-run-hours`), taken from
model cards and reports after a mixture was found three times too slow, and a rate of DeepSeek-V2 vote in their cells.
The number of chips is not stated by most; it hardly matters for hours of accelerators. DeepSeek-V3's own run
(2.66 million hours) is not among them: it is answered with 2.0 times as many, as its hours are those of the steady
state and hide every exchange. The ratio of mixtures to dense models was set with DeepSeek-V2 in sight.

The cells are those of well-chosen splits. A told split (tensor, pipeline, context, expert and data ranks, ZeRO stage)
counts against the best of those that fit and would be chosen: each takes its computation, four all-reduces a layer
(six with recomputation) inside the machine or over its network, the pipeline's bubble, gathers and gradients as far as
they do not hide. Up to 1.1 times the best it counts as equally well chosen; beyond, the time grows by the ratio.

An interval adds independent uncertainties of the logarithm: that of the cell (its families, each as if it had not
voted), of the whole run, of what was not told (`training_spread.csv`). The answer names the untold thing that would
narrow the range most, and by how much.

Serving is a roofline with constants for each runtime, class of chips and kind of model (`serving_priors.csv`: value,
deviation, source). `python -m benchmarks.calibrate_serving` moves those that a case reads to the most likely ones under
priors and cases, one vote for each measurement family. Structure and priors were set with these rows in sight, and so
was the weight of a row's own model in the width of its range: leaving a model or a publisher out of the fit is a milder
test than rows that nobody has seen: those are in [blind.md](blind.md).
"""
SPEED = """## Speed

`python -m benchmarks.speed`, 2026-11-21, on a shared core: 1,000 lines, each a ranking of the whole catalog, take 8.4 s
of processor time, 51 times a loop of 3 million integer operations (12.3 s and 67 times before layouts were kept and
explanations put off until they are read). One line takes 8 ms, 99 of 100 take less than 20 ms. All of it needs 38 MB.
"""
TRIED = (
    (
        "a width at which matrices are too narrow that grows with FLOP/s a byte/s, or its root",
        "BERT on V100, A100 and RTX cards nearer (1.35 to 1.19), train-throughput 1.11 to 1.14 and Qwen's small models "
        "off by 1.8: only images, sound and diffusion lose what slow memory costs",
    ),
    (
        "RoBERTa-large on 1,024 V100 (about a day), Phi-2 on 96 A100 (14 days), met by a factor of their own",
        "left alone: RoBERTa's day is 9 % of the peak where NVIDIA's BERT-large keeps 27 % on 8 V100, Phi-2's 14 days "
        "are 63 % where no whole run on A100 of the collection passed 53 %; rounded days of one publisher each tell "
        "nothing of the next run",
    ),
    (
        "serving with fixed shares for each runtime, keys and values read beside the weights in one bound",
        "LLM serving 1.24, latency 1.27, batch inference 1.20, whatever factor for runtimes or chips came on top; "
        "reading the cache apart, reserving a request's whole output, exchanges through the host on PCIe cards and "
        "written-out scores on Neuron bring 1.20, 1.20 and 1.18 without the model",
    ),
    (
        "one utilisation for all (wider collection, whole families left out)",
        "median error 27 %; 19 % by chip, precision, dense or MoE; 12.4 % with the software; "
        "11.5 % with size, recomputation and length",
    ),
    (
        "a regression on size, length, count and recomputation (the same collection)",
        "leaving publishers out, worse than a constant: 36 % against 23 %",
    ),
    (
        "images by their FLOPs and a share of the peak",
        "ResNet-50 off by 1.3 to 1.7 on H100 when it is left out; a share that falls with FLOP/s a byte/s and a cost "
        "of 3.5 ms a step bring it to 1.1 on V100, A100, L40S, H100 and H200 alike",
    ),
    (
        "a fixed overhead in tokens for small micro-batches",
        "fine-tuning on A10G off by 1.7 at micro-batch 1; the time to read the weights once holds on A10G and H100",
    ),
    (
        "samples as long as the data set's median, whatever the micro-batch",
        "micro-batch 8 under-estimated by 1.6; the longest of a micro-batch grows by 40 % a doubling",
    ),
    (
        "an exponent of 0.03 for the number of chips, or none",
        "1.10 without the model either way, 1.09 with 0.015 to 0.02: little to gain",
    ),
    (
        "one factor from step speed to whole runs",
        "mean fold 1.31; A100 runs kept 0.86 of their step speed and H100 runs 0.70, which brings 1.18",
    ),
    (
        "activations of fine-tuning at 2.2 x the checkpoints plus 0.3 of a layer",
        "right with checkpointing (Qwen: 1.0), 0.3 to 0.7 of the measured without (litgpt); each layer is counted",
    ),
    (
        "one width at which matrices are too narrow, for MoE too",
        "Qwen3-30B over-estimated by 3.0 when left out, DeepSeek-V3 under by 1.5; 1,200 instead of 500 helps both",
    ),
    (
        "releases of the software",
        "MoE speeds rose by up to 2.9 between NeMo 25.11 and 26.04; with four models the release cannot be told from "
        "the model, so the range has to hold it",
    ),
)

WHY = {
    "F0004": "FSDP over PCIe on 4 A10G: gathers are modelled at a tenth of the link's rate, which varies by machine",
    "F0039": "FSDP over PCIe on 2 A10G, as above",
    "F0046": "FSDP over PCIe on 2 A10G, and weights that hardly fit: probably moved to the host in part",
    "F0379": "8 samples of 8k over 16 chips; the same work on 8 chips ran 1.35 x faster a chip",
    "F0384": "a run of 88 seconds on 1,024 chips: start-up and evaluation weigh",
    "F0432": "8 chips share each sample, and the run takes two minutes",
    "F0645": "LoRA on short padded samples: the micro-batch's padding is not told",
    "M0034": "weights, gradients and moments of 3.8 B weights take 30 GB; 17 GB was read before they were all there",
    "M0003": "a vocabulary of 256k: the embedding's gradient is held whole on each card for a moment",
    "T0460": "an early release (25.11) at micro-batch 1; the release 26.04 runs the same 2.9 x faster",
    "R0006": "the smallest mixture of the rows (1.3 B active weights): MegaBlocks' kernels beside those of NeMo",
    "T0466": "an early release (25.11) with a pipeline; the release 26.04 runs the same 1.7 x faster",
    "T0685": "two towers of 768 and 512 at 7 % of the peak; without it stands a ratio that ViT on GPUs doubles",
    "T0686": "not in the catalog and no size told: the line is refused in words",
    "T1089": "squeeze-and-excite blocks beside the depthwise ones: more memory traffic than EfficientNet-B0",
    "T0295": "the newest release (26.04): MoE speeds rose with each",
    "T0482": "the largest MoE; its experts are wider than Qwen's",
    "I2105": "a small T5 in an eager framework, with sampling: the launch of kernels binds, not the chip",
    "I2661": "four prompts of 8k tokens on an early Neuron release: 2 % of the peak, one prompt reaches 9 %",
    "I2469": "one prompt of 1k tokens over 24 cores: Neuron's split of prompts changed between releases",
    "I2629": "one prompt of 1k tokens over 32 cores, as above",
    "I1698": "research code with 8 output tokens; the only row of its runtime",
    "I2958": "8-bit GPTQ over two cards in turn: its kernels are slower than those of one card's models",
    "I0514": "Llama 4 in the first release that ran it",
    "I2031": "a small T5 with beam search in an eager framework: reordering of beams varies with the release",
    "I0396": "Llama 4 in the first release that ran it",
}
ALONE = "the runtime's rows have one publisher: without it the prior of a general server stands, which is slower"


def why(case: Case) -> str:
    """What explains a row that is far off."""
    usual = ALONE if "tensorrt-llm" in str(case.line.get("framework")).lower() else "not explained"
    return WHY.get(case.id.split("-")[0], usual)
