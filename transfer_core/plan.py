"""Which layers of the base train (FreezePlan) and where that cuts the network (Cut): arithmetic on the tree."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from transfer_core.architecture import LayerTree
from transfer_core.errors import ConfigError

__all__ = ["Cut", "FreezePlan", "count_last_blocks", "cut", "everything", "from_block", "last_blocks", "last_stage"]


@dataclass(frozen=True)
class FreezePlan:
    """The layers of the base that fine-tuning may change. Empty: the head alone trains."""

    trainable: tuple[str, ...] = ()
    """Layer names, unique; kept sorted so that equal plans compare equal."""

    def __post_init__(self) -> None:
        if isinstance(self.trainable, str) or not all(isinstance(name, str) for name in self.trainable):
            raise ConfigError(f"A freeze plan takes a list of layer names; this came: {self.trainable!r}.")
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
                    f"{tree.root.name} has no layer called {name!r}. Choose the layers again, or see `thaw layers`."
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
            f"{tree.root.name} has {len(tree.blocks)} blocks, so the last {count} can't be trained. "
            f"Choose a number from 0 to {len(tree.blocks)}."
        )
    return _names(tree, (block.name for block in tree.blocks[len(tree.blocks) - count :]))


def from_block(tree: LayerTree, name: str) -> FreezePlan:
    """Train the block `name` and everything after it.

    Raises:
        ConfigError: the base has no such block; the message lists those it has.
    """
    names = [block.name for block in tree.blocks]
    if name not in names:
        raise ConfigError(f"{tree.root.name} has no block called {name!r}. Its blocks are: {', '.join(names)}.")
    return last_blocks(tree, len(names) - names.index(name))


def last_stage(tree: LayerTree) -> FreezePlan:
    """Train the last stage that holds a whole group of blocks, and whatever follows it."""
    stages = tree.stages
    # A last stage of one small block ("top") is less than anybody means by a stage: take the one before along.
    start = len(stages) - 1
    if start and len(stages[start].children) == 1:
        start -= 1
    return _names(tree, (block.name for stage in stages[start:] for block in stage.children))


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


def cut(tree: LayerTree, plan: FreezePlan) -> Cut:
    """Divide the base: the prefix is every layer not downstream of a trainable one, the frontier what leaves it.

    Raises:
        ConfigError: the plan names a layer that the base does not have.
    """
    plan.check(tree)
    chosen = set(plan.trainable) & tree.weighted
    downstream: set[str] = set()
    frontier: dict[str, None] = {}
    prefix_flops = suffix_flops = trained = 0
    last = ""
    for name, node in tree.layers.items():
        facts = node.facts
        assert facts is not None  # every node of kind layer carries its facts
        last = name
        if name in chosen or downstream.intersection(facts.inputs):
            downstream.add(name)
            suffix_flops += facts.flops
            frontier |= {source: None for source in facts.inputs if source not in downstream}
        else:
            prefix_flops += facts.flops
        if name in chosen:
            trained += facts.trainable_parameters
    if downstream:
        values = sum(
            prod(tree.layers[name].shape) if name in tree.layers else 3 * tree.input_size**2 for name in frontier
        )
    else:
        # With the whole base frozen, pooling is a pure function of the photo too, so only pooled features cross.
        frontier, values = {last: None}, tree.layers[last].shape[-1]
    return Cut(tuple(frontier), values, prefix_flops, suffix_flops, trained, tree.root.parameters - trained)
