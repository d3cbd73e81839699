"""Who and what stands in the local workspace: people, user groups, channels, the app."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import Clock

TEAM, TEAM_DOMAIN, FOREIGN_TEAM = "T0LOCAL", "local", "T0OTHER"
APP, BOT, BOT_USER, SLACKBOT = "A0MLBOT", "B0MLBOT", "U0MLBOT", "USLACKBOT"
ENGINEER, LEAD, OPERATOR = "U0ENG", "U0LEAD", "U0OPS"
GUEST, GONE, OTHER_BOT, STRANGER = "U0GUEST", "U0GONE", "U0BOT", "U0STRANGER"
ML, APPROVALS = "C0ML", "C0APPROVALS"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One member as users.info tells it; *shown* ones can be chosen in the page."""

    id: str
    name: str
    real_name: str
    tz: str = "UTC"
    locale: str = "en-US"
    team: str = TEAM
    is_bot: bool = False
    deleted: bool = False
    guest: bool = False
    shown: bool = False

    def as_slack(self, clock: Clock) -> dict[str, Any]:
        """The user object."""
        zone = clock.now().astimezone(ZoneInfo(self.tz))
        offset = zone.utcoffset()
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": self.deleted,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": zone.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "locale": self.locale,
            "profile": self.profile(),
            "is_admin": False,
            "is_owner": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_restricted": self.guest,
            "is_ultra_restricted": False,
            **({"is_stranger": True} if self.team == FOREIGN_TEAM else {}),
        }

    def profile(self) -> dict[str, Any]:
        """The profile object."""
        return {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.real_name,
            "display_name_normalized": self.real_name,
            "email": f"{self.name}@example.com",
            "team": self.team,
        }


USERS = (
    User(id=ENGINEER, name="ann", real_name="Ann (engineer)", tz="Europe/Berlin", shown=True),
    User(id=LEAD, name="lee", real_name="Lee (lead)", tz="America/New_York", shown=True),
    User(id=OPERATOR, name="oda", real_name="Oda (operator)", tz="Asia/Kolkata", shown=True),
    User(id=GUEST, name="gus", real_name="Gus (guest)", tz="Europe/London", guest=True),
    User(id=GONE, name="dee", real_name="Dee (left)", deleted=True),
    User(id=STRANGER, name="sam", real_name="Sam (other company)", team=FOREIGN_TEAM),
    User(id=OTHER_BOT, name="otherbot", real_name="Other bot", is_bot=True),
    User(id=BOT_USER, name="mlbot", real_name="mlbot", is_bot=True),
    User(id=SLACKBOT, name="slackbot", real_name="Slackbot", is_bot=True),
)
GROUPS = ({"id": "S0LEADS", "handle": "ml-leads", "name": "ML leads", "users": [LEAD]},)
CHANNELS = ((ML, "ml", "Machine learning"), (APPROVALS, "ml-approvals", "Who may launch what"))
CHANNEL_MEMBERS = (ENGINEER, LEAD, OPERATOR, GUEST, STRANGER, OTHER_BOT, BOT_USER)


def direct_channel(user: str) -> str:
    """The id of the bot's direct message with *user*."""
    return "D" + user[1:]


def at_home(user: User, team: str) -> User:
    """*user* as a member of *team*; who comes from elsewhere stays a stranger."""
    return user if user.team == FOREIGN_TEAM else replace(user, team=team)
