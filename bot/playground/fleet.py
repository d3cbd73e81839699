"""The machines that stand in the playground's account: busy, idle, forgotten, and hard to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.playground.loads import NEURON, Load

REGIONS = ("us-east-1", "us-west-2")
ENGINEER, LEAD, OPERATOR = "U0ENG", "U0LEAD", "U0OPS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One instance to begin with."""

    name: str
    type: str
    region: str = REGIONS[0]
    zone: str = "a"
    owner: str = ""
    purpose: str = ""
    age: timedelta = timedelta(days=3)
    stopped: timedelta | None = None  # how long ago
    ends: timedelta | None = None  # its planned end, from now
    spot: bool = False
    disk_gb: int = 100
    load: Load
    tags: Mapping[str, str] = field(default_factory=dict)


MACHINES = (
    Machine(
        name="notebook-vision",
        type="g5.xlarge",
        owner=ENGINEER,
        purpose="Trying augmentations",
        load=Load(busy=False),
    ),
    Machine(
        name="llm-pretrain",
        type="p4d.24xlarge",
        zone="b",
        owner=LEAD,
        purpose="1.3B pretraining",
        age=timedelta(days=2),
        disk_gb=1000,
        load=Load(busy=True, gpus=8, chip="NVIDIA A100-SXM4-40GB", summed=True),
    ),
    Machine(
        name="eval-sweep",
        type="g5.12xlarge",
        region=REGIONS[1],
        owner=OPERATOR,
        purpose="Nightly evaluation",
        age=timedelta(hours=20),
        load=Load(busy=True, gpus=4),
    ),
    Machine(
        name="old-baseline",
        type="g4dn.2xlarge",
        owner=ENGINEER,
        purpose="Baseline for the spring paper",
        age=timedelta(days=40),
        stopped=timedelta(days=12),
        disk_gb=500,
        load=Load(busy=False, agent=False),
    ),
    Machine(
        name="tmp-test",
        type="g4dn.xlarge",
        zone="c",
        age=timedelta(days=5),
        load=Load(busy=False, chip="Tesla T4"),
    ),
    Machine(
        name="speech-demo",
        type="g6.xlarge",
        owner=OPERATOR,
        purpose="Demo for the fair",
        age=timedelta(days=6),
        load=Load(busy=False, agent=False),
    ),
)

# What else is worth a word: past and before a planned end, loading, half measured, spot, AWS's own chips.
OTHERS = (
    Machine(
        name="finetune-vi",
        type="g5.2xlarge",
        owner=ENGINEER,
        purpose="LoRA on the Vietnamese corpus",
        age=timedelta(hours=30),
        ends=-timedelta(hours=5),
        load=Load(busy=False, works=timedelta(hours=28)),
    ),
    Machine(
        name="tokenizer",
        type="g5.xlarge",
        zone="b",
        owner=LEAD,
        purpose="Tokenizing the new corpus",
        age=timedelta(hours=30),
        ends=timedelta(days=6),
        load=Load(busy=False, works=timedelta(hours=28)),
    ),
    Machine(
        name="dataset-prep",
        type="g6.xlarge",
        owner=OPERATOR,
        purpose="Packing shards",
        age=timedelta(hours=10),
        load=Load(busy=False, loading=True, chip="NVIDIA L4"),
    ),
    Machine(
        name="spot-sweep",
        type="g4dn.xlarge",
        region=REGIONS[1],
        owner=OPERATOR,
        purpose="Hyperparameters",
        age=timedelta(hours=26),
        spot=True,
        load=Load(busy=False, chip="Tesla T4", works=timedelta(hours=20)),
    ),
    Machine(
        name="half-seen",
        type="g4dn.12xlarge",
        region=REGIONS[1],
        owner=OPERATOR,
        purpose="Its agent publishes two of four GPUs",
        age=timedelta(days=4),
        load=Load(busy=False, gpus=2, chip="Tesla T4"),
    ),
    Machine(
        name="neuron-compile",
        type="trn1.2xlarge",
        zone="b",
        owner=LEAD,
        purpose="Compiling for Trainium",
        age=timedelta(days=2),
        load=Load(busy=False, gpus=2, chip="Trainium", metric=NEURON),
    ),
    Machine(
        name="translate-demo",
        type="inf2.xlarge",
        zone="c",
        owner=LEAD,
        purpose="Demo on Inferentia, nothing published",
        age=timedelta(days=3),
        load=Load(busy=False, agent=False),
    ),
)
