"""What a depth sweep is asked, and the depths it can try: cuts of the base from the head alone to all of it."""

import math
from dataclasses import dataclass
from typing import Any

from transfer_core.backbones.cost import estimate
from transfer_core.backbones.freeze_plan import FreezePlan, from_block, last_block, last_blocks, last_stage, stage_alone
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.labs.options import option
from transfer_core.labs.sweep.folds import Counts, usable
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.checks import check_number, is_number
from transfer_core.runs.config import FitConfig, PhaseConfig
from transfer_core.text import Sentence

__all__ = [
    "HEAD",
    "SETUP_SECONDS",
    "Depth",
    "Settings",
    "alone",
    "depth_plan",
    "depth_words",
    "depths",
    "expected_seconds",
    "fitted",
]

HEAD = "head"
"""Name of the depth that trains nothing of the base."""
_ALONE = " alone"
"""After the name of a stage: nothing else of the base trains."""
SETUP_SECONDS = 1.5
"""What a trial takes besides its epochs: dividing the network, tracing the steps, measuring. Of EfficientNet-Lite0 on
two cores, rounded up."""


@dataclass(frozen=True)
class Settings:
    """How far a sweep may go."""

    budget: float = option("--budget", 5.0, "Minutes, all included.")
    """Minutes, everything included: reading photos, features, and every trial."""
    cuts: tuple[str, ...] = option(
        "--cut",
        (),
        "Try this block, or `STAGE alone`, instead of a choice of depths; may be given again.",
        many=True,
        metavar="BLOCK",
    )
    """Blocks to train from, or `stage1 alone`; the head alone is always tried first. Empty: what `depths` chooses."""
    rates: tuple[float, ...] = option(
        "--rate", (1e-4, 3e-4), "Learning rate of fine-tuning; may be given again.", many=True
    )
    """Learning rates of fine-tuning, in the order in which they are tried: one for few photos, and one for many."""
    repeats: int = option("--repeats", 5, "Trials of a depth, at most.")
    """Trials of one depth at most, each measured on other photos."""
    head_epochs: int = 50
    epochs: int = option("--epochs", 8, "Of fine-tuning.")
    """Of fine-tuning. The rate falls along a cosine, as by default on the page Train, so all of them are done."""
    patience: int = 3
    """Of no effect: sweeps of before have it in their settings, and are read and gone on with."""
    batch_size: int = 32

    def __post_init__(self) -> None:
        if not is_number(self.budget) or not 0.01 <= self.budget <= 10_000:
            raise ConfigError(
                "The budget must be a number of minutes from 0.01 to 10000; {budget!r} came.", budget=self.budget
            )
        if not isinstance(self.cuts, tuple) or not all(isinstance(name, str) for name in self.cuts):
            raise ConfigError(
                "The cuts must be names of blocks, as `thaw layers` prints them; {cuts!r} came.", cuts=self.cuts
            )
        if not isinstance(self.rates, tuple) or not self.rates:
            raise ConfigError(
                "Fine-tuning needs at least one learning rate, such as 0.00001; {rates!r} came.", rates=self.rates
            )
        check_number(Sentence("The number of repeats"), self.repeats, 1, 100, whole=True)
        for rate in self.rates:
            self.phase(rate)
        if self.epochs < 1 or self.head.epochs < 1:
            raise ConfigError("The head and fine-tuning need at least 1 epoch each; 0 came.")
        FitConfig(batch_size=self.batch_size, patience=self.patience)

    @property
    def blocks(self) -> tuple[str, ...]:
        """Blocks of the base that are named."""
        return tuple(name for name in self.cuts if name != HEAD and alone(name) is None)

    @property
    def head(self) -> PhaseConfig:
        """How the head learns, as in every run of Thaw."""
        return PhaseConfig(self.head_epochs, 2e-3)

    def phase(self, rate: float) -> PhaseConfig:
        """How a trial fine-tunes."""
        return PhaseConfig(self.epochs, rate)


@dataclass(frozen=True)
class Depth:
    """One place to cut the base."""

    name: str
    """The first block that trains, or HEAD, or a stage that trains by itself: `stage1 alone`."""
    plan: FreezePlan
    trainable_parameters: int
    """Of base and head."""
    seconds: float
    """Of one trial in which no epoch is spared, once the features are there."""
    epoch_seconds: float
    frontier: tuple[str, ...]
    """Layers whose activations enter what trains; the network's input may be one."""
    values: int
    """Numbers to keep for each photo."""
    features_seconds: float
    """Of the frozen part for all photos."""

    @property
    def words(self) -> Sentence:
        """For people: `the head alone`, `from block7a on`."""
        return depth_words(self.name)


def fitted(settings: Settings, manifest: Manifest) -> Settings:
    """As they are, where the photos are enough; see `labs.experiment.fitted`."""
    usable(manifest)
    return settings


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """The budget, which a sweep uses up; see `labs.experiment.expected_seconds`."""
    return 60 * (settings or Settings()).budget


