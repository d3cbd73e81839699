"""Words that say something by themselves: lora, spot, bf16, nvidia, with vLLM."""

from __future__ import annotations

import re
from collections.abc import Callable

from estimator.parse_choices import OPTIMIZERS, PRECISIONS
from estimator.parse_text import Found, Text

Take = Callable[[re.Match[str], Found], None]


def _put(name: str, value: str) -> Take:
    return lambda match, found: found.put(name, value)


def _kind(kind: str) -> Take:
    return lambda match, found: found.kinds.add(kind)


def _market(market: str) -> Take:
    def take(match: re.Match[str], found: Found) -> None:
        if market not in found.markets:
            found.markets.append(market)

    return take


def _note(sentence: str) -> Take:
    return lambda match, found: found.note(sentence)


def _framework(match: re.Match[str], found: Found) -> None:
    """Several may be named: transformers with FSDP and flash attention."""
    before = str(found.values.get("framework", ""))
    name = match[1].strip()
    if name not in before.split(", "):
        found.values["framework"] = f"{before}, {name}" if before else name


_MODES = {"packed": "packed", "packing": "packed", "padded": "padded", "padding": "padded", "unpadded": "unpadded"}


def _scenario(match: re.Match[str], found: Found) -> None:
    said = re.sub(r"real-? ?time", "real-time", match[1]).removeprefix("aws ").removeprefix("amazon ")
    found.put("scenario", "lambda" if said == "lambdas" else said)
    found.hints.add("infer")


def _quantised(match: re.Match[str], found: Found) -> None:
    word = match[1].replace(" ", "-")
    found.put("precision", PRECISIONS.get(word) or PRECISIONS[word.replace("-", "").removesuffix("s")])


def _hint(kind: str) -> Take:
    return lambda match, found: found.hints.add(kind)


def _deadline(hours: float) -> Take:
    """A time of the calendar as hours from now, told."""

    def take(match: re.Match[str], found: Found) -> None:
        found.put("deadline_hours", hours)
        found.note(f"{match[0].strip()}: read as within {hours:g} h")

    return take


def _said(sentence: str) -> Take:
    """A note with the words that it is about."""
    return lambda match, found: found.note(sentence.format(said=match[0].strip()))


def _offline(match: re.Match[str], found: Found) -> None:
    found.put("scenario", "batch transform" if match[0].endswith("transform") else "offline")
    found.kinds.add("infer")


