"""What scans found: a row a resource with its state and verdict, whose it is, and what was seen of its past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.rules.idle_finding import BackTest, Finding
from bot.rules.idle_past import Past
from bot.store.db import Row, Tx
from bot.store.values import moment, moment_or_none, pack, stamp, unpack

FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)


def dump(found: Finding) -> str:
    """A finding as JSON."""
    return FINDING.dump_json(found, fallback=str).decode()


def parse(text: str) -> Finding:
    """The finding that `dump` wrote."""
    return FINDING.validate_json(text)


def rows(tx: Tx, *, account: str, region: str) -> dict[tuple[str, str], Row]:
    """What is known of one place, by kind and AWS id, with history, hold and owner where there are any."""
    found = tx.all(
        "SELECT resource.*, history.at AS looked_at, history.pause, history.data AS history,"
        " hold.what AS hold_what, hold.until AS hold_until, hold.by AS hold_by, hold.reason AS hold_reason,"
        " belongs.owner AS belongs_to, belongs.how AS belongs_how, belongs.tag AS belongs_tag, finding.safe AS safe"
        " FROM resource LEFT JOIN history USING (ref) LEFT JOIN hold USING (ref) LEFT JOIN belongs USING (ref)"
        " LEFT JOIN finding USING (ref)"
        " WHERE resource.account = ? AND resource.region = ?",
        account,
        region,
    )
    return {(row["kind"], row["aws_id"]): row for row in found}


def save(tx: Tx, found: Finding, *, written: datetime) -> None:
    """
    Keep *found* as the latest verdict, and the episode and state that it is in.

    *written* is the present; a scan as of another time judges by its own.
    """
    now = found.at
    verdict = found.verdict
    idle_since = stamp(verdict.since) if verdict.since else None
    tx.run(
        "UPDATE resource SET last_seen = ?, gone_at = NULL, idle_since = ?, at_least = ?,"
        " state_since = CASE WHEN state = ? THEN state_since ELSE ? END, state = ? WHERE ref = ?",
        stamp(now),
        idle_since,
        int(verdict.at_least),
        found.resource.state,
        stamp(now),
        found.resource.state,
        found.ref,
    )
    tx.run(
        "INSERT INTO finding (ref, at, level, owner, safe, data) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE"
        " SET at = excluded.at, level = excluded.level, owner = excluded.owner, safe = excluded.safe,"
        " data = excluded.data",
        found.ref,
        stamp(written),
        verdict.level,
        found.owner or "",
        int(verdict.safe),
        dump(found),
    )


def gone(tx: Tx, refs: Iterable[str], *, now: datetime) -> None:
    """Note that they are not there any more."""
    for ref in refs:
        tx.run("UPDATE resource SET gone_at = ?, idle_since = NULL WHERE ref = ? AND gone_at IS NULL", stamp(now), ref)
        tx.run("DELETE FROM finding WHERE ref = ?", ref)


def findings(tx: Tx, *, owner: str | None = None) -> list[tuple[Finding, datetime]]:
    """The latest verdicts on what is there, each with when it was written; *owner* narrows to one person's."""
    found = tx.all("SELECT data, at FROM finding WHERE ? = '' OR owner = ?", owner or "", owner or "")
    return [(parse(row["data"]), moment(row["at"])) for row in found]


def finding(tx: Tx, ref: str) -> tuple[Finding, datetime] | None:
    """The latest verdict on one resource, and when it was written."""
    row = tx.one("SELECT data, at FROM finding WHERE ref = ?", ref)
    return (parse(row["data"]), moment(row["at"])) if row else None


def reassign(tx: Tx, ref: str, *, owner: str | None, how: str) -> None:
    """Let the latest verdict name its new owner at once."""
    if (found := finding(tx, ref)) is not None:
        data = dump(replace(found[0], owner=owner, owner_by=how))
        tx.run("UPDATE finding SET owner = ?, data = ? WHERE ref = ?", owner or "", data, ref)


def looked_back(tx: Tx, ref: str, past: Past, *, forbidden: Sequence[str], now: datetime) -> None:
    """Keep what the long look at one resource's past showed, and what AWS does not let mlbot do to it."""
    test = past.back_test
    data = {"back_test": asdict(test) if test else None, "forbidden": list(forbidden)}
    tx.run(
        "INSERT INTO history (ref, at, pause, data) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (ref) DO UPDATE SET at = excluded.at, pause = excluded.pause, data = excluded.data",
        ref,
        stamp(now),
        past.pause.total_seconds(),
        pack(data),
    )


