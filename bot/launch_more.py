"""The other presses on a request: Try the next choice, and ask AWS for a higher quota."""

from __future__ import annotations

import math

from bot import launch_answer, ops
from bot.launch_ask import write_ask
from bot.launch_rows import note, pressed
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_next
from bot.rules.click import Click
from bot.rules.errors import CloudError, SlackError
from bot.rules.launch import Launch, Reply
from bot.rules.launch_text import what
from bot.rules.people import Person, may_act
from bot.store import launches
from data import Quota


def more(parts: Parts, op: Op) -> Outcome:
    """Try the next choice, or ask AWS for a higher quota."""
    click = Click(**op.payload)
    with parts.store.reading() as tx:
        launch = launches.find(tx, click.value)
    try:
        who = parts.people.fresh(click.user)
        team = parts.people.team()
    except SlackError as error:
        if op.failures < launch_answer.PATIENCE:
            return Retry(str(error))
        return _told(parts, op, click, launch_answer.NOBODY_KNOWS)
    if launch is None:
        return _told(parts, op, click, launch_answer.UNKNOWN)
    if why := may_act(who, team=team) or _may_not(parts, launch, click, who):
        return _told(parts, op, click, why, refused=launch)
    if click.action.startswith("try_next"):
        return _try_next(parts, op, click, launch)
    return _raise_quota(parts, op, click, launch)


def _may_not(parts: Parts, launch: Launch, click: Click, who: Person) -> str | None:
    approver = launch_answer.is_approver(parts, parts.policy(), who)
    if click.action.startswith("raise_quota"):
        return None if approver else "Only approvers may ask AWS for a higher quota."
    if who.id != launch.asker and not approver:
        return "Only who asked, or an approver, may try the next choice."
    return None


def _try_next(parts: Parts, op: Op, click: Click, launch: Launch) -> Outcome:
    """A new request, which is checked and approved like any other; one for each that failed."""
    policy = parts.policy()
    wanted = launch_next.next_choice(launch.wanted, launch.error_code, policy.limits, parts.catalog)
    if launch.state not in ("failed", "refused") or wanted is None:
        return _told(parts, op, click, "There is no next choice for this request.")
    reply = Reply(channel=click.channel, response_url=click.response_url, by=click.user)
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        write_ask(
            tx,
            wanted,
            asker=launch.asker,
            team=launch.team,
            key=f"next:{launch.id}",
            reply=reply,
            now=now,
            hours=policy.approvals.expires_hours,
        )
        launch_answer.tell(tx, click, f"Asked for {what(wanted)} instead; it needs a new approval.", now)
    parts.wake()
    return Done()


def _raise_quota(parts: Parts, op: Op, click: Click, launch: Launch) -> Outcome:
    quota = parts.catalog.quota(launch.wanted.instance_type, launch.wanted.market)
    if quota is None or not launch_next.is_quota(launch.error_code):
        return _told(parts, op, click, "A higher quota would not help this request.")
    try:
        wish, request_id = _request(parts, launch, quota)
        text = f"AWS was asked to raise {quota.name!r} in {launch.wanted.region} to {wish:g} vCPUs; it answers by mail."
    except CloudError as error:
        wish, request_id = 0.0, error.request_id
        text = f"AWS did not take the request to raise {quota.name!r}: {error}"
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        detail = {"quota": quota.code, "to": wish, "said": text, "aws_request_id": request_id, **pressed(click)}
        note(tx, launch, "raise_quota", actor=click.user, now=now, detail=detail)
        launch_answer.tell(tx, click, text, now)
    parts.wake()
    return Done()


def _request(parts: Parts, launch: Launch, quota: Quota) -> tuple[float, str]:
    """Ask for what is there now and this request besides; a request that AWS has open already is refused by AWS."""
    client = parts.cloud.client("service-quotas", launch.wanted.region)
    which = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    now = float(parts.cloud.call(client.get_service_quota, **which)["Quota"]["Value"])
    need = parts.catalog.instance(launch.wanted.instance_type).vcpu * launch.wanted.count
    wish = float(math.ceil(now + need))
    answer = parts.cloud.call(client.request_service_quota_increase, **which, DesiredValue=wish)
    return wish, str(answer.get("ResponseMetadata", {}).get("RequestId", ""))


def _told(parts: Parts, op: Op, click: Click, text: str, *, refused: Launch | None = None) -> Outcome:
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        if refused is not None:
            detail = {"action": click.action, "said": text, **pressed(click)}
            note(tx, refused, "refused_press", actor=click.user, now=now, detail=detail)
        launch_answer.tell(tx, click, text, now)
    parts.wake()
    return Done()
