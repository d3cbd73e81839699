"""Names are found by what people call things, and what is not there is never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import UnknownName, load

CATALOG = load()
SEPARATORS = st.sampled_from([" ", "-", "_", "  "])


@given(st.sampled_from(sorted(CATALOG.models)), SEPARATORS, st.booleans(), st.sampled_from(["", "org/", "Some-Org/"]))
def test_a_model_is_found_with_any_separator_case_and_organisation(
    name: str, separator: str, upper: bool, organisation: str
) -> None:
    written = organisation + name.replace("-", separator)
    assert CATALOG.model(written.upper() if upper else written).name == name


@given(
    st.sampled_from(sorted(CATALOG.models)), st.sampled_from(["-Instruct", "-hf", "-chat-hf", "-it", "-AWQ", "-GGUF"])
)
def test_a_fine_tune_of_a_model_has_its_shape(name: str, suffix: str) -> None:
    assert CATALOG.model(name + suffix).name == name


@pytest.mark.parametrize("one", CATALOG.models.values(), ids=lambda one: one.name)
def test_every_alias_finds_its_own_model(one: object) -> None:
    assert {CATALOG.model(alias).name for alias in (one.name, *one.aliases)} == {one.name}


@given(st.sampled_from(sorted(CATALOG.instances)), st.sampled_from([".", " ", "-", "_"]), st.booleans())
def test_an_instance_type_is_found_however_its_parts_are_joined(name: str, joint: str, upper: bool) -> None:
    written = name.replace(".", joint)
    assert CATALOG.instance(written.upper() if upper else written).name == name
    assert CATALOG.instance("ml." + name).name == name


@given(st.sampled_from(sorted(CATALOG.chips)), st.sampled_from([" ", "-", "_"]), st.sampled_from(["", " GPU", " chip"]))
def test_a_chip_is_found_with_any_separator_and_the_word_chip(name: str, separator: str, word: str) -> None:
    assert CATALOG.chip(name.replace("-", separator).lower() + word).name == name


@pytest.mark.parametrize("find", [CATALOG.chip, CATALOG.instance, CATALOG.model], ids=["chip", "instance", "model"])
@given(text=st.text(max_size=60))
def test_any_text_is_found_or_refused_with_names_that_exist(find: Callable[[str], object], text: str) -> None:
    refused = refusal(find, text)
    if refused is not None:
        assert all(find(name).name == name for name in refused.nearest)
        assert refused.name == text


def refusal(find: Callable[[str], object], text: str) -> UnknownName | None:
    try:
        find(text)
    except UnknownName as unknown:
        return unknown
    return None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("h100", "H100-SXM"),
        ("H100-SXM", "H100-SXM"),
        ("NVIDIA H100 80GB HBM3", "H100-SXM"),
        ("a100 80gb", "A100-80"),
        ("A100-SXM4-40GB", "A100-40"),
        ("trn1 chip", "Trainium1"),
        ("rtx4090", "RTX-4090"),
        ("tpu v5e", "TPU-v5e"),
        ("Tesla T4", "T4"),
        ("t4g", "T4G"),
    ],
)
def test_chips_by_what_people_write(written: str, name: str) -> None:
    assert CATALOG.chip(written).name == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("llama3-8b", "llama-3-8b"),
        ("meta-llama/Meta-Llama-3-8B", "llama-3-8b"),
        ("llama 3 8 B", "llama-3-8b"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama-3.3-70b"),
        ("bert", "bert-base"),
        ("bert-base-uncased", "bert-base"),
        ("sd1.5", "stable-diffusion-1.5"),
        ("gpt3", "gpt-3-175b"),
        ("mixtral", "mixtral-8x7b"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "qwen2.5-7b"),
        ("ViT-B/16", "vit-b-16"),
        ("Qwen3_235B_a22B", "qwen3-235b-a22b"),
    ],
)
def test_models_by_what_people_write(written: str, name: str) -> None:
    assert CATALOG.model(written).name == name


@pytest.mark.parametrize("written", ["llama-38b", "llama", "gpt-4", "llama-70b", "", "/", "-"])
def test_a_name_that_could_be_several_or_none_is_not_guessed(written: str) -> None:
    with pytest.raises(UnknownName):
        CATALOG.model(written)


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("bert-large SQuAD (99%)", "bert-large"),
        ("SDXL 1024x1024 20 steps", "sdxl"),
        ("Llama-3.1-8B pre-training", "llama-3.1-8b"),
        ("GPT3-46B pre-training", None),  # a size that is not the model's
        ("BLOOM-proto-176B", None),
        ("something else", None),
    ],
)
def test_a_model_is_found_inside_a_phrase(phrase: str, name: str | None) -> None:
    found = CATALOG.model_within(phrase)
    assert (found.name if found else None) == name


def test_an_unknown_name_is_told_in_one_sentence_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        CATALOG.instance("p5.49xlarge")
    assert "p5.48xlarge" in caught.value.nearest
    assert str(caught.value).startswith("no instance type is called 'p5.49xlarge'; the nearest is ")
    assert isinstance(caught.value, KeyError)


def test_a_family_alone_brings_its_sizes() -> None:
    with pytest.raises(UnknownName) as caught:
        CATALOG.instance("p5")
    assert caught.value.nearest[:2] == ("p5.48xlarge", "p5.4xlarge")
