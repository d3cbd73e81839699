"""The phrasebook: what is known is said in the language, what is somebody's own stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import words
from handlers.views.blocks import actions, button, header, section
from handlers.views.message import Message
from handlers.words.phrasebook import SLOT, Phrasebook, entries

BOOK = Phrasebook(
    {
        "Stop": "Dừng",
        "idle": "nhàn rỗi",
        "{n} idle": "{n} máy nhàn rỗi",
        "*{name}* is {state:t}": "*{name}* đang {state}",
        "Good morning: {point:t}": "Chào buổi sáng: {point}",
        "It still bills.": "Nó vẫn tính tiền.",
        "Not in {region}.": "Không có ở {region}.",
        "{who} said no: {reason:own}": "{who} từ chối: {reason}",
        "Region": "Vùng",
        "{usd:n} a day": "mỗi ngày {usd}",
        "by {name:w}": "của {name}",
    }
)


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("Stop", "Dừng"),
        ("Good morning: 3 idle", "Chào buổi sáng: 3 máy nhàn rỗi"),
        ("*Stop* is idle", "*Stop* đang nhàn rỗi"),
        ("3 idle. It still bills.", "3 máy nhàn rỗi. Nó vẫn tính tiền."),
        ("$3 a day, nobody knows; Stop: $7 a day", "mỗi ngày $3, nobody knows; Dừng: mỗi ngày $7"),
        ("(Stop), $3 a day", "(Dừng), mỗi ngày $3"),
        ("Region: gpu-1, by Ann", "Vùng: gpu-1, của Ann"),
        ("```a  Region\n1  us-east-1```", "```a  Vùng\n1  us-east-1```"),
        ("Stop:\n```\nStop```\nRegion", "Dừng:\n```\nStop```\nVùng"),
        ("_Stop._ It still bills.", "_Dừng._ Nó vẫn tính tiền."),
        ("$12 a day", "mỗi ngày $12"),
        ("the first a day", "the first a day"),
        ("It still bills. It still bills.", "Nó vẫn tính tiền. Nó vẫn tính tiền."),
        ("*Region*\nus-east-1", "*Vùng*\nus-east-1"),
        ("• It still bills.", "• Nó vẫn tính tiền."),
        ("_It still bills._", "_Nó vẫn tính tiền._"),
        ("```Stop\nStop```", "```Stop\nStop```"),
        ("Not in us-east-1. It still bills.", "Không có ở us-east-1. Nó vẫn tính tiền."),
        ("Ann said no: Too dear. It still bills.", "Ann từ chối: Too dear. It still bills."),
        ("`Stop`", "`Stop`"),
        ("⚠ Not in us-east-1. Good morning: idle; idle", "⚠ Không có ở us-east-1. Chào buổi sáng: nhàn rỗi; nhàn rỗi"),
        ("nobody knows this", "nobody knows this"),
        ("", ""),
    ],
)
def test_a_text_is_said_whole_or_in_its_parts(english: str, said: str) -> None:
    assert BOOK.say(english) == said


@settings(deadline=None)  # the first text reads the book
@given(st.text())
def test_any_text_at_all_is_said(text: str) -> None:
    assert isinstance(BOOK.say(text), str)
    assert isinstance(words.text(text, "vi"), str)


def test_a_message_keeps_its_ids_and_slacks_lengths() -> None:
    english = Message("Cancel", [header("Cancel"), section("Cancel"), actions(button("Cancel", "cancel", "Cancel"))])
    said = words.message(english, "vi")
    assert said.text == "Hủy"
    assert said.blocks[0]["text"]["text"] == said.blocks[1]["text"]["text"] == "Hủy"
    press = said.blocks[2]["elements"][0]
    assert (press["text"]["text"], press["action_id"], press["value"]) == ("Hủy", "cancel", "Cancel")
    assert words.message(english, "en") is english


@pytest.mark.parametrize("language", [one for one in words.LANGUAGES if one != "en"])
def test_every_translation_has_the_slots_of_its_english_and_no_others(language: str) -> None:
    for english, said in entries(language):
        slots = {slot[1] for slot in SLOT.finditer(english)}
        assert slots == {slot[1] for slot in SLOT.finditer(said)}, english
        assert [english, said] == [english.strip(), said.strip()]


@pytest.mark.parametrize("language", [one for one in words.LANGUAGES if one != "en"])
def test_no_text_is_translated_twice(language: str) -> None:
    every = [english for english, _ in entries(language)]
    assert len(every) == len(set(every))
