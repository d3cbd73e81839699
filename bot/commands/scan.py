"""`mlbot scan`: one idle scan, now or as if it were another time; with --send what is due is delivered too."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.rules.errors import BotError, Unclear
from bot.rules.idle_finding import Finding, ScanReport, gap_lines

SKEW = timedelta(minutes=5)  # of clocks
TOO_EARLY = (
    "--send with a time to come would use up that morning: its messages would go out now and not then."
    " Leave --send away, or try it in the playground (SLACK_API_URL on this machine)."
)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("scan", help="one idle scan")
    parser.add_argument("--at", metavar="ISO-TIME", help="as if it were this time, for example 2026-11-24T09:00:00Z")
    parser.add_argument(
        "--send",
        action="store_true",
        help="deliver what is due as well; with a time to come only to a Slack on this machine",
    )
    parser.add_argument("--json", action="store_true", help="the report as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Scan and print; 0 also where a region could not be seen (it is named), 2 for a time that is none."""
    from bot import idle
    from bot.cloud import is_loopback
    from bot.settings import Settings
    from bot.wiring import build

    try:
        at = moment(args.at) if args.at else None
        bot = build(Settings())
        now = at or bot.parts.clock.now()
        if args.send and now > bot.parts.clock.now() + SKEW and not is_loopback(bot.parts.settings.slack_api_url):
            raise Unclear(TOO_EARLY, field="at", example="mlbot scan --at 2026-11-24T09:00:00Z")
        report = idle.scan(bot.parts, now)
        sent = idle.remind(bot.parts, now, asked=True) if args.send else 0
        if args.send:
            bot.run_due()
    except BotError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, Unclear) else 1
    if args.json:
        print(json.dumps({**as_json(report), "sent": sent}, indent=2))
    else:
        print(*words(report), *([f"{sent} messages sent."] if args.send else []), sep="\n")
    return 0


def moment(text: str) -> datetime:
    """An ISO time, UTC where it names no zone; raises Unclear."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        example = "2026-11-24T09:00:00Z"
        raise Unclear(f"{text!r} is no ISO time; one is {example}.", field="at", example=example) from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def as_json(report: ScanReport) -> dict[str, Any]:
    """The report as values; money in USD, null where a price is not known."""
    return {
        "at": report.at.isoformat(),
        "resources": [_resource(one) for one in ordered(report)],
        "gaps": [
            {"account": gap.account, "region": gap.region, "kind": gap.kind or None, "reason": gap.reason}
            for gap in report.gaps
        ],
        "alarm": report.alarm or None,
    }


def words(report: ScanReport) -> list[str]:
    """The report as lines."""
    lines = []
    for one in ordered(report):
        thing = one.resource
        cost = f"${one.usd_since:,.2f} since" if one.at_work and one.usd_since is not None else _per_month(one)
        name = f"{thing.name} ({thing.id})" if thing.name else thing.id
        owner = one.owner or "nobody's"
        lines.append(
            f"{one.verdict.level:8} {name}, {thing.type or thing.kind.replace('_', ' ')} in {thing.region}, {owner}:"
            f" {one.verdict.reason} [{cost}]"
        )
    lines += [f"not seen {line}" for line in gap_lines(report.gaps)]
    if report.alarm:
        lines.append(f"ALARM    {report.alarm}")
    counts = {
        level: sum(one.verdict.level == level for one in report.findings) for level in ("idle", "unknown", "active")
    }
    lines.append(
        ", ".join(f"{count} {level}" for level, count in counts.items()) + f" at {report.at:%Y-%m-%d %H:%M} UTC."
    )
    return lines


def ordered(report: ScanReport) -> list[Finding]:
    """Idle first, dearest first."""
    rank = {"idle": 0, "unknown": 1, "active": 2}
    return sorted(
        report.findings,
        key=lambda one: (rank[one.verdict.level], -(one.resource.usd_per_hour or 0), one.resource.id),
    )


def _resource(one: Finding) -> dict[str, Any]:
    thing, verdict = one.resource, one.verdict
    return {
        "ref": one.ref,
        "kind": thing.kind,
        "id": thing.id,
        "name": thing.name or None,
        "type": thing.type or None,
        "account": thing.account,
        "region": thing.region,
        "state": thing.state,
        "owner": one.owner,
        "owner_by": one.owner_by or None,
        "level": verdict.level,
        "safe": verdict.safe,
        "confidence": verdict.confidence,
        "reason": verdict.reason,
        "advice": verdict.advice or None,
        "since": verdict.since.isoformat() if verdict.since else None,
        "idle_hours": round(one.idle_for.total_seconds() / 3600, 2)
        if one.idle_for and verdict.level == "idle"
        else None,
        "usd_per_hour": thing.usd_per_hour,
        "usd_per_hour_stopped": thing.usd_per_hour_stopped,
        "usd_since": one.usd_since if verdict.level == "idle" else None,
        "usd_per_month": one.usd_per_month,
        "until": thing.until.isoformat() if thing.until else None,
        "held_until": one.hold.until.isoformat() if one.hold else None,
        "market": thing.market,
    }


def _per_month(one: Finding) -> str:
    return f"${one.usd_per_month:,.2f} a month" if one.usd_per_month is not None else "price unknown"
