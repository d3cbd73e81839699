"""Changing a gp2 disk to the gp3 that does the same for less: once, while it stays in use, followed to its end."""

from __future__ import annotations

from datetime import timedelta

from bot import audit
from bot import ops as work
from bot.idle_answer import Answer, as_owned, end, refuse, settle
from bot.idle_remind import refresh
from bot.idle_scan import finding
from bot.instances import approvers
from bot.kinds import KINDS, Look
from bot.kinds.ebs_volume import modification
from bot.ops import Done, Op, Retry
from bot.parts import Parts
from bot.rules.errors import NotAllowed
from bot.rules.idle import HOURS_PER_MONTH, Resource
from bot.rules.idle_answers import allowed
from bot.rules.idle_finding import Outcome
from bot.rules.idle_words import usd
from bot.store import holds, money
from bot.store.values import moment, stamp

KIND = KINDS["ebs_volume"]
OFTEN = timedelta(minutes=1)
LONGEST = timedelta(days=2)  # AWS needs minutes for small disks and up to a day for the largest
ON_ITS_WAY = ("modifying", "optimizing")


def change(given: Answer) -> work.Outcome:
    """The op function of *Change to gp3*: reads the disk afresh, and asks for nothing that is so already."""
    parts, one = given.parts, given.found.resource
    look = Look(parts.cloud, one.account, one.region, given.now, person=given.person.id)
    there = KIND.read(look, one.id)
    if there is None:
        return end(parts, given.op, "This disk does not exist any more.")
    there = KIND.price(there, parts.catalog)
    if why := _refusal(given, there):
        return refuse(given, f"Not changed: {why}")
    under_way = modification(look, one.id) in ON_ITS_WAY
    request_id = "" if under_way or there.type == "gp3" else KIND.verbs["change_gp3"](look, there)
    words = _words(given, there, under_way=under_way)
    with parts.store.transaction() as tx:
        saves = there.details.get("gp3_saves_usd_per_month")
        saved = saves if isinstance(saves, float) else 0.0
        if request_id and saved:
            money.save_from(tx, given.ref, by=given.person.id, usd_per_hour=saved / HOURS_PER_MONTH, now=given.now)
        payload = {"ref": given.ref, "user": given.person.id, "at": stamp(given.now), "saved": saved}
        work.enqueue(tx, kind="idle.gp3", key=given.op.key, payload=payload, now=given.now, due=given.now + OFTEN)
        outcome = Outcome("changed", given.person.id, given.now, words)
        settle(tx, given, outcome, {"after": words, "aws_request_id": request_id})
    parts.wake()
    return Done()


def follow(parts: Parts, op: Op) -> work.Outcome:
    """Look how far the change is until it has ended, and say so in the messages that name the disk."""
    found, now = finding(parts, str(op.payload["ref"])), parts.clock.now()
    if found is None:
        return Done()
    one = found.resource
    state = modification(Look(parts.cloud, one.account, one.region, now), one.id)
    if state in ON_ITS_WAY and now - moment(op.payload["at"]) < LONGEST:
        return Retry(f"{one.id} is {state}", OFTEN)
    words = {
        "completed": f"Changed to gp3; {usd(float(op.payload['saved']))} a month saved.",
        "failed": "AWS could not change it; it is gp2 as before and nothing is lost.",
    }.get(state, "AWS does not say how the change ended; `/ml-idle now` looks again.")
    user = str(op.payload["user"])
    with parts.store.transaction() as tx:
        holds.answered(tx, found.ref, Outcome("changed", user, now, words))
        refresh(tx, found.ref, now)
        detail = {"ref": found.ref, "account": one.account, "region": one.region, "state": state}
        audit.record(tx, actor=audit.BOT, action="idle.gp3_ended", subject=one.id, now=now, detail=detail)
        work.finish(tx, op, now)
    parts.wake()
    return Done()


def _refusal(given: Answer, there: Resource) -> str:
    who = approvers(given.parts, given.parts.policy())
    try:
        there = as_owned(given.parts, given.found, there, given.action)
        rules, owner = given.parts.policy().stop, there.owner
        allowed(given.action, given.person.id, resource=there, owner=owner, approvers=who, rules=rules, now=given.now)
    except NotAllowed as error:
        return str(error)
    return "" if there.type in ("gp2", "gp3") else f"it is {there.type}, and only gp2 is changed to gp3."


def _words(given: Answer, there: Resource, *, under_way: bool) -> str:
    if there.type == "gp3" and not under_way:
        return "It is gp3 already."
    who = given.person.name or given.person.id
    done = "It is being changed already." if under_way else f"Being changed to gp3 by {who}; it stays in use meanwhile."
    return f"{done} AWS allows the next change of this disk in 6 hours."
