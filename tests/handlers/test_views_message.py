"""Sentences of ours on their way out: people and times are marked up, all else is harmless."""

from __future__ import annotations

import pytest

from handlers.views.message import told


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("<@U0ENG> waits in <#C0ML>", "<@U0ENG> waits in <#C0ML>"),
        ("<!channel> & <https://evil|console>", "&lt;!channel&gt; &amp; &lt;https://evil|console&gt;"),
        (
            "ends at 2026-11-23 12:00 UTC.",
            "ends at <!date^1795435200^{date_short_pretty} {time}|2026-11-23 12:00 UTC>.",
        ),
        ("version 2026-99-99 99:99 UTC", "version 2026-99-99 99:99 UTC"),
    ],
)
def test_a_sentence_names_people_and_times_and_obeys_nothing_else(text: str, sent: str) -> None:
    assert told(text) == sent
