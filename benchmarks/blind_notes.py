"""The words of docs/blind.md: what the rows are, the first score, what explains those that are far off."""

from __future__ import annotations

INTRODUCTION = """# Blind rows

`benchmarks/blind.jsonl` holds {rows} published measurements of {sources} sources, collected on 2026-11-21: other
models, publishers, chips and software than `benchmarks/cases.jsonl`, on which the tables are fitted
([accuracy.md](accuracy.md)). They were written down from their sources before the estimator was asked for any of them.
`python -m benchmarks.blind` scores them and writes this page. Columns as in accuracy.md.

The rows are as untidy as the world: rounded days of model cards, throughputs of small frameworks, cards for games,
lengths that have to be taken as stated. Where a source tells no batch or software, the row tells none.
"""
FIRST = """## The first score

Before anything was mended, at commit 2361ea8. This is the blind figure: later ones are not blind any more, as what the
rows showed has been mended.

| suite | cases | answered | median | mean fold | within 20 % | within 2 x | worst | held | width |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| batch-inference | 27 | 27 | 0.68 | 1.66 | 30% | 74% | 3.97 | 52% | x2.41 |
| finetune-hours | 10 | 10 | 1.16 | 1.69 | 20% | 80% | 3.97 | 30% | x2.06 |
| finetune-throughput | 9 | 9 | 0.60 | 1.85 | 22% | 67% | 7.03 | 44% | x1.96 |
| latency | 7 | 7 | 1.23 | 1.26 | 29% | 100% | 1.53 | 100% | x2.65 |
| llm-serving | 29 | 29 | 0.96 | 1.12 | 79% | 100% | 1.55 | 100% | x2.65 |
| memory | 17 | 17 | 1.02 | 1.30 | 59% | 88% | 2.66 | 65% | x1.40 |
| mlperf-hours | 2 | 2 | 1.17 | 1.17 | 50% | 100% | 1.24 | 100% | x2.28 |
| run-hours | 22 | 22 | 0.94 | 1.30 | 41% | 95% | 2.97 | 68% | x2.05 |
| train-throughput | 30 | 30 | 0.95 | 1.34 | 50% | 87% | 3.47 | 57% | x1.93 |
"""
WITHOUT = """## Without the row's publisher

The same rows today, each answered from tables that have not seen its publisher: what a source that nobody has seen
meets, but for the structure of the formulas, which was mended with these rows in sight. Bold misses an aim of
accuracy.md. Rows that turned out wrong are at the end of the page and count no more.
"""
NOW = """## As it ships

The tables of training are fitted on these rows too, one vote for each publisher, model and chip: not blind.
"""
MENDED = (
    (
        "fine-tuning on RTX 3090 and 4090 took 1.4 to 2.6 times less than said, on L40S and A10G not",
        "cards for games are a class of chips of their own: their maker halves the rate of tensor cores that sum in "
        "32 bits, and a larger share of that smaller peak is reached",
    ),
    (
        "QLoRA of 34B on two cards was said to take 2.6 times too long",
        "gathers over PCIe hide behind the computation of the layer before",
    ),
    (
        "a 1B model over 4 tensor ranks or 4 pipeline stages was said to be 1.7 times faster",
        "a told split counts against the one that would be chosen (accuracy.md, Method); of software that does not "
        "take layers off the last stage, the head there counts as well",
    ),
    (
        "memory of torchtitan was said to be 1.8 to 2.7 times larger",
        "selective recomputation by operation keeps half of a layer; sequence parallelism splits what is kept",
    ),
    (
        "pre-training with lit-gpt was said to be 1.6 times slower",
        "its fine-tuning scripts are eager, its pre-training is of the FSDP class",
    ),
    (
        "FP8 in FSDP-class software, V100, TPU, Gaudi, cards for games: one row or none behind the cell",
        "the rows vote in the tables of training; the prior of V100 was set from the same rows and two more",
    ),
    (
        "ranges held half of the rows of publishers that the tables had not seen",
        "the deviation of a cell is that from what one would believe without the publisher; whole runs have 31 rows "
        "behind theirs",
    ),
    (
        "one odd run moves a cell with few rows",
        "a family further than a factor of 2 from what is believed counts as a factor of 2; rows whose weights are "
        "gathered over PCIe do not vote on the share, as that rate varies by machine",
    ),
    (
        "(no gain) ranges widened by the share of time in which chips wait",
        "no more rows held; not kept",
    ),
)
BY_PUBLISHER = """## By publisher

Without the row's publisher, here and below.
"""
FAR = "Predicted without the row's publisher.\n"
WRONG = """They stand in the first score, and nowhere else.
"""

WHY: dict[str, str] = {
    "B022": "gradients of 1B weights over 16 data-parallel ranks of 4: the exchange between machines is not told",
    "B030": "four cards a machine, 36 % of the peak; the same software reaches 56 % on 16 cards (TinyLlama)",
    "B015": "research code in JAX: 30 % of the peak, MaxText reaches 57 to 65 % on the same generation",
    "B094": "0.5B weights: the launches of each step, not the memory, set the pace",
    "B137": "one sample at a time: eager launches of 24 layers, 18 ms where the arithmetic takes one",
    "B138": "no Inferentia2 row of one pass in the tables; the source compiles and batches for both cores",
    "B139": "as B138",
    "B141": "as B138",
    "B142": "as B138",
    "B144": "as B138",
    "B145": "as B138",
    "B147": "no row of a card for games in the tables of one pass; these reach 25 to 40 % of its peak",
    "B148": "as B147",
    "B149": "as B147",
    "B150": "as B147",
    "B153": "no Gaudi row of images in the tables",
    "B020": "the only other V100 figure is that of an 8.3B model split over 8 chips in 2020",
    "B021": "as B020",
    "B066": "as B020",
    "B047": "many narrow experts with kernels of their own: 35 % of the 16-bit peak in FP8 over a whole run",
    "B050": "C and CUDA written for this one model: 63 % of the peak at a width of 768",
    "B061": "four cards without links: 35 GB gathered twice a micro-batch at 1.5 GB/s, a quarter of the usual",
    "B023": "four stages of a 1B model in a young library; see B022",
    "B024": "vision transformers have no measured cell on cards for games without this row",
    "B026": "convolutions in channels-last fill the tensor cores of a card for games better than of a V100",
    "B082": "the framework and its context are counted, PyTorch's peak of allocations leaves them out",
    "B088": "the cache is allocated for every query head and the whole batch before it is needed",
}
