"""On which line of the policy file a key stands: a reader of TOML says what, and not where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Path = tuple[str, ...]

_TABLE = re.compile(r"\s*\[\[?\s*([^\]#]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def lines(text: str) -> Mapping[Path, int]:
    """The first line of every table and key, by its path."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if opened := _TABLE.match(line):
            table = _parts(opened[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
    return found


def line_of(place: Sequence[object], known: Mapping[Path, int]) -> int | None:
    """The line of *place*, or of what holds it (an inline table, a list); None for the file as a whole."""
    path = tuple(str(part) for part in place if not isinstance(part, int))
    while path:
        if path in known:
            return known[path]
        path = path[:-1]
    return None


def _parts(text: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(text))
