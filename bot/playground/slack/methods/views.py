"""views.*: forms and the Home tab."""

from __future__ import annotations

from bot.playground.slack.errors import Refused
from bot.playground.slack.limits import check_blocks, check_view
from bot.playground.slack.methods.call import Answer, Call, Method
from bot.playground.slack.modals import View


def open_(call: Call) -> Answer:
    """views.open: a form for whoever caused the trigger."""
    view = checked(call)
    user = call.workspace.triggers.spend(_trigger(call))
    return _told(call.workspace.views.open(user, view))


def push(call: Call) -> Answer:
    """views.push: a form on top of the open one."""
    view = checked(call)
    user = call.workspace.triggers.spend(_trigger(call))
    return _told(call.workspace.views.push(user, view))


def _trigger(call: Call) -> str:
    return call.text("trigger_id") or call.need("interactivity_pointer")


def update(call: Call) -> Answer:
    """views.update: redraw an open form, if its hash is still the given one."""
    views, view = call.workspace.views, checked(call)
    found = views.find(view_id=call.text("view_id"), external_id=call.text("external_id"))
    return _told(views.update(found, view, call.text("hash")))


def publish(call: Call) -> Answer:
    """views.publish: draw a person's Home tab."""
    if not call.workspace.app.home:
        raise Refused("not_enabled")
    view = checked(call, home=True)
    user = call.workspace.user(call.need("user_id")).id
    return _told(call.workspace.views.publish(user, view, call.text("hash")))


def checked(call: Call, *, home: bool = False) -> dict[str, object]:
    """The view that was given, within Slack's limits."""
    given = call.json("view")
    call.workspace.uploads.check(given)
    return check_view(given, home=home)


def validate(call: Call) -> Answer:
    """blocks.validate: the same checks without an effect, for one of blocks, message or view."""
    blocks, message, view = (call.json(name) for name in ("blocks", "message", "view"))
    if view is not None:
        check_view(view, home=isinstance(view, dict) and view.get("type") == "home")
        return {}
    given = message.get("blocks") if isinstance(message, dict) else blocks
    if not isinstance(given, list):
        raise Refused("invalid_arguments")
    check_blocks(given)
    return {}


def _told(view: View) -> Answer:
    return {"view": view.as_slack()}


METHODS = {
    "views.open": Method(run=open_, tier=4),
    "views.push": Method(run=push, tier=4),
    "views.update": Method(run=update, tier=4),
    "views.publish": Method(run=publish, tier=4),
    "blocks.validate": Method(run=validate, tier=3, token="none"),
}
