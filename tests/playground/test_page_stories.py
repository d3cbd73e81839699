"""The page as people use it, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.playground.page_app import MANIFEST, Place, button, card, marked, place, until
from tests.playground.slack_app import APPROVALS, ENGINEER, LEAD, ML

pytestmark = pytest.mark.browser
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf00000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture
def here(chromium: Browser) -> Iterator[Place]:
    with place(chromium) as made:
        yield made


def write(page: Page, text: str) -> None:
    page.fill("#composer-text", text)
    page.press("#composer-text", "Enter")


def test_a_command_is_completed_sent_and_answered_to_its_asker_alone(here: Place) -> None:
    page = here.open()
    page.locator("#composer-text").press_sequentially("/ml-e")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#composer-text")).to_have_value("/ml-estimate ")
    expect(page.locator(".usage")).to_contain_text("finetune llama-3-8b")
    page.locator("#composer-text").press_sequentially("a < b")
    page.keyboard.press("Enter")
    answer = page.locator(".message.whisper")
    expect(answer).to_contain_text("Only visible to you")
    expect(answer.locator("code")).to_have_text("a < b")
    page.get_by_role("radio", name="Lee").click()
    expect(page.locator(".message")).to_have_count(0)
    page.get_by_role("radio", name="Ann").click()
    expect(answer).to_be_visible()
    page.reload()
    page.wait_for_selector(".place")
    expect(page.locator(".message")).to_have_count(0)


def test_arrows_choose_a_command_and_escape_closes_the_list(here: Place) -> None:
    page = here.open()
    page.locator("#composer-text").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(len(MANIFEST["features"]["slash_commands"]))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.locator("#composer-text")).to_have_value("/ml-launch ")
    page.fill("#composer-text", "/ml")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_a_command_that_is_not_acked_shows_that_it_waits_and_then_slacks_error(here: Place) -> None:
    page = here.open()
    write(page, "/late ")
    expect(page.locator(".pending")).to_contain_text("/late")
    expect(page.locator(".message.whisper")).to_contain_text('/late failed with the error "operation_timeout"')
    expect(page.locator(".pending")).to_have_count(0)


def test_an_approval_rewrites_the_card_for_everybody(here: Place) -> None:
    lead, engineer = here.open(LEAD, ML), here.open(ENGINEER, APPROVALS)
    here.post(APPROVALS, blocks=card())
    expect(engineer.locator(".message")).to_contain_text("$1.006 an hour")
    unread = lead.get_by_role("button", name="ml-approvals 1 unread")
    expect(unread).to_be_visible()
    expect(lead).to_have_title("(1) mlbot playground")
    unread.click()
    lead.get_by_role("button", name="Approve").click()
    for page in (lead, engineer):
        expect(page.locator(".message")).to_contain_text("approved by @Lee (lead)")
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(lead).to_have_title("mlbot playground")


def test_a_dangerous_button_asks_first(here: Place) -> None:
    page = here.open()
    here.post(ML, blocks=card())
    page.get_by_role("button", name="Terminate").click()
    dialog = page.get_by_role("dialog", name="Terminate nightly?")
    expect(dialog).to_contain_text("The disk of 200 GB is lost.")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    assert here.heard == []
    page.get_by_role("button", name="Terminate").click()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert here.heard == []
    page.get_by_role("button", name="Terminate").click()
    dialog.get_by_role("button", name="Terminate").click()
    until(page, lambda: here.heard)
    assert here.heard[0]["actions"][0]["action_id"] == "terminate"


def test_a_press_that_is_not_acked_is_marked_on_its_message(here: Place) -> None:
    page = here.open()
    here.post(ML, blocks=card())
    slow = page.get_by_role("button", name="Slow one")
    slow.click()
    expect(slow).to_have_attribute("aria-busy", "true")
    expect(page.locator(".message-trouble")).to_contain_text("did not answer within 3 seconds")
    expect(slow).not_to_have_attribute("aria-busy", "true")


def test_a_choice_in_a_message_reaches_the_bot_with_its_option(here: Place) -> None:
    page = here.open()
    menu = {
        "type": "overflow",
        "action_id": "pick",
        "options": [{"text": {"type": "plain_text", "text": "Snooze"}, "value": "Snooze"}],
    }
    here.post(ML, blocks=[{"type": "section", "text": marked("idle"), "accessory": menu}])
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Snooze").click()
    until(page, lambda: here.heard)
    assert here.heard[0]["actions"][0]["selected_option"]["value"] == "Snooze"


def test_people_write_to_each_other_and_to_the_bot(here: Place) -> None:
    page = here.open(ENGINEER, "D0ENG")
    write(page, "what would it cost, @mlbot?\n<b>2 & 3</b>")
    expect(page.locator(".message .words")).to_have_text("what would it cost, @mlbot?<b>2 & 3</b>")
    expect(page.locator(".message .mention")).to_have_text("@mlbot")
    until(page, lambda: here.heard)
    assert here.heard[0]["event"]["channel_type"] == "im"


def test_a_thread_opens_beside_and_takes_replies(here: Place) -> None:
    page = here.open()
    here.post(ML, text="root")
    page.locator(".message").hover()
    page.get_by_role("button", name="Reply in thread").click()
    thread = page.get_by_role("complementary", name="Thread")
    thread.get_by_role("textbox", name="Reply").fill("an answer")
    page.keyboard.press("Enter")
    expect(thread.locator(".message")).to_have_count(2)
    expect(page.locator("main .message")).to_have_count(1)
    thread.get_by_role("button", name="Close the thread").click()
    page.get_by_role("button", name="1 reply").click()
    expect(thread.locator(".message").nth(1)).to_contain_text("an answer")


def test_a_message_shortcut_hands_the_message_over(here: Place) -> None:
    page = here.open()
    here.post(ML, text="train llama")
    page.locator(".message").hover()
    page.get_by_role("button", name="Message shortcuts").click()
    page.get_by_role("menuitem", name="Estimate this").click()
    until(page, lambda: here.heard)
    assert (here.heard[0]["callback_id"], here.heard[0]["message"]["text"]) == ("estimate", "train llama")


def test_the_home_tab_is_drawn_when_it_is_opened(here: Place) -> None:
    page = here.open()
    page.get_by_role("button", name="mlbot Home").click()
    expect(page.locator("#home")).to_contain_text("Welcome @Ann (engineer)")
    page.get_by_role("button", name="Refresh").click()
    until(page, lambda: here.heard)
    assert here.heard[0]["view"]["type"] == "home"
    page.get_by_role("tab", name="Messages").click()
    expect(page.locator("#composer")).to_be_visible()


def test_a_button_that_is_redrawn_while_it_is_held_down_is_pressed(here: Place) -> None:
    page, other = here.open(), here.open(LEAD)
    ts = here.post(blocks=[{"type": "actions", "elements": [button("refresh", "Refresh")]}])
    page.get_by_role("button", name="Refresh").hover()
    page.mouse.down()
    redrawn = {"type": "actions", "elements": [button("refresh", "Refresh all")]}
    here.app.client.chat_update(channel=ML, ts=ts, text="again", blocks=[redrawn])
    expect(other.get_by_role("button", name="Refresh all")).to_be_visible()
    page.wait_for_timeout(100)
    page.mouse.up()
    until(page, lambda: here.heard)
    assert here.heard[0]["actions"][0]["action_id"] == "refresh"
    expect(page.get_by_role("button", name="Refresh all")).to_be_visible()


def test_an_uploaded_picture_is_seen_with_its_words(here: Place) -> None:
    page = here.open()
    here.app.client.files_upload_v2(channel=ML, filename="a.png", title="Cost", alt_txt="Cost by hour", content=PNG)
    picture = page.get_by_role("img", name="Cost by hour")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 1)


def test_what_is_deleted_goes_and_what_is_dismissed_too(here: Place) -> None:
    page = here.open()
    ts = here.post(ML, text="gone soon")
    expect(page.locator(".message")).to_have_count(1)
    here.app.client.chat_delete(channel=ML, ts=ts)
    expect(page.locator(".message")).to_have_count(0)
    here.app.client.chat_postEphemeral(channel=ML, user=ENGINEER, text="psst")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".message")).to_have_count(0)


def test_the_controls_above_do_what_they_say(here: Place) -> None:
    done: list[str] = []
    here.slack.control("scan", "Scan now", lambda: done.append("scan"))
    here.slack.control("break", "Break AWS", lambda: "No capacity anywhere.", pressed=lambda: bool(done))
    here.slack.control("bug", "Bug", lambda: 1 / 0)
    page = here.open()
    switch = page.get_by_role("button", name="Break AWS")
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Scan now").click()
    expect(page.locator(".toast")).to_have_text("Scan now: done.")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(page.locator(".toast").nth(1)).to_have_text("No capacity anywhere.")
    page.get_by_role("button", name="Bug").click()
    expect(page.locator(".toast").nth(2)).to_have_text("Bug did not work; the terminal says why.")


def test_the_clock_above_is_the_bots_in_the_zone_of_who_looks(here: Place) -> None:
    page = here.open()
    expect(page.locator("#clock")).to_have_text("Mon 23 Nov, 13:00 Berlin")
    page.get_by_role("radio", name="Oda").click()
    expect(page.locator("#clock")).to_have_text("Mon 23 Nov, 17:30 Kolkata")


def test_the_page_comes_back_when_the_stream_breaks(here: Place) -> None:
    page = here.open()
    here.slack.workspace.tell({"type": "nothing"})
    here.slack.end_streams()
    here.post(ML, text="meanwhile")
    expect(page.locator(".message")).to_contain_text("meanwhile")
    expect(page.locator("#offline")).to_be_hidden()


def test_a_permalink_opens_its_message(here: Place) -> None:
    ts = here.post(APPROVALS, text="that one")
    link = here.app.client.chat_getPermalink(channel=APPROVALS, message_ts=ts)["permalink"]
    here.post(ML, text=f"see <{link}|there>")
    page = here.open()
    page.get_by_role("link", name="there").click()
    expect(page.locator(".message.found")).to_contain_text("that one")
