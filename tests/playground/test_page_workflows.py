"""Steps of workflows on the page: their inputs are asked for, and who runs one is told how it ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.playground.page_app import Place, place

pytestmark = pytest.mark.browser


@pytest.fixture
def here(chromium: Browser) -> Iterator[Place]:
    with place(chromium) as made:
        yield made


@pytest.fixture
def page(here: Place) -> Page:
    return here.open()


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="Estimate an ML job").click()
    return page.get_by_role("dialog", name="Estimate an ML job")


def test_a_step_gets_its_inputs_and_tells_its_outputs(page: Page, here: Place) -> None:
    dialog = opened(page)
    expect(dialog.get_by_label("The job")).to_be_focused()
    dialog.get_by_label("The job").fill("train it")
    dialog.get_by_label("Hours").fill("1.5")
    dialog.get_by_label("Who asks").select_option("U0LEAD")
    dialog.get_by_role("button", name="Run the step").click()
    expect(page.get_by_text("summary: cheap & fast")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert here.heard[-1] == {"user_id": "U0ENG", "text": "train it", "hours": 1.5, "who": "U0LEAD"}


def test_a_step_that_fails_says_why_and_to_nobody_else(page: Page, here: Place) -> None:
    dialog = opened(page)
    dialog.get_by_label("The job").fill("bad")
    dialog.get_by_role("button", name="Run the step").click()
    expect(page.get_by_text("It failed: not <understood>")).to_be_visible()
    assert here.slack.messages("C0ML", "U0LEAD") == []


def test_escape_closes_the_step_and_what_is_required_is_asked_for(page: Page, here: Place) -> None:
    dialog = opened(page)
    dialog.get_by_role("button", name="Run the step").click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert here.heard == []
