"""What an app does beyond its own messages: links that unfurl, steps of workflows, being installed."""

from __future__ import annotations

from bot.playground.slack import people
from bot.playground.slack.elements import with_ids
from bot.playground.slack.errors import Refused
from bot.playground.slack.limits import check_message
from bot.playground.slack.methods.call import Answer, Call, Method
from bot.playground.slack.typed import escaped
from bot.playground.slack.workspace import Step


def unfurl(call: Call) -> Answer:
    """chat.unfurl: show something below a message that holds a link of the app's."""
    talk = call.workspace.conversations
    message = talk.find(call.need("channel", "channel_not_found")).messages.get(call.text("ts"))
    if message is None:
        raise Refused("cannot_unfurl_url")
    given = call.json("unfurls")
    if not isinstance(given, dict) or not all(isinstance(shown, dict) for shown in given.values()):
        raise Refused("invalid_unfurls_format")
    if not all(url in message.text for url in given):
        raise Refused("cannot_unfurl_url")
    shown = list(given.values())
    check_message([], shown)
    message.attachments = [
        {"from_url": url, **attached, "blocks": with_ids(attached.get("blocks") or [])}
        for url, attached in given.items()
    ]
    talk.changed(message)
    return {}


def step_done(call: Call) -> Answer:
    """functions.completeSuccess: a step of a workflow has its outputs."""
    outputs = call.json("outputs")
    if not isinstance(outputs or {}, dict):
        raise Refused("invalid_arguments")
    step = _running(call)
    step.outputs = outputs or {}
    _told(call, step, [f"• {name}: {value}" for name, value in step.outputs.items()])
    return {}


def step_failed(call: Call) -> Answer:
    """functions.completeError: a step of a workflow has failed."""
    step = _running(call)
    step.error = call.need("error")
    _told(call, step, [f"It failed: {step.error}"])
    return {}


def _told(call: Call, step: Step, lines: list[str]) -> None:
    """What Slack shows to who runs the workflow."""
    if step.channel:
        title = call.workspace.app.functions.get(step.callback_id, {}).get("title", step.callback_id)
        told = "\n".join(escaped(line) for line in lines)
        call.workspace.whisper(step.channel, step.user, f"Workflow step *{escaped(str(title))}*\n{told}")


def _running(call: Call) -> Step:
    step = call.workspace.steps.get(call.text("function_execution_id"))
    if step is None:
        raise Refused("function_execution_not_found")
    if not step.running:
        raise Refused("function_execution_not_in_running_state")
    return step


def install(call: Call) -> Answer:
    """oauth.v2.access: a code of the install page for the bot's token, once."""
    code, known = call.need("code", "invalid_code"), call.workspace.client
    if known and call.text("client_id") != known.id:
        raise Refused("invalid_client_id")
    if known and call.text("client_secret") != known.secret:
        raise Refused("bad_client_secret")
    if code not in call.workspace.install_codes:
        raise Refused("invalid_code")
    user = call.workspace.install_codes.pop(code)
    call.workspace.installed = True
    return {
        "app_id": people.APP,
        "authed_user": {"id": user},
        "scope": ",".join(sorted(call.workspace.app.scopes or ())),
        "token_type": "bot",
        "access_token": call.workspace.tokens.bot,
        "bot_user_id": people.BOT_USER,
        "team": {"id": call.workspace.team, "name": "Local"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


METHODS = {
    "chat.unfurl": Method(run=unfurl, scope="links:write"),
    "functions.completeSuccess": Method(run=step_done),
    "functions.completeError": Method(run=step_failed),
    "oauth.v2.access": Method(run=install, token="none", tier=4, form_only=True),
}
