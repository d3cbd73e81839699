"""Every word that takes a value: its names, how the value is read, and between which bounds it makes sense."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from estimator import parse_numbers as read
from estimator.parse_choices import (
    FAMILIES,
    KINDS,
    LATENTS,
    MARKETS,
    METHODS,
    OPTIMIZERS,
    PRECISIONS,
    PREFER,
    RECOMPUTE,
    SEQ_MODES,
    VENDORS,
)

EXAMPLE = "finetune llama-3-8b lora samples=50k seq=512 epochs=3"
Value = float | int | str


class Unclear(ValueError):
    """What is not understood: one sentence, the field, the nearest thing that is, and a line that works."""

    def __init__(
        self, message: str, *, field: str = "", nearest: str = "", example: str = EXAMPLE, word: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.nearest = nearest
        self.example = example
        self.word = word  # what was not understood, as it was written


@dataclass(frozen=True, slots=True)
class Key:
    """A field of a workload: its reader and, for numbers, the bounds (low may be reached unless it is 0)."""

    name: str
    aliases: str
    reader: Callable[[str], float] | None  # None: a word or free text
    low: float = 0.0
    high: float = math.inf
    whole: bool = False
    choices: Mapping[str, str] | None = None
    words: str = ""  # beside the choices any text with one of these is taken as it is
    otherwise: str = ""  # of a line: what other text is taken for; "": it is refused
    example: str = ""


KEYS = (
    Key("kind", "task job what", None, choices=KINDS, example="kind=finetune"),
    Key("model", "model_name m", None, example="model=llama-3-8b"),
    Key("params", "parameters n_params model_size size", read.number, 1e3, 1e14, example="params=7B"),
    Key("active_params", "active", read.number, 1e3, 1e14, example="active=13B"),
    Key("layers", "n_layers num_layers depth", read.number, 1, 10_000, True, example="layers=32"),
    Key("hidden", "d_model width hidden_size n_embd", read.number, 1, 1e6, True, example="hidden=4096"),
    Key("heads", "n_heads num_heads attention_heads", read.number, 1, 10_000, True, example="heads=32"),
    Key("kv_heads", "n_kv_heads num_kv_heads", read.number, 1, 10_000, True, example="kv_heads=8"),
    Key("head_dim", "head_width", read.number, 1, 10_000, True, example="head_dim=128"),
    Key("ffn", "d_ff intermediate intermediate_size ffn_hidden mlp", read.number, 1, 1e7, True, example="ffn=11008"),
    Key("vocab", "vocabulary vocab_size", read.number, 1, 1e8, True, example="vocab=32000"),
    Key("experts", "num_experts n_experts", read.number, 1, 1e5, True, example="experts=8"),
    Key("experts_per_token", "topk top_k", read.number, 1, 1e5, True, example="topk=2"),
    Key("kv_rank", "kv_lora_rank", read.number, 1, 1e6, True, example="kv_rank=576"),
    Key("family", "architecture arch model_family", None, choices=FAMILIES, example="family=decoder"),
    Key("gflops_per_sample", "gflops", read.number, 0, 1e12, example="gflops=8.2"),
    Key("tokens", "n_tokens total_tokens train_tokens", read.number, 1, 1e18, example="tokens=2T"),
    Key("samples", "examples rows records images sentences n_samples", read.number, 1, 1e15, example="samples=50k"),
    Key("queries", "requests calls predictions", read.number, 1, 1e15, example="queries=1M"),
    Key("words", "", read.number, 1, 1e18, example="words=3.3B"),
    Key("steps", "iterations max_steps updates inference_steps", read.number, 1, 1e12, True, example="steps=1000"),
    Key("epochs", "epoch n_epochs num_epochs num_train_epochs passes", read.number, 0, 1e6, example="epochs=3"),
    Key(
        "seq_len",
        "seq sequence seqlen seq_length sequence_length max_length max_len context_length context ctx "
        "max_seq_length max_seq_len length block_size",
        read.tokens,
        1,
        1e8,
        True,
        example="seq=4096",
    ),
    Key(
        "seq_mode",
        "packing",
        None,
        choices=SEQ_MODES,
        words=r"pad|pack|trunc|max|dynamic|fixed|concat|constant",
        otherwise="samples counted as packed",
        example="seq_mode=packed",
    ),
    Key("dataset", "data data_set", None, example="dataset=alpaca"),
    Key(
        "sample_tokens",
        "tokens_per_sample real_tokens mean_tokens",
        read.tokens,
        1,
        1e8,
        example="tokens_per_sample=120",
    ),
    Key(
        "global_batch", "global_batch_size gbs effective_batch total_batch", read.number, 1, 1e9, True, example="gbs=64"
    ),
    Key(
        "micro_batch",
        "micro_batch_size mbs per_device_batch per_device_train_batch_size",
        read.number,
        1,
        1e9,
        True,
        example="micro_batch=4",
    ),
    Key("batch", "batch_size bs", read.number, 1, 1e9, True, example="batch=64"),
    Key("batch_tokens", "tokens_per_batch", read.number, 1, 1e12, True, example="batch_tokens=4M"),
    Key("method", "tuning peft", None, choices=METHODS, example="method=lora"),
    Key("lora_rank", "rank r lora_r", read.number, 1, 1e5, True, example="rank=16"),
    Key("precision", "dtype quantization quant torch_dtype", None, choices=PRECISIONS, example="precision=bf16"),
    Key(
        "recompute",
        "checkpointing activation_checkpointing gradient_checkpointing",
        None,
        choices=RECOMPUTE,
        example="recompute=full",
    ),
    Key("latents", "cache_latents precomputed_latents", None, choices=LATENTS, example="latents=cached"),
    Key("optimizer", "optim", None, choices=OPTIMIZERS, otherwise="counted as adamw", example="optimizer=adamw"),
    Key("framework", "stack runtime engine software backend library", None, example="framework=vllm"),
    Key("sharding", "zero fsdp", None, example="sharding=zero-3"),
    Key("tp", "tensor_parallel tensor_parallel_size", read.number, 1, 1e5, True, example="tp=8"),
    Key("pp", "pipeline_parallel pipeline_parallel_size", read.number, 1, 1e5, True, example="pp=4"),
    Key("cp", "context_parallel", read.number, 1, 1e5, True, example="cp=2"),
    Key("ep", "expert_parallel", read.number, 1, 1e5, True, example="ep=8"),
    Key("dp", "data_parallel replicas", read.number, 1, 1e6, True, example="dp=8"),
    Key("hardware", "on machine machines instance instance_type type hw", None, example="hardware=p4d.24xlarge"),
    Key("accelerator", "gpu chip card accelerator_type", None, example="gpu=A100-80"),
    Key("count", "n num", read.number, 1, 1e6, True, example="count=8"),
    Key("nodes", "num_nodes n_nodes instances", read.number, 1, 1e5, True, example="nodes=2"),
    Key("chips", "gpus num_gpus n_gpus accelerators cards devices", read.number, 1, 1e6, True, example="gpus=8"),
    Key("per_node", "gpus_per_node chips_per_node", read.number, 1, 1024, True, example="per_node=8"),
    Key("qps", "rps rate request_rate requests_per_second", read.number, 0, 1e9, example="qps=5"),
    Key("output_rate", "tokens_per_second tps tokens_per_s", read.number, 0, 1e12, example="tps=1000"),
    Key("input_tokens", "input in prompt prompt_tokens isl input_len", read.tokens, 1, 1e8, True, example="input=512"),
    Key(
        "output_tokens",
        "output out max_tokens max_new_tokens completion osl output_len generate",
        read.tokens,
        1,
        1e8,
        True,
        example="output=256",
    ),
    Key("concurrency", "concurrent users clients streams", read.number, 1, 1e9, True, example="concurrency=64"),
    Key("scenario", "mode", None, example="scenario=offline"),
    Key("max_ttft_ms", "ttft ttft_ms first_token", read.milliseconds, 0, 1e9, example="ttft=500ms"),
    Key("max_tpot_ms", "tpot tpot_ms itl", read.milliseconds, 0, 1e9, example="tpot=50ms"),
    Key("max_latency_ms", "latency latency_ms p99 p95", read.milliseconds, 0, 1e9, example="latency=2s"),
    Key("guidance", "guidance_scale cfg cfg_scale", None, example="guidance=7.5"),
    Key("resolution", "image_size pixels", None, example="resolution=1024x1024"),
    Key("service_hours", "duration run_for", read.hours, 0, 1e6, example="duration=30d"),
    Key("region", "aws_region", None, example="region=us-west-2"),
    Key("market", "purchase pricing price_model", None, choices=MARKETS, example="market=spot"),
    Key("deadline_hours", "deadline within max_hours time_limit", read.hours, 0, 1e7, example="deadline=24h"),
    Key("budget_usd", "budget max_cost max_usd cost under", read.dollars, 0, 1e13, example="budget=200"),
    Key("max_usd_per_hour", "usd_per_hour max_price", read.dollars, 0, 1e9, example="max_price=5"),
    Key("families", "instance_family instance_families", None, example="families=g5,g6"),
    Key("vendor", "maker chip_vendor", None, choices=VENDORS, example="vendor=nvidia"),
    Key("max_nodes", "max_instances max_machines", read.number, 1, 1e5, True, example="max_nodes=2"),
    Key("prefer", "objective goal optimize_for", None, choices=PREFER, example="prefer=cheapest"),
    Key("trials", "sweep n_trials", read.number, 1, 1e6, True, example="trials=20"),
    Key("parallel_trials", "at_a_time", read.number, 1, 1e6, True, example="parallel_trials=4"),
)
BY_NAME: Mapping[str, Key] = {key.name: key for key in KEYS}
BY_WORD: Mapping[str, Key] = {word: key for key in KEYS for word in (key.name, *key.aliases.split())}


def key_of(word: str) -> Key | None:
    """The key that *word* names, whatever its case, hyphens or underscores."""
    return BY_WORD.get(word.lower().replace("-", "_"))


MAIN_KEYS = "model=, samples=, tokens=, seq=, epochs=, method=, on=, qps=, input=, output=, deadline= and budget="


def unknown_key(word: str) -> Unclear:
    """What is said of a key that there is not."""
    close = nearest(word.lower().replace("-", "_"), BY_WORD)
    suggestion = BY_WORD[close].example if close else ""
    return Unclear(
        f"I do not know {word!r}; " + (f"the nearest is {close!r}." if close else f"{MAIN_KEYS} are some of the keys."),
        field=word,
        nearest=suggestion,
        word=word,
    )


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word that looks most like *word*; "" when none does."""
    close = difflib.get_close_matches(word[:60], known, n=1, cutoff=cutoff)
    return close[0] if close else ""