def back_test(row: Row) -> BackTest | None:
    """The back-test that a row of `rows` carries."""
    found = unpack(row["history"]).get("back_test")
    return BackTest(**found) if found else None


def forbidden(row: Row) -> tuple[str, ...]:
    """The verbs that a row of `rows` says AWS refuses."""
    return tuple(unpack(row["history"]).get("forbidden", ()))


def assign(tx: Tx, ref: str, *, owner: str, how: str, tag: str = "", by: str = "", now: datetime) -> None:
    """Say whose it is; an empty *owner* is nobody's. *tag* is the owner tag at that time: a later one counts again."""
    tx.run(
        "INSERT INTO belongs (ref, owner, how, tag, by, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET"
        " owner = excluded.owner, how = excluded.how, tag = excluded.tag, by = excluded.by, at = excluded.at",
        ref,
        owner,
        how,
        tag,
        by,
        stamp(now),
    )


def claimant(tx: Tx, ref: str, *, tag: str | None) -> str:
    """Who claimed it, while its owner tag is still what it was then; empty for nobody."""
    row = tx.one("SELECT owner FROM belongs WHERE ref = ? AND how = 'claim' AND tag = ?", ref, tag or "")
    return str(row["owner"]) if row else ""


def claims(tx: Tx) -> dict[tuple[str, str, str, str], str]:
    """Who claimed what: by account, region, AWS id and the owner tag that it had then."""
    found = tx.all(
        "SELECT resource.*, belongs.owner, belongs.tag FROM belongs JOIN resource USING (ref) WHERE how = 'claim'"
    )
    return {(row["account"], row["region"], row["aws_id"], row["tag"]): row["owner"] for row in found}


def launched_by(tx: Tx) -> dict[str, str]:
    """Who asked for each launch, by its id."""
    return {row["id"]: row["asker"] for row in tx.all("SELECT id, asker FROM launch")}


def scanned(tx: Tx, *, now: datetime, counts: Mapping[str, int], gaps: Sequence[Mapping[str, str]], alarm: str) -> None:
    """Keep that there was a scan, what it counted at each place and what it could not see."""
    tx.insert("scan", at=stamp(now), data=pack({"counts": dict(counts), "gaps": list(gaps), "alarm": alarm}))


def last_scan(tx: Tx) -> Row | None:
    """The scan that was made last."""
    return tx.one("SELECT * FROM scan ORDER BY id DESC LIMIT 1")


def first_scan(tx: Tx) -> datetime | None:
    """When the first scan was."""
    return moment_or_none(tx.value("SELECT MIN(at) FROM scan"))


def latest_scan(tx: Tx) -> datetime | None:
    """The latest moment as of which there was a scan."""
    return moment_or_none(tx.value("SELECT MAX(at) FROM scan"))


def counts_a_day_before(tx: Tx, now: datetime) -> dict[str, int]:
    """What was counted at each place some 24 h ago: the latest scan at least 20 h old, else the oldest there is."""
    row = tx.one("SELECT data FROM scan WHERE at <= ? ORDER BY at DESC LIMIT 1", stamp(now - timedelta(hours=20)))
    row = row or tx.one("SELECT data FROM scan WHERE at < ? ORDER BY at LIMIT 1", stamp(now))
    counts: dict[str, int] = unpack(row["data"])["counts"] if row else {}
    return counts


def forget(tx: Tx, *, before: datetime) -> None:
    """Drop old scans but the first, and what has long been gone stays without its history."""
    tx.run("DELETE FROM scan WHERE at < ? AND id > (SELECT MIN(id) FROM scan)", stamp(before))
    tx.run("DELETE FROM history WHERE at < ?", stamp(before))


def seen_at(row: Row) -> datetime:
    """When a row of `rows` was first seen."""
    return moment(row["first_seen"])


def asked_for_owner(tx: Tx, ref: str) -> bool:
    """Whether it was found out, or asked in vain, whose it is."""
    return tx.one("SELECT 1 FROM belongs WHERE ref = ?", ref) is not None
