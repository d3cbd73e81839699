"""The tables, as migrations that are only ever added to: a released one is never edited."""

from __future__ import annotations

import sqlite3
from importlib.resources import files

from sqlite_utils import Database, Migrations

core = Migrations("core")
SETS = (core,)  # each room may add a set of its own


def run(database: Database, name: str) -> None:
    """Run sql/*name*.sql statement by statement: executescript would commit what the migration has open."""
    statement = ""
    for line in (files("bot.store") / "sql" / f"{name}.sql").read_text().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            database.execute(statement.strip())
            statement = ""


@core()
def work(database: Database) -> None:
    """Ops, the outbox with a lane for each channel, the audit log, ticks and switches."""
    run(database, "001_work")


@core()
def launches(database: Database) -> None:
    """Requests with their votes and attempts, and the estimates that they may come from."""
    run(database, "002_launches")


@core()
def resources(database: Database) -> None:
    """What was found in the accounts, and what people answered about it."""
    run(database, "003_resources")


@core()
def idleness(database: Database) -> None:
    """Verdicts, whose a resource is, answers, who was told what, and what was spent, wasted and saved."""
    run(database, "010_idle")


@core()
def images(database: Database) -> None:
    """Images saved of machines, those that are parked among them."""
    run(database, "017_images")


@core()
def schedules(database: Database) -> None:
    """The hours that machines keep, and which edge of them was taken last."""
    run(database, "012_schedule")


@core()
def pace(database: Database) -> None:
    """How far ahead of its rate a channel was posted to."""
    run(database, "014_pace")


@core()
def guards(database: Database) -> None:
    """The hours in which a launch ran before it was stopped and started again."""
    run(database, "015_guards")


@core()
def extensions(database: Database) -> None:
    """Longer hours for launches: each is a request of its own."""
    run(database, "016_extensions")


@core()
def homes(database: Database) -> None:
    """Whose Home tab was opened, and what is drawn there."""
    run(database, "016_home")


@core()
def ended(database: Database) -> None:
    """Who ended a launch."""
    run(database, "020_ended")


@core()
def billed(database: Database) -> None:
    """How far each thing's spending is counted, and what may have passed while nobody looked."""
    run(database, "021_billed")
