"""`mlbot playground`: the whole product in a browser, with neither Slack nor AWS."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import webbrowser


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("playground", help="the whole product in a browser")
    parser.add_argument("--port", type=int, default=3000, help="of the page (default 3000; 0: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--socket", action="store_true", help="let the bot connect by Socket Mode instead of HTTP")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Start it, print the page's address on the first line once it answers, wait for a signal."""
    from bot import logs
    from bot.playground.start import start

    logs.set_up()
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    try:
        playground = start(args.port, socket=args.socket)
    except OSError as error:
        print(f"The playground cannot listen on port {args.port}: {error.strerror}. Try --port 0.", file=sys.stderr)
        return 1
    print(playground.url, flush=True)
    print("A local Slack and a local AWS; nothing here reaches the real ones. Ctrl-C ends it.", flush=True)
    if not args.no_browser:
        webbrowser.open(playground.url)
    told.wait()
    playground.stop()
    return 0
