"""Presses about images: save or park a machine, wake it, delete one; each after a fresh look at person and thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import audit, idle_done, image_rows, ops, outbox
from bot.image_rows import note
from bot.instances import approvers
from bot.kinds import KINDS, Look, prices
from bot.launch_ask import write_ask
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import images as rules
from bot.rules.click import Click
from bot.rules.errors import CloudError, NotAllowed, TooLate, Unsure, UserError
from bot.rules.idle import Resource
from bot.rules.images import After, Costs, SavedImage
from bot.rules.instances import Ask, label, may_not
from bot.rules.launch import OVER, Reply
from bot.rules.launch_text import what
from bot.rules.people import Person, may_act
from bot.rules.stopping import PARK, may_work, who_may
from bot.store import idle, images, launches, resources
from bot.store.db import Row, Tx
from bot.store.values import moment, new_id, stamp

MACHINE, IMAGE = KINDS["ec2_instance"], KINDS["ec2_image"]
SNAPSHOT_PRICE = "ebs_snapshot_standard"  # USD per GB-month
STALE = timedelta(minutes=15)  # a press that could not be carried out for so long is dropped and said so
UNKNOWN = "This button is of something that mlbot does not know any more."
LATE = "AWS or Slack did not answer for a quarter of an hour; nothing was done."


@dataclass(frozen=True, slots=True)
class Preview:
    """A machine as it is now, and what each way to go on costs; for the form that asks."""

    ref: str
    found: Resource
    costs: Costs


def press(parts: Parts, click: Click) -> None:
    """Write a press down as one op row; the same again changes nothing."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        payload = {**click.payload(), "at": stamp(now)}
        ops.enqueue(tx, kind="image.press", key=click.key, payload=payload, now=now)
    parts.wake()


def preview(parts: Parts, ref: str, after: After) -> Preview:
    """What the form shows; raises UserError where there is nothing to ask, CloudError where AWS does not say."""
    row, found = _machine(parts, ref)
    if row is None or found is None:
        raise TooLate(UNKNOWN if row is None else rules.refusal(found, after))
    if why := rules.refusal(found, after):
        raise TooLate(why)
    return Preview(ref, found, _costs(parts, found))


def answer(parts: Parts, op: Op) -> Outcome:
    """The op function of a press."""
    if parts.clock.now() - moment(op.payload["at"]) > STALE:
        return _end(parts, op, LATE)
    action = str(op.payload["action"])
    try:
        if action.startswith("wake"):
            _wake(parts, op)
        elif action.startswith("image_delete"):
            _delete(parts, op)
        else:
            _save(parts, op, _after(op))
    except Unsure as error:
        return Retry(str(error))
    except (CloudError, UserError) as error:
        return _end(parts, op, str(error))
    parts.wake()
    return Done()


def lead(parts: Parts, person: Person) -> bool:
    """Whether *person* may act for everybody here: approvers, and the leads of the policy, who may park."""
    policy = parts.policy()
    leads = set(policy.reminders.leads) - set(policy.approvals.denied)
    return person.id in leads or person.id in approvers(parts, policy)


def _save(parts: Parts, op: Op, after: After) -> None:
    ref, now = str(op.payload["value"]), parts.clock.now()
    person = parts.people.fresh(str(op.payload["user"]))
    row, found = _machine(parts, ref)
    if row is None:
        raise TooLate(UNKNOWN)
    if found is not None:
        with parts.store.reading() as tx:
            claimant = idle.claimant(tx, ref, tag=found.owner)
        if why := _may_not_save(parts, found, person, claimant, after):
            raise NotAllowed(why)
        found = replace(found, owner=claimant or found.owner)
    if why := rules.refusal(found, after):
        raise TooLate(why)
    assert found is not None
    with parts.store.transaction() as tx:
        image = _row(tx, op, ref, found, after, _costs(parts, found), now)
        if not images.add(tx, image, key=op.key):
            _tell(tx, op, f"{label(found)} is being saved already.", now)
            ops.finish(tx, op, now)
            return
        detail = {"after": after, "was": found.state, "owner": found.owner, "usd_per_month": image.usd_per_month}
        note(tx, image, "asked", actor=person.id, now=now, detail=detail)
        ops.enqueue(tx, kind="image.save", key=image.id, payload={"image": image.id, "user": person.id}, now=now)
        image_rows.show(tx, image, now)
        _tell(tx, op, f"Saving {label(found)} as an image; the direct message shows how far it is.", now)
        if found.owner and found.owner != person.id:
            words = f"<@{person.id}> saves {label(found)} as an image{ENDS[after]}."
            outbox.say(tx, what="notice", subject=op.key, to=found.owner, now=now, data={"text": words})
        ops.finish(tx, op, now)


