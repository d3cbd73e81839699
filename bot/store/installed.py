"""Which workspaces Bolt's installation store knows; it finds one by its id and lists none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def teams(path: Path, client_id: str) -> list[str]:
    """Team ids with a bot token of the app *client_id*, in order."""
    sql = "SELECT DISTINCT team_id FROM slack_bots WHERE client_id = ? AND team_id != '' ORDER BY team_id"
    return [str(row[0]) for row in _rows(path, sql, client_id)]


def enterprise(path: Path, team: str) -> str:
    """The organisation under which *team* is kept; empty for most."""
    found = _rows(path, "SELECT enterprise_id FROM slack_bots WHERE team_id = ? ORDER BY id DESC LIMIT 1", team)
    return str(found[0][0]) if found else ""


def _rows(path: Path, sql: str, value: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        try:
            return connection.execute(sql, (value,)).fetchall()
        except sqlite3.OperationalError:  # nothing was ever kept: Bolt makes its tables with the first one
            return []
