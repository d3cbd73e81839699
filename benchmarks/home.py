"""How long a Home tab takes from a look at it until it stands in the playground, with few and with many things."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import replace

from bot.playground.start import Playground, start
from bot.store import idle, resources

USER = "U0OPS"
LOOKS = 30
MANY = 1000
GOAL_MS = 300.0


def crowd(made: Playground, count: int) -> None:
    """Add *count* machines to what the last scan found."""
    parts = made.bot.parts
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        first = idle.findings(tx)[0][0]
        for n in range(count):
            place = {"account": "default", "region": "us-east-1", "kind": "ec2_instance", "aws_id": f"i-bench{n:04d}"}
            ref = resources.see(tx, now=now, **place)
            one = replace(first.resource, id=place["aws_id"], kind="ec2_instance", name=f"bench-{n}")
            idle.save(tx, replace(first, ref=ref, resource=one), written=now)


def look(made: Playground) -> float:
    """Milliseconds from the look until the tab is drawn."""
    before = (made.slack.home(USER) or {}).get("hash")
    begun = time.perf_counter()
    made.slack.open_home(user=USER)
    while (made.slack.home(USER) or {}).get("hash") == before:
        time.sleep(0.001)
    return (time.perf_counter() - begun) * 1000


def figures(made: Playground) -> dict[str, float]:
    """Median and worst of some looks, the first (which fills caches) left out."""
    look(made)
    took = []
    for _ in range(LOOKS):
        took.append(look(made))
        time.sleep(0.05)
    return {"median_ms": round(statistics.median(took), 1), "worst_ms": round(max(took), 1)}


def main() -> int:
    """Print one JSON line for the seeded account, one for a thousand machines more."""
    made = start(0)
    try:
        made.scan()
        for things in (0, MANY):
            crowd(made, things)
            found = figures(made)
            print(json.dumps({"more_machines": things, **found, "of_goal": round(found["median_ms"] / GOAL_MS, 2)}))
    finally:
        made.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
