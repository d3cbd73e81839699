"""Words in, a workload out: key=value in any order, plain English, or both mixed."""

from __future__ import annotations

import re
import unicodedata

from data import Catalog
from estimator import parse_machines as machines
from estimator import parse_names as names
from estimator.asked import Asked, workload
from estimator.parse_actions import settle_shares
from estimator.parse_choices import HARMLESS
from estimator.parse_datasets import dataset_named, settle_datasets, take_datasets
from estimator.parse_filler import FILLER, HINT_OF
from estimator.parse_keys import BY_NAME, Key, Unclear, choice, key_of, unknown_key, value
from estimator.parse_left import has_model, take_left
from estimator.parse_phrases import take_phrases
from estimator.parse_refused import refuse_known
from estimator.parse_retired import take_retired
from estimator.parse_text import SIZE, Found, Text
from estimator.parse_words import take_words
from estimator.units import count
from estimator.workload import Pipeline, Workload

__all__ = ["LONGEST", "Unclear", "parse"]

LONGEST = 2_000  # characters
_PAIR = re.compile(
    r"(?<![^\s,;(|])(?P<key>[a-z][\w-]{0,40}) ?(?P<sign>[=:<])=? ?"
    r"(?P<value>\"[^\"]*\"|'[^']*'|(?:(?!,[a-z_]{1,40}=)[^\s;|\"])+)"
    r"(?P<unit> (?:thousand|million|billion|trillion|[kmbt]|hours?|hrs?|h|days?|d|weeks?|minutes?|min|ms|s|seconds?|"
    r"usd|"
    r"dollars?|tokens?)(?![\w=:.-]))?"
)
_OTHER_SIDE = re.compile(r" ?(?:x|by) ?(\d{2,6})\b")
_FLAG = re.compile(r"(?<!\S)--([A-Za-z][\w-]{0,40})(?: +|=)(?=[^\s-])")
_BARE_NUMBER = re.compile(r"[$\d.,_]+")


def parse(words: str, catalog: Catalog, *, region: str = "us-east-1") -> Workload | Pipeline:
    """What *words* ask for; Unclear says in one sentence what was not understood. *region* holds when none is named."""
    if len(words) > LONGEST:
        raise Unclear(f"That is {len(words):,} characters; up to {LONGEST:,} are read.", field="words")
    text, found = Text(_FLAG.sub(_pair_of_flag, unicodedata.normalize("NFKC", words))), Found()
    if not re.search(r"\w", text.now):
        raise Unclear("Say what to estimate.", field="kind")
    refuse_known(text)
    _take_pairs(text, found, catalog)
    take_retired(text, found)
    sets = [*found.datasets, *take_datasets(text, catalog)]
    names.take_model(text, found, catalog, plain=False)
    names.take_unknown_hub_name(text, catalog)
    machines.take_machines(text, found, catalog)
    machines.take_cards_by_memory(text, found, catalog)
    names.take_region(text, found, catalog)
    take_words(text, found)
    text.number()
    take_phrases(text, found)
    names.take_model(text, found, catalog, plain=True)
    _size_of_model(text, found)
    if not has_model(found):
        names.take_rare_model(text, found, catalog)
    settle_shares(found)
    _tokens_by_weights(found, catalog)
    machines.settle_machines(found, catalog)
    settle_datasets(sets, found)
    take_left(text, found, catalog)
    kind = _kind(found, catalog)
    if kind == "infer" and "of each sample" in found.hints and "output_tokens" in found.values:
        found.values.setdefault("input_tokens", found.values.pop("seq_len"))
    asked = Asked(
        values=found.values,
        kind=kind,
        families=tuple(found.families),
        markets=tuple(found.markets),
        region=region,
        notes=found.notes,
    )
    return workload(asked, catalog)


# -- key=value


def _pair_of_flag(match: re.Match[str]) -> str:
    """--seq 512 as seq=512."""
    return f"{match[1]}=" if key_of(match[1]) else match[0]


def _take_pairs(text: Text, found: Found, catalog: Catalog) -> None:
    at = 0
    while match := _PAIR.search(text.now, at):
        key = key_of(match["key"])
        if key is None and match["sign"] != "=":
            at = match.end("key")
            continue
        if key is None and match["key"].replace("-", "_") in HARMLESS:
            found.note(f"{match['key']} changes neither time nor cost; not counted")
            text.take(match.start(), match.end())
            at = match.start()
            continue
        if key is None:
            raise unknown_key(match["key"])
        if match["sign"] == ":" and key.choices is not None and choice(key, match["value"]) is None:
            at = match.end("key")  # "nightly job: score ..." is no pair
            continue
        end = _pair(key, match, text, found, catalog)
        text.take(match.start(), end)
        at = match.start()


