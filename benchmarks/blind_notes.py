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
NOW = """## The score of today

Not blind. Bold misses an aim of accuracy.md.
"""

WHY: dict[str, str] = {}
