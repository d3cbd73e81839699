"""The real bot's Home tab and forms in a browser: options by the letters typed, live cost, errors, axe."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.playground.start import Playground, start
from tests.playground.test_page_accessible import in_both

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    made = start(0)
    made.scan()
    yield made
    made.stop()


@pytest.fixture
def page(playground: Playground, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{playground.url}/?as=U0OPS#home")
    expect(page.locator("#home")).to_contain_text("What you run")
    yield page
    for view in playground.slack.views("U0OPS"):
        playground.slack.close_view(user="U0OPS", view_id=view["id"])
    context.close()


def test_the_home_tab_of_an_operator_shows_all_and_is_accessible(page: Page) -> None:
    home = page.locator("#home")
    for part in ("Waiting for you", "Spending", "The team", "How mlbot does"):
        expect(home.get_by_role("heading", name=part)).to_be_visible()
    assert in_both(page) == []


def test_the_collector_does_not_walk_over_what_the_start_left(playground: Playground) -> None:
    """It would hold a look at a Home tab for a quarter of a second."""
    assert gc.get_freeze_count() > 100_000
    gc.collect()
    assert len(gc.get_objects()) < gc.get_freeze_count() / 2


def test_a_type_is_searched_chosen_by_keyboard_and_priced_while_hours_are_typed(page: Page) -> None:
    page.locator("#home").get_by_role("button", name="Ask for a machine").click()
    form = page.get_by_role("dialog", name="Ask for a machine")
    field = form.get_by_label("Instance type")
    field.press_sequentially("a10g")
    expect(form.locator(".suggestion").first).to_contain_text("g5.xlarge")
    assert in_both(page) == []
    field.press("ArrowDown")
    field.press("Enter")
    expect(form).to_contain_text("$1.01 an hour, $8.14 for 8 h")
    expect(field).to_have_value("g5.xlarge - 1 x A10G - $1.01/h")
    hours = form.get_by_label("Hours")
    hours.fill("100")
    expect(form).to_contain_text("100 h are more than the policy's 72 h")
    expect(hours).to_be_focused()
    form.get_by_label("Purpose").fill("LoRA")
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(form.locator("[data-block=hours] .problem")).to_contain_text("Enter 72.")
    expect(form.get_by_label("Purpose")).to_have_value("LoRA")
    hours.fill("16")
    expect(form).to_contain_text("for 16 h")
    assert in_both(page) == []


def test_letters_that_choose_nothing_are_no_value(page: Page) -> None:
    page.locator("#home").get_by_role("button", name="Ask for a machine").click()
    form = page.get_by_role("dialog", name="Ask for a machine")
    field = form.get_by_label("Instance type")
    field.press_sequentially("no such")
    expect(form.get_by_text("Nothing fits.")).to_be_visible()
    field.press("Escape")
    expect(form).to_be_visible()
    form.get_by_label("Hours").focus()
    expect(field).to_have_value("")


def test_what_may_i_launch_answers_for_a_type(page: Page) -> None:
    page.locator("#home").get_by_role("button", name="What may I launch?").click()
    view = page.get_by_role("dialog", name="What may I launch?")
    expect(view).to_contain_text("Who says yes")
    field = view.get_by_role("combobox")
    field.press_sequentially("p5.48")
    view.locator(".suggestion").first.click()
    expect(view).to_contain_text("p5.48xlarge in us-east-1")
    assert in_both(page) == []