def _pair(key: Key, match: re.Match[str], text: Text, found: Found, catalog: Catalog) -> int:
    """Remember one pair; returns where it ends."""
    said, end = match["value"].strip("\"'").rstrip(",;"), match.end("value")
    if match["unit"] and _BARE_NUMBER.fullmatch(said):
        said, end = said + match["unit"], match.end("unit")
    if key.reader and key.name not in ("seq_len", "input_tokens", "output_tokens"):
        said = re.sub(r" ?tokens?$", "", said)
    if key.name == "resolution" and (side := _OTHER_SIDE.match(text.now, end)):
        said, end = f"{said}x{side[1]}", side.end()
    if key.name == "model":
        end = _model_pair(said, end, text, found, catalog)
    elif key.name in ("hardware", "accelerator", "families"):
        _machine_pair(key, said, found, catalog)
    elif key.name == "region":
        found.put("region", names.region(said, catalog.regions))
    elif key.name == "dataset":
        found.datasets.append(dataset_named(said, catalog))
    elif key.name == "kind":
        found.kinds.add(str(value(key, said)))
    elif key.name == "market":
        markets = [str(value(key, one)) for one in said.split(",") if one.strip()]
        found.markets.extend(market for market in markets if market)
    elif meant := value(key, said):
        found.put(key.name, meant)
    else:
        found.note(f"{key.name} {said!r}: the usual one is taken")
    return end


def _model_pair(said: str, end: int, text: Text, found: Found, catalog: Catalog) -> int:
    """model=llama 3 8b may go on over the next words."""
    rest = text.now[end : end + 60].split(" | ")[0]
    more = rest.split(" ")[1:5] if rest.startswith(" ") else []
    for size in range(len(more), -1, -1):
        phrase = " ".join([said, *more[:size]])
        name = names.model_name(phrase, catalog)
        if name and not (size and machines.chip_name(more[size - 1], catalog)):
            found.put("model", name)
            return end + len(phrase) - len(said)
    raise names.unknown_model(said, catalog)


def _machine_pair(key: Key, said: str, found: Found, catalog: Catalog) -> None:
    inner = Text(said)
    machines.take_machines(inner, found, catalog)
    left = [word for word in inner.words() if word.text not in ("and", "or", "gpu", "gpus")]
    if not left:
        return
    if key.name == "accelerator" and re.fullmatch(r"\d{1,6}", left[0].text):
        found.number("chips", int(left[0].text), said)
        return
    raise machines.unknown_machine(said, catalog)


# -- what is left


def _tokens_by_weights(found: Found, catalog: Catalog) -> None:
    """20 tokens for each weight of the model, as in Chinchilla."""
    ratio = found.shares.get("weight")
    if ratio is None or not has_model(found):
        return
    named = catalog.models.get(str(found.values.get("model", "")))
    weights = float(found.values.get("params") or (named.params if named else 0.0))
    if weights:
        found.number("tokens", ratio * weights, f"{ratio:g} tokens a weight")
        found.note(f"{ratio:g} tokens for each of {count(weights)} weights")


def _size_of_model(text: Text, found: Found) -> None:
    """A lone 7B is the size of a model when none is named."""
    if "model" in found.values or "params" in found.values:
        return
    sizes = [match for match in SIZE.finditer(text.now) if _magnitude(match, text) in ("b", "bn", "billion", "t")]
    if len(sizes) == 1 and _stands_alone(sizes[0].start(), text):
        numeral = text.numbers[int(sizes[0][1])]
        found.put("params", value(BY_NAME["params"], numeral.written))
        text.take(*sizes[0].span())


def _stands_alone(start: int, text: Text) -> bool:
    """Whether no unknown name stands before: the 8b of "lama 3 8b" is not a size alone."""
    before = text.now[:start].rstrip(" ,;:(").rpartition(" ")[2]
    return before in ("", "|") or before in FILLER or before in HINT_OF


def _magnitude(match: re.Match[str], text: Text) -> str | None:
    return text.numbers[int(match[1])].magnitude


# -- the kind


def _kind(found: Found, catalog: Catalog) -> str:
    said = found.kinds
    if "pipeline" in said or ("infer" in said and {"train", "finetune"} & said):
        if "finetune" in said:
            found.values["kind"] = "finetune"
        return "pipeline"
    for kind in ("finetune", "train", "infer"):
        if kind in said:
            return "finetune" if kind == "train" and "method" in found.values else kind
    return _guessed(found, catalog)


def _guessed(found: Found, catalog: Catalog) -> str:
    """The kind that the values speak of when no verb does."""
    values, hints = found.values, found.hints
    if "method" in values or "lora_rank" in values or "finetune" in hints:
        return "finetune"
    if {"qps", "queries", "concurrency", "output_tokens", "max_ttft_ms", "max_tpot_ms", "max_latency_ms"} & set(values):
        return "infer"
    if {"guidance", "resolution"} & set(values) or "infer" in hints:
        named = catalog.models.get(str(values.get("model")))
        if named is not None and named.family == "diffusion" and not {"epochs", "global_batch"} & set(values):
            return "infer"
    if "infer" in hints and not {"epochs", "steps", "global_batch", "micro_batch"} & set(values):
        return "infer"
    if {"epochs", "tokens", "steps", "global_batch", "micro_batch", "words"} & set(values):
        found.note("no verb: read as training")
        return "train"
    if "infer" in hints and not {"epochs", "tokens", "steps", "global_batch"} & set(values):
        return "infer"
    if "train" in hints or "infer" in hints:
        return "train" if "train" in hints else "infer"
    if "weak" in hints or "batch" in values:
        found.note("no verb: read as serving; say train or finetune for those")
        return "infer"
    raise Unclear(
        "Shall it be trained, fine-tuned or served? Begin with train, finetune or infer.",
        field="kind",
        nearest="",
        example="infer llama-3-8b qps=5 input=512 output=256",
    )
