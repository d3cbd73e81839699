"""Unknown models are looked up on the Hugging Face hub, once, and what it does not tell is said."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hub_fakes import COMMIT, LocalHub, safetensors

from bot.__main__ import main
from bot.hub import Hub, HubError, understood
from bot.hub_model import model_of
from data import load
from estimator.answer import answer
from estimator.parse import Unclear
from estimator.workload import FineTuning, Pipeline

DAY = date(2026, 11, 23)
CATALOG = load()
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}
MIXTURE = {
    **LLAMA,
    "architectures": ["MixtralForCausalLM"],
    "vocab_size": 32000,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
}
WORDS = "finetune Acme/Foo-LM lora samples=50k seq=512 on g5.xlarge"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    served = LocalHub()
    served.files["Acme/Foo-LM/config.json"] = json.dumps(LLAMA).encode()
    served.files["Acme/Foo-LM/model.safetensors"] = safetensors({"w": ("BF16", [8_000_000_000], 16_000_000_000)})
    monkeypatch.setenv("HF_ENDPOINT", served.address)
    yield served
    served.stop()


@pytest.fixture
def asked(hub: LocalHub, tmp_path: Path) -> Hub:
    return Hub(tmp_path, DAY, endpoint=hub.address)


def made(config: dict[str, Any], counts: dict[str, int] | None = None) -> Any:
    return model_of("acme/x", config, counts or {}, read=DAY)


def test_a_model_is_read_from_its_config_and_the_head_of_its_weights(asked: Hub) -> None:
    model = asked.model("Acme/Foo-LM")
    assert (model.params, model.layers, model.hidden, model.kv_heads, model.ffn) == (8e9, 32, 4096, 8, 14336)
    assert (model.family, model.active_params, model.tied) == ("decoder", None, False)
    assert model.as_of == DAY
    assert COMMIT[:10] in model.source


def test_the_words_are_answered_with_the_model_of_the_hub(asked: Hub) -> None:
    work, catalog = understood(WORDS, CATALOG, asked)
    assert isinstance(work, FineTuning)
    assert work.model.name == "Acme/Foo-LM"
    found = answer(work, catalog, DAY)
    assert found.best
    assert found.best.hours
    assert "Acme/Foo-LM" in found.headline
    assert "Acme/Foo-LM" not in CATALOG.models


def test_what_was_told_is_kept_for_a_month_and_longer_where_the_hub_is_silent(hub: LocalHub, asked: Hub) -> None:
    first = asked.model("Acme/Foo-LM")
    hub.asked.clear()
    assert asked.model("Acme/Foo-LM") == first
    assert hub.asked == []
    later = replace(asked, today=date(2027, 2, 1))
    assert later.model("Acme/Foo-LM").as_of == date(2027, 2, 1)
    hub.stop()
    assert replace(asked, today=date(2027, 9, 1)).model("Acme/Foo-LM").as_of == date(2027, 2, 1)


def test_a_model_in_several_files_is_counted_by_its_index(hub: LocalHub, asked: Hub) -> None:
    name = "acme/big-lm"
    hub.files[f"{name}/config.json"] = json.dumps(LLAMA).encode()
    shards = {"a": "model-00001.safetensors", "b": "model-00002.safetensors"}
    index = {"metadata": {"total_size": 140_000_000_000}, "weight_map": shards}
    hub.files[f"{name}/model.safetensors.index.json"] = json.dumps(index).encode()
    hub.files[f"{name}/model-00001.safetensors"] = safetensors({"a": ("BF16", [1000], 2000), "n": ("F32", [1], 4)})
    assert asked.model(name).params == pytest.approx(70e9, rel=0.01)


def test_without_safetensors_the_weights_are_counted_from_the_shape(hub: LocalHub, asked: Hub) -> None:
    hub.files["acme/old-lm/config.json"] = json.dumps(LLAMA).encode()
    model = asked.model("acme/old-lm")
    assert model.params == pytest.approx(8.03e9, rel=0.01)
    assert "shape" in model.note


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((403, "GatedRepo"), "it is gated"),
        ((404, "RepoNotFound"), "no model of that name"),
        ((500, ""), "cannot be reached"),
        ((404, "EntryNotFound"), "no config.json"),
    ],
)
def test_a_refusal_is_said_in_words_with_the_way_out(
    hub: LocalHub, asked: Hub, refusal: tuple[int, str], words: str
) -> None:
    hub.refused["Acme/Foo-LM"] = refusal
    with pytest.raises(Unclear) as raised:
        understood(WORDS, CATALOG, asked)
    assert words in raised.value.message
    assert "params=7B" in raised.value.message
    assert raised.value.field == "model"


def test_a_hub_that_is_away_or_switched_off_is_said_so(hub: LocalHub, asked: Hub) -> None:
    with pytest.raises(HubError, match="not asked"):
        replace(asked, closed="the Hugging Face hub is not asked").model("Acme/Foo-LM")
    hub.stop()
    with pytest.raises(HubError, match="cannot be reached"):
        asked.model("Acme/Foo-LM")


def test_without_the_extra_the_answer_says_what_to_install(asked: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(HubError, match=r"pip install 'mlbot\[hub\]'"):
        asked.model("acme/other-lm")


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'{"hidden_size": "wide"}', b'{"hidden_size": -1}', b"{}"])
def test_a_config_that_says_no_shape_is_refused_in_words(hub: LocalHub, asked: Hub, body: bytes) -> None:
    hub.files["Acme/Foo-LM/config.json"] = body
    with pytest.raises(HubError):
        asked.model("Acme/Foo-LM")


def test_a_mixture_tells_its_experts_and_what_a_token_uses() -> None:
    model = made(MIXTURE, {"BF16": 46_702_792_704})
    assert (model.experts, model.experts_per_token) == (8, 2)
    assert model.active_params == pytest.approx(12.9e9, rel=0.01)


@pytest.mark.parametrize(
    ("config", "family", "layers"),
    [
        (
            {"architectures": ["BertForMaskedLM"], "hidden_size": 768, "num_hidden_layers": 12, "vocab_size": 30522},
            "encoder",
            12,
        ),
        ({"architectures": ["GPT2LMHeadModel"], "n_embd": 768, "n_layer": 12, "n_head": 12}, "decoder", 12),
        (
            {"is_encoder_decoder": True, "model_type": "t5", "d_model": 512, "num_layers": 6, "num_decoder_layers": 6},
            "encoder-decoder",
            12,
        ),
        ({"architectures": ["Gemma3ForConditionalGeneration"], "text_config": LLAMA}, "decoder", 32),
        ({"architectures": ["ViTForImageClassification"], "hidden_size": 768, "num_hidden_layers": 12}, "vision", 12),
    ],
)
def test_architectures_are_told_apart(config: dict[str, Any], family: str, layers: int) -> None:
    model = made(config, {"F32": 10**8})
    assert (model.family, model.layers, model.params) == (family, layers, 1e8)


def test_packed_weights_are_counted_from_the_shape() -> None:
    packed = made({**LLAMA, "quantization_config": {"bits": 4}}, {"I32": 10**9, "F16": 10**9})
    assert packed.params == pytest.approx(8.03e9, rel=0.01)


def test_latent_attention_counts_its_rotary_part() -> None:
    assert made({**LLAMA, "kv_lora_rank": 512, "qk_rope_head_dim": 64}, {"BF16": 10**9}).kv_rank == 576


def test_the_terminal_asks_the_hub_and_a_batch_only_when_told(
    hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLBOT_HUB", "true")
    monkeypatch.setenv("MLBOT_HUB_CACHE", str(tmp_path / "hub"))
    assert main(["estimate", WORDS]) == 0
    assert "Fine-tune Acme/Foo-LM" in capsys.readouterr().out
    line = {"id": 1, "kind": "finetune", "model": "Acme/Foo-LM", "samples": 1000, "method": "lora"}
    lines = tmp_path / "lines.jsonl"
    lines.write_text("\n".join(json.dumps({**line, "model": name}) for name in ("Acme/Foo-LM", "acme/none-lm")))
    hub.asked.clear()
    assert main(["estimate", "--batch", str(lines)]) == 0
    alone = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [one["ok"] for one in alone] == [False, False]
    assert hub.asked == []
    assert main(["estimate", "--batch", str(lines), "--hub"]) == 0
    told = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [one["ok"] for one in told] == [True, False]
    assert "no model of that name" in told[1]["error"]["message"]
    assert told[1]["id"] == 1


def test_the_first_word_is_none_of_the_model_s_name(asked: Hub) -> None:
    work, _ = understood("infer mistralai/Mistral-7B-Instruct-v0.3 on g5.xlarge", CATALOG, asked)
    assert not isinstance(work, Pipeline)
    assert work.model.name == "mistral-7b-v0.3"