def _may_not_save(parts: Parts, found: Resource, person: Person, claimant: str, after: After) -> str:
    """Why not, in words; a claim lets save and park, from which it comes back, but not end it."""
    team, may_for_all = parts.people.team(), lead(parts, person)
    asked = Ask(verb="terminate", person=person, approver=may_for_all, team=team, claimant=claimant)
    why = may_not(asked, found, parts.policy(), parts.clock.now(), "" if after == "terminate" else PARK)
    return why if claimant == person.id else why.replace("may terminate it", f"may {PARK} it")


ENDS = {
    "keep": "",
    "terminate": ", and then terminates it",
    "park": ", and then terminates it until somebody wakes it",
}


def _row(tx: Tx, op: Op, ref: str, found: Resource, after: After, money: Costs, now: datetime) -> SavedImage:
    identity = new_id("m")
    launch = launches.find(tx, found.request) if found.request else None
    given = str((op.payload.get("data") or {}).get("name") or "") or found.name or found.id
    return SavedImage(
        id=identity,
        state="saving",
        after=after,
        ref=ref,
        account=found.account,
        region=found.region,
        instance=found.id,
        was=found.state,
        label=label(found),
        name=rules.aws_name(given, now, identity),
        owner=found.owner or "",
        by=str(op.payload["user"]),
        team=str(op.payload.get("team", "")),
        wanted=rules.relaunch(found, launch.wanted if launch else None),
        gb=money.gb,
        usd_per_month=money.park,
        asked_at=now,
    )


def _wake(parts: Parts, op: Op) -> None:
    """A new request, which is checked and approved like any other; one at a time for each image."""
    image, person = _mine(parts, op, "wake")
    if image.account != "default":
        raise NotAllowed(f"mlbot launches in its own account only; {image.aws_id} is in {image.account!r}.")
    if _there(parts, image, person) is None:
        raise TooLate(f"The image {image.aws_id} is not there any more.")
    where = Reply(channel=str(op.payload.get("channel") or ""), response_url=str(op.payload.get("response_url") or ""))
    open_for, now = parts.policy().approvals.expires_hours, parts.clock.now()
    with parts.store.transaction() as tx:
        before = launches.find(tx, image.launch) if image.launch else None
        if before is not None and before.state not in OVER:
            _tell(tx, op, f"It was woken already: {what(before.wanted)} is {before.state}.", now)
            ops.finish(tx, op, now)
            return
        team = str(op.payload.get("team", ""))
        key = f"wake:{op.key}"
        launch = write_ask(tx, image.wanted, asker=person.id, team=team, key=key, reply=where, now=now, hours=open_for)
        woken = images.change(tx, image.id, be=("saved",), now=now, launch=launch)
        if woken is None:
            raise TooLate("The image is being deleted.")
        note(tx, woken, "wake", actor=person.id, now=now, detail={"launch": launch})
        image_rows.tell(tx, woken, now)
        _tell(tx, op, f"Asked for {what(image.wanted)} from the image; it is checked and approved as usual.", now)
        ops.finish(tx, op, now)


