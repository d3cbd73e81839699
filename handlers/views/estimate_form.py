"""The form of /ml-estimate, and its values as the words that the parser reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data import Catalog
from estimator.parse import Unclear, parse
from estimator.parse_names import is_hub_name
from handlers.views.forms import modal, select, text_input
from handlers.views.message import Block, plain

KINDS = (("Fine-tune a model", "finetune"), ("Train from scratch", "train"), ("Serve (inference)", "infer"))
METHODS = (("LoRA", "lora"), ("QLoRA (4-bit base)", "qlora"), ("All weights", "full"))


def form(regions: Sequence[str], state: Mapping[str, str]) -> Block:
    """What, which model, how much; everything else may be said in words."""
    places = [(region, region) for region in regions]
    blocks = [
        select("kind", "What", KINDS, value="finetune"),
        text_input("model", "Model", placeholder="llama-3-8b, mistral-7b, bert-base, resnet-50 ...", max_length=100),
        text_input("amount", "How much", optional=True, placeholder="50k samples of 512 tokens for 3 epochs; qps=5"),
        select("method", "Method (fine-tuning)", METHODS, value="lora"),
        select("region", "Region", places, value=places[0][1] if places else ""),
        text_input("more", "Anything else", optional=True, placeholder="under $200 within 24h; on 8 x p4d.24xlarge"),
    ]
    return modal("Estimate a job", "estimate", blocks, submit="Estimate", state=state)


def words(given: Mapping[str, str]) -> str:
    """The form as one line of words."""
    kind = given.get("kind") or "finetune"
    method = f"with {given.get('method') or 'lora'}" if kind == "finetune" else ""
    region = f"region={given['region']}" if given.get("region") else ""
    found = (kind, given.get("model", ""), method, given.get("amount", ""), given.get("more", ""), region)
    return " ".join(word for word in found if word)


def problems(given: Mapping[str, str], catalog: Catalog) -> dict[str, str]:
    """What is wrong, by field; empty when it can be estimated."""
    try:
        parse(words(given), catalog)
    except Unclear as error:
        if error.field == "model" and is_hub_name(error.word):
            return {}  # looked up after the ack
        text = plain(error.message) + (f" Did you mean {plain(error.nearest)}?" if error.nearest else "")
        return {_field(error.field): text}
    return {}


def _field(named: str) -> str:
    if named == "model":
        return "model"
    return "amount" if named in ("tokens", "samples", "epochs", "qps", "seq_len", "seq", "input", "output") else "more"
