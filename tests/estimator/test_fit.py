"""How a training is laid over chips: what was told is kept, what was not is chosen so that it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import load
from estimator.asked_model import spec_of
from estimator.compute import shape
from estimator.fit import Layout, Room, lay_out, said
from estimator.memory import Job, Split, training_parts, weights_held
from estimator.mend import Limit, advice, cards_of, longest
from estimator.split import Told, told
from estimator.workload import Parallel

CATALOG = load()
CARDS = cards_of("NVIDIA", CATALOG)
JOB = Job(
    method="full",
    precision="bf16",
    seq_len=2048,
    optimizer="adamw",
    stack="unnamed",
    lora_rank=16,
    flash=True,
    fixed_gb=1.5,
    slack=0.02,
)
A100 = Room(count=8, per_node=8, usable_gb=83.3, micro_batch=None, global_batch=None, recompute=None)


def laid(name: str, job: Job = JOB, room: Room = A100, asked: Told | None = None) -> Layout:
    return lay_out(shape(spec_of(CATALOG.model(name))), job, room, asked or Told())


@pytest.mark.parametrize(
    ("text", "ranks", "stage"),
    [
        ("FSDP FULL_SHARD", {}, 3),
        ("FSDP SHARD_GRAD_OP", {}, 2),
        ("DP 8 ZeRO-1", {"dp": 8}, 1),
        ("TP=8 DP=32 PP=4", {"tp": 8, "pp": 4, "dp": 32}, None),
        ("tensor parallel 4, pipeline-parallel=2", {"tp": 4, "pp": 2}, None),
        ("TP1 PP8 CP1", {"tp": 1, "pp": 8, "cp": 1}, None),
        ("Megatron DDP/dist-opt", {}, 1),
        ("[32xNC(DP)] x 16Nodes(DP)", {}, None),
    ],
)
def test_ranks_and_stage_are_read_from_free_text(text: str, ranks: dict[str, int], stage: int | None) -> None:
    assert told(Parallel(sharding=text)) == Told(**ranks, stage=stage)


def test_a_small_model_is_not_sharded_and_a_large_one_is() -> None:
    assert laid("gpt2").split.zero == 0
    assert laid("llama-3-8b").split.zero >= 1
    assert laid("llama-3-8b").need_gb <= A100.usable_gb


def test_a_tuned_stack_splits_a_large_model_by_layers_and_matrices() -> None:
    split = laid("llama-3-70b", replace(JOB, stack="tuned"), replace(A100, count=64)).split
    assert split.tp > 1
    assert split.tp * split.pp * split.dp == 64


def test_machines_of_four_chips_are_piped_too() -> None:
    gb200 = replace(A100, count=256, per_node=4, usable_gb=179.4)
    layout = laid("llama-3.1-405b", replace(JOB, stack="tuned", seq_len=8192), gb200)
    assert layout.split.tp == 4
    assert layout.split.pp > 1
    assert layout.need_gb <= gb200.usable_gb


def test_a_told_split_is_kept_and_what_was_not_told_of_it_is_chosen() -> None:
    told_whole, tuned = laid("llama-3-8b", asked=Told(tp=4, pp=2)).split, replace(JOB, stack="tuned")
    assert (told_whole.tp, told_whole.pp, told_whole.dp) == (4, 2, 1)
    copies = laid("llama-3-8b", tuned, replace(A100, count=64), Told(dp=4)).split
    assert (copies.tp, copies.pp, copies.dp) == (8, 2, 4)
    staged = laid("llama-3-70b", tuned, replace(A100, count=64), Told(pp=8)).split
    assert (staged.pp, staged.tp * staged.dp) == (8, 8)


def test_a_small_global_batch_is_shared_by_tensor_ranks() -> None:
    split = laid("llama-3-8b", replace(JOB, stack="tuned"), replace(A100, count=64, global_batch=8)).split
    assert (split.tp, split.dp) == (8, 8)


def test_the_micro_batch_fills_the_card_but_not_beyond_the_global_batch() -> None:
    free, bound = laid("gpt2"), laid("gpt2", room=replace(A100, global_batch=16))
    assert free.split.micro_batch == 8  # 16k tokens
    assert bound.split.micro_batch == 2


def test_what_does_not_fit_whole_is_recomputed_in_part_and_fills_the_card() -> None:
    job, room = replace(JOB, stack="fsdp"), replace(A100, micro_batch=16)
    layout = laid("llama-2-7b", job, room)
    assert layout.split.recompute == "full"
    assert layout.need_gb == pytest.approx(0.95 * room.usable_gb, rel=0.01)


def test_advice_says_what_each_change_would_need() -> None:
    of, limit = shape(spec_of(CATALOG.model("llama-3-70b"))), Limit(46.6, 40.0)
    job = replace(JOB, method="lora", fixed_gb=0.4, seq_len=512)
    found = advice(of, job, limit, Split(micro_batch=1, recompute="full"), CARDS)
    assert found[0].startswith("QLoRA (4-bit weights): 4")
    assert found[0].endswith("on the edge")
    assert "GB200 (p6e-gb200.36xlarge)" in " ".join(found)


def test_what_helps_but_is_not_enough_is_said_so() -> None:
    of = shape(spec_of(CATALOG.model("llama-3-70b")))
    found = advice(of, replace(JOB, method="lora"), Limit(23.3, 20.0), Split(recompute="full"), CARDS)
    assert "not enough alone" in found[0]


def test_the_longest_sequence_that_is_advised_fits_and_the_next_does_not() -> None:
    of, job = shape(spec_of(CATALOG.model("llama-3-8b"))), replace(JOB, method="lora", seq_len=65536)
    most = longest(of, job, Split(recompute="full"), 23.3)

    def need(tokens: int) -> float:
        return sum(training_parts(of, replace(job, seq_len=tokens), Split(recompute="full")).values())

    assert 0 < most < 65536
    assert need(most) <= 23.3 < need(most + 64)


def test_cards_are_advised_from_the_cheapest_machine_on() -> None:
    large = [card for card in CARDS if card.usable_gb >= 80]
    assert large[0].instance_type.startswith("g7e.")
    assert all(card.usable_gb > 0 for card in CARDS)


def test_a_layout_is_said_in_words() -> None:
    assert said(Split(tp=8, pp=4, dp=2, zero=1), 64) == "TP 8 x PP 4 x DP 2, ZeRO-1"
    assert said(Split(), 1) == "one chip"


@given(
    name=st.sampled_from(["gpt2", "llama-3-8b", "llama-3-70b", "mixtral-8x7b"]),
    method=st.sampled_from(["full", "lora", "qlora"]),
    stack=st.sampled_from(["unnamed", "fsdp", "tuned", "huggingface", "litgpt"]),
    count=st.sampled_from([1, 2, 8, 64]),
    usable=st.sampled_from([15.0, 23.0, 46.0, 83.0, 180.0]),
    micro_batch=st.integers(1, 128),
)
def test_a_bigger_micro_batch_never_needs_less_memory(
    name: str, method: str, stack: str, count: int, usable: float, micro_batch: int
) -> None:
    job = replace(JOB, method=method, stack=stack)  # type: ignore[arg-type]
    room = replace(A100, count=count, usable_gb=usable, micro_batch=micro_batch)
    more = laid(name, job, replace(room, micro_batch=micro_batch + 1)).need_gb
    assert laid(name, job, room).need_gb <= more * (1 + 1e-9)


def test_the_experts_of_a_large_mixture_are_spread_over_chips() -> None:
    tuned, room = replace(JOB, stack="tuned", seq_len=4096), replace(A100, count=512)
    split = laid("deepseek-v3", tuned, room).split
    assert split.ep >= 8
    assert split.tp * split.pp * split.ep * split.dp == 512


def test_expert_ranks_share_out_the_experts_and_nothing_else() -> None:
    of = shape(spec_of(CATALOG.model("mixtral-8x7b")))
    whole, spread = (weights_held(of, Split(dp=8 // ranks, ep=ranks, zero=1)) for ranks in (1, 8))
    assert spread.whole == pytest.approx(of.params - of.stacked * 7 / 8)
    assert whole.share == pytest.approx(of.params / 8)
    assert spread.share == pytest.approx(of.params / 8)  # the optimizer is shared out among all either way
