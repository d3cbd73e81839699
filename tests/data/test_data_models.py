"""The models' figures agree with their shapes."""

from __future__ import annotations

import pytest

from data import Model, load

CATALOG = load()
MODELS = list(CATALOG.models.values())
NOT_PLAIN = ("llama-4", "gpt-oss", "llava", "opt-350m")  # shared experts, biases, a picture, narrow embeddings
DECODERS = [
    one for one in MODELS if one.family == "decoder" and one.kv_rank is None and not one.name.startswith(NOT_PLAIN)
]


def weights(one: Model, matrices: int) -> float:
    """Weights of a plain decoder whose feed-forward has 2 matrices, or 3 with a gate; norms and biases left out."""
    attention = 2 * one.hidden * one.head_dim * (one.heads + one.kv_heads)
    experts = one.experts or 1
    feed_forward = matrices * one.hidden * one.ffn * experts + (one.hidden * experts if one.experts else 0)
    return one.layers * (attention + feed_forward) + one.vocab * one.hidden * (1 if one.tied else 2)


@pytest.mark.parametrize("one", DECODERS, ids=lambda one: one.name)
def test_parameters_are_within_five_percent_of_the_shape(one: Model) -> None:
    closest = min((weights(one, matrices) / one.params for matrices in (2, 3)), key=lambda ratio: abs(ratio - 1))
    tolerance = (
        0.08 if one.name in ("gopher-280b", "chinchilla-70b") else 0.05
    )  # relative positions, as their notes say
    assert closest == pytest.approx(1, abs=tolerance)


@pytest.mark.parametrize("one", [one for one in MODELS if one.experts], ids=lambda one: one.name)
def test_a_mixture_uses_fewer_weights_than_it_has(one: Model) -> None:
    assert one.experts_per_token < one.experts
    assert one.active_params < one.params
    routed = one.layers * 3 * one.hidden * one.ffn * one.experts
    assert routed == pytest.approx(one.params, rel=0.15) or "second layer" in one.note


@pytest.mark.parametrize("one", MODELS, ids=lambda one: one.name)
def test_a_shape_is_whole(one: Model) -> None:
    if one.heads and one.kv_heads:
        assert one.heads % one.kv_heads == 0
    if one.family in ("decoder", "encoder", "encoder-decoder"):
        known = (one.layers, one.hidden, one.heads, one.kv_heads, one.head_dim, one.ffn, one.vocab, one.context)
        assert None not in known
        assert one.gflops_per_sample is None
    else:
        assert one.gflops_per_sample is not None
        assert one.note, "the note says what a sample is"
    assert (one.experts is None) == (one.experts_per_token is None)


@pytest.mark.parametrize("one", [one for one in MODELS if one.family == "encoder"], ids=lambda one: one.name)
def test_an_encoder_counts_its_layers_and_embeddings(one: Model) -> None:
    matrices = 3 if one.name.startswith("modernbert") else 2
    layers = one.layers * (4 * one.hidden**2 + matrices * one.hidden * one.ffn)
    positions = 0 if one.name.startswith("modernbert") else one.context * one.hidden
    assert layers + one.vocab * one.hidden + positions == pytest.approx(one.params, rel=0.05)


def test_about_eighty_models_and_more_are_named_in_every_family() -> None:
    families = {family: sum(one.family == family for one in MODELS) for family in {one.family for one in MODELS}}
    assert sum(families.values()) >= 80
    assert set(families) == {"decoder", "encoder", "encoder-decoder", "vision", "diffusion", "audio"}


def test_multi_head_latent_attention_holds_576_values() -> None:
    assert CATALOG.model("deepseek-v3").kv_rank == 576
    assert CATALOG.model("llama-3-8b").kv_rank is None


@pytest.mark.parametrize(
    ("name", "billions"),
    [("llama-2-7b", 6.74), ("llama-3-70b", 70.6), ("gpt3", 174.6), ("bert-large", 0.335), ("mixtral", 46.7)],
)
def test_well_known_sizes(name: str, billions: float) -> None:
    assert CATALOG.model(name).params / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize(
    ("name", "gflops"), [("resnet50", 8.2), ("vit-b/16", 35.1), ("sd1.5", 803), ("whisper-small", 420)]
)
def test_work_counts_multiply_and_add_as_two(name: str, gflops: float) -> None:
    assert CATALOG.model(name).gflops_per_sample == pytest.approx(gflops, rel=0.01)
