"""Free text about software -> a stack class with calibrated efficiency."""

from __future__ import annotations

import re
from functools import lru_cache

# The first pattern that is found names the class; order goes from the special to the general.
PATTERNS: tuple[tuple[str, str], ...] = (
    ("neuron", r"neuron|\bnxd"),
    ("unsloth", r"unsloth"),
    ("litgpt", r"lit-?gpt|lit-?llama"),
    ("fsdp", r"fsdp_qlora"),
    ("torchtune", r"torchtune"),
    ("peft", r"^(?!.*(?:deepspeed|trl|trainer)).*\bpeft\b"),
    ("megatron-deepspeed", r"megatron[-/ ]*deepspeed|gpt-?neox|\bneox|metaseq|megatron.{0,12}20(19|20|21)"),
    (
        "huggingface",
        r"\bhf\b|hugging ?face|\btrl\b|trainer|accelerate|axolotl|llama-?factory|finetune\.py",
    ),
    ("deepspeed", r"deepspeed|\bzero-?[123]\b"),
    ("tuned", r"nemo|megatron|transformer engine|maxtext|paxml|t5x|\bxla\b|praxis|levanter|llm\.c\b|hai-?llm"),
    (
        "fsdp",
        r"fsdp|llm-?foundry|composer|mosaic|torchtitan|lightning|\bolmo|nanotron|nanogpt|fairscale|pytorch ddp|\bjax\b",
    ),
    ("examples", r"deeplearningexamples|\btimm\b|torchvision"),
    ("tuned", r"\bngc\b|nvidia|mxnet|mx_net|hugectr|dgl|mlperf"),
    ("fsdp", r"pytorch|\btorch\b"),
)
UNNAMED = "unnamed"
SAYS = {
    "tuned": "a tuned NeMo/Megatron-class stack",
    "fsdp": "an FSDP-class stack",
    "megatron-deepspeed": "Megatron-DeepSpeed",
    "deepspeed": "DeepSpeed",
    "huggingface": "Hugging Face Trainer/TRL/PEFT",
    "litgpt": "litgpt",
    "peft": "PEFT",
    "torchtune": "torchtune",
    "unsloth": "Unsloth",
    "neuron": "the Neuron SDK",
    "examples": "a reference PyTorch script",
}
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in PATTERNS)


@lru_cache(maxsize=1024)
def stack_of(framework: str | None) -> str:
    """The stack class that *framework* names; "unnamed" when it names none that is calibrated."""
    text = (framework or "").lower()
    return next((name for name, pattern in _COMPILED if pattern.search(text)), UNNAMED)
