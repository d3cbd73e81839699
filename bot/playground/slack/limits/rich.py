"""Rich text and its parts."""

from __future__ import annotations

from bot.playground.slack.limits.objects import TYPE
from bot.playground.slack.limits.rules import Rule, anything, boolean, by_type, fields, integer, items, one_of, string

MARKS = fields({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "unlink"), boolean))
STYLED: dict[str, Rule] = {"style": MARKS}
PARTS: dict[str, Rule] = {
    "text": fields({"type": TYPE, "text": string(40_000)}, STYLED),
    "link": fields({"type": TYPE, "url": string(3000)}, {**STYLED, "text": string(40_000), "unsafe": boolean}),
    "emoji": fields({"type": TYPE, "name": string(100)}, {**STYLED, "unicode": string(100), "skin_tone": anything}),
    "user": fields({"type": TYPE, "user_id": string(255)}, STYLED),
    "channel": fields({"type": TYPE, "channel_id": string(255)}, STYLED),
    "usergroup": fields({"type": TYPE, "usergroup_id": string(255)}, STYLED),
    "team": fields({"type": TYPE, "team_id": string(255)}, STYLED),
    "broadcast": fields({"type": TYPE, "range": one_of("here", "channel", "everyone")}, STYLED),
    "color": fields({"type": TYPE, "value": string(20)}, STYLED),
    "date": fields(
        {"type": TYPE, "timestamp": integer(0, 10**11), "format": string(255)},
        {**STYLED, "url": string(3000), "fallback": string(255)},
    ),
}
LINE = items(by_type(PARTS))
BORDER: dict[str, Rule] = {"border": integer(0, 1)}
SECTION = fields({"type": TYPE, "elements": LINE})
SECTIONS: dict[str, Rule] = {
    "rich_text_section": SECTION,
    "rich_text_list": fields(
        {
            "type": TYPE,
            "style": one_of("bullet", "ordered"),
            "elements": items(by_type({"rich_text_section": SECTION}), least=1),
        },
        {**BORDER, "indent": integer(0, 8), "offset": integer(0, 10_000)},
    ),
    "rich_text_preformatted": fields({"type": TYPE, "elements": LINE}, {**BORDER, "language": string(40)}),
    "rich_text_quote": fields({"type": TYPE, "elements": LINE}, BORDER),
}
RICH = items(by_type(SECTIONS), least=0)
RICH_TEXT = fields({"type": TYPE, "elements": RICH}, {"block_id": string(255)})
