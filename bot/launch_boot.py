"""What a machine does when it boots: fixed shell parts, values quoted; anybody on the machine can read it."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

MOST_BYTES = 16_384  # EC2's limit before base64


def script(parts: Iterable[str], values: Mapping[str, str]) -> str:
    """The script of the named *parts* as base64, empty for none; *values* become quoted shell variables."""
    names = list(parts)
    if not names:
        return ""
    lines = ["#!/bin/bash", "set -u", *(f"{name}={shlex.quote(value)}" for name, value in sorted(values.items()))]
    text = "\n".join([*lines, *(_part(name) for name in names)]) + "\n"
    if len(text.encode()) > MOST_BYTES:
        raise ValueError("the boot script is longer than EC2 takes")
    return base64.b64encode(text.encode()).decode()


@cache
def _part(name: str) -> str:
    return (files("bot") / "boot" / f"{name}.sh").read_text().strip()
