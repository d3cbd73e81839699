"""The checks of a request, before anybody is asked: then its card stands, or its asker hears why not."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from bot import launch_boot, launch_facts, launch_remind, ops
from bot.launch_rows import approved, budgets, frozen, move, notice, whisper
from bot.ops import Done, Op, Outcome
from bot.parts import Parts
from bot.rules import launch_check, launch_money, launch_params
from bot.rules.errors import CloudError, Gone, NoCapacity, SlackError, Unsure
from bot.rules.launch import Launch, Offer
from bot.rules.launch_check import Found, Refusal
from bot.rules.launch_decide import somebody_may
from bot.rules.launch_money import Price
from bot.rules.launch_next import is_quota, way_out
from bot.rules.launch_text import person, what
from bot.rules.people import may_act
from bot.rules.policy import Policy
from bot.store import launches
from bot.store.db import Tx
from data.shapes import Instance

STRANGER = "Not checked: who asks. Slack did not tell."


def check(parts: Parts, op: Op) -> Outcome:
    """Gather what the policy, AWS and Slack say, then ask the approvers or refuse."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.state != "checking":
        return Done()
    policy = parts.policy()
    price = launch_money.price(launch.wanted, parts.catalog)
    stranger, refusal = _by_person(parts, launch, policy)
    refusal = refusal or _by_policy(parts, launch, policy, price)
    offer = None
    if refusal is None and price is not None:
        offer, refusal = _by_cloud(parts, launch, policy, price)
    if offer is not None and stranger:
        offer = replace(offer, notes=(*offer.notes, STRANGER))
    with parts.store.transaction() as tx:
        ops.finish(tx, op, parts.clock.now())
        if offer is not None and price is not None:
            refusal = _ask(tx, parts, launch, policy, offer, price)
        if refusal is not None:
            _refuse(tx, parts, launch, refusal)
    parts.wake()
    return Done()


def _by_person(parts: Parts, launch: Launch, policy: Policy) -> tuple[bool, Refusal | None]:
    """Whether Slack does not tell who asks, and why they may not; they are looked at again when it is approved."""
    if launch.asker in policy.approvals.denied:
        return False, Refusal("The policy lets you launch nothing.", "Ask one of the approvers.")
    try:
        why = may_act(parts.people.get(launch.asker), team=parts.people.team())
    except SlackError:
        return True, None
    return False, Refusal(why, "Ask a member of the team to ask for it.", "person") if why else None


def _by_policy(parts: Parts, launch: Launch, policy: Policy, price: Price | None) -> Refusal | None:
    instance = parts.catalog.instance(launch.wanted.instance_type)
    return launch_check.by_policy(launch.wanted, instance, price, policy, parts.catalog)


def _by_cloud(parts: Parts, launch: Launch, policy: Policy, price: Price) -> tuple[Offer | None, Refusal | None]:
    """The offer as far as AWS answers, or its refusal."""
    wanted, instance = launch.wanted, parts.catalog.instance(launch.wanted.instance_type)
    found = launch_facts.look(parts, wanted, instance)
    if refusal := launch_check.by_cloud(wanted, instance, found, policy, parts.catalog):
        return None, refusal
    offer = _offer(launch, policy, found, price, instance)
    error = launch_facts.dry_run(parts, wanted, _first_try(offer))
    if error is None or isinstance(error, NoCapacity):
        return offer, None
    if isinstance(error, Unsure):
        return replace(offer, notes=(*offer.notes, f"Not checked: whether AWS would allow it. {error}")), None
    return None, _refused(parts, launch, policy, error)


def _refused(parts: Parts, launch: Launch, policy: Policy, error: CloudError) -> Refusal:
    mend = way_out(error, launch.wanted, policy.limits, parts.catalog)
    if isinstance(error, Gone) and launch.wanted.image:
        mend = "Name another image, or none, and ask again."
    return Refusal(str(error), mend, error.code)


