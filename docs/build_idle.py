"""Rebuilds the pictures of docs/idle.md: five days in the playground, every answer pressed once in the browser."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from build import FLAGS, PICTURES, go, type_command
from playwright.sync_api import Locator, Page, expect, sync_playwright

from bot import idle
from bot.playground.start import Playground, start

SIZE = {"width": 1180, "height": 1900}
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
POLICY = """
[idle.auto_stop]
enabled = true
dry_run = {dry_run}
"""
OPTED_IN = "finetune-vi"
SLOW = 90_000  # milliseconds


class Days:
    """The playground's clock and policy, moved from morning to morning."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.policy = Path(playground.folder.name, "policy.toml")
        self.plain = self.policy.read_text()

    def weekday(self, ahead: int) -> int:
        """The weekday so many days from now, as the policy counts them."""
        return (self.playground.clock.now() + timedelta(days=ahead)).weekday()

    def rules(self, *, dry_run: bool, digest: int) -> None:
        """Escalate after one unanswered morning, stop by itself (or say so), the week's message on weekday *digest*."""
        reminders = f'zone = "Europe/Berlin"\nescalate_after = 1\ndigest_weekday = {digest}\n'
        changed = self.plain.replace('zone = "Europe/Berlin"\n', reminders)
        self.policy.write_text(changed + POLICY.format(dry_run=str(dry_run).lower()))

    def to(self, hour: int, minute: int, where: ZoneInfo) -> datetime:
        """Go on to the next such time there, and do what is due."""
        clock = self.playground.clock
        now = clock.now().astimezone(where)
        at = now.replace(hour=hour, minute=minute, second=0)
        at = at if at > now else at + timedelta(days=1)
        self.playground._settle()
        clock.advance(at - clock.now())
        self.playground.scan()
        self.playground._settle()
        return at

    def opt_in(self) -> None:
        """Let one machine be stopped by itself."""
        found = idle.findings(self.playground.bot.parts, user=None)
        machine = next(one.resource.id for one in found if one.resource.name == OPTED_IN)
        ec2 = self.playground.bot.parts.cloud.client("ec2", "us-east-1")
        ec2.create_tags(Resources=[machine], Tags=[{"Key": "mlbot:auto-stop", "Value": "true"}])

    def ten_times_more(self) -> None:
        """Make the account look as if somebody had read another one."""
        ec2 = self.playground.bot.parts.cloud.client("ec2", "us-west-2")
        for _ in range(300):
            ec2.create_volume(AvailabilityZone="us-west-2a", Size=1, VolumeType="gp3")


def message(page: Page, *words: str) -> Locator:
    """The newest message with all these *words*."""
    found = page.locator("main .message")
    for word in words:
        found = found.filter(has_text=word)
    return found.last


def shot(page: Page, name: str, *words: str) -> None:
    """Save the newest message with these *words*."""
    one = message(page, *words)
    expect(one).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(1500)
    one.scroll_into_view_if_needed()
    one.screenshot(path=str(PICTURES / f"{name}.png"))
    print(f"docs/pictures/{name}.png", flush=True)


def person(page: Page, who: str, place: str) -> None:
    """Look as *who* at a channel, or with place "dm" at what the bot wrote to them."""
    page.locator(f"#person-{who}").click()
    page.wait_for_timeout(500)
    if place == "dm":
        page.locator("#nav li").filter(has_text="mlbot").first.click()
    else:
        go(page, place)
    page.wait_for_timeout(1500)


def row(page: Page, thing: str, button: str) -> Locator:
    """The button that follows the lines about *thing* in the newest message that names it."""
    one = page.locator("main .message").filter(has_text=thing).filter(has=page.get_by_role("button", name=button)).last
    return one.locator(f"xpath=.//*[contains(., '{thing}')]/following::button[normalize-space()='{button}']").first


def press(page: Page, thing: str, button: str, *, sure: str = "") -> None:
    """Press *button* of *thing*, confirm with *sure* where it asks, and print what changes in what is seen."""
    before = seen(page)
    row(page, thing, button).click()
    if sure:
        page.get_by_role("dialog").get_by_role("button", name=sure, exact=True).click()
    changed(page, before, f"{thing}: {button}")


def choose(page: Page, thing: str, label: str) -> None:
    """Choose from the Schedule menu of *thing*."""
    before = seen(page)
    one = page.locator("main .message").filter(has_text=thing).filter(has=page.locator("select")).last
    expect(one).to_be_visible(timeout=SLOW)
    menu = one.locator(f"xpath=.//*[contains(., '{thing}')]/following::select").first
    menu.select_option(label=next(text for text in menu.locator("option").all_inner_texts() if label in text))
    changed(page, before, f"{thing}: Schedule, {label}")


def keep(page: Page, thing: str, reason: str) -> None:
    """Keep until..., with a reason."""
    before = seen(page)
    row(page, thing, "Keep until...").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Why").fill(reason)
    page.wait_for_timeout(1500)
    form.screenshot(path=str(PICTURES / "idle-keep.png"))
    print("docs/pictures/idle-keep.png", flush=True)
    form.get_by_role("button", name="Keep", exact=True).click()
    changed(page, before, f"{thing}: Keep until...")


def park(page: Page, thing: str) -> None:
    """Park..., confirmed in its form, until the message says that it is parked."""
    before = seen(page)
    row(page, thing, "Park...").click()
    form = page.get_by_role("dialog")
    expect(form).to_be_visible(timeout=SLOW)
    form.get_by_role("button", name="Park", exact=True).click()
    changed(page, before, f"{thing}: Park...")


