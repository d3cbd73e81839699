"""Being installed: the page on which somebody lets the app in, and which of several workspaces a request is for."""

from __future__ import annotations

import secrets
from html import escape
from urllib.parse import urlencode, urlsplit

from bot.playground.slack.server import Answer, Asked
from bot.playground.slack.workspace import Workspace

AUTHORIZE = "/oauth/v2/authorize"
SAFE = {"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def issue_code(workspace: Workspace, user: str) -> str:
    """A code for which the app gets the workspace's token, once."""
    code = secrets.token_urlsafe(12)
    workspace.install_codes[code] = user
    return code


def belongs(asked: Asked, workspace: Workspace) -> bool:
    """Whether *asked* is for *workspace*: by token, by the team in its address or query, by an install code."""
    token = asked.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if token == workspace.tokens.bot or workspace.team in asked.path.split("/"):
        return True
    if asked.path == AUTHORIZE:
        return asked.query.get("team") == workspace.team
    if asked.path == "/api/oauth.v2.access" and not asked.is_json:
        return asked.fields().get("code") in workspace.install_codes
    return False


def authorize_page(asked: Asked, workspace: Workspace, events_url: str | None) -> Answer:
    """The page that Slack shows before it sends a browser back to the app with a code."""
    query, known = asked.query, workspace.client
    if known is None or query.get("client_id") != known.id:
        return Answer(400, b"invalid_client_id")
    back = query.get("redirect_uri") or _redirect(events_url)
    people = [user for user in workspace.users.values() if user.shown]
    links = [(user.real_name, {"code": issue_code(workspace, user.id)}) for user in people]
    links.append(("Cancel", {"error": "access_denied"}))
    items = "".join(_link(name, back, {**given, "state": query.get("state", "")}) for name, given in links)
    scopes = escape(", ".join(query.get("scope", "").split(",")))
    text = f"<h1>Install mlbot in {escape(workspace.team)}?</h1><p>It asks for: {scopes}</p><ul>{items}</ul>"
    page = f'<!doctype html><html lang="en"><title>Install</title><body>{text}</body></html>'
    return Answer(200, page.encode(), "text/html; charset=utf-8", SAFE)


def _link(name: str, back: str, given: dict[str, str]) -> str:
    words = name if "error" in given else f"Allow as {name}"
    return f'<li><a href="{escape(back)}?{escape(urlencode(given))}">{escape(words)}</a></li>'


def _redirect(events_url: str | None) -> str:
    parts = urlsplit(events_url or "")
    return f"{parts.scheme}://{parts.netloc}/slack/oauth_redirect"
