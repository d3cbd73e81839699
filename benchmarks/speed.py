"""How fast and how large: ranked answers, a batch of 1,000 lines, memory; also as ratio to a plain loop.

    python -m benchmarks.speed

The loop makes figures of different machines, and of a busy and a quiet one, comparable.
"""

from __future__ import annotations

import itertools
import json
import resource
import time
from collections.abc import Iterator
from datetime import date

from data import Catalog, load
from estimator.batch import answer_line

TODAY = date(2026, 9, 1)
MODELS = ("llama-3-8b", "llama-3-70b", "bert-base", "gpt2", "mistral-7b", "mixtral-8x7b", "t5-base", "resnet-50")
WORK = (
    {"kind": "train", "tokens": 1e9, "samples": 1e6, "seq_len": 2048},
    {"kind": "finetune", "tokens": 1e8, "samples": 1e5, "seq_len": 512, "method": "lora"},
    {"kind": "infer", "qps": 5, "input_tokens": 512, "output_tokens": 128},
)
LINES = 1000
LOOP = 3_000_000


def lines(count: int) -> Iterator[str]:
    """Lines without hardware, so that each is a whole ranking; no two amounts are alike."""
    for number, (model, work) in enumerate(itertools.islice(itertools.cycle(itertools.product(MODELS, WORK)), count)):
        grown = {
            key: value * (1 + number / count) if key in ("tokens", "samples", "qps") else value
            for key, value in work.items()
        }
        yield json.dumps({"id": number, "model": model, **grown})


def loop_seconds() -> float:
    """Processor seconds of LOOP rounds of integer arithmetic."""
    start, total = time.process_time(), 0
    for number in range(LOOP):
        total += number * number % 7
    return time.process_time() - start


def seconds_of(asked: list[str], catalog: Catalog) -> list[float]:
    """Processor seconds of each line, with the JSON of its answer."""
    found = []
    for line in asked:
        start = time.process_time()
        json.dumps(answer_line(line, catalog, TODAY), allow_nan=False)
        found.append(time.process_time() - start)
    return found


def main() -> None:
    """Print the figures."""
    catalog = load()
    seconds_of(list(lines(24)), catalog)
    loop = loop_seconds()
    found = sorted(seconds_of(list(lines(LINES)), catalog))
    loop = (loop + loop_seconds()) / 2
    middle, slow = found[LINES // 2], found[int(0.99 * LINES)]
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"loop of {LOOP:,} rounds: {loop:.2f} s")
    print(f"{LINES:,} ranked lines: {sum(found):.1f} s of processor time, {sum(found) / loop:.0f} x the loop")
    print(f"one ranked line: median {1e3 * middle:.1f} ms, 99 of 100 within {1e3 * slow:.1f} ms")
    print(f"memory: {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
