"""apps.connections.open: where a websocket may be opened."""

from __future__ import annotations

import secrets

from bot.playground.slack import people
from bot.playground.slack.methods.call import Answer, Call, Method


def open_connection(call: Call) -> Answer:
    """A websocket address, good for one connection."""
    ticket = secrets.token_urlsafe(16)
    call.workspace.socket_tickets.add(ticket)
    address = call.workspace.base_url.replace("http://", "ws://", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={people.APP}"}


METHODS = {"apps.connections.open": Method(run=open_connection, token="app")}
