"""Whether memory stays flat: `mlbot run` under 20,000 commands of every kind, its RSS at 2,000, 10,000 and 20,000.

The commands come four at a time over signed HTTP; Slack and AWS are local. Prints a table and exits 1 when more than
10 MB came between 10,000 and 20,000 commands, or when start to ready took over 3 s.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from benchmarks.ack import ESTIMATE, SECRET, Quiet, send
from bot.clock import Clock
from bot.playground.aws import LocalAws

BLOCK = 500  # commands between two waits for their answers
MARKS = (2_000, 10_000, 20_000)
MOST_GROWTH_MB = 10.0
MOST_READY_SECONDS = 3.0
COMMANDS = (
    ("/ml-help", ""),
    ("/ml-estimate", ESTIMATE),
    ("/ml-instances", "all"),
    ("/ml-idle", ""),
    ("/ml-launch", "what is this"),
    ("/ml-estimate", "infer llama-3-8b qps=5 input=512 output=256"),
)


class Slack(Quiet):
    """A Slack that knows everybody, and counts the answers to commands."""

    answers = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        """Any method: ok, with a person in it."""
        if self.path.startswith("/respond/"):
            with self.lock:
                Slack.answers += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"ok":true,"ts":"1.0","channel":"C1","team_id":"T1","user":{"id":"U1","team_id":"T1","tz":"UTC"}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def rss_mb(pid: int) -> float:
    """Resident memory now."""
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def serving(slack: int, aws: str, port: int) -> Iterator[tuple[int, float]]:
    """`mlbot run`; its process id, and the seconds from start to ready."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "SLACK_BOT_TOKEN": "xoxb-x",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
            "DATABASE_URL": f"sqlite:///{folder}/mlbot.db",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "AWS_ENDPOINT_URL": aws,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        begun = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "bot", "run"], env={**os.environ, **settings})
        try:
            yield process.pid, _ready(port, begun)
        finally:
            process.terminate()
            process.wait(60)


def _ready(port: int, begun: float) -> float:
    while time.perf_counter() - begun < 60:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return time.perf_counter() - begun
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise SystemExit("mlbot did not become ready")


def answered(sent: int) -> None:
    """Wait until every command has its answer, so that no queue is taken for a leak."""
    for _ in range(6000):
        if sent <= Slack.answers:
            return
        time.sleep(0.05)
    raise SystemExit(f"only {Slack.answers:,} of {sent:,} commands were answered")


def drive(port: int, slack: int, numbers: range) -> float:
    """Send the commands *numbers*, four at a time; the longest ack in seconds."""

    def some(part: int) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        mine = range(numbers.start + part, numbers.stop, 4)
        return max(send(connection, *COMMANDS[n % len(COMMANDS)], n, slack) for n in mine)

    with ThreadPoolExecutor(4) as pool:
        return max(pool.map(some, range(4)))


def main() -> int:
    """Measure and print; 1 when a bound does not hold."""
    marks = tuple(int(word) for word in sys.argv[1:]) or MARKS
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slack)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    aws, slack, port = LocalAws(Clock()), server.server_address[1], 3977
    endpoint = aws.start()
    found: list[float] = []
    with serving(slack, endpoint, port) as (pid, ready):
        print(f"start to ready {ready:.2f} s, {rss_mb(pid):.0f} MB", flush=True)
        done = 0
        for mark in marks:
            worst = 0.0
            for at in range(done, mark, BLOCK):
                upto = min(mark, at + BLOCK)
                worst = max(worst, drive(port, slack, range(at, upto)))
                answered(upto)
            done = mark
            found.append(rss_mb(pid))
            print(f"{mark:>7,} commands: {found[-1]:.0f} MB, longest ack {1000 * worst:.0f} ms", flush=True)
    aws.stop()
    growth = found[-1] - found[-2] if len(found) > 1 else 0.0
    print(f"{growth:+.1f} MB over the last {marks[-1] - marks[-2] if len(marks) > 1 else 0:,} commands")
    return int(growth > MOST_GROWTH_MB or ready > MOST_READY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
