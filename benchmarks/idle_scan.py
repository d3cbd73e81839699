"""A scan of 10,000 machines in 20 regions against a counting, AWS-shaped account: calls, seconds, memory."""

from __future__ import annotations

import argparse
import math
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import data
from bot import idle
from bot.clock import FixedClock
from bot.parts import Parts
from bot.people import People
from bot.rules.errors import NoAnswer
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.store.db import Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
PAGE, QUERIES, POINTS, METRICS = 1000, 500, 100_800, 500
IDLE_SHARE = 0.1


class Account:
    """Machines by region, every tenth idle since yesterday; pages, limits and shapes as AWS has them."""

    def __init__(self, machines: int, regions: int, hanging: int, hang_seconds: float) -> None:
        self.names = [f"us-east-{n + 1}" for n in range(regions)]
        self.each = machines // regions
        self.hanging = set(self.names[:hanging])
        self.hang_seconds = hang_seconds
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    # --- as bot.cloud.Cloud -----------------------------------------------------------------------------------------

    def accounts(self) -> tuple[str, ...]:
        return ("default",)

    def regions(self, account: str) -> tuple[str, ...]:
        return tuple(self.names)

    def client(self, service: str, region: str, account: str = "default", *, person: str = "") -> Any:
        return Client(self, region)

    def call(self, method: Any, /, **given: Any) -> Any:
        return method(**given)

    def dry_run(self, method: Any, /, **given: Any) -> None:
        self.count("dry_run")

    def items(self, client: Client, operation: str, key: str, /, **given: Any) -> Iterator[Mapping[str, Any]]:
        for page in getattr(client, f"{operation}_pages", client.nothing)(operation, **given):
            yield from page

    # ----------------------------------------------------------------------------------------------------------------

    def count(self, operation: str) -> None:
        with self._lock:
            self.calls[operation] += 1

    def least(self, region_kinds: int) -> int:
        """The fewest calls by which AWS can be asked for what a verdict on every machine needs."""
        pages = math.ceil(self.each / PAGE)
        metrics = math.ceil(self.each / METRICS) + math.ceil(self.each * 8 / QUERIES)
        return len(self.names) * (2 * pages + metrics + region_kinds)


