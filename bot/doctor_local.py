"""The doctor at home: settings, policy file, database, catalog, and the bot that may be running here."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import urllib3

from bot import installs
from bot.doctor import Line, Lines, bad, good, unknown
from bot.parts import Parts
from bot.rules.errors import UserError
from bot.rules.policy import Policy
from bot.settings import Settings, strange
from bot.store.db import Store, path_of
from data import OLD_PRICES, Catalog

REFRESH = "Run mlbot catalog refresh."
ANSWER_SECONDS = 5.0


def settings(found: Settings) -> Lines:
    """What `mlbot run` cannot do without."""
    for sentence in strange():
        yield unknown("settings", sentence, "Correct the name, or take the line out.")
    missing = found.missing()
    for sentence in missing:
        yield bad("settings", sentence, "Set it in the environment or in .env; .env.example names them all.")
    if not missing:
        way = "Socket Mode" if found.slack_app_token.get_secret_value() else "HTTP"
        yield good("settings", f"Complete; Slack comes by {way}.")


def workspaces(found: Settings) -> Lines:
    """Which workspaces there are; each is looked at with --team."""
    yield from settings(found)
    known = installs.known(found)
    if not known:
        yield unknown("workspaces", "None has installed mlbot yet.", "Open https://YOUR-HOST/slack/install")
    path = found.installations
    if path.exists() and path.stat().st_mode & 0o077:
        yield bad("installations", f"Others can read {path}, which holds tokens.", f"chmod 600 {path}")
    for team in known:
        policy = found.of_team(team).mlbot_policy
        if policy is None or not policy.is_file():
            mend = f"Copy bot/default_policy.toml to {policy or f'policies/{team}.toml'} and edit it."
            yield bad(f"workspace {team}", "It is installed and has no policy file: nobody there is served.", mend)
        else:
            yield good(f"workspace {team}", f"Installed; mlbot --team {team} doctor looks at the rest.")


def policy(found: Policy, path: Path | None) -> Line:
    """Whether anything can be asked for and approved under it."""
    what = "policy file"
    if path is None:
        mend = "Copy bot/default_policy.toml and name the copy there."
        return bad(what, "MLBOT_POLICY is not set: nobody may approve.", mend)
    if not found.approvals.channel:
        return bad(what, "It names no channel for requests.", "Set [approvals] channel to a channel id.")
    if not found.approvals.approvers and not found.approvals.groups:
        return bad(what, "It names nobody who may approve.", "Set [approvals] approvers or groups.")
    return good(what, f"{path} is in force.")


def catalog(found: Catalog, regions: Sequence[str], now: datetime) -> Line:
    """How old the on-demand prices in *regions* are."""
    middle = found.prices_of(regions)
    if middle is None:
        return bad("catalog", f"No price is known in {', '.join(regions)}.", REFRESH)
    says = f"Half of the prices in the policy's regions are of {middle} or older."
    if now.date() - middle > OLD_PRICES:  # estimates go on, with their day on them
        return unknown("catalog", f"{says} They may be wrong by now.", REFRESH)
    return good("catalog", says)


def database(url: str) -> Lines:
    """Whether the file is ours alone, sound and of this version; a missing one is made at the first start."""
    what = "database"
    try:
        path = path_of(url)
    except UserError as error:
        yield bad(what, str(error), "Set DATABASE_URL to sqlite:///path.")
        return
    if not path.exists():
        yield _to_be_made(path)
        return
    mode = path.stat().st_mode & 0o777  # before the store opens it and mends it
    if mode & 0o077:
        yield bad("database file", f"Others can read {path} (mode {mode:o}).", f"chmod 600 {path}")
    else:
        yield good("database file", f"Only its owner can read {path}.")
    yield _sound(Store(url))


def _to_be_made(path: Path) -> Line:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if os.access(folder, os.W_OK):
        return unknown("database", f"{path} is not there yet; the first start makes it.")
    return bad("database", f"{path} cannot be made: {folder} is not writable.", "Give mlbot's user the folder.")


def _sound(store: Store) -> Line:
    problems = store.problems()
    try:
        if problems:
            return bad("database", f"It is damaged: {problems[0]}.", "Stop mlbot and run mlbot restore with a backup.")
        if not store.current():
            return bad("database", "Its tables are of an older version.", "Start this version once: it migrates them.")
        return good("database", "Sound, and of this version.")
    finally:
        store.close()


def serving(parts: Parts) -> Lines:
    """The bot on this machine's port, by its own word."""
    host, port, what = parts.settings.host, parts.settings.port, "serving"
    if not port:
        return
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/readyz"
    try:
        answer = urllib3.request("GET", address, timeout=ANSWER_SECONDS, retries=False, redirect=False)
    except urllib3.exceptions.HTTPError:
        yield unknown(what, f"No mlbot answers at {address}.", "Start it: mlbot run")
        return
    try:
        checks = json.loads(answer.data)["checks"]
        wrong = [f"{name}: {check['says']}" for name, check in checks.items() if not check["good"]]
        ready = all(check["good"] or not check["vital"] for check in checks.values())
    except (ValueError, KeyError, TypeError):
        yield unknown(what, f"Something that is not mlbot answers at {address}.", "Set PORT to a free one.")
        return
    if not ready:
        yield bad(what, " ".join(wrong), "Its log says more.")
    elif wrong:
        yield unknown(what, f"Ready at {address}, but {' '.join(wrong)}", "Mend the key; nothing need be restarted.")
    else:
        yield good(what, f"Ready at {address}.")
