"""Rebuilds the pictures of the docs: the playground, driven in headless Chromium as a newcomer would."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from bot.playground.start import start

PICTURES = Path(__file__).parent / "pictures"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZE = {"width": 1280, "height": 860}
ESTIMATE = "/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs"
LAUNCH = '/ml-launch g5.xlarge hours=8 name=nightly purpose="LoRA run on the new corpus"'


def go(page: Page, place: str) -> None:
    """Open a channel, the direct message or the Home tab."""
    page.locator(f"#place-{place}").click()


def type_command(page: Page, text: str) -> None:
    """Type into the message box and send it."""
    page.locator("#composer-text").fill(text)
    page.locator("#composer .send").click()


def picture(page: Page, name: str) -> None:
    """Save what is on the screen."""
    page.wait_for_timeout(400)
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    print(f"docs/pictures/{name}.png")


def in_thread(page: Page, name: str) -> None:
    """Save the newest thread once its picture has come, and close it."""
    line = page.locator(".thread-line").last
    expect(line).to_be_visible(timeout=30_000)
    line.click()
    page.wait_for_timeout(2000)
    picture(page, name)
    page.get_by_role("button", name="Close the thread").click()


def closed(page: Page) -> None:
    """Leave the form."""
    page.get_by_role("dialog").get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.wait_for_timeout(500)


def story(page: Page) -> None:
    """Estimate, ask, approve, run, next morning, stop."""
    go(page, "C0ML")
    type_command(page, ESTIMATE)
    expect(page.get_by_text("How was this computed?").last).to_be_visible(timeout=15_000)
    picture(page, "estimate")
    page.get_by_role("button", name="How was this computed?").last.click()
    expect(page.get_by_role("dialog")).to_be_visible(timeout=10_000)
    picture(page, "how")
    page.get_by_role("dialog").get_by_role("button", name="Close").first.click()
    page.get_by_role("button", name="Show charts").last.click()
    in_thread(page, "charts")
    type_command(page, LAUNCH)
    page.locator("#person-U0LEAD").click()
    go(page, "C0APPROVALS")
    expect(page.get_by_role("button", name="Approve")).to_be_visible(timeout=15_000)
    picture(page, "request")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved by").first).to_be_visible(timeout=15_000)
    expect(page.get_by_text("is ready").first).to_be_visible(timeout=60_000)
    picture(page, "playground")
    page.locator("#person-U0ENG").click()
    page.get_by_role("button", name="Next morning").click()
    page.locator("#nav li").filter(has_text="mlbot").first.click()
    expect(page.get_by_role("button", name="Snooze 1 day").first).to_be_visible(timeout=60_000)
    picture(page, "morning")
    page.get_by_role("button", name="Show its use").nth(3).click()
    in_thread(page, "use")
    page.get_by_role("button", name="Park...").first.click()
    expect(page.get_by_role("dialog")).to_be_visible(timeout=15_000)
    picture(page, "park")
    closed(page)
    morning = page.locator("main .message").filter(has_text="Good morning").last
    morning.get_by_role("button", name="Stop", exact=True).nth(1).click()  # the first is of a job, and asks
    expect(morning.get_by_text("Stopped by").first).to_be_visible(timeout=30_000)
    morning.get_by_text("Stopped by").first.scroll_into_view_if_needed()
    picture(page, "stopped")
    go(page, "home")
    expect(page.get_by_text("Idle, and yours").first).to_be_visible(timeout=15_000)
    picture(page, "home")
    forms(page)
    go(page, "C0ML")
    type_command(page, "/ml-instances all")
    expect(page.get_by_role("button", name="Terminate").first).to_be_visible(timeout=30_000)
    picture(page, "instances")
    type_command(page, "/ml-help lang vi")
    page.wait_for_timeout(3000)
    picture(page, "vietnamese")
    go(page, "home")
    page.wait_for_timeout(3000)
    picture(page, "home-vietnamese")


def forms(page: Page) -> None:
    """The form of a request with its live cost, what one may launch, and the Home tab of an operator."""
    page.locator("#home").get_by_role("button", name="Ask for a machine").click()
    form = page.get_by_role("dialog", name="Ask for a machine")
    form.get_by_label("Instance type").press_sequentially("a10g")
    expect(form.locator(".suggestion").first).to_be_visible(timeout=15_000)
    form.get_by_label("Instance type").press("ArrowDown")
    form.get_by_label("Instance type").press("Enter")
    expect(form.get_by_text("an hour").first).to_be_visible(timeout=15_000)
    picture(page, "form")
    form.get_by_role("button", name="What may I launch?").click()
    expect(page.get_by_role("dialog", name="What may I launch?")).to_be_visible(timeout=15_000)
    picture(page, "rules")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#person-U0LEAD").click()
    go(page, "home")
    page.wait_for_timeout(4000)
    picture(page, "home-lead")
    page.locator("#person-U0OPS").click()
    expect(page.locator("#home .image img").first).to_be_visible(timeout=30_000)
    page.locator("#home .image img").first.scroll_into_view_if_needed()
    picture(page, "home-operator")
    page.locator("#person-U0ENG").click()


def main() -> int:
    """Start a playground, take the pictures, stop it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is missing; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    playground = start(0)
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport=SIZE)
            page.goto(playground.url)
            story(page)
            page.emulate_media(color_scheme="dark")
            picture(page, "dark")
            browser.close()
    finally:
        playground.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
