"""What a request would cost and need while its form is being filled in; pure, time is an argument."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.rules import launch_check, launch_money, launch_words
from bot.rules.errors import UserError
from bot.rules.launch import BudgetLine, Wanted
from bot.rules.launch_check import Refusal
from bot.rules.launch_money import Price
from bot.rules.policy import Policy
from data import Catalog

SETTING = re.compile(r"\bAsk again with (?:count|disk|hours|max_price)=([0-9.,]*[0-9])")
FIELDS = {
    "region": "region",
    "family": "type",
    "market": "market",
    "count": "count",
    "disk": "disk",
    "hours": "hours",
    "rate": "type",
    "ceiling": "max_price",
    "total": "hours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a request stands before it is asked; everything is None or empty while a field is missing."""

    wanted: Wanted | None = None
    price: Price | None = None
    needed: int = 1
    tightest: BudgetLine | None = None  # the budget of which least is left
    problems: Mapping[str, str]  # by field of the form, one sentence each
    missing: str = ""  # what to fill in first


def preview(
    given: Mapping[str, str], policy: Policy, catalog: Catalog, budgets: Iterable[BudgetLine], now: datetime
) -> Preview:
    """Read what is filled in so far, and judge it by the policy as the request will be."""
    if not given.get("type"):
        return Preview(problems={}, missing="Choose an instance type, and its cost stands here.")
    try:
        wanted = launch_words.from_form(given, catalog)
    except UserError as error:
        field = str(getattr(error, "field", "") or "type")
        return Preview(problems={field: _sentence(error)})
    price = launch_money.price(wanted, catalog)
    total = price.usd_total if price else None
    lines = sorted(budgets, key=lambda line: line.left)
    problems = dict(_by_policy(wanted, price, policy, catalog))
    if price is not None and (why := launch_money.over(lines, total)):
        problems.setdefault("hours", why)
    return Preview(
        wanted=wanted,
        price=price,
        needed=launch_money.needed(policy.approvals, total, now),
        tightest=lines[0] if lines else None,
        problems=problems,
    )


def _by_policy(wanted: Wanted, price: Price | None, policy: Policy, catalog: Catalog) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for what, refusal in launch_check.by_field(wanted, price, policy, catalog):
        field = FIELDS[what]
        if field not in seen:
            seen.add(field)
            yield field, _one(refusal)


def _one(refusal: Refusal) -> str:
    """The way out is to type it into the field, not to ask again."""
    return " ".join((refusal.why, SETTING.sub(r"Enter \1", refusal.way_out))).strip()


def _sentence(error: UserError) -> str:
    nearest = str(getattr(error, "nearest", "") or "")
    return f"{error} Did you mean {nearest}?" if nearest and nearest not in str(error) else str(error)
