"""Save a machine as an image exactly once, follow it until AWS has it whole, and only then end the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import image_rows, launch_gone, ops
from bot.idle_remind import refresh
from bot.image_press import lead
from bot.image_rows import note
from bot.kinds import KINDS, Look
from bot.kinds.base import Fact, request_id
from bot.kinds.tags import IMAGE, MANAGED, OWNER, PURPOSE, REQUEST
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import images as rules
from bot.rules.errors import CloudError, Gone, Unsure
from bot.rules.idle import Resource
from bot.rules.idle_finding import Outcome as Said
from bot.rules.images import SavedImage
from bot.rules.instances import Ask, decide, saved_by_a_stop
from bot.store import holds, images, money
from bot.store.values import stamp

MACHINE = KINDS["ec2_instance"]
OFTEN, SELDOM = timedelta(seconds=10), timedelta(seconds=60)
EARLY = timedelta(minutes=15)
UNSEEN = timedelta(minutes=5)  # AWS may not show an image that it has just made
LONGEST = timedelta(hours=12)  # then nobody waits any more; a terabyte takes AWS some hours
TAKEN = "InvalidAMIName.Duplicate"  # an earlier call, whose answer was lost, made it


def save(parts: Parts, op: Op) -> Outcome:
    """One step: find the image of this row, else make it; then see how far it is."""
    image = _find(parts, op)
    if image is None or image.state != "saving":
        return Done()
    look = Look(parts.cloud, image.account, image.region, parts.clock.now(), person=image.by)
    late = parts.clock.now() - image.asked_at > LONGEST
    try:
        fact = _look_up(look, image)
        if fact is not None and not image.aws_id:
            image = _made(parts, image, str(fact["ImageId"]), "")
        if fact is None:
            return _failed(parts, op, image, GIVEN_UP) if late else _create(parts, op, image, look)
        return _follow(parts, op, image, look, fact, late=late)
    except Unsure as error:
        return _failed(parts, op, image, f"{error} {GIVEN_UP}") if late else Retry(str(error))
    except CloudError as error:
        return _failed(parts, op, image, str(error), error)


GIVEN_UP = "AWS did not finish it in 12 h; what it makes after that is found by its tag and named in /ml-idle."


def _find(parts: Parts, op: Op) -> SavedImage | None:
    with parts.store.reading() as tx:
        return images.find(tx, str(op.payload["image"]))


def _look_up(look: Look, image: SavedImage) -> Fact | None:
    """The image as AWS describes it, by its id where that is known, else by the tag of its row."""
    which: dict[str, Any] = {"Filters": [{"Name": f"tag:{IMAGE}", "Values": [image.id]}]}
    if image.aws_id:
        which = {"ImageIds": [image.aws_id]}
    try:
        found = look.call("ec2", "describe_images", Owners=["self"], **which)["Images"]
    except Gone:
        found = []
    if found:
        return dict(found[0])
    if image.aws_id and image.called_at and look.now - image.called_at > UNSEEN:
        raise Gone(f"The image {image.aws_id} is not there any more.")
    return None


def _create(parts: Parts, op: Op, image: SavedImage, look: Look) -> Outcome:
    """CreateImage after a fresh look; the name is taken once, so that a second call can make no second image."""
    if image.aws_id:
        return Retry("AWS does not show the image yet", OFTEN)
    found = MACHINE.read(look, image.instance)
    if found is None or (why := rules.refusal(found, image.after)):
        return _failed(parts, op, image, why if found else "The machine does not exist any more.")
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.hold(tx, op, now)
        images.change(tx, image.id, be=("saving",), now=now, called_at=image.called_at or now)
    try:
        answer = look.call("ec2", "create_image", **_params(image, found))
    except CloudError as error:
        if error.code == TAKEN:
            return Retry("AWS made the image and does not show it yet", OFTEN)
        raise
    _made(parts, image, str(answer["ImageId"]), request_id(answer))
    return Retry("AWS copies the disks", OFTEN)


def _params(image: SavedImage, found: Resource) -> dict[str, Any]:
    wanted = image.wanted
    values = {
        "Name": wanted.name or image.instance,
        MANAGED: "true",
        IMAGE: image.id,
        **({REQUEST: found.request} if found.request else {}),
        OWNER: image.owner or image.by,
        PURPOSE: wanted.purpose,
    }
    tags = [{"Key": key, "Value": value[:256]} for key, value in values.items()]
    return {
        "InstanceId": image.instance,
        "Name": image.name,
        "Description": f"Saved by mlbot of {image.instance}"[:255],
        "NoReboot": image.after == "keep",
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")],
    }


def _made(parts: Parts, image: SavedImage, aws_id: str, aws_request_id: str) -> SavedImage:
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        made = images.change(tx, image.id, be=("saving",), now=now, aws_id=aws_id)
        if made is None:
            return image
        note(tx, made, "made", actor=image.by, now=now, detail={"name": made.name, "aws_request_id": aws_request_id})
        return made


def _follow(parts: Parts, op: Op, image: SavedImage, look: Look, fact: Fact, *, late: bool) -> Outcome:
    seen = rules.seen(fact)
    if seen.state == "failed":
        return _failed(parts, op, image, seen.why)
    if seen.state == "pending":
        if late:
            return _failed(parts, op, image, GIVEN_UP)
        _progress(parts, image, look, fact)
        young = look.now - image.asked_at < EARLY
        return Retry("AWS copies the disks", OFTEN if young else SELDOM)
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        to = "saved" if image.after == "keep" else "ending"
        wanted = rules.from_image(image.wanted, fact)
        done = images.change(tx, image.id, be=("saving",), now=now, state=to, progress=100, wanted=wanted)
        if done is None:
            return Done()
        note(tx, done, "saved", actor=image.by, now=now, detail={"after": image.after})
        if to == "saved":
            image_rows.tell(tx, done, now)
        else:
            image_rows.show(tx, done, now)
            payload = {"image": image.id, "user": image.by}
            ops.enqueue(tx, kind="image.end", key=image.id, payload=payload, now=now)
    parts.wake()
    return Done()


def _progress(parts: Parts, image: SavedImage, look: Look, fact: Fact) -> None:
    """How much of the snapshots is copied; only for the message, so a refusal says nothing."""
    ids = [
        disk["Ebs"]["SnapshotId"]
        for disk in fact.get("BlockDeviceMappings", ())
        if disk.get("Ebs", {}).get("SnapshotId")
    ]
    try:
        found = look.call("ec2", "describe_snapshots", SnapshotIds=ids)["Snapshots"] if ids else []
    except CloudError:
        return
    shares = [int(str(one.get("Progress") or "0").rstrip("%") or 0) for one in found]
    share = sum(shares) // len(shares) if shares else 0
    if share == image.progress:
        return
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        moved = images.change(tx, image.id, be=("saving",), now=now, progress=share)
        if moved is not None:
            image_rows.show(tx, moved, now)


def _failed(parts: Parts, op: Op, image: SavedImage, why: str, error: CloudError | None = None) -> Outcome:
    """There is no image to rely on: the machine stays as it is, and both are told."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        failed = images.change(tx, image.id, be=("saving",), now=now, state="failed", error=why)
        if failed is not None:
            detail = {
                "why": why,
                "code": error.code if error else "",
                "aws_request_id": error.request_id if error else "",
            }
            note(tx, failed, "failed", actor=image.by, now=now, detail=detail)
            image_rows.tell(tx, failed, now)
    parts.wake()
    return Done()


