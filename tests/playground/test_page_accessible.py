"""The page's main screens as axe sees them, in light and in dark: nothing serious, nothing critical."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.playground.page_app import Place, card, marked, place
from tests.playground.slack_app import APPROVALS, ENGINEER

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
SCHEMES = ("light", "dark")


@pytest.fixture
def here(chromium: Browser) -> Iterator[Place]:
    with place(chromium) as made:
        yield made


def grave(page: Page) -> list[str]:
    """What axe finds on the page as it is; evaluated, because the page's policy lets no foreign script in."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node.get('failureSummary', '')[:200]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def in_both(page: Page) -> list[str]:
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{scheme}: {one}" for one in grave(page)]
    return found


def test_axe_finds_what_is_planted(here: Place) -> None:
    page = here.open()
    page.evaluate("document.querySelector('#composer').append(document.createElement('button'))")
    assert any("button-name" in one for one in grave(page))


def test_the_chat(here: Place) -> None:
    page = here.open(ENGINEER, APPROVALS)
    code = "Run `aws ec2` <https://example.org|there> <@U0LEAD> *now* ~gone~\n```\ncode\n```\n> quoted"
    here.post(APPROVALS, blocks=[*card(), {"type": "section", "text": marked(code)}, {"type": "divider"}])
    ts = here.post(APPROVALS, text="A root of a thread")
    here.post(APPROVALS, text="An answer", thread_ts=ts)
    page.locator("#composer-text").press_sequentially("/ml-")
    expect(page.get_by_role("option")).to_have_count(2)
    assert in_both(page) == []


def test_a_thread(here: Place) -> None:
    page = here.open(ENGINEER, APPROVALS)
    ts = here.post(APPROVALS, text="A root of a thread")
    here.post(APPROVALS, text="An answer", thread_ts=ts)
    page.locator(".thread-line").click()
    expect(page.locator("#thread")).to_be_visible()
    assert in_both(page) == []


def test_a_form_with_what_is_missing(here: Place) -> None:
    page = here.open()
    page.fill("#composer-text", "/ml-launch ")
    page.press("#composer-text", "Enter")
    form = page.get_by_role("dialog", name="Ask for a machine")
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(form.locator(".problem:not(:empty)").first).to_be_visible()
    assert in_both(page) == []


def test_the_home_tab(here: Place) -> None:
    page = here.open(channel="home")
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    assert in_both(page) == []
