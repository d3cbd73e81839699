"""Launches under kill -9 and a failing AWS: every approved request must become one machine, and no machine an orphan.

The real `mlbot run` in a process of its own, a local Slack and a local AWS in this one. While requests are asked for
and approved, the bot is killed over and over and faults strike RunInstances. Prints a table; exits 1 when a number is
wrong. `python benchmarks/chaos.py [REQUESTS]`
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from bot.clock import Clock
from bot.playground.aws import LocalAws
from bot.playground.slack import LocalSlack
from bot.playground.slack.rates import Pace
from bot.rules.launch import Launch
from bot.store import launches
from bot.store.db import Store

SECRET = "chaos-secret"
ROOM, ASK_IN, ASKER, LEAD = "C0APPROVALS", "C0ML", "U0ENG", "U0LEAD"
POLICY = f"""
[approvals]
channel = "{ROOM}"
approvers = ["{LEAD}"]
[reminders]
channel = "{ASK_IN}"
[launch]
image = "%s"
"""
LIVES = (0.9, 2.0)  # seconds between the moment that it serves and kill -9
MANY, LONG_LIVES, QUICK = 500, (6.0, 15.0), 0.05  # thousands of requests need a bot that lives most of the time
FAULTS_EVERY = 0.15  # seconds
PACE = 0.5  # seconds between requests, so that kills meet every step
QUEUED = 20  # faults that wait for a call; more than that, and a long run is nothing but faults
OPEN = 60  # requests that are on their way at once; a thousand people who wait measure only the queue
PATIENCE = 120.0  # seconds after the last kill until everything must be settled


@dataclass
class Town:
    """Slack, AWS and a bot that is killed and started again."""

    folder: Path
    dice: random.Random
    aws: LocalAws = field(init=False)
    slack: LocalSlack = field(init=False)
    port: int = field(init=False)
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lives: tuple[float, float] = LIVES
    pace: float = PACE
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        clock = Clock()
        self.aws = LocalAws(clock)
        endpoint = self.aws.start()
        self.slack = LocalSlack(signing_secret=SECRET, clock=clock)
        self.slack.rates.pace = Pace.generous()
        self.slack.start(port=0)
        self.port = _free_port()
        self.slack.events_url = f"http://127.0.0.1:{self.port}/slack/events"
        policy = self.folder / "policy.toml"
        policy.write_text(POLICY % self.aws.image)
        self.environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": "xoxb-local",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_APP_TOKEN": "",
            "SLACK_API_URL": self.slack.api_url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{self.folder / 'mlbot.db'}",
            "MLBOT_POLICY": str(policy),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }

    def live(self) -> None:
        """Start the bot and wait until it serves."""
        log = (self.folder / "bot.log").open("ab")
        command = [sys.executable, "-m", "bot", "run"]
        self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        http = urllib3.PoolManager(retries=False)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if http.request("GET", f"http://127.0.0.1:{self.port}/healthz", timeout=2).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
        raise SystemExit(f"the bot does not start; see {self.folder / 'bot.log'}")

    def die(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def trouble(self) -> None:
        """One fault for a RunInstances to come."""
        kind = self.dice.choice(("lost", "lost", "reset", "delay", "throttled", "full"))
        self.faults[kind] += 1
        if kind == "throttled":
            self.aws.fail("RunInstances", "RequestLimitExceeded", status=503)
        elif kind == "full":
            self.aws.no_capacity(self.dice.choice(("us-east-1a", "us-east-1b")), times=1)
        elif kind == "delay":
            self.aws.disturb("delay", "RunInstances", seconds=0.3)
        else:
            self.aws.disturb(kind, "RunInstances")  # type: ignore[arg-type]

    def launches(self) -> list[Launch]:
        """What the rows say."""
        with Store(f"sqlite:///{self.folder / 'mlbot.db'}").reading() as tx:
            rows = [str(row["id"]) for row in tx.all("SELECT id FROM launch")]
            return [found for row in rows if (found := launches.find(tx, row))]

    def machines(self) -> Counter[str]:
        """How many machines AWS made for each request."""
        found = self.aws.backend("ec2", "us-east-1").all_instances()
        return Counter(str({t["key"]: t["value"] for t in one.get_tags()}.get("mlbot:request")) for one in found)

    def stop(self) -> None:
        """End everything."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.slack.stop()
        self.aws.stop()


