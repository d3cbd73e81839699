"""The card of a request says everything that is approved with it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.rules.launch import BudgetLine, Launch, LaunchCard, Offer, Reply, Wanted
from handlers.views.launch import card

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def asked(*, params: dict[str, Any] | None = None, usd_disk: float | None = 126.25, **wanted: Any) -> Launch:
    given = {"instance_type": "g5.xlarge", "region": "us-east-1", "name": "nightly", **wanted}
    return Launch(
        id="l_1",
        state="asked",
        wanted=Wanted(**given),
        asker="U0ENG",
        team="T0HOME",
        usd_per_hour=1.006,
        usd_total=134.3,
        asked_at=NOON,
        expires_at=NOON + timedelta(hours=24),
        offer=Offer(params=params or {}, places=(), usd_disk=usd_disk, image_name="team image"),
        card_channel="C0APPROVALS",
    )


def shown(found: LaunchCard) -> str:
    return json.dumps(card(found).blocks, ensure_ascii=False)


def test_key_image_profile_and_disks_stand_on_the_card() -> None:
    one = asked(
        params={"IamInstanceProfile": {"Name": "ml-worker"}},
        key_name="ann-key",
        image="ami-0123456789abcdef0",
        count=8,
        disk_gb=2000,
    )
    text = shown(LaunchCard(launch=one))
    assert "*Key pair*\\nann-key" in text
    assert "*Image*\\nteam image (ami-0123456789abcdef0)" in text
    assert "*Instance profile*\\nml-worker" in text
    assert "*Disks*\\n8 x 2,000 GB gp3, encrypted, $126.25" in text
    assert "$134.30, disks included" in text
    plain = shown(LaunchCard(launch=asked()))
    assert "Key pair" not in plain
    assert "Image" not in plain
    assert "disks included" not in shown(LaunchCard(launch=asked(usd_disk=None)))


def test_a_spot_request_says_its_kind_and_its_ceiling() -> None:
    options = {"InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "persistent"}}}
    one = asked(params=options, market="spot", max_usd_per_hour=0.5)
    assert "1 x g5.xlarge, spot persistent, ceiling $0.50 an hour each" in shown(LaunchCard(launch=one))
    assert "spot persistent, no ceiling" in shown(LaunchCard(launch=asked(params=options, market="spot")))


def test_budgets_name_the_person_and_say_how_many_are_not_shown() -> None:
    lines = tuple(BudgetLine(name, 100, 0, spent) for name, spent in (("<@U0ENG>", 90), ("team a", 0), ("team b", 1)))
    text = shown(LaunchCard(launch=asked(), budgets=(*lines, BudgetLine("everybody", 100, 0, 50))))
    assert "*Budget of <@U0ENG>:* $10.00 left of $100.00" in text
    assert "and 1 more budget" in text
    assert "more budget" not in shown(LaunchCard(launch=asked(), budgets=lines))


def test_who_pressed_for_the_asker_is_named() -> None:
    text = shown(LaunchCard(launch=replace(asked(), reply=Reply(by="U0LEAD"))))
    assert "<@U0ENG> asks, pressed by <@U0LEAD>: " in text
