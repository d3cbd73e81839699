"""The error tree. Split by audience: what the person can fix, what the cloud refused; anything else is a bug."""

from __future__ import annotations


class BotError(Exception):
    """
    Everything this bot raises on purpose; str() is one sentence for a person.

    * UserError          the person can fix it; shown to them as it is
      - Unclear          the words were not understood
      - NotAllowed       somebody else must do this, or nobody may
      - TooLate          already decided, expired, or gone
    * CloudError         AWS said no; shown with its code and the way out, kept in the audit log
      - NoCapacity       this zone cannot start it now; another may
      - NoQuota          the account's limit; only an increase helps
      - Forbidden        the bot lacks an IAM permission or its credentials are bad
      - Gone             the thing does not exist (any more)
      - Unsure           no answer: it may or may not have happened; ask again with the same token
        - NoAnswer       nothing came back at all
    * SlackError         Slack said no or did not answer; the outbox tries again
    """


class UserError(BotError):
    """The person can fix it."""


class Unclear(UserError):
    """The words were not understood; *nearest* is the closest thing that is, *example* a line that works."""

    def __init__(self, message: str, *, field: str = "", nearest: str = "", example: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.nearest = nearest
        self.example = example


class NotAllowed(UserError):
    """Somebody else must do this, or nobody may."""


class TooLate(UserError):
    """Already decided, expired, or gone."""


class CloudError(BotError):
    """AWS said no."""

    def __init__(self, message: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


class NoCapacity(CloudError):
    """This zone cannot start it now."""


class NoQuota(CloudError):
    """The account's limit."""


class Forbidden(CloudError):
    """The bot lacks a permission or its credentials are bad."""


class Gone(CloudError):
    """The thing does not exist (any more)."""


class Unsure(CloudError):
    """No answer that says so; it may or may not have happened."""


class NoAnswer(Unsure):
    """Nothing came back at all."""


class SlackError(BotError):
    """Slack said no or did not answer; *retry_after* in seconds when it said when."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
