"""Choices are searched, priced under every market, held against wishes and put in order."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from estimator_fakes import simple

import estimator
from data import load
from estimator.candidates import Reasons, chip_of, cluster_of, suitable
from estimator.cost import START_HOURS, billed
from estimator.parse import parse
from estimator.rank import Ranking, balance, cluster_named, rank
from estimator.result import Range
from estimator.wishes import matches, misses
from estimator.workload import Hardware, Inference, Training, Workload

CATALOG = load()


def work(words: str) -> Workload:
    found = parse(words, CATALOG)
    assert isinstance(found, Training | Inference)
    return found


def ranked(words: str) -> Ranking:
    return rank(work(words), CATALOG, simple)


JOB = "finetune llama-3-8b lora samples=50k"


def test_the_best_choice_is_bought_on_demand_and_has_the_lowest_balance() -> None:
    ranking = ranked(JOB)
    best = ranking.best
    assert best is not None
    assert best.market == "on-demand"
    rivals = [option for option in ranking.options if option.meets and option.market == "on-demand"]
    assert balance(best) == min(map(balance, rivals))
    assert ranking.options[0] == best


def test_the_cheapest_and_the_fastest_are_what_they_say() -> None:
    ranking = ranked(JOB)
    assert ranking.cheapest is not None
    assert ranking.fastest is not None
    eligible = [one for one in ranking.options if one.meets and not one.market.startswith("savings-plan")]
    assert all(ranking.cheapest.usd.mid <= one.usd.mid for one in eligible if one.usd)  # type: ignore[union-attr]
    assert all(ranking.fastest.hours.mid <= one.hours.mid for one in eligible if one.hours)  # type: ignore[union-attr]


def test_no_option_of_the_pareto_front_is_beaten_in_time_and_cost() -> None:
    options = [one for one in ranked(JOB).options if one.meets and not one.market.startswith("savings-plan")]
    front = [one for one in options if one.pareto]
    assert front
    for one in front:
        better = [o for o in options if o.usd.mid < one.usd.mid and o.hours.mid < one.hours.mid]  # type: ignore[union-attr]
        assert not better


def test_the_front_and_every_market_of_the_best_machines_are_among_the_options() -> None:
    ranking = ranked(JOB)
    assert ranking.best is not None
    best = ranking.best
    machines = [one for one in ranking.options if (one.instance_type, one.nodes) == (best.instance_type, best.nodes)]
    sold = CATALOG.rates(best.instance_type or "", best.region)
    assert {one.market for one in machines} == {rate.market for rate in sold} - {"sagemaker", "capacity-block"}
    assert ranking.fastest in ranking.options
    assert ranking.cheapest in ranking.options


def test_cost_is_the_hours_and_the_start_times_machines_times_price_with_the_disks() -> None:
    option = next(o for o in ranked(f"{JOB} on 2 x p4d.24xlarge").options if o.market == "on-demand")
    price = CATALOG.rate("p4d.24xlarge", "us-east-1", "on-demand")
    assert price is not None
    machines = (100 * 70 / (16 * 312) + START_HOURS) * 2 * price.usd_per_hour
    assert option.hours is not None
    assert option.usd is not None
    assert option.hours.mid == pytest.approx(100 * 70 / (16 * 312))
    assert machines < option.usd.mid < machines * 1.01
    assert option.accelerator_hours is not None
    assert option.accelerator_hours.mid == pytest.approx(16 * option.hours.mid)


def test_a_few_seconds_on_many_cards_are_not_cheap_as_each_start_is_paid() -> None:
    found = rank(work("finetune bert-base samples=10k seq=128"), CATALOG, estimator.estimate)
    assert found.cheapest
    assert found.cheapest.usd
    assert found.cheapest.rate
    assert found.cheapest.usd.mid >= START_HOURS * found.cheapest.rate.usd_per_hour
    assert found.cheapest.chips == 1
    assert min(option.hours.mid for option in found.options if option.hours) < 1 / 60  # the hours are the work's own


@pytest.mark.parametrize(("hours", "paid"), [(1.0, 24.0), (24.0, 48.0), (13.5 * 24, 14 * 24), (15 * 24.0, 21 * 24)])
def test_a_capacity_block_is_paid_in_whole_days_and_weeks(hours: float, paid: float) -> None:
    assert billed(Range(hours, hours, hours), "capacity-block").mid == paid
    assert billed(Range(hours, hours, hours), "spot").mid == pytest.approx(hours + START_HOURS)


def test_markets_of_the_same_machines_stand_together_with_spot_longer_and_cheaper() -> None:
    options = {o.market: o for o in ranked(f"{JOB} on 8 x p4d.24xlarge").options}
    assert set(options) >= {"on-demand", "spot", "savings-plan-1y", "savings-plan-3y"}
    listed, spot = options["on-demand"], options["spot"]
    assert spot.hours.mid > listed.hours.mid  # type: ignore[union-attr]
    assert spot.usd.mid < listed.usd.mid  # type: ignore[union-attr]
    assert "interruption" in spot.note
    assert options["savings-plan-3y"].commitment_usd == pytest.approx(
        options["savings-plan-3y"].usd_per_hour * 3 * 8760  # type: ignore[operator]
    )


def test_a_plan_is_best_only_when_it_was_asked_for() -> None:
    assert ranked(f"{JOB} on p4d.24xlarge").best.market == "on-demand"  # type: ignore[union-attr]
    assert ranked(f"{JOB} on p4d.24xlarge with a savings plan").best.market == "savings-plan-1y"  # type: ignore[union-attr]


@pytest.mark.parametrize("market", ["spot", "on-demand", "savings-plan-3y"])
def test_a_market_that_was_named_is_the_only_one(market: str) -> None:
    assert {option.market for option in ranked(f"{JOB} market={market}").options} == {market}


def test_a_type_that_is_only_sold_as_a_capacity_block_says_so() -> None:
    options = ranked(f"{JOB} on p5e.48xlarge in us-east-2").options
    assert [option.market for option in options] == ["capacity-block"]
    assert "Capacity Block" in options[0].note


def test_a_price_that_is_not_known_is_none_and_not_nought() -> None:
    option = ranked(f"{JOB} on p5e.48xlarge in eu-west-3").options[0]
    assert option.rate is None
    assert option.usd is None
    assert option.usd_per_hour is None
    assert option.hours is not None


def test_chips_that_aws_does_not_rent_have_time_and_no_cost() -> None:
    option = ranked(f"{JOB} on 8 x mi300x").options[0]
    assert option.instance_type is None
    assert option.usd is None
    assert option.hours is not None


def test_deadline_and_budget_are_held_and_a_miss_is_said_with_figures() -> None:
    ranking = ranked(f"{JOB} deadline=2h budget=60")
    assert ranking.best is not None
    assert ranking.best.hours.mid <= 2  # type: ignore[union-attr]
    assert ranking.best.usd.mid <= 60  # type: ignore[union-attr]
    slow = ranked(f"{JOB} deadline=2h on g5.xlarge")
    late = [sentence for option in slow.options for sentence in option.failing if sentence.startswith("takes")]
    assert late
    assert all("over the 2 h given" in sentence for sentence in late)


def test_where_only_spot_meets_the_budget_spot_is_best() -> None:
    listed = ranked(f"{JOB} on g5.xlarge").best
    assert listed is not None
    ranking = ranked(f"{JOB} on g5.xlarge budget={listed.usd.mid / 2:.2f}")  # type: ignore[union-attr]
    assert ranking.best is not None
    assert ranking.best.market == "spot"


def test_nothing_is_best_when_nothing_meets_the_wishes() -> None:
    ranking = ranked(f"{JOB} budget=0.01")
    assert ranking.best is None
    assert ranking.options
    assert all(option.failing for option in ranking.options)


def test_what_does_not_fit_is_left_out_with_its_need() -> None:
    lines = ranked(JOB).left_out
    assert any(line.startswith("too small") and "g4dn.xlarge (needs 20 GB a chip, has 17" in line for line in lines)


@pytest.mark.parametrize(
    ("reason", "types"),
    [
        ("old chips", "p3"),
        ("Inferentia is made for inference", "inf2"),
        ("more CPU and memory", "g5.2xlarge"),
        ("no price known", "p5e"),
    ],
)
def test_well_known_types_that_are_missing_are_explained(reason: str, types: str) -> None:
    assert any(reason in line and types in line for line in ranked(JOB).left_out)


def test_an_old_type_that_is_named_is_answered_with_a_word_about_its_age() -> None:
    option = ranked("finetune bert-base samples=1k on p3.2xlarge").options[0]
    assert "old chip" in option.note


def test_more_than_one_machine_needs_efa_for_training() -> None:
    options = ranked("train llama-2-7b tokens=1T on g5, g6e or p4d").options
    several = [CATALOG.instances[o.instance_type or ""] for o in options if o.nodes > 1]
    assert several
    assert all(instance.efa for instance in several)


def test_a_deadline_brings_as_many_machines_as_it_needs() -> None:
    loose, tight = (
        ranked(f"{JOB} on p4d family=decoder"),
        ranked("finetune llama-3-8b lora samples=50k on p4d deadline=0.5h"),
    )
    assert loose.best is not None
    assert tight.best is not None
    assert tight.best.nodes >= 8 > loose.best.nodes
    assert tight.best.hours.mid <= 0.5  # type: ignore[union-attr]


def test_limits_on_machines_chips_family_and_vendor_hold() -> None:
    assert all(o.nodes <= 2 for o in ranked(f"{JOB} max_nodes=2").options)
    assert all(o.chips == 4 for o in ranked(f"{JOB} on 4 gpus").options)
    assert {CATALOG.instances[o.instance_type or ""].family for o in ranked(f"{JOB} on g5 or g6e").options} == {
        "g5",
        "g6e",
    }
    vendors = {CATALOG.chips[o.chip or ""].vendor for o in ranked(f"{JOB} vendor=aws").options}
    assert vendors == {"AWS"}


def test_a_cheaper_region_is_named() -> None:
    notes = ranked(f"{JOB} on g5.xlarge in eu-central-1").notes
    assert any("cheaper" in note for note in notes)


def test_the_sagemaker_equivalent_is_named_with_its_price() -> None:
    notes = ranked(f"{JOB} on g5.xlarge market=on-demand").notes
    assert any("ml.g5.xlarge at $1.41 an hour, 40% more" in note for note in notes)


def test_a_service_is_priced_for_a_month_and_sized_for_its_rate() -> None:
    ranking = ranked("infer llama-3-8b qps=100 input=512 output=128")
    best = ranking.best
    assert best is not None
    assert best.hours is None
    assert best.usd is not None
    assert best.usd.mid >= best.usd_per_hour * 730  # type: ignore[operator]
    assert best.chips * (CATALOG.chips[best.chip or ""].bf16 or 0) / 10 * 0.7 >= 100


def test_a_batch_job_costs_its_samples_over_the_throughput() -> None:
    option = ranked("infer llama-3-8b queries=1M on g5.xlarge market=on-demand").options[0]
    assert option.hours is not None
    assert option.hours.mid == pytest.approx(1e6 / 7.0 / 3600)


def test_a_limit_on_latency_leaves_slow_cards_behind() -> None:
    ranking = ranked("infer llama-3-8b qps=1 ttft=20ms")
    assert ranking.best is not None
    assert ranking.best.estimate.ttft_ms.mid <= 20  # type: ignore[union-attr]


def test_a_sweep_costs_all_its_trials_and_takes_its_rounds() -> None:
    one = next(o for o in ranked(f"{JOB} on g5.xlarge market=on-demand").options)
    many = next(o for o in ranked(f"{JOB} on g5.xlarge market=on-demand trials=20 parallel_trials=4").options)
    assert many.nodes == 4
    assert many.hours.mid == pytest.approx(5 * one.hours.mid)  # type: ignore[union-attr]
    assert many.usd.mid == pytest.approx(20 * one.usd.mid, rel=0.01)  # type: ignore[union-attr]


def test_chips_are_priced_as_the_fewest_machines_that_hold_them() -> None:
    def named(chip: str, count: int, per_node: int | None = None) -> str | None:
        instance = cluster_named(Hardware(accelerator=chip, count=count, per_node=per_node), CATALOG)[1]
        return instance.name if instance else None

    assert named("A10G", 4) == "g5.12xlarge"
    assert named("A10G", 1) == "g5.xlarge"
    assert named("A100-80", 1024) == "p4de.24xlarge"
    assert named("H100-SXM", 1) == "p5.4xlarge"
    assert named("H100-SXM", 8) == "p5.48xlarge"
    assert named("A10G", 4, 1) == "g5.xlarge"
    assert named("RTX-4090", 8) is None


def test_a_slice_of_a_card_has_a_slice_of_its_power() -> None:
    whole, part = CATALOG.chips["L4"], chip_of(CATALOG.instances["g6f.xlarge"], CATALOG)
    assert part is not None
    assert part.bf16 == pytest.approx((whole.bf16 or 0) / 8)
    assert part.memory_gb == 3.0


def test_small_models_may_be_served_on_cpus_and_large_ones_not() -> None:
    light = suitable(work("infer distilbert qps=1"), CATALOG, Reasons())
    heavy = suitable(work("infer llama-3-8b qps=1"), CATALOG, Reasons())
    assert any(instance.chip is None for instance in light)
    assert all(instance.chip for instance in heavy)


def test_matching_is_a_pure_question() -> None:
    option = next(o for o in ranked(f"{JOB} on g5.xlarge").options if o.market == "on-demand")
    asked = work(f"{JOB} on g5.xlarge")
    assert matches(option, asked)
    strict = replace(asked, wish=replace(asked.wish, budget_usd=1.0))
    assert not matches(option, strict)
    assert [sentence.split()[0] for sentence in misses(option, strict)] == ["costs"]


def test_the_whole_catalog_is_ranked_quickly() -> None:
    asked = work("train llama-2-7b tokens=2T")
    rank(asked, CATALOG, estimator.estimate)
    best = min(_seconds(asked) for _ in range(3))
    assert best < 0.1


def _seconds(asked: Workload) -> float:
    start = time.process_time()
    rank(asked, CATALOG, estimator.estimate)
    return time.process_time() - start


def test_a_cluster_of_cpus_counts_machines() -> None:
    cluster = cluster_of(CATALOG.instances["c7i.4xlarge"], 3, CATALOG)
    assert (cluster.chip, cluster.count, cluster.nodes) == (None, 3, 3)


def test_a_large_model_is_not_ranked_on_the_first_inferentia_and_a_small_one_is() -> None:
    large, small = ranked("infer llama-3-8b qps=2 input=500 output=200"), ranked("infer bert-base seq=128 qps=50")
    assert any("on the first Inferentia" in line for line in large.left_out)
    assert not any("on the first Inferentia" in line for line in small.left_out)
