"""Slack in, Slack out: every command, button and form on one screen. A listener records and acks; nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slack_bolt import App

from bot.parts import Parts
from handlers import (
    estimate,
    estimate_form,
    help,
    home,
    idle,
    images,
    installed,
    instances,
    launch,
    launch_form,
    live,
    pictures,
    reach,
    rules,
    schedule,
    unknown,
)
from handlers.doorway import Doorway
from handlers.later import Later
from handlers.views import estimate_form as estimate_views
from handlers.views import launch_form as launch_views

# Forms that answer while they are filled in, by callback id.
FORMS: Mapping[str, live.Redraw] = {
    "estimate": estimate_form.redrawn,
    "launch": launch_form.redrawn,
    "keep": idle.keep_redrawn,
    "extend": instances.extend_redrawn,
    "rules": rules.redrawn,
}


def register(app: App, parts: Parts, later: Later) -> None:
    """Bind every listener to *app*."""
    door = Doorway(parts, later)

    app.command("/ml-estimate")(estimate.command(door))
    app.command("/ml-launch")(launch.command(door))
    app.command("/ml-instances")(instances.command(door))
    app.command("/ml-idle")(idle.command(door))
    app.command("/ml-freeze")(launch.freeze(door))
    app.command("/ml-help")(help.command(door))

    app.action(re.compile(r"^launch"))(estimate.ask_to_launch(door))
    app.action(re.compile(r"^how"))(estimate.how(door))
    app.action(re.compile(r"^open_"))(home.opens(door))
    app.action(re.compile(r"^picture"))(pictures.press(door))
    app.action(re.compile(r"^(fill|pick_)"))(live.filled(door, FORMS))
    app.options(launch_views.PICK_TYPE)(launch_form.types(door))
    app.options(estimate_views.PICK_MODEL)(estimate_form.models(door))
    app.action(re.compile(r"^(approve|withdraw|try_next|raise_quota)"))(launch.press(door))
    app.action(re.compile(r"^deny"))(launch.explain(door, "deny"))
    app.action(re.compile(r"^break_glass"))(launch.explain(door, "break_glass"))
    app.action(re.compile(r"^(stop_idle|terminate_idle|delete|snooze|not_mine|claim|undo|change_gp3)"))(
        idle.press(door)
    )
    app.action(re.compile(r"^(mute|unmute)"))(idle.quiet(door))
    app.action(re.compile(r"^keep"))(idle.keep(door))
    app.action(re.compile(r"^schedule"))(schedule.press(door))
    app.action(re.compile(r"^(stop|start|terminate)"))(instances.press(door))
    app.action(re.compile(r"^(save_image|park)"))(images.ask(door))
    app.action(re.compile(r"^(wake|image_delete)"))(images.press(door))
    app.action(re.compile(r"^image_launch"))(images.launch_again(door))
    app.action(re.compile(r"^extend"))(instances.extend(door))

    app.view("estimate")(estimate.submitted(door))
    app.view("launch")(launch.submitted(door))
    app.view("deny")(launch.explained(door, "deny"))
    app.view("break_glass")(launch.explained(door, "break_glass"))
    app.view("keep")(idle.kept(door))
    app.view("schedule")(schedule.submitted(door))
    app.view("save_image")(images.asked(door, "save_image"))
    app.view("park")(images.asked(door, "park"))
    app.view("extend")(instances.extended(door))

    app.event("app_home_opened")(home.opened(door))
    app.event("app_mention")(reach.mentioned(door))
    app.event("message")(reach.direct(door))
    app.event("link_shared")(reach.shared(door))
    app.message_shortcut("estimate_this")(reach.estimate_this(door))
    app.event("app_uninstalled")(installed.gone)
    app.event("tokens_revoked")(installed.gone)
    app.function("estimate", auto_acknowledge=False)(reach.step(door, "estimate"))
    app.function("request_launch", auto_acknowledge=False)(reach.step(door, "request_launch"))

    unknown.register(app, door)