def _delete(parts: Parts, op: Op) -> None:
    """Deregister, then delete the snapshots; one that died in the middle goes on where it was."""
    image, person = _mine(parts, op, "delete")
    look = Look(parts.cloud, image.account, image.region, parts.clock.now(), person=person.id)
    there, request_id = IMAGE.read(look, image.aws_id), ""
    if there is not None:
        request_id = IMAGE.verbs["delete"](look, there)
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        gone = images.change(tx, image.id, be=("saved", "failed"), now=now, state="deleted")
        if gone is not None:
            note(tx, gone, "deleted", actor=person.id, now=now, detail={"aws_request_id": request_id})
            image_rows.tell(tx, gone, now)
        place = {"account": image.account, "region": image.region, "kind": IMAGE.name}
        seen = resources.ref(tx, **place, aws_id=image.aws_id)
        idle_done.note(tx, parts, seen, "delete", by=person.id, now=now)
        _tell(tx, op, f"{image.aws_id} and its snapshots are deleted.", now)
        ops.finish(tx, op, now)


def _mine(parts: Parts, op: Op, verb: str) -> tuple[SavedImage, Person]:
    """The image of a button and who pressed, as they are now; raises UserError where it may not be."""
    person = parts.people.fresh(str(op.payload["user"]))
    with parts.store.reading() as tx:
        image = images.find(tx, str(op.payload["value"]))
    if image is None or not image.aws_id or image.state in ("saving", "ending"):
        raise TooLate(UNKNOWN if image is None else "Its image is not complete yet.")
    if image.state == "deleted":
        raise TooLate(f"The image {image.aws_id} is deleted already.")
    if why := may_act(person, team=parts.people.team()):
        raise NotAllowed(why)
    owner, stop, now = image.owner or image.by, parts.policy().stop, parts.clock.now()
    if not may_work(person.id, verb, owner=owner, approver=lead(parts, person), until=None, rules=stop, now=now):
        raise NotAllowed(who_may(verb, owner, stop))
    return image, person


def _there(parts: Parts, image: SavedImage, person: Person) -> Resource | None:
    look = Look(parts.cloud, image.account, image.region, parts.clock.now(), person=person.id)
    found = IMAGE.read(look, image.aws_id)
    return found if found is not None and found.state == "available" else None


def _machine(parts: Parts, ref: str) -> tuple[Row | None, Resource | None]:
    """The row of a machine's reference, and the machine with its price as it is now."""
    with parts.store.reading() as tx:
        row: Row | None = resources.find(tx, ref)
    if row is None or row["kind"] != MACHINE.name:
        return None, None
    found = MACHINE.read(Look(parts.cloud, row["account"], row["region"], parts.clock.now()), row["aws_id"])
    return row, MACHINE.price(found, parts.catalog) if found else None


def _costs(parts: Parts, found: Resource) -> Costs:
    return rules.costs(found, prices.item(parts.catalog, SNAPSHOT_PRICE, found.region))


def _after(op: Op) -> After:
    if str(op.payload["action"]).startswith("park"):
        return "park"
    return "terminate" if (op.payload.get("data") or {}).get("after") == "terminate" else "keep"


def _end(parts: Parts, op: Op, words: str) -> Done:
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        _refused(tx, op, words, now)
        _tell(tx, op, words, now)
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


def _refused(tx: Tx, op: Op, words: str, now: datetime) -> None:
    """The audit row of a press that changed nothing."""
    value, action = str(op.payload["value"]), str(op.payload["action"])
    image, row = images.find(tx, value), resources.find(tx, value)
    subject = image.instance if image else str(row["aws_id"]) if row else value
    detail = {"action": action, "reason": words, "value": value, "slack_ts": op.payload.get("ts", "")}
    actor, team = str(op.payload["user"]), str(op.payload.get("team", ""))
    audit.record(tx, actor=actor, team=team, action="image.refused", subject=subject, now=now, detail=detail)


def _tell(tx: Tx, op: Op, words: str, now: datetime) -> None:
    """Answer the one who pressed."""
    where = {name: str(op.payload.get(name) or "") for name in ("channel", "response_url")}
    outbox.say(tx, what="whisper", subject=op.key, to=str(op.payload["user"]), now=now, data={**where, "text": words})