def value(key: Key, text: str) -> Value:
    """The value of *key* as written; Unclear names the field and what it could be."""
    if key.reader:
        return checked(key, key.reader(text), text)
    if key.choices is None:
        return text.strip()
    chosen = choice(key, text)
    if chosen is None:
        raise unknown_choice(key, text)
    return chosen


def choice(key: Key, text: str) -> str | None:
    """The choice of *key* that *text* names, whole or with one of its words ("BF16 mixed", "fp8 (e4m3)").

    "" stands for what is usual, None for what is not known.
    """
    choices = key.choices or {}
    plain = text.strip().lower()[:200]
    whole = re.sub(r"[\s_]+", "-", plain)
    exact = [choices[word] for word in (plain, whole, whole.replace("-", "_")) if word in choices]
    if exact:
        return exact[0]
    if key.words and re.search(key.words, plain):
        return text.strip()
    known = [choices[word] for word in re.findall(r"[a-z0-9_-]+", plain) if word in choices]
    return next((name for name in known if name), "" if known else None)


def unknown_choice(key: Key, text: str) -> Unclear:
    """What is said of a word that is none of the choices of *key*."""
    said, choices = text.strip()[:60], key.choices or {}
    near = nearest(said.lower().replace(" ", "-"), choices, 0.6)
    names = ", ".join(dict.fromkeys(name for name in choices.values() if name))
    nearest_name = choices[near] if near else ""
    return Unclear(
        f"{key.name} is one of {names}; I do not know {said!r}"
        + (f", the nearest is {nearest_name}." if nearest_name else "."),
        field=key.name,
        nearest=nearest_name,
        example=key.example,
        word=said,
    )


def checked(key: Key, size: float, text: str) -> float | int:
    """*size* when it is a number within the bounds of *key*; a whole one as an int."""
    said = text.strip()[:40]
    if math.isnan(size):
        raise Unclear(f"{key.name} must be a number, and {said!r} is none.", field=key.name, example=key.example)
    if size <= 0 or size < key.low:
        limit = f"at least {key.low:g}" if key.low else "more than 0"
        raise Unclear(f"{key.name} must be {limit}, not {said}.", field=key.name, example=key.example)
    if size > key.high:
        raise Unclear(
            f"{key.name} of {said} is more than can exist (at most {key.high:g}).", field=key.name, example=key.example
        )
    if key.whole and size != int(size):
        raise Unclear(f"{key.name} must be a whole number, not {said}.", field=key.name, example=key.example)
    return int(size) if key.whole else float(size)
