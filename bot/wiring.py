"""The only place where parts meet: settings in, a running bot out."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from bot import (
    health,
    home,
    idle,
    images,
    installs,
    instances,
    instances_launch,
    launch,
    links,
    outbox,
    pictures,
    schedules,
)
from bot.clock import Clock
from bot.cloud import Cloud
from bot.ops import OpFunction, Workers
from bot.parts import Parts
from bot.people import People
from bot.policy import PolicyFile
from bot.schedule import Job, Schedule
from bot.server import Door, Server
from bot.settings import Settings
from bot.slack import Slack
from bot.socket import Socket
from bot.store.db import Store
from data import OVERLAY, Catalog, load
from handlers import home as home_page
from handlers import reach_answer, register
from handlers.later import Later
from handlers.views.outgoing import VIEWS

log = logging.getLogger(__name__)

# Under estimates that hold the interpreter an ack waits at most this long for its turn (Python's default is 5 ms).
SWITCH_SECONDS = 0.0005
OPS: Mapping[str, OpFunction] = {
    **launch.OPS,
    **instances.OPS,
    **instances_launch.OPS,
    **idle.OPS,
    **reach_answer.OPS,
    **schedules.OPS,
    **home_page.OPS,
    **images.OPS,
    **pictures.OPS,
}


class Bell:
    """Tells those who wait that a row was written; they are hung up after the parts are built."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def hang(self, *waiting: Callable[[], None]) -> None:
        """Call these, too, from now on."""
        self._waiting += waiting

    def __call__(self) -> None:
        for wake in self._waiting:
            wake()


@dataclass
class Bot:
    """A built bot: `start` it to serve, or open its doors and drive it by hand (tests, one scan, the playground)."""

    parts: Parts
    app: App
    workers: Workers
    sender: outbox.Sender
    later: Later
    policy_file: PolicyFile
    quiet: threading.Event  # set while no request is being acked
    server: Server | None = None
    socket: Socket | None = None
    _stops: list[Callable[[], None]] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where the HTTP door listens."""
        return self.server.port if self.server else 0

    def start(self) -> None:
        """Take up what an earlier process left, work and post by oneself, then open the doors."""
        self.begin()
        self.open_doors()

    def begin(self, *, speaks: bool = True) -> None:
        """Work without doors of one's own; one that does not speak keeps its messages to itself."""
        self.sweep()
        self.workers.start()
        schedule = Schedule(self.parts, self.jobs())
        schedule.start()
        self._stops += [schedule.stop, self.workers.stop]
        if speaks:
            self.speak()

    def speak(self) -> None:
        """Send what is due from now on."""
        self.sender.start()
        self._stops.append(self.sender.stop)

    def open_doors(self) -> None:
        """Let Slack in: HTTP, or Socket Mode where SLACK_APP_TOKEN is set; the operators' pages are there in both."""
        settings = self.parts.settings
        over_socket = bool(settings.slack_app_token.get_secret_value())
        secret = settings.slack_signing_secret.get_secret_value()
        acks = health.Acks()
        pages = {**health.pages(self, acks), **links.pages()}
        door = Door(None if over_socket else self.app, secret, pages, watch=acks)
        self.server = Server(door, host=settings.host, port=settings.port)
        self.server.start()
        if over_socket:
            self.socket = Socket(self.app, settings)
            self.socket.start()

    def stop(self) -> None:
        """Take nothing more and finish what runs; what does not finish keeps its lease for the next start."""
        for door in (self.socket, self.server):
            if door is not None:
                door.stop()
        self.later.stop()
        for stop in self._stops:
            stop()
        self.parts.store.close()

    def sweep(self) -> None:
        """What must happen without a click: recover launches, expire asks, end what is over, keep hours."""
        launch.recover(self.parts)
        schedules.tick(self.parts)
        if self.socket is not None or self.server is not None:
            home.note_door(self.parts, socket_alive=self.socket.alive() if self.socket is not None else None)

    def scan_and_remind(self) -> None:
        """One idle scan, what the policy lets mlbot stop by itself, and the messages whose morning has come."""
        report = idle.scan(self.parts, self.parts.clock.now())
        idle.sweep(self.parts, report)
        self.remind()

    def remind(self) -> None:
        """The messages whose morning has come, once for each person and local day."""
        idle.remind(self.parts, self.parts.clock.now())
        self.parts.wake()

    def jobs(self) -> tuple[Job, ...]:
        """What happens by the clock."""
        return (
            Job("sweep", timedelta(seconds=10), self.sweep),
            Job("scan", timedelta(minutes=15), self.scan_and_remind),
            Job("remind", timedelta(minutes=5), self.remind),
        )

    def run_due(self) -> int:
        """Do, in this thread, all ops and posts that are due; returns how many."""
        done = 0
        while step := self.workers.run_due() + outbox.deliver(self.parts, VIEWS):
            done += step
        return done


def build(
    settings: Settings, *, clock: Clock | None = None, only_local: bool = False, catalog: Catalog | None = None
) -> Bot:
    """
    A bot from its settings; its database is migrated, nothing runs yet.

    *only_local* refuses every AWS address but this machine's; bots of several workspaces may share a *catalog*.
    Raises BotError when policy or database are wrong.
    """
    settings = installs.with_token(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    clock = clock or Clock()
    store = Store(settings.database_url)
    store.migrate()
    policy = PolicyFile(settings.mlbot_policy)
    slack = Slack(settings)
    bell = Bell()
    parts = Parts(
        settings=settings,
        store=store,
        clock=clock,
        policy=policy,
        cloud=Cloud(settings, policy, only_local=only_local),
        slack=slack,
        people=People(slack, clock, lambda: policy().access),
        catalog=catalog or load(OVERLAY),
        wake=bell,
    )
    quiet = threading.Event()
    workers, sender, later = Workers(parts, OPS), outbox.Sender(parts, VIEWS), Later(quiet)
    quiet.set()
    bell.hang(workers.wake, sender.wake)
    app = bolt(settings)
    register(app, parts, later)
    return Bot(parts, app, workers, sender, later, policy, quiet)


def settle() -> None:
    """
    Keep the garbage collector from walking over what a start left, which stays as long as the process.

    A walk over libraries and catalog holds every thread for a quarter of a second, a Home tab that is looked at too.
    """
    gc.collect()
    gc.freeze()


def _is_news(record: logging.LogRecord) -> bool:
    """All but Bolt's warning that SLACK_BOT_TOKEN in the environment is not read by Bolt, which is meant so."""
    return "will be ignored" not in record.getMessage()


def bolt(settings: Settings) -> App:
    """The Bolt app: a listener's ack is the HTTP answer, and no request waits for Slack."""
    logging.getLogger("slack_bolt").addFilter(_is_news)
    token = settings.slack_bot_token.get_secret_value()

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return App(
        authorize=authorize,
        signing_secret=settings.slack_signing_secret.get_secret_value() or "socket-mode",
        request_verification_enabled=False,  # the door did it, over the raw bytes
        process_before_response=True,
        logger=logging.getLogger("slack_bolt"),
    )
