"""Forms on the page: values, errors, redrawing, focus."""

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
    page = here.open()
    page.fill("#composer-text", "/ml-launch ")
    page.press("#composer-text", "Enter")
    return page


@pytest.fixture
def form(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Ask for a machine")


def test_what_is_missing_is_said_beside_its_field_and_what_is_there_stays(here: Place, form: Locator) -> None:
    form.get_by_label("Name").fill("nightly")
    form.get_by_role("button", name="Ask", exact=True).click()
    problems = form.locator(".problem:not(:empty)")
    expect(problems).to_have_count(2)
    expect(form.get_by_label("Machines")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Machines")).to_be_focused()
    expect(form.get_by_label("Name")).to_have_value("nightly")
    assert here.heard == []


def test_the_bots_errors_stand_beside_their_fields_too(here: Place, form: Locator) -> None:
    fill(form, "taken")
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(form.locator("[data-block=name] .problem")).to_have_text("There is a machine of that name.")
    described = form.get_by_label("Name").get_attribute("aria-describedby") or ""
    assert len(described.split()) == 2
    form.get_by_label("Name").fill("free")
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(form).to_have_count(0)
    values = here.heard[-1]["view"]["state"]["values"]
    told = {block: next(iter(actions.values())) for block, actions in values.items()}
    assert told["name"]["value"] == "free"
    assert told["count"]["value"] == "2"
    assert told["region"]["selected_option"]["value"] == "us-east-1"
    assert told["market"]["selected_option"]["value"] == "spot"
    assert [option["value"] for option in told["extras"]["selected_options"]] == ["encrypt"]


def fill(form: Locator, name: str) -> None:
    form.get_by_label("Name").fill(name)
    form.get_by_label("Machines").fill("2")
    form.get_by_label("spot").check()
    form.get_by_label("encrypt").check()


def test_a_form_that_is_redrawn_keeps_values_and_focus(form: Locator) -> None:
    fill(form, "nightly")
    region = form.get_by_label("Region")
    region.focus()
    region.select_option("us-west-2")
    expect(form).to_contain_text("$2 in us-west-2")
    expect(region).to_have_value("us-west-2")
    expect(region).to_be_focused()
    expect(form.get_by_label("Name")).to_have_value("nightly")
    expect(form.get_by_label("spot")).to_be_checked()
    expect(form.get_by_label("encrypt")).to_be_checked()


def test_escape_closes_the_form_and_the_focus_goes_back(page: Page, here: Place, form: Locator) -> None:
    expect(form.get_by_label("Region")).to_be_focused()
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(page.locator("#composer-text")).to_be_focused()
    assert here.slack.views("U0ENG") == []


def test_a_form_belongs_to_one_person(page: Page, here: Place, form: Locator) -> None:
    expect(form).to_be_visible()
    other = here.open("U0LEAD")
    expect(other.get_by_role("dialog")).to_have_count(0)
    expect(other.get_by_role("radio", name="Ann")).to_contain_text("a form is open")


def test_a_bot_that_is_gone_leaves_the_form_as_it_was(here: Place, form: Locator) -> None:
    fill(form, "nightly")
    here.slack.events_url = "http://127.0.0.1:9/nobody"
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(form.get_by_role("alert").last).to_contain_text("We had some trouble connecting (dispatch_failed)")
    expect(form.get_by_label("Name")).to_have_value("nightly")
