"""The help message and its topics: what can be typed, with examples that work when pasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from handlers.views.blocks import context, header, section
from handlers.views.message import Block, Message, plain

FOOT = "Idle machines are brought to their owner every morning. Nobody approves their own request."
FALLBACK = "mlbot: /ml-estimate, /ml-launch, /ml-instances, /ml-idle, /ml-help"
MORE = "More on one of them: {topics}."


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that mlbot does: the question that it answers, what is good to know, lines to paste."""

    name: str
    title: str
    examples: tuple[str, ...]
    says: tuple[str, ...] = ()


ALL = (
    Topic(
        "estimate",
        "*What will it cost?*  `/ml-estimate` (without words it opens a form)",
        (
            "/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs",
            "/ml-estimate train llama-2-7b tokens=2T seq=4096 on 64 x p4d.24xlarge",
            "/ml-estimate infer llama-3-8b qps=5 input=512 output=256",
        ),
        (
            "Words are plain English or `key=value`, in any order; everybody in the channel sees the answer.",
            "A range is an honest 80 % interval. *How was this computed?* opens every figure with its source.",
            "Limits help: `under $200`, `within 24h`, `in us-west-2`, `on spot`.",
        ),
    ),
    Topic(
        "launch",
        "*Ask for a machine*  `/ml-launch` (without words it opens a form)",
        ('/ml-launch g5.xlarge hours=8 disk=200 market=spot name=nightly purpose="LoRA run"',),
        (
            "The request is checked, then stands in the approvals channel; somebody else says yes with a button.",
            "Also: `region=us-west-2`, `count=2`, `key=my-key-pair`, `image=ami-...`, `max_price=1.20` (spot).",
            "Its end is counted from the approval. *Extend...* in `/ml-instances` moves it.",
        ),
    ),
    Topic(
        "instances",
        "*What runs, what is stopped, what it costs*",
        ("/ml-instances", "/ml-instances all", "/ml-instances all stopped g5"),
        (
            "Words after `all` or `mine` narrow the list: name, type, state, region, id; `from=10` begins at the 10th.",
            "Stop, Start, Terminate and Extend stand beside what is yours; approvers may press them on everything.",
        ),
    ),
    Topic(
        "idle",
        "*What is idle*",
        ("/ml-idle", "/ml-idle now", "/ml-idle all"),
        ("`now` scans first. A machine without enough data is called unknown, never idle.",),
    ),
    Topic(
        "mute",
        "*No reminders for a while*",
        ("/ml-idle mute 3d", "/ml-idle unmute"),
        (
            "Up to 30 days; `2w` and `12h` work, too, and so does the button under a reminder.",
            "What you must know still comes: what became of your requests, and who stopped your machine.",
        ),
    ),
    Topic(
        "ask",
        "*In plain English*: write to mlbot, or mention it in a channel",
        ("what would it cost to fine-tune mistral 7b on 20M tokens?", "can I get a g5.xlarge for 8 hours?"),
        (
            "In a channel begin with @mlbot; the answer stands in the thread of your message.",
            "*Estimate this* in the menu of any message estimates the job that it speaks of.",
            "Workflow Builder has the steps *Estimate an ML job* and *Ask for a machine*.",
        ),
    ),
    Topic(
        "freeze",
        "*Stop all launches (approvers)*",
        ("/ml-freeze on budget review", "/ml-freeze off"),
        ("Anybody may ask how it stands: `/ml-freeze` without words.",),
    ),
)
TOPICS = {topic.name: topic for topic in ALL}
ALIASES = {
    **dict.fromkeys(
        ("estimates", "cost", "costs", "price", "prices", "train", "finetune", "serve", "infer"), "estimate"
    ),
    **dict.fromkeys(("launches", "launching", "request", "requests", "machine", "approve", "approval"), "launch"),
    **dict.fromkeys(("instance", "machines", "running", "stop", "start", "terminate", "extend"), "instances"),
    **dict.fromkeys(("reminder", "reminders", "unmute", "quiet", "snooze"), "mute"),
    **dict.fromkeys(("mention", "mentions", "english", "dm", "message", "workflow", "workflows", "shortcut"), "ask"),
}


def help_message() -> Message:
    """Every topic with examples that work when pasted."""
    blocks = [header("mlbot"), *(section(_pasted(topic)) for topic in ALL)]
    topics = ", ".join(f"`/ml-help {name}`" for name in TOPICS)
    blocks.append(context(MORE.format(topics=topics), FOOT))
    return Message(FALLBACK, blocks)


def topic_message(topic: Topic) -> Message:
    """One topic with what is good to know."""
    return Message(f"mlbot: {topic.name}", list(_topic(topic)))


def _topic(topic: Topic) -> Iterator[Block]:
    yield section(_pasted(topic))
    if topic.says:
        yield section("\n".join(f"• {line}" for line in topic.says))


def _pasted(topic: Topic) -> str:
    return topic.title + "\n" + "\n".join(f"`{plain(example)}`" for example in topic.examples)
