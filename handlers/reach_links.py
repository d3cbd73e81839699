"""Links to requests and estimates, shown below the message that holds them to those who may read it."""

from __future__ import annotations

from bot import launch
from bot.hub import Hub, understood
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import links
from bot.rules.errors import SlackError
from bot.rules.links import Target
from bot.rules.people import may_act
from bot.store import estimates, launches
from estimator.answer import answer
from handlers.views import reach as views
from handlers.views.message import Block
from handlers.views.named import named_blocks

PATIENCE = 6  # tries, about a minute: a link that shows nothing hurts nobody
# Slack's codes for a message that is gone, or in which nothing may be shown any more.
OVER = frozenset(
    {"cannot_unfurl_url", "cannot_unfurl_message", "message_not_found", "channel_not_found", "not_in_channel"}
)


def unfurl(parts: Parts, op: Op) -> Outcome:
    """Show what the links of one message are about; who posted them must be one of the team."""
    shared = op.payload
    if may_act(parts.people.get(str(shared["user"])), team=parts.people.team()):
        return Done()
    shown = {}
    for url in shared["urls"]:
        target = links.target(parts.settings.mlbot_public_url, url)
        blocks = _blocks(parts, target) if target else []
        if blocks:
            shown[url] = {"blocks": named_blocks(blocks, parts.people.name)}
    if not shown:
        return Done()
    try:
        parts.slack.unfurl(shared["place"], shown)
    except SlackError as error:
        if error.code not in OVER and op.failures < PATIENCE:
            return Retry(str(error))
    return Done()


def _blocks(parts: Parts, target: Target) -> list[Block]:
    if target.kind == "launch":
        with parts.store.reading() as tx:
            known = launches.find(tx, target.id) is not None
        return views.shown_launch(launch.card(parts, target.id)) if known else []
    with parts.store.reading() as tx:
        kept = estimates.find(tx, target.id)
    if kept is None:
        return []
    if any("wanted" in option for option in kept["options"]):  # somebody named a machine: nothing was estimated
        return views.shown_words(str(kept["words"]))
    work, catalog = understood(str(kept["words"]), parts.catalog, Hub.of(parts.settings, parts.clock))
    found = answer(work, catalog, parts.clock.now().date())
    return views.shown_estimate(found)