def seen(page: Page) -> list[str]:
    """What stands in the channel, line by line."""
    return page.locator("main .messages").inner_text().splitlines()


def changed(page: Page, before: list[str], what: str) -> None:
    """Wait until something else stands there, and print it."""
    page.wait_for_function("old => document.querySelector('main .messages').innerText !== old", arg="\n".join(before))
    page.wait_for_timeout(2500)
    new = [line for line in seen(page) if line not in before and not line.startswith("(edited")]
    print(f"  {what} -> {' / '.join(new)[:300]}", flush=True)


def ask(page: Page, words: str) -> None:
    """Type a command and wait for its answer."""
    before = seen(page)
    type_command(page, words)
    changed(page, before, words)
    page.wait_for_timeout(6000)


def answers(page: Page, days: Days) -> None:
    """Every answer once, by whom it is meant for."""
    person(page, "U0ENG", "dm")
    press(page, "notebook-vision", "Stop")
    press(page, "notebook-vision", "Start again")
    press(page, "sentiment-demo", "Delete", sure="Delete")
    press(page, "old-baseline", "Snooze 1 week")
    press(page, "old-baseline", "Undo")
    keep(page, "old-baseline", "Demo on Friday")
    press(page, "bert-pretrain", "Not mine")
    go(page, "C0ML")
    page.wait_for_timeout(1500)
    person(page, "U0OPS", "C0ML")
    press(page, "bert-pretrain", "Claim")
    ask(page, "/ml-idle")
    press(page, "bert-pretrain", "Stop", sure="Stop")
    person(page, "U0OPS", "dm")
    press(page, "vision-lab", "Delete", sure="Delete")
    press(page, "spot-sweep", "Terminate", sure="Terminate")
    park(page, "speech-demo")
    days.playground.clock.advance(timedelta(minutes=2))
    page.wait_for_timeout(8000)
    press(page, "speech-demo", "Wake")


def leads_answers(page: Page) -> None:
    """What a lead of the playground has to answer."""
    person(page, "U0LEAD", "dm")
    press(page, "token-shards", "Change to gp3", sure="Change to gp3")
    press(page, "neuron-compile", "Snooze 1 day")
    choose(page, "tokenizer", "08:00-22:00")
    go(page, "C0ML")
    ask(page, "/ml-instances")
    choose(page, "llm-pretrain", "08:00-22:00")


def five_days(page: Page, days: Days) -> None:
    """The messages in the order in which a team gets them."""
    page.goto(days.playground.url)
    days.rules(dry_run=True, digest=days.weekday(5))
    days.playground.scan()
    days.opt_in()
    days.to(9, 5, BERLIN)
    person(page, "U0ENG", "dm")
    shot(page, "idle-morning", "Good morning")
    go(page, "C0ML")
    shot(page, "idle-unclaimed", "Nobody's")
    answers(page, days)
    days.to(9, 5, NEW_YORK)
    leads_answers(page)
    days.to(22, 5, NEW_YORK)
    person(page, "U0LEAD", "dm")
    shot(page, "idle-hours", "every half hour")
    days.to(9, 5, BERLIN)
    person(page, "U0ENG", "C0ML")
    shot(page, "idle-escalated", "has not answered")
    days.to(9, 5, BERLIN)
    shot(page, "idle-dry-run", "Dry run")
    days.to(9, 5, NEW_YORK)
    person(page, "U0LEAD", "dm")
    shot(page, "idle-escalated-lead", "has not answered")
    days.rules(dry_run=False, digest=days.weekday(1))
    days.to(9, 5, BERLIN)
    person(page, "U0ENG", "dm")
    shot(page, "idle-stopped-by-itself", "Stopped by mlbot")
    days.to(9, 5, NEW_YORK)
    person(page, "U0LEAD", "dm")
    page.wait_for_timeout(10_000)
    shot(page, "idle-week", "By owner")
    chart(page)
    person(page, "U0ENG", "C0ML")
    gap(page, days)
    days.ten_times_more()
    days.to(9, 5, BERLIN)
    go(page, "C0ML")
    shot(page, "idle-guard", "nothing is done")


def chart(page: Page) -> None:
    """The chart of the week, beside its message."""
    picture = page.locator("main .message").filter(has=page.locator(".message-body img")).last
    expect(picture).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(2000)
    picture.screenshot(path=str(PICTURES / "idle-week-chart.png"))
    print("docs/pictures/idle-week-chart.png", flush=True)


def gap(page: Page, days: Days) -> None:
    """A region that refuses."""
    aws = days.playground.aws
    refusal = "UnauthorizedOperation"
    aws.fail("DescribeInstances", refusal, status=403, times=None, region="us-west-2")
    aws.fail("DescribeVolumes", refusal, status=403, times=None, region="us-west-2")
    go(page, "C0ML")
    ask(page, "/ml-idle now")
    page.wait_for_timeout(10_000)
    shot(page, "idle-gap", "Not seen")
    aws.faults.clear()


def main(story: Callable[[Page, Days], None] = five_days) -> int:
    """Start a playground, live through the days, stop it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is missing; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    playground = start(0)
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport=SIZE)
            page.set_default_timeout(30_000)
            story(page, Days(playground))
            browser.close()
    finally:
        playground.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
