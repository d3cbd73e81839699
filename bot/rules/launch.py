"""A launch as it is asked for, as its rows stand, and as its card shows it; records only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

State = Literal[
    "checking",  # the row exists, its checks run
    "refused",  # a check said no; the asker was told
    "asked",  # waits for an approver
    "denied",
    "withdrawn",
    "expired",
    "approved",  # waits for the worker
    "launching",  # RunInstances was or is being called
    "running",
    "failed",
    "ended",  # the machine is gone
]
# Of the machine, as AWS says; ready: its status checks passed; stopped: all of it, so that only disks bill; stuck: it
# has been pending for so long that only the sweep looks at it still.
Progress = Literal["", "pending", "running", "ready", "stopped", "stuck"]
How = Literal["", "vote", "policy", "break_glass"]  # in which way it was approved
UNDECIDED: tuple[State, ...] = ("checking", "asked")
OVER: tuple[State, ...] = ("refused", "denied", "withdrawn", "expired", "failed", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks to launch."""

    instance_type: str
    region: str
    count: int = 1
    market: Literal["on-demand", "spot"] = "on-demand"
    disk_gb: int = 100
    hours: float = 8
    name: str = ""
    purpose: str = ""
    key_name: str = ""
    image: str = ""
    max_usd_per_hour: float | None = None  # spot: the ceiling for one machine


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine may start: a zone, and the subnet in it."""

    zone: str
    subnet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the checks found: the parameters that will be used, where they may be tried, and what is not certain."""

    params: Mapping[str, Any]  # of RunInstances, but for place, token and the tag mlbot:until
    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()  # warnings and "not checked" lines for the card
    usd_disk: float | None = None  # for the hours asked; part of the total where it is known
    price_basis: str = ""
    image_name: str = ""
    login: str = "ubuntu"
    ssm: bool = False  # reached through Session Manager


@dataclass(frozen=True, slots=True)
class Reply:
    """Where who asked, or who pressed for them, is whispered to."""

    channel: str = ""
    response_url: str = ""
    by: str = ""  # who pressed, if not the asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One request, as its row stands; money in USD, None where the price is not known."""

    id: str
    state: State
    wanted: Wanted
    asker: str
    team: str
    usd_per_hour: float | None
    usd_total: float | None
    asked_at: datetime
    expires_at: datetime
    offer: Offer | None = None  # None until it was checked
    shown: str = ""  # hash of what the approvers see
    needed: int = 1  # different people who must say yes
    reply: Reply = Reply()
    card_channel: str = ""
    decided_by: tuple[str, ...] = ()
    decided_at: datetime | None = None
    how: How = ""
    reason: str = ""
    until: datetime | None = None  # set once, at approval; moved only by an extension
    instance_ids: tuple[str, ...] = ()
    machine: Mapping[str, str] = field(default_factory=dict)  # of the first: zone, public_ip, private_ip, public_dns
    progress: Progress = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error_code: str = ""
    error: str = ""
    way_out: str = ""
    changed_at: datetime | None = None
    ran: tuple[tuple[datetime, datetime], ...] = ()  # earlier runs, each from a start to a stop
    ended_by: str = ""  # who terminated it through mlbot; empty where AWS just has it no more

    @property
    def askers(self) -> tuple[str, ...]:
        """Who asked, and who pressed for them: both are told, and neither may approve."""
        return (self.asker, self.reply.by) if self.reply.by not in ("", self.asker) else (self.asker,)

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings and "not checked" lines for the card."""
        return self.offer.notes if self.offer else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one place with one token, which is its id; kept for ever."""

    id: str
    launch: str
    n: int
    region: str
    zone: str
    params: Mapping[str, Any]  # complete, but for the token
    state: Literal["open", "launched", "refused"] = "open"
    calls: int = 0
    called_at: datetime | None = None  # the first call
    unsure: int = 0  # calls that nobody answered
    error_code: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget of the month as it stands, this request not counted while it is undecided."""

    name: str
    limit: float
    spent: float
    committed: float  # approved and not spent yet

    @property
    def left(self) -> float:
        """What may still be approved."""
        return self.limit - self.spent - self.committed


@dataclass(frozen=True, slots=True)
class Connect:
    """How to reach a machine and what to type there; one shell line each, empty where there is no such way."""

    ssm: str = ""
    ssh: str = ""
    jupyter: str = ""  # a tunnel from localhost:8889
    token: str = ""  # prints Jupyter's token, on the machine
    check: str = ""  # shows the accelerator
    console: str = ""  # EC2 Instance Connect, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCard:
    """Everything that a card or notice about one launch may say."""

    launch: Launch
    votes: tuple[str, ...] = ()  # who said yes to what is shown now
    approvers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    budgets: tuple[BudgetLine, ...] = ()
    connect: Connect | None = None
    refs: tuple[str, ...] = ()  # resource references of its machines, for Stop and Extend
    buttons: tuple[str, ...] = ()  # action ids that make sense in this state
    waits: str = ""  # why an approved launch is not carried out yet
    next_choice: Wanted | None = None  # what Try the next choice would ask for
    longer: tuple[str, ...] = ()  # what became of requests for more hours, in words