def end(parts: Parts, op: Op) -> Outcome:
    """Terminate the machine of a complete image, after a fresh look at image, machine and person."""
    image = _find(parts, op)
    if image is None or image.state != "ending":
        return Done()
    look = Look(parts.cloud, image.account, image.region, parts.clock.now(), person=image.by)
    try:
        fact = _look_up(look, image)
        if fact is None or rules.seen(fact).state != "available":
            return _kept(parts, op, image, "its image is not there any more")
        found = MACHINE.read(look, image.instance)
        found = MACHINE.price(found, parts.catalog) if found else None
        why, effect = _judged(parts, image, found)
        if why:
            return _kept(parts, op, image, why)
        aws_request_id = MACHINE.verbs["terminate"](look, found) if found and effect else ""
    except Unsure as error:
        late = parts.clock.now() - image.asked_at > LONGEST + UNSEEN
        return _kept(parts, op, image, str(error)) if late else Retry(str(error))
    except CloudError as error:
        return _kept(parts, op, image, str(error))
    return _ended(parts, op, image, found, aws_request_id)


def _judged(parts: Parts, image: SavedImage, found: Resource | None) -> tuple[str, bool]:
    """Why it is kept, if it is, and whether there is anything to terminate."""
    person = parts.people.fresh(image.by)
    ask = Ask(verb="terminate", person=person, approver=lead(parts, person), team=parts.people.team())
    decision = decide(ask, found, parts.policy(), parts.clock.now())
    return rules.may_end(image, found, decision), decision.effect == "terminate"


def _ended(parts: Parts, op: Op, image: SavedImage, found: Resource | None, aws_request_id: str) -> Outcome:
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        done = images.change(tx, image.id, be=("ending",), now=now, state="saved", machine="ended")
        if done is None:
            return Done()
        word = "parked" if image.after == "park" else "terminated"
        before = {"state": found.state, "since": stamp(found.since) if found.since else None} if found else {}
        detail = {"aws_request_id": aws_request_id, "before": before, "after": "terminated"}
        note(tx, done, word, actor=image.by, now=now, detail=detail)
        launch_gone.terminated(tx, found, by=image.by, now=now)
        image_rows.tell(tx, done, now)
        words = f"{word.capitalize()} by <@{image.by}>: saved as {image.aws_id}, then terminated."
        holds.answered(tx, image.ref, Said(word, image.by, now, words))
        refresh(tx, image.ref, now)
        saved = saved_by_a_stop(found) if found else None
        if saved:
            money.save_from(tx, image.ref, by=image.by, usd_per_hour=saved, now=now)
    parts.wake()
    return Done()


def _kept(parts: Parts, op: Op, image: SavedImage, why: str) -> Outcome:
    """The image stands and the machine, too: say why."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        kept = images.change(tx, image.id, be=("ending",), now=now, state="saved", machine="kept", error=why)
        if kept is not None:
            note(tx, kept, "machine_kept", actor=image.by, now=now, detail={"why": why})
            image_rows.tell(tx, kept, now)
    parts.wake()
    return Done()
