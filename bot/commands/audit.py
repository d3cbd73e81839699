"""`mlbot audit tell | verify | export`: who did what, whether the log is whole, its rows as JSON lines or CSV."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import datetime

from bot.commands.database import existing


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    verbs = commands.add_parser("audit", help="export or verify the audit log").add_subparsers(
        dest="verb", metavar="VERB", required=True
    )
    verify = verbs.add_parser("verify", help="walk the hash chain; exit 1 at the first row that was changed")
    verify.add_argument("--published", metavar="ROW:HASH", help="a head that was posted earlier; must be in the log")
    verify.set_defaults(run=run_verify)
    tell = verbs.add_parser("tell", help="what happened to a request or machine, who asked and who allowed it")
    tell.add_argument("subject", metavar="ID", help="a launch (l_...) or an AWS id (i-...)")
    tell.set_defaults(run=run_tell)
    export = verbs.add_parser("export", help="print every row")
    export.add_argument("--subject", default="", help="only rows about this launch or instance")
    export.add_argument("--since", type=datetime.fromisoformat, help="ISO time")
    export.add_argument("--csv", action="store_true", help="CSV instead of JSON lines")
    export.set_defaults(run=run_export)


FACTS = (
    "wanted",
    "how",
    "reason",
    "after",
    "hours",
    "choice",
    "usd_total",
    "zone",
    "instance_ids",
    "until",
    "aws_request_id",
    "code",
    "error",
)


def run_tell(args: argparse.Namespace) -> int:
    """0 when something is known of the subject, 1 when nothing is."""
    from bot import audit

    rows = audit.story(existing(), args.subject)
    for row in rows:
        facts = ((name, row["detail"].get(name)) for name in FACTS)
        words = " ".join(f"{name}={_brief(value)}" for name, value in facts if value and not isinstance(value, dict))
        print(f"{row['at'][:19]} {row['actor']:12} {row['action']:24} {row['subject']}  {words}".rstrip())
    if not rows:
        print(f"The audit log says nothing of {args.subject}.", file=sys.stderr)
    return 0 if rows else 1


def _brief(value: object) -> str:
    """One line of it: what people wrote can neither break the line nor steer the terminal."""
    words = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in words)


def run_verify(args: argparse.Namespace) -> int:
    """0 when the chain is whole, 1 when it is not, 2 when the head was not understood."""
    from bot import audit

    published = None
    if args.published:
        row, _, digest = args.published.partition(":")
        if not row.isdigit() or not digest:
            print("--published takes ROW:HASH, as it was posted. For example: 120:9f86d081...", file=sys.stderr)
            return 2
        published = (int(row), digest)
    report = audit.verify(existing(), published=published)
    if report.why:
        print(f"The audit log is NOT whole: {report.why}.", file=sys.stderr)
        return 1
    print(f"The audit log is whole: {report.rows} rows, head {report.rows}:{report.head}")
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Print the rows, oldest first."""
    from bot import audit

    rows = audit.export(existing(), subject=args.subject, since=args.since)
    if not args.csv:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return 0
    columns = ("seq", "at", "actor", "team", "action", "subject", "detail", "previous", "hash")
    writer = csv.DictWriter(sys.stdout, columns)
    writer.writeheader()
    writer.writerows({**row, "detail": json.dumps(row["detail"], ensure_ascii=False)} for row in rows)
    return 0