def depth_words(name: str) -> Sentence:
    """For people: `the head alone`, `from block7a on`."""
    if name == HEAD:
        return Sentence("the head alone")
    stage = alone(name)
    return Sentence("{stage} alone", stage=stage) if stage else Sentence("from {block} on", block=name)


def alone(name: str) -> str | None:
    """The stage that a depth of this name trains by itself; None: it trains everything from a block on, or nothing."""
    return name.removesuffix(_ALONE) if name.endswith(_ALONE) else None


def depth_plan(tree: LayerTree, name: str) -> FreezePlan:
    """What a depth of this name trains.

    Raises:
        ConfigError: the base has no such block or stage.
    """
    if name == HEAD:
        return FreezePlan()
    stage = alone(name)
    return stage_alone(tree, stage) if stage else from_block(tree, name)


def depths(workspace: Workspace, tree: LayerTree, settings: Settings, classes: int, counts: Counts) -> list[Depth]:
    """The depths a sweep tries, from the least that trains to the most, which is also from the cheapest on.

    Without a wish: the head alone, the last block, the last two, the last stage, and then each stage towards the
    photo, to the whole base; and at the end the first and the middle stage by themselves, for photos that look unlike
    those of ImageNet may want early layers to change, and no others (Lee et al. 2023, surgical fine-tuning).

    Args:
        workspace: that knows how fast this machine is.
        tree: of the base.
        settings: may name the blocks.
        classes: the head tells apart.
        counts: photos in the parts of a trial.

    Raises:
        ConfigError: the settings name a block the base does not have, or one with no weights from there on.
    """
    plans = {HEAD: FreezePlan()}
    if settings.cuts:
        wanted = {name: depth_plan(tree, name) for name in settings.cuts if name != HEAD}
        if idle := next((name for name, plan in wanted.items() if plan.head_only), None):
            raise ConfigError(
                "From {idle} on, {name} has no weights that could be trained. Choose an earlier block, or "
                "the head alone.",
                idle=idle,
                name=tree.root.name,
            )
        names = [block.name for block in tree.blocks]
        deeper = {name: plan for name, plan in wanted.items() if alone(name) is None}
        plans |= dict(sorted(deeper.items(), key=lambda item: -names.index(item[0]))) | wanted
    else:
        seen = {FreezePlan()}
        for count in _block_counts(tree):
            plan = last_blocks(tree, count)
            if plan not in seen:  # blocks without weights make no other plan
                seen.add(plan)
                plans[tree.blocks[len(tree.blocks) - count].name] = plan
        plans |= _surgical(tree)
    return [_depth(workspace, tree, name, plan, settings, classes, counts) for name, plan in plans.items()]


def _surgical(tree: LayerTree) -> dict[str, FreezePlan]:
    """The first and the middle of the stages with weights, each by itself, where there are at least three."""
    plans = [(f"{stage.name}{_ALONE}", stage_alone(tree, stage.name)) for stage in tree.stages]
    weighted = [(name, plan) for name, plan in plans if not plan.head_only]
    return dict((weighted[0], weighted[len(weighted) // 2])) if len(weighted) > 2 else {}


def _block_counts(tree: LayerTree) -> list[int]:
    """How many last blocks train at each depth, ascending."""
    total = len(tree.blocks)
    least = next((count for count in range(1, total + 1) if not last_blocks(tree, count).head_only), total)
    last, stage = max(least, _count(tree, last_block(tree))), _count(tree, last_stage(tree))
    counts, behind = {last, min(last + 1, total), stage}, 0
    for part in reversed(tree.stages):
        behind += len(part.children)
        if behind > last:
            counts.add(behind)
    return sorted(counts)


def _count(tree: LayerTree, plan: FreezePlan) -> int:
    """Blocks from the first that trains to the end."""
    chosen = set(plan.trainable)
    trains = (at for at, block in enumerate(tree.blocks) if any(layer.name in chosen for layer in block.children))
    return len(tree.blocks) - next(trains, len(tree.blocks))


def _depth(
    workspace: Workspace,
    tree: LayerTree,
    name: str,
    plan: FreezePlan,
    settings: Settings,
    classes: int,
    counts: Counts,
) -> Depth:
    figures = estimate(workspace, tree, plan, classes, counts.learn, counts.choose)
    shapes: dict[str, Any] = {layer: node.shape for layer, node in tree.layers.items()}
    values = sum(math.prod(shapes[layer]) for layer in figures.frontier if layer in shapes) if name != HEAD else 0
    epochs = settings.head_epochs if name == HEAD else settings.epochs
    whole = counts.total / (counts.learn + counts.choose)
    return Depth(
        name,
        plan,
        figures.trainable_parameters,
        SETUP_SECONDS + epochs * figures.seconds_per_epoch,
        figures.seconds_per_epoch,
        figures.frontier,
        values,
        figures.features_seconds * whole,
    )
