"""The operators' pages: is the process up, may Slack be sent to it, and the figures; none calls AWS or Slack."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.health_metrics import TEXT, Acks, render, render_many
from bot.ops import Workers
from bot.parts import Parts
from bot.policy import PolicyFile
from bot.server import Answer, Page
from bot.socket import Socket
from bot.store import health as table

__all__ = ["Acks", "Check", "Running", "pages"]

log = logging.getLogger(__name__)

IDLE_SECONDS = 30.0  # a worker looks for work twice a second; silent for so long, all of them hang
FRESH = timedelta(seconds=2)  # the health page writes a row, and strangers may ask for it
JSON = "application/json"
NOT_TAKEN = "The policy file's last edit was not taken, the one before is in force: mlbot policy check says why."


class Running(Protocol):
    """What the pages look at; *socket* is None while events come by HTTP."""

    @property
    def parts(self) -> Parts: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def policy_file(self) -> PolicyFile: ...
    @property
    def socket(self) -> Socket | None: ...


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so, and what is the matter when it is not; what is not *vital* leaves mlbot ready."""

    good: bool
    says: str
    vital: bool = True


def pages(bot: Running, acks: Acks | None = None) -> Mapping[str, Page]:
    """The three pages by path; *acks* is what the door tells of its answers."""
    health, counted = _Health(bot.parts), acks or Acks()
    return {
        "/healthz": health,
        "/readyz": lambda: _ready(bot),
        "/metrics": lambda: Answer("200 OK", render(bot, counted), TEXT),
    }


def pages_of(bots: Callable[[], Mapping[str, Running]], acks: Acks) -> Mapping[str, Page]:
    """The three pages for several workspaces, of which there may be none yet: as bad as the worst of them."""
    known: dict[str, _Health] = {}

    def healthz() -> Answer:
        told = [known.setdefault(team, _Health(bot.parts))() for team, bot in bots().items()]
        return next((one for one in told if not one.status.startswith("200")), Answer("200 OK", "ok\n"))

    def readyz() -> Answer:
        told = {team: _ready(bot) for team, bot in bots().items()}
        ready = all(one.status.startswith("200") for one in told.values())
        body = {"ready": ready, "workspaces": {team: json.loads(one.body) for team, one in told.items()}}
        status = "200 OK" if ready else "503 Service Unavailable"
        return Answer(status, json.dumps(body, indent=1) + "\n", JSON)

    return {
        "/healthz": healthz,
        "/readyz": readyz,
        "/metrics": lambda: Answer("200 OK", render_many(bots(), acks), TEXT),
    }


class _Health:
    """Whether the process answers and its database takes a row."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._at: datetime | None = None
        self._answer = Answer("503 Service Unavailable", "not looked yet")

    def __call__(self) -> Answer:
        now = self._parts.clock.now()
        if self._at is None or abs(now - self._at) >= FRESH:
            self._answer, self._at = self._look(now), now
        return self._answer

    def _look(self, now: datetime) -> Answer:
        try:
            with self._parts.store.transaction() as tx:
                table.note(tx, now)
        except Exception:
            log.exception("the database cannot be written")
            return Answer("503 Service Unavailable", "The database cannot be written; the log says why.\n")
        return Answer("200 OK", "ok\n")


def _ready(bot: Running) -> Answer:
    found = {name: _tried(check, bot) for name, check in CHECKS.items()}
    ready = all(check.good or not check.vital for check in found.values())
    told = {name: asdict(check) for name, check in found.items()}
    body = json.dumps({"ready": ready, "checks": told}, indent=1) + "\n"
    return Answer("200 OK" if ready else "503 Service Unavailable", body, JSON)


def _tried(check: Callable[[Running], Check], bot: Running) -> Check:
    try:
        return check(bot)
    except Exception:
        log.exception("a readiness check failed")
        return Check(False, "It could not be looked at; the log says why.")


def _schema(bot: Running) -> Check:
    current = bot.parts.store.current()
    return Check(current, "The tables are this version's." if current else "Migrations are missing: restart mlbot.")


def _workers(bot: Running) -> Check:
    silent = bot.workers.idle_seconds()
    return Check(silent < IDLE_SECONDS, f"A worker looked for work {silent:.0f} s ago.")


def _slack(bot: Running) -> Check:
    settings = bot.parts.settings
    if settings.slack_app_token.get_secret_value():
        alive = bot.socket is not None and bot.socket.alive()
        return Check(alive, "The socket is alive." if alive else "The socket is dead; it is being opened again.")
    signed = bool(settings.slack_signing_secret.get_secret_value())
    return Check(signed, "Requests are checked by their signature." if signed else "SLACK_SIGNING_SECRET is not set.")


def _policy(bot: Running) -> Check:
    bot.policy_file()  # reads it again when it changed
    if bot.policy_file.trouble:  # its words name keys and values: they belong in the log and not on a page
        return Check(False, NOT_TAKEN, vital=False)
    return Check(True, "The policy is in force as the file has it.", vital=False)


CHECKS: Mapping[str, Callable[[Running], Check]] = {
    "schema": _schema,
    "workers": _workers,
    "slack": _slack,
    "policy": _policy,
}
