"""Rebuilds the answers that docs/labs.md quotes: each fenced command is run, and the block below it rewritten.

Run `python -m docs.labs_build` after the catalog or the estimator has changed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from math import exp, hypot, log
from pathlib import Path

from data import Catalog, load
from estimator.answer import Answer, answer
from estimator.option import Option
from estimator.parse import parse
from estimator.result import Range
from estimator.text import render
from estimator.units import duration, figure, money, money_range

PAGE = Path(__file__).parent / "labs.md"
ROWS = 6
COMMAND = re.compile(r'^```\nmlbot estimate "(?P<words>[^"\n]+)"\n```$', re.MULTILINE)
BLOCK = re.compile(
    r'(?P<head>^```\nmlbot estimate "(?P<words>[^"\n]+)"\n```\n\n```text\n|^```text (?P<claim>\w+)\n)'
    r"(?P<body>.*?)(?P<tail>^```$)",
    re.MULTILINE | re.DOTALL,
)
LEFT_OUT = ("Bill of ", "Left out:", "Note:")

TRAINIUM = "train llama-2-7b tokens=2T seq=4096 on trn1.32xlarge or p4d.24xlarge with 16 machines"
INFERENTIA = "infer bert-base seq=128 scenario=offline on inf2.xlarge or g5.xlarge"
TENSORRT = "infer bert-base seq=128 scenario=offline framework=tensorrt on g5.xlarge"
# Published: Llama-2-7B on 16 x trn1.32xlarge, aws-neuron/aws-neuron-sdk training table of SDK 2.15 (2023).
TRN1_TOKENS_PER_S_PER_CHIP, TRN1_CHIPS = 1296.0, 256
# Published: Llama-2-7B, 2T tokens, accelerator-hours of A100-80 (model card, 2023).
A100_HOURS = 184_320.0
# Published: bert-base-uncased, 128 tokens, batch 8, aws-neuron/aws-neuron-sdk inf2 encoder table, SDK 2.27 (2026).
INF2_SAMPLES_PER_S = 2674.19


def answered(words: str, catalog: Catalog) -> Answer:
    """The answer on the day of the prices, so that a page does not age by itself."""
    return answer(parse(words, catalog), catalog, catalog.prices_as_of)


def short(words: str, catalog: Catalog) -> str:
    """What the terminal prints, without the bill, the notes and the list of what was left out."""
    blocks = render(answered(words, catalog), rows=ROWS).split("\n\n")
    return "\n\n".join(block for block in blocks if not block.startswith(LEFT_OUT))


def option(found: Answer, instance_type: str, market: str) -> Option:
    """The option of that type and market with the most machines."""
    fitting = [one for one in found.options if (one.instance_type, one.market) == (instance_type, market)]
    return max(fitting, key=lambda one: one.nodes)


def ratio(first: Range, second: Range) -> Range:
    """first / second with an 80 % interval, as if both were uncertain independently of each other."""
    mid = first.mid / second.mid
    down = hypot(log(first.mid / first.low), log(second.high / second.mid))
    up = hypot(log(first.high / first.mid), log(second.mid / second.low))
    return Range(mid * exp(-down), mid, mid * exp(up))


def cheaper(found: Range) -> str:
    """A ratio of costs in words: 40 % cheaper (from 60 % cheaper to 10 % dearer)."""
    return f"{_percent(found.mid)} (from {_percent(found.low)} to {_percent(found.high)})"


def _percent(share: float) -> str:
    return f"{1 - share:.0%} cheaper" if share < 1 else f"{share - 1:.0%} dearer"


def verdict(found: Range, claimed: float) -> str:
    """What a range of cost ratios says of a claimed ratio."""
    if found.high <= claimed:
        return "shown"
    if found.mid <= claimed:
        return "likely, not proved"
    return "not shown, and outside our range" if found.low > claimed else "not shown, though inside our range"


def trainium(catalog: Catalog) -> str:
    """Cost of the same pre-training on Trainium1 and on A100, by market and by published speeds."""
    return "\n".join([*_trainium_markets(catalog), *_trainium_published(catalog)])


def _trainium_markets(catalog: Catalog) -> Iterator[str]:
    found = answered(TRAINIUM, catalog)
    for market in ("on-demand", "spot", "savings-plan-1y"):
        costs = [option(found, name, market).usd for name in ("trn1.32xlarge", "p4d.24xlarge")]
        if costs[0] is None or costs[1] is None:
            continue
        share = ratio(costs[0], costs[1])
        yield f"{market}: 16 x trn1.32xlarge {_cost(costs[0])}, 16 x p4d.24xlarge {_cost(costs[1])}"
        yield f"  Trainium is {cheaper(share)}; 50% cheaper: {verdict(share, 0.5)}"


def _cost(usd: Range) -> str:
    return f"{money(usd.mid)} ({money_range(usd)})"


def _trainium_published(catalog: Catalog) -> Iterator[str]:
    hours = 2e12 / (TRN1_TOKENS_PER_S_PER_CHIP * TRN1_CHIPS) / 3600
    trn1 = hours * 16 * _hourly("trn1.32xlarge", catalog)
    p4d = A100_HOURS / 8 * _hourly("p4d.24xlarge", catalog)
    yield "published speeds at the same on-demand prices:"
    speed = f"{TRN1_TOKENS_PER_S_PER_CHIP:,.0f} tokens/s a chip, {duration(hours)} without any loss"
    yield f"  trn1.32xlarge {money(trn1)} ({speed}),"
    yield f"  A100 {money(p4d)} ({A100_HOURS:,.0f} chip-hours for the whole run): Trainium is {_percent(trn1 / p4d)}"


def _hourly(instance_type: str, catalog: Catalog) -> float:
    rate = catalog.rate(instance_type, "us-east-1", "on-demand")
    if rate is None:
        raise KeyError(f"no on-demand price of {instance_type} in us-east-1")
    return rate.usd_per_hour


def inferentia(catalog: Catalog) -> str:
    """Speed and cost of the same BERT on Inferentia2 and on A10G: by estimate, and by the published speed."""
    both = answered(INFERENTIA, catalog)
    inf2, plain = option(both, "inf2.xlarge", "on-demand"), option(both, "g5.xlarge", "on-demand")
    fast = option(answered(TENSORRT, catalog), "g5.xlarge", "on-demand")
    measured = Range(INF2_SAMPLES_PER_S, INF2_SAMPLES_PER_S, INF2_SAMPLES_PER_S)
    lines = [*_against("estimated Inf2, G5 with the same kind of framework", _speed(inf2), plain, catalog)]
    lines += _against("published Inf2, G5 with a framework such as PyTorch", measured, plain, catalog)
    lines += _against("published Inf2, G5 with TensorRT", measured, fast, catalog)
    return "\n".join(lines)


def _against(title: str, inf2: Range, g5: Option, catalog: Catalog) -> Iterator[str]:
    speed = ratio(inf2, _speed(g5))
    prices = _hourly("inf2.xlarge", catalog) / _hourly("g5.xlarge", catalog)
    cost = speed.inverse(prices)
    yield f"{title}: {figure(inf2.mid)} and {figure(_speed(g5).mid)} samples/s"
    yield f"  {figure(speed.mid)} x the throughput ({figure(speed.low)} to {figure(speed.high)}), {cheaper(cost)}"
    yield f"  4 x the throughput: {verdict(speed.inverse(), 0.25)}; 70% cheaper: {verdict(cost, 0.3)}"


def _speed(one: Option) -> Range:
    if one.estimate.samples_per_s is None:
        raise ValueError(f"{one.label} has no speed")
    return one.estimate.samples_per_s


CLAIMS: dict[str, Callable[[Catalog], str]] = {"trainium": trainium, "inferentia": inferentia}


def rebuilt(page: str, catalog: Catalog) -> str:
    """The page with every quoted answer as it is today."""

    def block(match: re.Match[str]) -> str:
        claim = match["claim"]
        body = CLAIMS[claim](catalog) if claim else short(match["words"], catalog)
        return f"{match['head']}{body}\n{match['tail']}"

    return BLOCK.sub(block, page)


def main() -> int:
    """Rewrite the page."""
    PAGE.write_text(rebuilt(PAGE.read_text(), load()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
