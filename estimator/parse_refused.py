"""What is asked for in words that are understood, and is not estimated: said so, with what is."""

from __future__ import annotations

import re

from estimator.parse_keys import Unclear
from estimator.parse_text import Text

TUNE = "finetune llama-3-8b lora samples=50k seq=512 epochs=3"
SERVE = "infer llama-3-8b qps=5 input=512 output=256"
REFUSED = (
    (
        r"rlhf|ppo|grpo|rlvr|reinforcement learning",
        "kind",
        "{said} is not estimated: it writes answers as well as training on them. Ask for the fine-tuning and for the "
        "answers apart.",
        TUNE,
    ),
    (
        r"dpo|orpo|kto|simpo|ipo",
        "kind",
        "{said} is not estimated: a pair is two sequences, and a frozen copy of the model reads them too. A "
        "fine-tuning on twice the samples is the least that it takes.",
        TUNE,
    ),
    (
        r"distill|distilling|distillation|distil",
        "kind",
        "Distillation is not estimated: ask for the teacher's answers and for the student's training apart.",
        SERVE,
    ),
    (
        r"speculative(?:[ -]decod(?:e|ing))?|draft model|medusa|eagle-?[123]?",
        "scenario",
        "Speculative decoding is not estimated: ask without it.",
        SERVE,
    ),
    (
        r"xg-?boost|light-?gbm|catboost|random forests?|scikit-?learn|sklearn|deep-?fm|dlrm|recommend(?:er|ation)s?",
        "model",
        "{said} is not estimated: I know language, vision, diffusion and audio models.",
        TUNE,
    ),
    (
        r"(?:gpt-?4(?:o|\.\d)?|gpt-?5|gpt-?3\.5(?:-turbo)?|chatgpt|gemini(?:-[\w.]+)?|claude(?:-[\w.]+)?)(?:-mini|-turbo|-pro)?",
        "model",
        "The weights of {said} are not public, so that nobody else trains or hosts it.",
        TUNE,
    ),
)
_COMPILED = tuple(
    (re.compile(rf"(?<![\w.-])(?:{pattern})(?![\w-])"), field, said, example)
    for pattern, field, said, example in REFUSED
)


def refuse_known(text: Text) -> None:
    """Unclear for the first thing asked that is known and not estimated."""
    for pattern, field, said, example in _COMPILED:
        if match := pattern.search(text.now):
            name = match[0].upper() if len(match[0]) <= 4 and match[0].isalpha() else match[0]
            raise Unclear(said.format(said=name), field=field, example=example, word=match[0])
