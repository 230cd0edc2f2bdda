"""Which layers of the base train (FreezePlan) and where that cuts the network (Cut): arithmetic on the tree."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import prod

from transfer_core.backbones.tree import LayerTree, Node
from transfer_core.errors import ConfigError

__all__ = [
    "PRESETS",
    "Cut",
    "FreezePlan",
    "GraphPartition",
    "count_last_blocks",
    "cut",
    "everything",
    "from_block",
    "head_only",
    "last_block",
    "last_blocks",
    "last_stage",
    "partition_graph",
]

TOP = "top"  # what `grouping` calls the stage after the last unit


@dataclass(frozen=True)
class FreezePlan:
    """The layers of the base that fine-tuning may change. Empty: the head alone trains."""

    trainable: tuple[str, ...] = ()
    """Layer names, unique; kept sorted so that equal plans compare equal."""

    def __post_init__(self) -> None:
        if isinstance(self.trainable, str) or not all(isinstance(name, str) for name in self.trainable):
            raise ConfigError(
                "A freeze plan takes a list of layer names; this came: {trainable!r}.", trainable=self.trainable
            )
        object.__setattr__(self, "trainable", tuple(sorted(set(self.trainable))))

    @property
    def head_only(self) -> bool:
        """Whether the whole base stays frozen."""
        return not self.trainable

    def check(self, tree: LayerTree) -> None:
        """Refuse layers that the base does not have.

        Raises:
            ConfigError: names the first unknown layer.
        """
        for name in self.trainable:
            if name not in tree.layers:
                raise ConfigError(
                    "{name} has no layer called {layer!r}. Choose the layers again, or see `thaw layers`.",
                    name=tree.root.name,
                    layer=name,
                )


@dataclass(frozen=True)
class Cut:
    """Where a plan divides a base: what runs once for each photo, what crosses, what runs each epoch."""

    frontier: tuple[str, ...]
    """Layers whose outputs cross from the frozen prefix to the rest, in graph order; the network's input may be one."""
    frontier_values: int
    """Numbers that cross for one photo; times 4 are the bytes of a float32 cache."""
    prefix_flops: int
    """Operations of the prefix for one photo."""
    suffix_flops: int
    """Operations of the rest of the base for one photo."""
    trainable_parameters: int
    """Parameters of the base that train."""
    frozen_parameters: int
    """Parameters of the base that do not, moving statistics of BatchNormalization included."""


def _names(tree: LayerTree, blocks: Iterable[str]) -> FreezePlan:
    wanted = set(blocks)
    return FreezePlan(
        tuple(
            layer.name
            for block in tree.blocks
            if block.name in wanted
            for layer in block.children
            if layer.name in tree.weighted
        )
    )


def last_blocks(tree: LayerTree, count: int) -> FreezePlan:
    """Train the last `count` blocks (0: the head alone).

    Raises:
        ConfigError: `count` is negative or more than the base has.
    """
    if not 0 <= count <= len(tree.blocks):
        raise ConfigError(
            "{name} has {count} blocks, so the last {last} can't be trained. Choose a number from 0 to {count}.",
            name=tree.root.name,
            count=len(tree.blocks),
            last=count,
        )
    return _names(tree, (block.name for block in tree.blocks[len(tree.blocks) - count :]))


def from_block(tree: LayerTree, name: str) -> FreezePlan:
    """Train the block `name` and everything after it.

    Raises:
        ConfigError: the base has no such block; the message lists those it has.
    """
    names = [block.name for block in tree.blocks]
    if name not in names:
        raise ConfigError(
            "{name} has no block called {block!r}. Its blocks are: {names}.",
            name=tree.root.name,
            block=name,
            names=names,
        )
    return last_blocks(tree, len(names) - names.index(name))


def head_only(tree: LayerTree) -> FreezePlan:
    """Train nothing of the base: feature extraction."""
    return last_blocks(tree, 0)


def last_block(tree: LayerTree) -> FreezePlan:
    """Train the last block with a unit of its own kind (residual, inception, ...), and a "top" that follows it.

    A top is one convolution or normalization that only prepares the features for the head: less than anybody means by
    the last block. For EfficientNet-Lite0 this trains block7a and top, where `last_blocks(tree, 1)` trains top alone.
    """
    return last_blocks(tree, min(2 if tree.stages[-1].name == TOP else 1, len(tree.blocks)))


def last_stage(tree: LayerTree) -> FreezePlan:
    """Train the last stage that holds several blocks, and whatever follows it."""
    # A stage of one block would be the preset "last block" again, or less.
    start = max((index for index, stage in enumerate(tree.stages) if len(stage.children) > 1), default=0)
    return last_blocks(tree, sum(len(stage.children) for stage in tree.stages[start:]))


