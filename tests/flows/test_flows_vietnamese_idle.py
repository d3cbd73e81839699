"""What a Vietnamese engineer reads of idle machines, Home, reminders and estimates: no sentence stays English."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from world import ENGINEER, ML, POLICY, World, world

from bot.playground.seed import seed
from handlers.words.phrasebook import SLOT, entries, phrasebook

EVENING = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
LATER = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)  # a Monday: the weekly message is due
WORD = re.compile(r"[^\W\d_]+")
# What is nobody's language: code, ids and names of AWS, mentions, times, addresses, types and figures with their unit.
CODE = re.compile(
    r"```.*?```|`[^`]*`|<[^>]*>|https?://\S+|\b(?:i|vol|eipalloc|ami|snap)-[0-9a-f]+|\b[a-z]{2}-[a-z]+-\d\b"
    r"|\b(?:ml\.)?[a-z]+\d+[a-z-]*\.[\w-]+|\b[a-z_]+=\S*|\b[\w.]*\d[\w.]*|@\w+",
    re.DOTALL,
)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[World]:
    """The playground's machines, a lead who reads English and an engineer whose Slack is Vietnamese."""
    policy = POLICY.replace('channel = "C0ML"', 'channel = "C0ML"\nleads = ["U0ENG"]')
    with world(tmp_path, at=EVENING, policy=policy) as made:
        users = made.slack.workspace.users
        users[ENGINEER] = replace(users[ENGINEER], locale="vi-VN")
        seed(made.aws)
        made.bot.scan_and_remind()
        made.settle()
        yield made


def to(town: World, when: datetime) -> None:
    town.clock.advance(when - town.clock.now())
    town.bot.scan_and_remind()
    town.settle()


def texts(found: Any) -> Iterator[str]:
    """Every text that Slack shows of blocks or a view."""
    if isinstance(found, list):
        for one in found:
            yield from texts(one)
    elif isinstance(found, dict):
        if found.get("type") in ("mrkdwn", "plain_text"):
            yield str(found["text"])
        if "alt_text" in found:
            yield str(found["alt_text"])
        for value in found.values():
            yield from texts(value)


def vocabulary() -> set[str]:
    """Every word that a translation says."""
    return {word for _, said in entries("vi") for word in WORD.findall(SLOT.sub(" ", said).lower())}


def english(found: Any, names: str) -> dict[str, list[str]]:
    """Texts with the words in them that no translation says and that are not among *names*."""
    known = vocabulary() | set(WORD.findall(names.lower()))
    left = {}
    for text in texts(found):
        words = [word for word in WORD.findall(CODE.sub(" ", text)) if len(word) > 1 and word.lower() not in known]
        if words:
            left[text] = words
    return left


def message_texts(town: World, channel: str, user: str) -> list[Any]:
    return [one.get("blocks") or [] for one in town.slack.messages(channel, as_user=user)]


# Names of people, machines, models, data and products, units, and market words that AWS writes so.
NAMES = """mlbot Ann Engineer Lee Lead Oda operator notebook vision old baseline imagenet copy resnet demo llm pretrain
    tmp test sentiment speech eval sweep InService Serverless Lambda Fargate llama mistral bert base lora full
    on demand spot Alpaca GB kB MB TFLOP ms ILSVRC Russakovsky et al"""
# Names in answers about what does not run, data sets, images and speech.
OTHER_NAMES = """gemma sdxl sd medium large whisper Stable Diffusion XL PixArt dora Blackwell RTX PRO Server alpaca
    arXiv stanford Transformers Gaudi HL datasheet DP TP PP StableDiffusionXLPipeline UltraServer"""
ASKED = (
    "finetune llama-3-8b lora samples=50k seq=512 epochs=3",
    "train resnet-50 on imagenet for 90 epochs under $500",
    "infer llama-3-8b qps=5 input=512 output=256",
)
# What Vietnamese says of work that does not run, is too slow, or is counted in its own way.
TOLD = {
    "qlora llama-3-8b samples=10k on trn1.2xlarge": "bitsandbytes không có bản cho Neuron",
    "infer gemma-7b on inf2.xlarge qps=1": "không có gemma-7b trong danh sách phục vụ được",
    "infer llama-3-8b qps=5000 on g5.xlarge": "Chạy được trên 1 x g5.xlarge nhưng quá chậm",
    "infer llama-3-8b qps=5 latency=50ms input=512 output=256 on p5.48xlarge": "quá 50 ms đã nêu",
    "infer bert-base batch transform requests=100k": "phục vụ được với",
    "infer sdxl steps=30 guidance=7 resolution=1024 qps=0.5 on g5.xlarge": "khử nhiễu",
    "infer whisper-large-v3 qps=1 on g5.xlarge": "một mẫu là đoạn âm thanh 30 giây",
    "does llama-3-8b lora fit on g5.xlarge?": "Có thể vừa hoặc không",
    "finetune llama-3-8b dora on alpaca epochs=3 on g6e.xlarge": "92 token thật",
    "train llama-3-8b tokens=1B tp=3 on p4d.24xlarge": "tp=3 không chia hết",
}
# What Vietnamese says of words that are not understood.
NOT_UNDERSTOOD = {
    "infer llama-3-8b precision=int5": "gần nhất là int8",
    "finetune llama-3-8b lora rank=100000 samples=10k": "rank thường từ 8 đến 256",
    "train foo-9b": "Không biết mô hình 'foo-9b'",
    "trane llama-3-8b tokens=1B": "từ gần nhất mà mlbot biết",
    "infer llama-3-8b qps=-3": "qps phải lớn hơn 0",
    "infer llama-3-8b region=mars-1": "Không có giá cho region",
}


