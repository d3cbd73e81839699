"""People's words in messages: shown as they are written, obeyed by nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.message import plain, worded

LETTER = re.compile(r"[^\W_]")


def marks(text: str) -> list[int]:
    """Where Slack's mrkdwn could begin or end bold, italic, strike or code."""

    def edge(at: int) -> bool:
        return not (0 <= at < len(text) and LETTER.fullmatch(text[at]))

    return [i for i, one in enumerate(text) if one == "`" or (one in "*_~" and (edge(i - 1) or edge(i + 1)))]


@given(st.text(alphabet=st.sampled_from("ab1*_~` <&>é.\n"), max_size=40))
def test_no_mark_in_peoples_words_is_obeyed(text: str) -> None:
    said = worded(text)
    assert not marks(said)
    assert len(said) == len(plain(text))


@given(st.from_regex(r"[A-Za-z0-9]+([_.-][A-Za-z0-9]+)*", fullmatch=True))
def test_names_are_left_as_they_are(name: str) -> None:
    assert worded(name) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [("*bold* for my_model", "∗bold∗ for my_model"), ("`code` ~no~ _so_", "ˋcodeˋ ∼no∼ ˍsoˍ"), ("3 * 4", "3 ∗ 4")],
)
def test_marks_become_their_look_alikes(text: str, says: str) -> None:
    assert worded(text) == says