def stage_alone(tree: LayerTree, name: str) -> FreezePlan:
    """Train one stage, and keep all before and after it as it is: surgical fine-tuning (Lee et al. 2023).

    Raises:
        ConfigError: the base has no such stage; the message lists those it has.
    """
    stages = {stage.name: stage for stage in tree.stages}
    if name not in stages:
        raise ConfigError(
            "{name} has no stage called {stage!r}. Its stages are: {names}.",
            name=tree.root.name,
            stage=name,
            names=list(stages),
        )
    return _names(tree, (block.name for block in stages[name].children))


def everything(tree: LayerTree) -> FreezePlan:
    """Train the whole base."""
    return last_blocks(tree, len(tree.blocks))


def count_last_blocks(tree: LayerTree, plan: FreezePlan) -> int | None:
    """How many last blocks the plan trains, or None when it is not of that form."""
    chosen = set(plan.trainable) & tree.weighted
    count = 0
    for block in reversed(tree.blocks):
        weighted = {layer.name for layer in block.children} & tree.weighted
        if not weighted <= chosen:
            break
        count += 1
        chosen -= weighted
    # Blocks without weights below the cut change nothing; counting them would move the slider past what was asked.
    while count and not {layer.name for layer in tree.blocks[len(tree.blocks) - count].children} & tree.weighted:
        count -= 1
    return None if chosen else count


# What a person picks by name, from the least that trains to the most.
PRESETS = {"head": head_only, "last_block": last_block, "last_stage": last_stage, "everything": everything}


@dataclass(frozen=True)
class GraphPartition:
    """The layers of a network on either side of a cut."""

    suffix: frozenset[str]
    """Layers that run each epoch; empty when nothing trains."""
    frontier: tuple[str, ...]
    """Layers (or the network's input) whose outputs cross, in graph order."""


def partition_graph(layers: Mapping[str, Node], trainable: Collection[str], input_values: int) -> GraphPartition:
    """Divide a graph: the suffix is every trainable layer and all that is downstream of one, the rest the prefix.

    Layers without weights move over to the suffix where less then crosses: when the block after an activation or a
    pooling layer trains and the skip connection leaves before it, the one tensor before both crosses instead of two.

    Args:
        layers: leaves of the tree by name, each after those it takes inputs from.
        trainable: names of the layers that train; at least one parameter of each can.
        input_values: numbers in one photo at the network's input.
    """
    suffix: set[str] = set()
    takers: dict[str, list[str]] = {}
    inputs = {name: node.facts.inputs for name, node in layers.items() if node.facts}
    for name, sources in inputs.items():
        for source in sources:
            takers.setdefault(source, []).append(name)
        if name in trainable or suffix.intersection(sources):
            suffix.add(name)

    def values(name: str) -> int:
        return prod(layers[name].shape) if name in layers else input_values

    frontier = {source for name in suffix for source in inputs[name]} - suffix
    # From the output backwards, so that a chain of such layers moves in one pass.
    for name in reversed(tuple(inputs)):
        if name not in frontier or layers[name].parameters or not suffix.issuperset(takers[name]):
            continue
        instead = set(inputs[name]) - frontier
        if sum(values(source) for source in instead) < values(name):
            suffix.add(name)
            frontier = frontier - {name} | instead
    position = {name: index for index, name in enumerate(inputs)}
    return GraphPartition(frozenset(suffix), tuple(sorted(frontier, key=lambda name: position.get(name, -1))))


def cut(tree: LayerTree, plan: FreezePlan) -> Cut:
    """Divide the base: the prefix is every layer not downstream of a trainable one, the frontier what leaves it.

    Raises:
        ConfigError: the plan names a layer that the base does not have.
    """
    plan.check(tree)
    chosen = set(plan.trainable) & tree.weighted
    input_values = 3 * tree.input_size**2
    division = partition_graph(tree.layers, chosen, input_values)
    if division.suffix:
        frontier = division.frontier
        values = sum(prod(tree.layers[name].shape) if name in tree.layers else input_values for name in frontier)
    else:
        # With the whole base frozen, pooling is a pure function of the photo too, so only pooled features cross.
        last = next(reversed(tree.layers.values()))
        frontier, values = (last.name,), last.shape[-1]
    flops = {name: node.facts.flops for name, node in tree.layers.items() if node.facts}
    suffix_flops = sum(flops[name] for name in division.suffix)
    trained = sum(node.facts.trainable_parameters for name in chosen if (node := tree.layers[name]).facts)
    return Cut(
        frontier,
        values,
        sum(flops.values()) - suffix_flops,
        suffix_flops,
        trained,
        tree.root.parameters - trained,
    )