class Client:
    """One region."""

    def __init__(self, account: Account, region: str) -> None:
        self.account, self.region = account, region

    def nothing(self, operation: str, **given: Any) -> Iterator[list[Any]]:
        self._ask(operation)
        yield []

    def describe_instances_pages(self, operation: str, **given: Any) -> Iterator[list[Any]]:
        for first in range(0, self.account.each, PAGE):
            self._ask(operation)
            count = min(PAGE, self.account.each - first)
            yield [{"Instances": [self._machine(first + n)]} for n in range(count)]

    def describe_volumes_pages(self, operation: str, **given: Any) -> Iterator[list[Any]]:
        for first in range(0, self.account.each, PAGE):
            self._ask(operation)
            yield [self._volume(first + n) for n in range(min(PAGE, self.account.each - first))]

    def list_metrics_pages(self, operation: str, **given: Any) -> Iterator[list[Any]]:
        for first in range(0, self.account.each, METRICS):
            self._ask(operation)
            yield [
                {
                    "Namespace": "CWAgent",
                    "MetricName": "nvidia_smi_utilization_gpu",
                    "Dimensions": [{"Name": "InstanceId", "Value": self._id(n)}, {"Name": "index", "Value": "0"}],
                }
                for n in range(first, min(first + METRICS, self.account.each))
            ]

    def get_metric_data_pages(self, operation: str, **given: Any) -> Iterator[list[Any]]:
        queries = given["MetricDataQueries"]
        times = [given["StartTime"] + STEP * n for n in range(int((given["EndTime"] - given["StartTime"]) / STEP))]
        assert len(queries) <= QUERIES
        assert len(queries) * len(times) <= POINTS
        self._ask(operation)
        since = NOW - timedelta(hours=20)
        quiet = [at >= since for at in times]
        yield [{"Id": one["Id"], "Timestamps": times, "Values": self._values(one, quiet)} for one in queries]

    def describe_addresses(self, **given: Any) -> Any:
        self._ask("describe_addresses")
        return {"Addresses": []}

    def stop_instances(self, **given: Any) -> None:
        """Only its name is asked for, by dry runs."""

    def _values(self, query: Mapping[str, Any], quiet: list[bool]) -> list[float]:
        metric = query["MetricStat"]["Metric"]
        where = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
        rests = int(where["InstanceId"].rpartition("-")[2]) % round(1 / IDLE_SHARE) == 0
        busy, idle_value = {"CPUUtilization": (60.0, 1.0), "nvidia_smi_utilization_gpu": (90.0, 0.0)}.get(
            metric["MetricName"], (1e6, 1e3)
        )
        return [idle_value if rests and still else busy for still in quiet]

    def _id(self, number: int) -> str:
        return f"i-{self.region}-{number}"

    def _machine(self, number: int) -> dict[str, Any]:
        return {
            "InstanceId": self._id(number),
            "InstanceType": "g5.xlarge",
            "State": {"Name": "running"},
            "LaunchTime": NOW - timedelta(days=20),
            "Placement": {"AvailabilityZone": f"{self.region}a"},
            "PrivateDnsName": f"ip-{number}.ec2.internal",
            "Tags": [{"Key": "Name", "Value": f"m-{number}"}, {"Key": "mlbot:owner", "Value": f"U{number % 50}"}],
        }

    def _volume(self, number: int) -> dict[str, Any]:
        attached = {"InstanceId": self._id(number), "AttachTime": NOW - timedelta(days=20), "DeleteOnTermination": True}
        return {
            "VolumeId": f"vol-{self.region}-{number}",
            "Size": 100,
            "VolumeType": "gp3",
            "State": "in-use",
            "CreateTime": NOW - timedelta(days=20),
            "Attachments": [attached],
        }

    def _ask(self, operation: str) -> None:
        self.account.count(operation)
        if self.region in self.account.hanging:
            time.sleep(self.account.hang_seconds)
            raise NoAnswer(f"AWS did not answer {operation}.", code="ReadTimeoutError")


def parts(account: Account, folder: Path) -> Parts:
    """A bot over *account*, with a database on disk."""
    clock = FixedClock(NOW)
    store = Store(f"sqlite:///{folder / 'mlbot.db'}")
    store.migrate()
    return Parts(
        settings=Settings(_env_file=None),  # type: ignore[call-arg]
        store=store,
        clock=clock,
        policy=lambda: Policy(),
        cloud=account,  # type: ignore[arg-type]
        slack=None,  # type: ignore[arg-type]
        people=People(None, clock),  # type: ignore[arg-type]
        catalog=data.load(),
        wake=lambda: None,
    )


def main() -> None:
    """Scan twice (a new account, then the one that is known) and print what it took."""
    words = argparse.ArgumentParser()
    words.add_argument("--machines", type=int, default=10_000)
    words.add_argument("--regions", type=int, default=20)
    words.add_argument("--hanging", type=int, default=0, help="regions that accept and do not answer")
    args = words.parse_args()
    account = Account(args.machines, args.regions, args.hanging, 20.3)
    with tempfile.TemporaryDirectory() as folder:
        bot = parts(account, Path(folder))
        for name in ("first scan", "next scan"):
            account.calls.clear()
            begun = time.monotonic()
            report = idle.scan(bot, NOW)
            took = time.monotonic() - begun
            levels = Counter(one.verdict.level for one in report.findings)
            others = sum(account.calls.values()) - sum(account.calls[name] for name in MEASURED)
            least = account.least(others // max(1, args.regions))
            made, peak = sum(account.calls.values()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name}: {took:.1f} s, {made} calls ({made / least:.2f} x the least {least}), {peak:.0f} MB at most,"
            )
            print(f"  {dict(levels)}, gaps: {len(report.gaps)}, {dict(account.calls)}")


MEASURED = ("describe_instances", "describe_volumes", "list_metrics", "get_metric_data", "dry_run")

if __name__ == "__main__":
    main()
