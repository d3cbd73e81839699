"""The local Slack of the playground and the tests."""

from bot.playground.slack.calls import called
from bot.playground.slack.delivery import Delivered, Reply
from bot.playground.slack.local import LocalSlack
from bot.playground.slack.rates import Pace
from bot.playground.slack.workspace import OAuthClient

__all__ = ["Delivered", "LocalSlack", "OAuthClient", "Pace", "Reply", "called"]
