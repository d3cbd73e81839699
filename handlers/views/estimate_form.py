"""The form of /ml-estimate, and its values as the words that the parser reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data import Catalog, UnknownName
from estimator.answer import Answer
from estimator.parse import Unclear, parse
from estimator.parse_names import is_hub_name
from handlers.views.blocks import OPTIONS, cut, option, section
from handlers.views.forms import live, modal, search, select, text_input
from handlers.views.message import Block, plain

KINDS = (("Fine-tune a model", "finetune"), ("Train from scratch", "train"), ("Serve (inference)", "infer"))
METHODS = (("LoRA", "lora"), ("QLoRA (4-bit base)", "qlora"), ("All weights", "full"))
PICK_MODEL = "pick_model"
ANY = "any"
AMOUNTS = {
    "finetune": ("How much data", "50k samples of 512 tokens for 3 epochs"),
    "train": ("How many tokens", "tokens=2T seq=4096"),
    "infer": ("How much load", "qps=5 input=512 output=256"),
}
MARKETS = (("Any", ANY), ("On-demand", "on-demand"), ("Spot", "spot"))
FIRST = "Choose a model, and what it takes and costs stands here."


def form(given: Mapping[str, str], *, regions: Sequence[str], channel: str, says: str = FIRST) -> Block:
    """What, which model, how much: fields by the kind of job, everything else in words; *says* is the live answer."""
    kind = given.get("kind") or "finetune"
    places = [(region, region) for region in regions]
    label, example = AMOUNTS[kind]
    model = given.get("model", "")
    chosen = option(model, model) if model else None
    blocks = [
        live(select("kind", "What", KINDS, value=kind)),
        live(search("model", "Model", PICK_MODEL, chosen=chosen, placeholder="llama-3-8b, mistral-7b, bert-base ...")),
        live(text_input("amount", label, value=given.get("amount", ""), optional=True, placeholder=example)),
    ]
    if kind == "finetune":
        blocks.append(live(select("method", "Method", METHODS, value=given.get("method") or "lora")))
    blocks += [
        live(select("region", "Region", places, value=given.get("region") or (places[0][1] if places else ""))),
        live(select("market", "Market", MARKETS, value=given.get("market") or ANY)),
        live(_more(given)),
        section(says, block_id="cost"),
    ]
    return modal("Estimate a job", "estimate", blocks, submit="Estimate", state={"channel": channel})


def _more(given: Mapping[str, str]) -> Block:
    example = "under $200 within 24h; on 8 x p4d.24xlarge"
    return text_input("more", "Anything else", value=given.get("more", ""), optional=True, placeholder=example)


def words(given: Mapping[str, str]) -> str:
    """The form as one line of words."""
    kind = given.get("kind") or "finetune"
    method = f"with {given.get('method') or 'lora'}" if kind == "finetune" else ""
    region = f"region={given['region']}" if given.get("region") else ""
    market = f"market={given['market']}" if given.get("market", ANY) not in ("", ANY) else ""
    found = (kind, given.get("model", ""), method, given.get("amount", ""), given.get("more", ""), market, region)
    return " ".join(word for word in found if word)


def problems(given: Mapping[str, str], catalog: Catalog) -> dict[str, str]:
    """What is wrong, by field; empty when it can be estimated."""
    try:
        parse(words(given), catalog)
    except Unclear as error:
        if error.field == "model" and is_hub_name(error.word):
            return {}  # looked up after the ack
        text = plain(error.message) + _nearest(error)
        return {_field(error.field): text}
    return {}


def _nearest(error: Unclear) -> str:
    return f" Did you mean {plain(error.nearest)}?" if error.nearest and error.nearest not in error.message else ""


def says(found: Answer) -> str:
    """The live answer: the point, and what it stands on."""
    return f"*{cut(plain(found.headline), 600)}*\n_Press Estimate for the choices, the assumptions and the sources._"


def unclear(found: Mapping[str, str]) -> str:
    """What cannot be understood yet."""
    return "\n".join(f"⚠ {why}" for why in found.values())


def models(catalog: Catalog, query: str) -> list[Block]:
    """Models of the catalog that fit the letters typed so far; what it does not have may be taken as it is written."""
    typed = query.strip()
    words = typed.lower().replace("_", "-").split()
    names = [name for name in catalog.models if all(word in name.lower() for word in words)]
    try:
        known = catalog.model(typed).name if typed else ""
    except UnknownName as unknown:
        known = ""
        names += [name for name in unknown.nearest if name not in names]
    as_written = [typed] if typed and not known and typed not in names else []
    found = dict.fromkeys([*([known] if known else []), *names[: OPTIONS - 1], *as_written])
    return [option(name if name in catalog.models else f"{name} (as written)", name) for name in found][:OPTIONS]


def _field(named: str) -> str:
    if named == "model":
        return "model"
    return "amount" if named in ("tokens", "samples", "epochs", "qps", "seq_len", "seq", "input", "output") else "more"
