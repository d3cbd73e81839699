"""Every combination of the words of /ml-idle is understood, or answered by one clear sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.errors import Unclear
from bot.rules.idle_asked import SAME, WORDS, Wish, asked_for


@pytest.mark.parametrize(
    ("words", "now", "everybody"),
    [
        ("", False, False),
        ("now", True, False),
        ("mine", False, False),
        ("all", False, True),
        ("now all", True, True),
        ("ALL  now", True, True),
        ("now, mine", True, False),
        ("all all", False, True),
        ("team now", True, True),
    ],
)
def test_words_in_any_order_are_understood(words: str, now: bool, everybody: bool) -> None:
    assert asked_for(words) == Wish(now=now, everybody=everybody)


@pytest.mark.parametrize(
    ("words", "says", "nearest"),
    [
        ("mine all", "exclude each other", "all"),
        ("nwo", "I did not understand 'nwo'", "now"),
        ("all of it", "I did not understand 'of'", "now"),
        ("now mute 3d", "`mute` stands alone", "mute 3d"),
        ("all unmute", "`unmute` stands alone", "unmute"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(words: str, says: str, nearest: str) -> None:
    with pytest.raises(Unclear, match=says) as caught:
        asked_for(words)
    assert caught.value.nearest == nearest


@given(st.lists(st.sampled_from([*WORDS, *SAME, "mute", "what", "<!here>"]), max_size=4))
def test_any_combination_is_understood_or_refused(words: list[str]) -> None:
    try:
        said, found = "", asked_for(" ".join(words))
    except Unclear as error:
        said, found = str(error), None
    assert said.count(".") == (found is None)
    assert found is None or found.everybody is any(SAME.get(word, word) == "all" for word in words)