def _offer(launch: Launch, policy: Policy, found: Found, price: Price, instance: Instance) -> Offer:
    image = found.image.value
    assert image is not None  # by_cloud refuses a request without one
    login = policy.launch.login or ("ec2-user" if "amazon linux" in image.name.lower() else "ubuntu")
    values = {"login": login, "grace_minutes": f"{policy.launch.end.grace_minutes:g}"}
    script = launch_boot.script(policy.launch.boot, values)
    params = launch_params.build(launch, policy.launch, image=image.id, root=image.root, user_data=script)
    notes = (
        *launch_check.notes(launch.wanted, found, policy, usd_disk=price.usd_disk),
        launch_check.misfit(launch.wanted, image, instance),
    )
    return Offer(
        params=params,
        places=launch_check.places(found),
        notes=tuple(note for note in notes if note),
        usd_disk=price.usd_disk,
        price_basis=price.basis,
        image_name=image.name or image.id,
        login=login,
        ssm=bool(policy.launch.instance_profile),
    )


def _first_try(offer: Offer) -> dict[str, Any]:
    params = dict(offer.params)
    if offer.places:
        first = offer.places[0]
        params |= {"SubnetId": first.subnet} if first.subnet else {"Placement": {"AvailabilityZone": first.zone}}
    return params


def _ask(tx: Tx, parts: Parts, launch: Launch, policy: Policy, offer: Offer, price: Price) -> Refusal | None:
    """Post it for the approvers, or approve it at once where the policy does; a refusal when it may not be."""
    now = parts.clock.now()
    if why := frozen(tx):
        return Refusal(why, "Ask again when an approver has ended the freeze (/ml-freeze off).", "frozen")
    if why := launch_money.over(budgets(tx, policy, launch.asker, now), price.usd_total):
        return Refusal(
            why, "Ask for fewer hours or a smaller type, or an operator raises it under [budgets].", "budget"
        )
    needed = launch_money.needed(policy.approvals, price.usd_total, now)
    if STRANGER in offer.notes or price.usd_disk is None:
        needed = max(needed, 1)  # a Slack that does not answer, or a price, never lets anybody do more
    if needed and not somebody_may(policy.approvals):
        return Refusal("The policy names nobody who could approve this.", "An operator sets [approvals] approvers.")
    shown = launch_params.digest(launch.wanted, offer.params, price.usd_per_hour, price.usd_total)
    asked = move(
        tx,
        launch,
        "asked",
        actor=launch.asker,
        now=now,
        detail={"wanted": asdict(launch.wanted), "shown": shown, "usd_total": price.usd_total, "needed": needed},
        offer=offer,
        shown=shown,
        usd_per_hour=price.usd_per_hour,
        usd_total=price.usd_total,
        needed=needed,
        card_channel=policy.approvals.channel,
    )
    if asked is None:
        return None
    if needed == 0:
        approved(tx, asked, by=(), how="policy", now=now)
    else:
        launch_remind.plan(tx, asked, policy.approvals.remind_hours, now)
    helped = len(launch.askers) > 1
    whose = f"The request of {person(launch.asker)}" if helped else "Your request"
    words = f"{whose} for {what(launch.wanted)} stands in <#{policy.approvals.channel}>."
    if helped:
        words += f" {person(launch.reply.by)} pressed for it, so neither of you may approve it."
    whisper(
        tx,
        asked,
        "\n".join([words, *(note for note in offer.notes if note != launch_check.NO_WAY_IN)]),
        key=f"asked:{shown[:12]}",
        now=now,
    )
    return None


def _refuse(tx: Tx, parts: Parts, launch: Launch, refusal: Refusal) -> None:
    now = parts.clock.now()
    refused = move(
        tx,
        launch,
        "refused",
        actor="mlbot",
        now=now,
        detail={"wanted": asdict(launch.wanted), "why": refusal.why, "code": refusal.code},
        error=refusal.why,
        error_code=refusal.code,
        way_out=refusal.way_out,
    )
    if refused is not None:
        channel = parts.policy().approvals.channel
        brought = is_quota(refusal.code) and channel != ""
        void = launch.shown != ""  # it stood before approvers, or was approved
        begin = f"Your request for {what(launch.wanted)} is void" if void else "Not asked"
        text = f"{begin}: {refusal.why} {refusal.way_out}".strip()
        if brought:
            asks = f"{person(launch.asker)} asked for {what(launch.wanted)}: {refusal.why}"
            notice(tx, refused, "quota", asks, now=now, to=channel)
            text += f" The approvers in <#{channel}> were asked to have AWS raise it."
        whisper(tx, refused, text, key=f"refused:{launch.changed_at}", now=now)
