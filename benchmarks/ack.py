"""How fast a signed slash command is acked: `mlbot run` beside a bare Bolt app on the same server, in the same run.

2,000 commands one after another, 200 at once, 200 at once during an idle scan, and 500 while estimates are computed.
Everything is on 127.0.0.1 and ends by itself. Prints a table and exits 1 when a bound does not hold (ratio 3,
p99 100 ms, worst 1 s).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from bot.clock import Clock
from bot.playground.aws import LocalAws
from bot.playground.seed import seed

SECRET = "benchmark-secret"
NOWHERE = "http://127.0.0.1:9"
ESTIMATE = "finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs"
BARE = """
import os
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from waitress import serve
app = App(signing_secret=os.environ["SLACK_SIGNING_SECRET"], process_before_response=True,
          authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-x"))
app.command("/ml-help")(lambda ack: ack())
serve(SlackRequestHandler(app), host="127.0.0.1", port=int(os.environ["PORT"]), threads=16, connection_limit=1000,
      backlog=1024, _quiet=True)
"""


class Quiet(BaseHTTPRequestHandler):
    """A Slack that says ok to everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"ok":true,"ts":"1.0","channel":"C1"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Times:
    """Milliseconds from sending a command to its ack."""

    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, seconds: list[float]) -> Times:
        """The figures of a list of seconds."""
        ordered = sorted(1000 * s for s in seconds)
        return cls(statistics.median(ordered), ordered[int(len(ordered) * 0.99) - 1], ordered[-1])


def send(connection: http.client.HTTPConnection, command: str, text: str, n: int, slack: int) -> float:
    """One signed command; seconds until its 200."""
    body = urlencode(
        {
            "command": command,
            "text": text,
            "user_id": f"U{n % 7}",
            "team_id": "T1",
            "channel_id": "C1",
            "trigger_id": f"{time.time_ns()}.{n}",
            "response_url": f"http://127.0.0.1:{slack}/respond/{n}",
        }
    ).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:%s:%s" % (stamp.encode(), body), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": "v0=" + digest,
    }
    start = time.perf_counter()
    connection.request("POST", "/slack/events", body, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    return time.perf_counter() - start


def in_turn(port: int, slack: int, count: int) -> Times:
    """*count* commands one after another."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    return Times.of([send(connection, "/ml-help", "", n, slack) for n in range(count)])


def at_once(port: int, slack: int, count: int) -> Times:
    """*count* commands from as many connections that start together."""
    gate, found = threading.Barrier(count), [0.0] * count

    def one(n: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.connect()
        gate.wait()
        found[n] = send(connection, "/ml-help", "", n, slack)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Times.of(found)


def under_estimates(port: int, slack: int, count: int) -> Times:
    """*count* commands in turn while a second connection asks for an estimate every 100 ms."""
    stop = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for n in range(600):
            if stop.wait(0.1):
                return
            send(connection, "/ml-estimate", ESTIMATE, n, slack)

    thread = threading.Thread(target=ask)
    thread.start()
    times = in_turn(port, slack, count)
    stop.set()
    thread.join()
    return times


def during_a_scan(port: int, slack: int, count: int) -> Times:
    """*count* commands at once just after somebody asked for a scan of every region."""
    send(http.client.HTTPConnection("127.0.0.1", port), "/ml-idle", "now", 10_000, slack)
    return at_once(port, slack, count)


@contextmanager
def served(command: list[str], port: int, slack: int, folder: str, aws: str = NOWHERE) -> Iterator[None]:
    """A child process that answers on *port* until the block ends."""
    env = {
        **os.environ,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_BOT_TOKEN": "xoxb-benchmark",
        "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/mlbot.db",
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    child = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        child.terminate()
        child.wait(30)


def free_port() -> int:
    """A port that nobody listens on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    port = server.server_address[1]
    server.server_close()
    return port


def main() -> int:
    """Measure both, print the table, say whether the bounds hold."""
    slack = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=slack.serve_forever, daemon=True).start()
    answers = slack.server_address[1]
    with tempfile.TemporaryDirectory() as folder:
        ports = free_port(), free_port()
        aws = LocalAws(Clock())
        endpoint = aws.start()
        seed(aws)
        ours = served([sys.executable, "-m", "bot", "run"], ports[0], answers, folder, endpoint)
        bare = served([sys.executable, "-c", BARE], ports[1], answers, folder)
        with ours, bare:
            for port in ports:
                in_turn(port, answers, 100)
            rows = {
                "bare Bolt, 2,000 in turn": in_turn(ports[1], answers, 2000),
                "mlbot, 2,000 in turn": in_turn(ports[0], answers, 2000),
                "bare Bolt, 200 at once": at_once(ports[1], answers, 200),
                "mlbot, 200 at once": at_once(ports[0], answers, 200),
                "mlbot, 200 at once during a scan": during_a_scan(ports[0], answers, 200),
                "mlbot, 500 in turn under estimates": under_estimates(ports[0], answers, 500),
            }
    print(f"{'':36} {'p50 ms':>8} {'p99 ms':>8} {'worst ms':>9}")
    for name, times in rows.items():
        print(f"{name:36} {times.p50:8.2f} {times.p99:8.2f} {times.worst:9.2f}")
    ratio = rows["mlbot, 2,000 in turn"].p50 / rows["bare Bolt, 2,000 in turn"].p50
    print(f"p50 of mlbot / p50 of bare Bolt: {ratio:.2f}")
    slow = max(rows["mlbot, 2,000 in turn"].p99, rows["mlbot, 500 in turn under estimates"].p99)
    worst = max(rows["mlbot, 200 at once"].worst, rows["mlbot, 200 at once during a scan"].worst)
    return 0 if ratio <= 3 and slow < 100 and worst < 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
