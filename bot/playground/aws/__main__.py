"""`python -m bot.playground.aws [--port N]`: a local AWS by itself; prints its address, serves until stopped."""

from __future__ import annotations

import argparse
import signal
import threading

from bot.clock import Clock
from bot.playground.aws import LocalAws


def main() -> None:
    """Serve on 127.0.0.1."""
    parser = argparse.ArgumentParser(prog="python -m bot.playground.aws", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    aws = LocalAws(Clock())
    print(aws.start(parser.parse_args().port), flush=True)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    aws.stop()


if __name__ == "__main__":
    main()
