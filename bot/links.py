"""The page behind a link: the same for everybody and every id, for a browser proves nobody; Slack shows the rest."""

from __future__ import annotations

from collections.abc import Mapping

from bot.rules.links import ESTIMATE, LAUNCH
from bot.server import Answer, Page

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>mlbot</title>
</head>
<body>
<h1>Open it in Slack</h1>
<p>This is a request or an estimate of mlbot. Paste the link into a channel that mlbot is in: it is shown there.</p>
</body>
</html>
"""
SAFE = (
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


def pages() -> Mapping[str, Page]:
    """The page by its paths; those end in a slash and stand for all below them."""
    shown = Answer("200 OK", PAGE, "text/html; charset=utf-8", SAFE)
    return {LAUNCH: lambda: shown, ESTIMATE: lambda: shown}
