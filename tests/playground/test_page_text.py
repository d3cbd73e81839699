"""What the page makes of texts: Slack's marks, and nothing that a stranger could smuggle in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.playground import slack
from tests.playground.page_app import marked, place, plain
from tests.playground.slack_app import ML

browser = pytest.mark.browser
PAGE = Path(slack.__file__).parent.parent / "page"

DRAW = """async ([file, name, text]) => {
  const { [name]: draw } = await import(file);
  const { Store } = await import("/store.js");
  const users = [
    { id: "U0ENG", real_name: "Ann", tz: "Europe/Berlin", shown: true },
    { id: "U0LEAD", real_name: "Lee", tz: "UTC", shown: true },
  ];
  const store = new Store();
  const channels = [{ id: "C0ML", name: "ml" }];
  store.reset({ users, channels, groups: { S0LEADS: "leads" }, messages: [], read: [], now: "2026-11-23T12:00:00Z" });
  const node = document.createElement("div");
  node.append(...draw(text, name === "markdown" ? 3 : store.who("U0ENG")));
  return node.innerHTML;
}"""


@pytest.fixture(scope="module")
def opened(chromium: Browser) -> Iterator[Page]:
    with place(chromium) as made:
        yield made.open()


def own(name: str) -> str:
    return f'<span class="mention own">{name}</span>'


def other(name: str) -> str:
    return f'<span class="mention">{name}</span>'


def away(address: str, words: str) -> str:
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{words}</a>'


MRKDWN = [
    ("*bold* _italic_ ~strike~ `code`", "<strong>bold</strong> <em>italic</em> <s>strike</s> <code>code</code>"),
    ("*_both_*", "<strong><em>both</em></strong>"),
    ("snake_case_name 2*3*4 a*b", "snake_case_name 2*3*4 a*b"),
    ("* not bold* and *not\nbold*", "* not bold* and *not<br>bold*"),
    ("(*in brackets*), *end*.", "(<strong>in brackets</strong>), <strong>end</strong>."),
    ("`*as it is* &lt;b&gt;`", "<code>*as it is* &lt;b&gt;</code>"),
    ("```two\nlines```after", "<pre><code>two\nlines</code></pre>after"),
    ("an open ``` fence", "an open ``` fence"),
    ("&gt; quoted\n&gt; twice\nafter", "<blockquote>quoted<br>twice</blockquote>after"),
    ("&lt;!channel&gt; &amp;lt;", "&lt;!channel&gt; &amp;lt;"),
    ("&quot; &#39; &nbsp;", "&amp;quot; &amp;#39; &amp;nbsp;"),
    ("<@U0ENG> <@U0LEAD> <@U0NONE|Zoe>", f"{own('@Ann')} {other('@Lee')} {other('@Zoe')}"),
    ("<#C0ML> <!subteam^S0LEADS>", f'<a class="mention" href="#C0ML">#ml</a> {other("@leads")}'),
    ("<!channel> <!here> <!everyone>", f"{own('@channel')} {own('@here')} {own('@everyone')}"),
    ("<https://a.example/?x=1&amp;y=2|here>", away("https://a.example/?x=1&amp;y=2", "here")),
    ("<https://a.example/b>", away("https://a.example/b", "https://a.example/b")),
    ("<mailto:a@b.example|Ann>", away("mailto:a@b.example", "Ann")),
    ("*<https://a.example|a_b*c>*", f"<strong>{away('https://a.example/', 'a_b*c')}</strong>"),
    ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
    ("<data:text/html,x|click>", "&lt;data:text/html,x|click&gt;"),
    ("<https://|x>", "<span>x</span>"),
    ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("a < b > c", "a &lt; b &gt; c"),
    (
        "<!date^1795442400^{date_short_pretty} at {time}|then>",
        '<time title="then">Today at 15:00</time>',
    ),
    ("<!date^1795449600^{date_num} {time_secs}|then>", '<time title="then">23/11/2026 17:00:00</time>'),
    ("<!date^1795356000^{date_pretty}|then>", '<time title="then">Yesterday</time>'),
    ("<!date^soon^{date}|then>", '<time title="then">then</time>'),
    (
        ":tada: :no_such_one: 10:30:45",
        '<span role="img" aria-label="tada" class="emoji">🎉</span> :no_such_one: 10:30:45',
    ),
    ("line\n\nafter an empty one", "line<br><br>after an empty one"),
]


@browser
@pytest.mark.parametrize(("text", "drawn"), MRKDWN, ids=[text for text, _ in MRKDWN])
def test_mrkdwn_is_drawn_as_slack_draws_it(opened: Page, text: str, drawn: str) -> None:
    assert opened.evaluate(DRAW, ["/mrkdwn.js", "mrkdwn", text]) == drawn


MARKDOWN = [
    (
        "# Head\ntext **b** *i*",
        '<p class="md-heading" role="heading" aria-level="3">Head</p><p>text <strong>b</strong> <em>i</em></p>',
    ),
    ("- a\n- b\n\n1. c", "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"),
    ("```py\nx = 1\n```", "<pre><code>x = 1</code></pre>"),
    ("[a](javascript:alert(1)) <b>x</b>", "<p><span>a</span>) &lt;b&gt;x&lt;/b&gt;</p>"),
    ("> q\n\n---", "<blockquote><p>q</p></blockquote><hr>"),
    (
        "|a|b|\n|-|-|\n|1|2|",
        '<div class="table"><table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead>'
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>",
    ),
]


@browser
@pytest.mark.parametrize(("text", "drawn"), MARKDOWN, ids=[text for text, _ in MARKDOWN])
def test_markdown_is_drawn(opened: Page, text: str, drawn: str) -> None:
    assert opened.evaluate(DRAW, ["/markdown.js", "markdown", text]) == drawn


HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>\"'</style>"


@browser
def test_strangers_words_stay_words_everywhere(chromium: Browser) -> None:
    with place(chromium) as here:
        page = here.open()
        cell = {"type": "raw_text", "text": HOSTILE}
        link = {"type": "link", "url": "javascript:alert(1)", "text": HOSTILE}
        rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}, link]}
        menu = {
            "type": "static_select",
            "action_id": "pick",
            "placeholder": plain(HOSTILE),
            "options": [{"text": plain(HOSTILE), "value": "v"}],
        }
        image = {"type": "image", "image_url": "https://pictures.example/a.png", "alt_text": HOSTILE}
        blocks = [
            {"type": "header", "text": plain(HOSTILE)},
            {"type": "section", "text": marked(HOSTILE), "fields": [plain(HOSTILE)], "accessory": menu},
            {"type": "context", "elements": [marked(HOSTILE), image]},
            {"type": "table", "rows": [[cell], [cell]]},
            {"type": "markdown", "text": HOSTILE},
            {"type": "rich_text", "elements": [rich]},
            image,
        ]
        here.post(ML, text=HOSTILE, blocks=blocks)
        here.post(ML, text=HOSTILE)
        message = page.locator(".message").first
        expect(page.locator(".message")).to_have_count(2)
        assert message.inner_text().count("<img src=x onerror=alert(1)>") == 13
        assert page.locator(".message :is(img, script, style, iframe)").count() == 0
        assert message.locator("a").count() == 0


CONTRASTS = [
    ("ink", "ground"), ("ink", "side"), ("ink", "raised"), ("ink", "hover"), ("ink", "whisper"), ("ink", "tint"),
    ("soft", "ground"), ("soft", "side"), ("soft", "raised"), ("soft", "hover"), ("soft", "whisper"), ("soft", "line"),
    ("soft", "accent-soft"), ("ink", "accent-soft"), ("accent-ink", "accent"), ("danger-ink", "count"),
    ("selected-ink", "selected"),
    ("danger-ink", "danger"), ("danger", "ground"), ("danger", "raised"), ("danger", "danger-soft"), ("link", "ground"),
    ("link", "whisper"), ("code", "code-ground"), ("mention", "mention-ground"), ("own-ink", "own-ground"),
    ("bar-ink", "bar"), ("bar-soft", "bar"), ("bar-ink", "bar-button"), ("ink", "warn-soft"), ("ink", "good-soft"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(scheme: str) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", (PAGE / "style.css").read_text(), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))
    weak = {f"{a} on {b}": round(found, 2) for a, b in CONTRASTS if (found := contrast(colours[a], colours[b])) < 4.5}
    assert weak == {}


def contrast(one: str, two: str) -> float:
    """The ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_page_never_reads_markup() -> None:
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setAttribute\(.style"
    )
    assert [file.name for file in PAGE.glob("*.js") if banned.search(file.read_text())] == []