RETIRED = "Elastic Inference and Elastic GPUs were retired by AWS; G and Inf2 instances replaced them"
FRAMEWORKS = (
    r"faster-?whisper|whisper\.cpp|whisperx|ctranslate2|diffusers|tensor-?rt[- ]?llm|trt-?llm|tensor-?rt|vllm|"
    r"sglang|text[- ]generation[- ]inference|tgi|lmdeploy|exllama(?:v2)?|"
    r"llama\.cpp|gguf|ollama|(?:hugging ?face|hf)(?: (?:transformers|trainer|peft|trl))?|transformers[- ]neuronx|"
    r"transformers|trl|accelerate|nemo(?: framework)?|megatron-bridge|megatron-deepspeed|megatron(?:-lm|-core)?|"
    r"deepspeed|fsdp2?|pytorch ddp|ddp|llm-?foundry|composer|torchtitan|torchtune|litgpt|axolotl|unsloth|"
    r"llama-?factory|gpt-?neox framework|pytorch lightning|lightning|pytorch|torch(?:serve)?|jax|maxtext|tensorflow|"
    r"keras|mxnet|onnx ?runtime|onnx|openvino|triton|neuron(?:x)?(?: sdk)?|nxd|djl|faster-?transformer|nanogpt|ray"
)
# In this order; each is looked for until it is no longer there.
TABLE: tuple[tuple[str, Take], ...] = (
    (
        r"\b(?:(?:with|and|using) )?(?:zero[- ]|cpu |optimi[sz]er |param(?:eter)?s? )*off-?load(?:ing|ed)?"
        r"(?: (?:to|on|onto) (?:the )?(?:cpu|nvme|host|disk))?\b",
        _said("{said} is not counted: the memory is that without it"),
    ),
    (
        r"\b(?:what|which|max(?:imum)?|largest|biggest|best|how (?:big|large)(?: an?)?) (?:micro[- ]?|mini[- ]?)?"
        r"batch(?:[ -]?size)?(?= (?:fits?|can|will|do|does|for|to|on|works?|should|is)\b|\?|$)",
        _said("{said}: the batch that the memory holds is told with it"),
    ),
    (
        r"\b(?:offline |nightly )?batch(?:ed)? "
        r"(?:inference|predictions?|scoring|processing|generation|transform|jobs?)\b",
        _offline,
    ),
    (r"\b(real-? ?time endpoint)s?\b", _scenario),
    (r"\b(?:by|until|before|for) tomorrow(?: (?:morning|noon|evening|night))?\b", _deadline(24)),
    (r"\b(?:by |before )?(?:tonight|end of (?:the )?day|eod)\b", _deadline(8)),
    (r"\b(?:by|before|within|until|finish(?:ed)?|done) today\b", _deadline(8)),
    (r"\b(?:overnight|by (?:the )?morning)\b", _deadline(12)),
    (r"\b(?:over|by|before|during|in|this) (?:(?:the|this|next) )?weekend\b", _deadline(48)),
    (r"\b(?:by|before|until|in|within) (?:the end of )?(?:this|the|next) week\b|\bthis week\b", _deadline(168)),
    (r"\b(?:by|before|until|in|within) (?:the end of )?(?:this|the|next) month\b", _deadline(730)),
    (
        r"\b(?:by|before|until) (?:(?:next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|"
        r"may|june|july|august|september|october|november|december)\b",
        _said("{said}: the day is not counted; say the hours or days that there are, like within 48h"),
    ),
    (
        r"\b(?:on |in |with |using )?(?:aws )?sagemaker\b",
        _note("SageMaker: prices are those of EC2, and a note gives SageMaker's"),
    ),
    (
        r"\b(?:without|not|avoid(?:ing)?|never)(?: on| using)? (?:the )?spots?(?: instances?)?\b",
        _market("on-demand"),
    ),
    (r"\b(?:no|without|not) (?:using )?(?:q-?)?(?:lora|peft|adapters?)\b", _put("method", "full")),
    (r"\bre-?train(?:ing|s|ed)?\b", _kind("train")),
    (r"\bcontinu(?:e|ed|al|ing)(?: the)? (?=pre-? ?train)", _kind("train")),
    (r"\bfull[- ](?:ft|sft)\b|\bfft\b", _put("method", "full")),
    (r"\bft\b", _kind("finetune")),
    (r"(?<![\dkmb] )\btok(?:en)?s?(?: per |/)s(?:ec(?:ond)?)?\b", _hint("infer")),
    (
        r"\b(?:per|/) ?(?:a |one )?(?:1m|1k|1,?000|1,?000,?000|million|thousand) (?:tokens|requests|queries|images)\b",
        _hint("infer"),
    ),
    (r"\bdreambooth\b|\btextual inversion\b", _kind("finetune")),
    (r"elastic (?:inference|gpus?|graphics)(?: accelerators?)?|\beia[12]?\.\w+|\beg1\.\w+", _note(RETIRED)),
    (rf"\b({FRAMEWORKS})(?![\w-])(?: (?:framework|runtime|engine|backend))?", _framework),
    (r"\b(?:pre-? ?train(?:ing)?|from scratch)\b", _kind("train")),
    (r"\bfull(?:[- ]param(?:eter)?s?|[- ]weights?)? ?-?(?=fine|finetun|sft)", _put("method", "full")),
    (r"\bfull[- ]param(?:eter)?s?\b|\bfull[- ]rank\b", _put("method", "full")),
    (r"\b(?:fine-? ?tun(?:e|es|ing|ed)|instruct(?:ion)?-? ?tun(?:e|ing)|sft|tuning|tune)\b", _kind("finetune")),
    (r"\bpipeline\b(?! ?-?parallel)|\b(?:end[- ]to[- ]end|train[- ]and[- ]serve)\b", _kind("pipeline")),
    (r"\btrain(?:ing|s)?\b", _kind("train")),
    (
        r"\b(?:infer(?:ence(?! steps?\b)|encing|ring)?|serv(?:e|es|ing)|host(?:ing)?|deploy(?:ing|ment)?|endpoints?|"
        r"predict(?:ing)?)\b",
        _kind("infer"),
    ),
    (r"\bq-?lora\b", _put("method", "qlora")),
    (r"\bq-?dora\b", _put("method", "qdora")),
    (r"\bdora\b", _put("method", "dora")),
    (r"\b(?:lora|peft|adapters?)\b", _put("method", "lora")),
    (
        r"\b(?:1|one|3|three)[ -]?(?:y|yr|year)s?[ -]?(?:term )?(?:(?:compute |ec2 |instance )?savings?[ -]plans?|"
        r"plans?|commitments?|reserved(?: instances?)?|ri|sp)\b",
        lambda m, f: f.markets.append("savings-plan-3y" if "3" in m[0] or "three" in m[0] else "savings-plan-1y"),
    ),
    (r"\b(?:on|over) (?:all )?spots?\b|\bspots?\b(?: (?:instances?|prices?|pricing|capacity))?", _market("spot")),
    (r"\bno spots?\b|\bon-? ?demand\b", _market("on-demand")),
    (r"\b(?:(?:compute|ec2|instance) )?savings?[- ]plans?\b|\breserved(?: instances?)?\b", _market("savings-plan")),
    (r"\bcapacity[- ]blocks?\b", _market("capacity-block")),
    (
        r"\b(?:cached?|pre-?computed) (?:vae )?latents\b|\blatents? (?:are )?(?:cached|pre-?computed)\b",
        _put("latents", "cached"),
    ),
    (
        r"\b(?:no|without|not?) (?:activation |gradient )?(?:recompute|recomputation|checkpointing)\b",
        _put("recompute", "none"),
    ),
    (r"\bselective (?:activation )?(?:recompute|recomputation|checkpointing)\b", _put("recompute", "selective")),
    (
        r"\b(?:full )?(?:activation |gradient )?(?:recompute|recomputation|checkpointing)\b",
        _put("recompute", "full"),
    ),
    (r"\b(nf-?4|4[- ]?bits?|int-?4|awq|gptq|w4a16|nv-?fp4|mx-?fp4|fp-?4)\b", _quantised),
    (r"\b(bfloat16|bf-?16|float16|fp-?16|half precision|float32|fp-?32|tf-?32|fp-?8|float8)\b", _quantised),
    (r"\b(?:8[- ]?bit (?:paged )?adam\w*|(?:paged[ _-])?adam\w*[ _-]?8[- ]?bit)\b", _put("optimizer", "adamw-8bit")),
    (r"\b(8[- ]?bits?|int-?8|w8a8)\b", _quantised),
    (
        r"\b(?:paged )?(adamw?|sgd|lamb|lars|adafactor|lion|muon|sophia|rmsprop|adagrad)(?: optimi[sz]er)?\b",
        lambda m, f: f.put("optimizer", OPTIMIZERS[m[1]]),
    ),
    (r"\b(?:fully )?(packed|packing|padded|padding|unpadded)\b", lambda m, f: f.put("seq_mode", _MODES[m[1]])),
    (
        r"\b(offline|batch transform|batch job|async(?:hronous)?|server-?less|real-? ?time|streaming|"
        r"interactive|online|(?:aws |amazon )?lambdas?(?! labs)|(?:aws |amazon )?fargate)\b"
        r"(?: (?:functions?|endpoints?|containers?|inference))?",
        _scenario,
    ),
    (r"\b(?:nvidia|cuda)(?: (?:only|gpus?|chips?|cards?))*\b", _put("vendor", "nvidia")),
    (r"\b(?:amd|radeon)(?: (?:only|gpus?|chips?|cards?))*\b", _put("vendor", "amd")),
    (r"\b(?:aws|amazon)(?: (?:silicon|chips?|accelerators?)| only)+\b", _put("vendor", "aws")),
    (r"\bcpus?[- ]?(?:only|instances?)?\b(?! ?(?:and|or|,|vs))", _put("vendor", "cpu")),
    (r"\bgpus? (?:only|instances?)\b|\bonly (?:on )?(?:a )?gpus?\b", _put("vendor", "gpu")),
    (r"\bcheap(?:est|ly|er)?\b|\blowest (?:cost|price)\b", _put("prefer", "cheapest")),
    (r"\bfastest\b|\bas (?:fast|quick(?:ly)?|soon) as possible\b|\bquickest\b", _put("prefer", "fastest")),
    (r"\b(?:no|without)(?: classifier[- ]free)? (?:guidance|cfg)\b", _put("guidance", "none")),
    (r"\bsmall (?:cnn|conv(?:olutional)? net(?:work)?)\b|\blenet\b", lambda m, f: f.put("model", "small-cnn")),
)


_COMPILED = tuple((re.compile(pattern), take) for pattern, take in TABLE)


def take_words(text: Text, found: Found) -> None:
    """Take the words that say something by themselves."""
    for pattern, take in _COMPILED:
        while match := pattern.search(text.now):
            take(match, found)
            text.take(*match.span())