def ask_all(town: Town, count: int, done: threading.Event) -> None:
    """Each request is typed until the bot acks it."""
    for n in range(count):
        while not done.is_set() and waiting(town) >= OPEN:
            done.wait(town.pace)
        while not done.is_set():
            sent = town.slack.command(
                user=ASKER, channel=ASK_IN, command="/ml-launch", text=f"g5.xlarge hours=1 name=r{n}"
            )
            if sent is not None and sent.ok:
                break
            time.sleep(0.1)
        done.wait(town.pace)


def approve_all(town: Town, count: int, done: threading.Event) -> None:
    """Each card's Approve is pressed until the bot acks it."""
    pressed: set[str] = set()
    while len(pressed) < count and not done.is_set():
        looked = time.monotonic()
        for message in town.slack.messages(ROOM):
            for element in _buttons(message):
                if element["action_id"].startswith("approve") and element["value"] not in pressed:
                    sent = town.slack.click(user=LEAD, channel=ROOM, ts=message["ts"], action_id=element["action_id"])
                    if sent.ok:
                        pressed.add(element["value"])
        time.sleep(max(0.2, 4 * (time.monotonic() - looked)))  # a room of thousands of cards is slow to read


def kill_over_and_over(town: Town, busy: threading.Event) -> None:
    """Until everything is asked and approved."""
    while not busy.is_set():
        if busy.wait(town.dice.uniform(*town.lives)):
            return
        town.die()
        town.live()


def make_trouble(town: Town, busy: threading.Event) -> None:
    """A fault in every so many milliseconds."""
    while not busy.wait(FAULTS_EVERY):
        if town.aws.faults.waiting() < QUEUED:
            town.trouble()


def settled(town: Town) -> bool:
    """Whether nothing is left to do."""
    return waiting(town) == 0


def waiting(town: Town) -> int:
    """How many requests are neither refused, failed nor a machine that runs."""
    with Store(f"sqlite:///{town.folder / 'mlbot.db'}").reading() as tx:
        row = tx.one(
            "SELECT count(*) AS n FROM launch"
            " WHERE state NOT IN ('running', 'failed', 'refused') OR progress = 'pending'"
        )
    return int(row["n"]) if row else 0


def run(town: Town, count: int) -> bool:
    """Ask, approve, kill, settle, count; whether every number is right."""
    began = time.monotonic()
    town.live()
    over, done = threading.Event(), threading.Event()
    around = [
        threading.Thread(target=kill_over_and_over, args=(town, over)),
        threading.Thread(target=make_trouble, args=(town, over)),
    ]
    people = [
        threading.Thread(target=ask_all, args=(town, count, done)),
        threading.Thread(target=approve_all, args=(town, count, done)),
    ]
    for thread in (*around, *people):
        thread.start()
    for thread in people:
        thread.join()
    over.set()
    for thread in around:
        thread.join()
    town.aws.faults.clear()
    deadline = time.monotonic() + PATIENCE
    while not settled(town) and time.monotonic() < deadline:
        time.sleep(0.5)
    return report(town, count, time.monotonic() - began)


def report(town: Town, count: int, seconds: float) -> bool:
    """Print the table."""
    rows, machines = town.launches(), town.machines()
    approved = {one.id for one in rows if one.decided_at is not None}
    running = {one.id for one in rows if one.state == "running"}
    posts = Counter(str(m.get("text", "")).partition(":")[0] for m in town.slack.messages(ROOM))
    figures = {
        "requests": count,
        "rows": len(rows),
        "approved": len(approved),
        "machines": sum(machines.values()),
        "requests with two machines": sum(n > 1 for n in machines.values()),
        "orphans": len(set(machines) - running),
        "approved without a machine": len(approved - set(machines)),
        "kill -9": town.kills,
        "faults queued": sum(town.faults.values()),
        "RunInstances calls": town.aws.calls["RunInstances"],
        "cards": sum(posts.values()),
        "seconds": round(seconds, 1),
    }
    for name, figure in figures.items():
        print(f"{name:28} {figure}")
    print(f"{'faults':28} {dict(town.faults)}")
    return len(approved) >= count and dict(machines) == dict.fromkeys(approved, 1) and approved == running


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        element
        for block in message.get("blocks") or []
        for element in block.get("elements") or []
        if isinstance(element, dict) and "action_id" in element
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """0 when every number is right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", nargs="?", type=int, default=150)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--keep", action="store_true", help="keep database and log")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    town = Town(folder, random.Random(args.seed))
    if args.requests > MANY:
        town.lives, town.pace = LONG_LIVES, QUICK
    try:
        right = run(town, args.requests)
    finally:
        town.stop()
    print("right" if right else f"WRONG; see {folder}")
    if right and not args.keep:
        shutil.rmtree(folder)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
