"""The help message."""

from __future__ import annotations

from handlers.views.blocks import context, header, section
from handlers.views.message import Message

EXAMPLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "*What will it cost?*  `/ml-estimate` (without words it opens a form)",
        (
            "/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs",
            "/ml-estimate train llama-2-7b tokens=2T seq=4096 on 64 x p4d.24xlarge",
            "/ml-estimate infer llama-3-8b qps=5 input=512 output=256",
        ),
    ),
    (
        "*Ask for a machine*  `/ml-launch` (without words it opens a form)",
        ('/ml-launch g5.xlarge hours=8 disk=200 market=spot name=nightly purpose="LoRA run"',),
    ),
    ("*What runs, what is stopped, what it costs*", ("/ml-instances", "/ml-instances all")),
    ("*What is idle*", ("/ml-idle", "/ml-idle now")),
    ("*Stop all launches (approvers)*", ("/ml-freeze on budget review", "/ml-freeze off")),
)


def help_message() -> Message:
    """Every command with examples that work when pasted."""
    blocks = [header("mlbot")]
    for title, examples in EXAMPLES:
        blocks.append(section(title + "\n" + "\n".join(f"`{example}`" for example in examples)))
    blocks.append(context("Idle machines are brought to their owner every morning. Nobody approves their own request."))
    text = "mlbot: /ml-estimate, /ml-launch, /ml-instances, /ml-idle, /ml-help"
    return Message(text, blocks)