def test_the_morning_message_and_its_answers_are_vietnamese(account: World) -> None:
    to(account, MORNING)
    channel = account.slack.dm_channel(ENGINEER)
    assert "Chào buổi sáng" in account.direct(ENGINEER)
    account.press("snooze_1d", user=ENGINEER, channel=channel)
    account.press("stop_idle", user=ENGINEER, channel=channel)
    account.press("not_mine", user=ENGINEER, channel=channel)
    account.press("mute_1w", user=ENGINEER, channel=channel)
    account.command("/ml-idle", channel=channel)
    account.command("/ml-idle all", channel=channel)
    account.command("/ml-idle unmute", channel=channel)
    found = message_texts(account, channel, ENGINEER)
    assert len(found) > 4
    assert english(found, NAMES) == {}


def test_home_is_vietnamese(account: World) -> None:
    account.slack.open_home(user=ENGINEER)
    account.settle()
    empty = account.slack.home(ENGINEER)
    to(account, MORNING)
    account.command("/ml-launch g5.xlarge 8h purpose=demo")
    account.slack.open_home(user=ENGINEER)
    account.settle()
    assert english([empty, account.slack.home(ENGINEER)], NAMES) == {}


def test_the_weekly_message_is_vietnamese_for_a_vietnamese_lead(account: World) -> None:
    to(account, MORNING)
    to(account, LATER)
    found = message_texts(account, account.slack.dm_channel(ENGINEER), ENGINEER)
    assert "Theo chủ máy" in str(found)
    assert english(found, NAMES) == {}


@pytest.mark.parametrize("words", ASKED)
def test_an_estimate_is_vietnamese_for_who_asked_in_vietnamese(quick_town: World, words: str) -> None:
    quick_town.command("/ml-help lang vi")
    before = len(message_texts(quick_town, ML, ENGINEER))
    quick_town.command(f"/ml-estimate {words}")
    found = message_texts(quick_town, ML, ENGINEER)[before:]
    assert "Tốt nhất" in str(found)
    assert english(found, NAMES) == {}


def test_what_does_not_run_or_is_counted_otherwise_is_told_in_vietnamese(quick_town: World) -> None:
    quick_town.command("/ml-help lang vi")
    for words, said in TOLD.items():
        before = len(message_texts(quick_town, ML, ENGINEER))
        quick_town.command(f"/ml-estimate {words}")
        found = message_texts(quick_town, ML, ENGINEER)[before:]
        assert any(said in text for text in texts(found)), words
        assert english(found, f"{NAMES} {OTHER_NAMES}") == {}


def test_what_is_not_understood_is_told_in_vietnamese(quick_town: World) -> None:
    quick_town.command("/ml-help lang vi")
    names = f"{NAMES} trained {' '.join(NOT_UNDERSTOOD)}"
    for words, said in NOT_UNDERSTOOD.items():
        before = len(message_texts(quick_town, ML, ENGINEER))
        quick_town.command(f"/ml-estimate {words}")
        found = message_texts(quick_town, ML, ENGINEER)[before:]
        assert any(said in text for text in texts(found)), words
        assert english(found, names) == {}


def test_a_question_in_plain_english_is_answered_in_the_language_of_who_asked(account: World) -> None:
    channel = account.slack.dm_channel(ENGINEER)
    account.slack.say(user=ENGINEER, channel=channel, text="what is idle?")
    account.settle()
    assert "tài nguyên nhàn rỗi" in account.direct(ENGINEER)


def test_a_missing_phrase_is_found() -> None:
    assert english({"type": "mrkdwn", "text": "Quiet days were never billed"}, "") != {}


def test_a_long_message_is_said_in_a_few_milliseconds() -> None:
    book = phrasebook("vi")
    text = "\n".join(
        f"*box-{n}* idle at least {n} h, ${n} since; somebody said so, twice (or thrice)" for n in range(40)
    )
    started = time.perf_counter()
    book.say(text)
    assert time.perf_counter() - started < 0.5  # some 10 ms; a machine under load is given room
