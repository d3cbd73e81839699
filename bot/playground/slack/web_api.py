"""The Web API's door: token, rate, scope, then the method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack.errors import Refused
from bot.playground.slack.methods import METHODS, Call, Method
from bot.playground.slack.rates import Rates
from bot.playground.slack.workspace import ApiCall, Workspace


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What goes back to the bot."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class WebApi:
    """Answers calls; each runs alone on the workspace."""

    def __init__(self, workspace: Workspace, rates: Rates) -> None:
        self._workspace = workspace
        self._rates = rates

    def answer(self, name: str, args: Mapping[str, Any], *, token: str, is_json: bool = False) -> ApiAnswer:
        """The answer to one call; *is_json* says how the arguments came."""
        method = METHODS.get(name)
        if method is None:
            return ApiAnswer({"ok": False, "error": "unknown_method", "req_method": name})
        given = {} if is_json and method.form_only else args
        try:
            self._check_token(method, token or str(args.get("token") or ""))
            if wait := self._rates.take(name, method.tier, str(given.get("channel") or "")):
                return limited(wait)
            self._check_scope(method)
            with self._workspace.lock:
                body = {"ok": True, **method.run(Call(self._workspace, given))}
        except Refused as refused:
            body = refused.body()
        self._workspace.calls.append(ApiCall(name, given, str(body.get("error", ""))))
        scopes = self._workspace.app.scopes
        return ApiAnswer(body, headers={"x-oauth-scopes": ",".join(sorted(scopes))} if scopes else {})

    def _check_token(self, method: Method, token: str) -> None:
        if method.token == "none":
            return
        if not token:
            raise Refused("not_authed")
        known = {self._workspace.tokens.bot: "bot", self._workspace.tokens.app: "app"}
        if token not in known:
            raise Refused("invalid_auth")
        if known[token] == "bot" and not self._workspace.installed:
            raise Refused("token_revoked")
        if known[token] != method.token:
            raise Refused("not_allowed_token_type")

    def _check_scope(self, method: Method) -> None:
        granted = self._workspace.app.scopes
        if granted is None or not method.scope or granted & set(method.scope.split("|")):
            return
        raise Refused("missing_scope", needed=method.scope.replace("|", ","), provided=",".join(sorted(granted)))


def limited(seconds: int) -> ApiAnswer:
    """Too many calls: wait."""
    return ApiAnswer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})
