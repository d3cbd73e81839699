"""Every method of the Web API that the local Slack answers, by name."""

from bot.playground.slack.methods import chat, conversations, directory, files, reach, sockets, views
from bot.playground.slack.methods.call import Answer, Call, Method

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **conversations.METHODS,
    **directory.METHODS,
    **files.METHODS,
    **reach.METHODS,
    **sockets.METHODS,
    **views.METHODS,
}

__all__ = ["METHODS", "Answer", "Call", "Method"]
