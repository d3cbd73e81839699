"""The doctor's round: everything in one order, each line as soon as it is known; nothing is changed."""

from __future__ import annotations

from bot import doctor_aws, doctor_local, doctor_slack, installs
from bot.clock import Clock
from bot.cloud import Cloud
from bot.doctor import Lines, bad
from bot.parts import Parts
from bot.people import People
from bot.policy import PolicyFile
from bot.rules.errors import UserError
from bot.settings import Settings
from bot.slack import Slack
from bot.store.db import Store
from data import OVERLAY, load


def examine(settings: Settings, clock: Clock, *, only_local: bool = False) -> Lines:
    """Every line; *only_local* refuses every AWS address but this machine's."""
    if settings.slack_client_id and not settings.mlbot_team:
        yield from doctor_local.workspaces(settings)
        return
    settings = installs.with_token(settings)
    yield from doctor_local.settings(settings)
    try:
        policy = PolicyFile(settings.mlbot_policy)
        yield doctor_local.policy(policy(), settings.mlbot_policy)
    except UserError as error:
        policy = PolicyFile(None)  # so that the rest can be looked at
        yield bad("policy file", " ".join(str(error).split("\n")), "Mend the key, then run mlbot policy check.")
    yield from doctor_local.database(settings.database_url)
    parts = _parts(settings, clock, policy, only_local=only_local)
    yield doctor_local.catalog(parts.catalog, parts.cloud.regions(), clock.now())
    for look in (doctor_slack.examine, doctor_aws.examine, doctor_local.serving):
        yield from look(parts)


def _parts(settings: Settings, clock: Clock, policy: PolicyFile, *, only_local: bool) -> Parts:
    slack = Slack(settings)
    return Parts(
        settings=settings,
        store=Store(settings.database_url),
        clock=clock,
        policy=policy,
        cloud=Cloud(settings, policy, only_local=only_local),
        slack=slack,
        people=People(slack, clock, lambda: policy().access),
        catalog=load(OVERLAY),
        wake=lambda: None,
    )
