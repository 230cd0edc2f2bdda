"""Which layers make a block and which blocks a stage: units that the graph shows, under the names the field uses."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.nn.models.graph import LayerCall

__all__ = ["Block", "group_blocks"]

STEM, TOP = "stem", "top"


@dataclass
class Block:
    """A whole unit of a network: nothing but its last layer's output leaves it."""

    name: str
    stage: str
    calls: list[LayerCall]


@dataclass(frozen=True)
class Family:
    """How one family of networks names its units. A row here is all it takes to add a family."""

    mark: str
    """Pattern of a layer name that only this family has."""
    units: tuple[tuple[str, str, str], ...]
    """Pattern of a layer name, and what it makes of the block's and the stage's name (`re.Match.expand` templates)."""


# The first row whose mark is found counts, so a row stands before those whose mark its layers would also match.
FAMILIES = (
    # EfficientNet, its Lite and V2 forms: inverted residuals (Tan and Le 2019, 2021).
    Family(r"block\d+[a-z]_project_conv", ((r"block(\d+)([a-z])_", r"block\1\2", r"stage\1"),)),
    # ResNet: bottleneck residuals (He et al. 2016). DenseNet: dense layers, and the transitions between dense blocks.
    Family(
        r"conv\d+_block\d+_\d_conv",
        (
            (r"(conv(\d+)_block\d+)_", r"\1", r"conv\2"),
            (r"(pool(\d+))_conv", r"\1", r"conv\2"),
        ),
    ),
    # MobileNetV2: inverted residuals; stages are the rows of table 2 of Sandler et al. 2018.
    Family(
        r"expanded_conv_depthwise",
        (
            (r"expanded_conv_", "expanded_conv", "stage1"),
            (r"(block_[12])_", r"\1", "stage2"),
            (r"(block_[3-5])_", r"\1", "stage3"),
            (r"(block_[6-9])_", r"\1", "stage4"),
            (r"(block_1[0-2])_", r"\1", "stage5"),
            (r"(block_1[3-5])_", r"\1", "stage6"),
            (r"(block_16)_", r"\1", "stage7"),
        ),
    ),
    # MobileNet: a depthwise and a pointwise convolution (Howard et al. 2017); a stage is one resolution.
    Family(
        r"conv_dw_\d+",
        (
            (r"conv_(?:pad|dw|pw)_(1)(?:_|$)", r"block_\1", "stage1"),
            (r"conv_(?:pad|dw|pw)_([23])(?:_|$)", r"block_\1", "stage2"),
            (r"conv_(?:pad|dw|pw)_([45])(?:_|$)", r"block_\1", "stage3"),
            (r"conv_(?:pad|dw|pw)_([6-9]|1[01])(?:_|$)", r"block_\1", "stage4"),
            (r"conv_(?:pad|dw|pw)_(1[23])(?:_|$)", r"block_\1", "stage5"),
        ),
    ),
    # Xception: separable convolutions in three flows (Chollet 2017, figure 5).
    Family(
        r"block\d+_sepconv\d+",
        (
            (r"(block[1-4])_", r"\1", "entry_flow"),
            (r"(block(?:[5-9]|1[0-2]))_", r"\1", "middle_flow"),
            (r"(block1[34])_", r"\1", "exit_flow"),
        ),
    ),
    # VGG: plain convolutions; its "blocks" are stages here, so that a cut may fall between two convolutions.
    Family(r"block\d+_conv\d+", ((r"(block\d+)_(conv\d+)", r"\1_\2", r"\1"),)),
    # Inception-ResNet-v2: Inception modules with a residual (Szegedy et al. 2016), each stage opened by a reduction.
    Family(
        r"block35_\d+_mixed",
        (
            (r"(block(35|17|8)_\d+)_", r"\1", r"block\2"),
            (r"(mixed_5b)", r"\1", "block35"),
            (r"(mixed_6a)", r"\1", "block17"),
            (r"(mixed_7a)", r"\1", "block8"),
        ),
    ),
    # Inception-v4: modules and reductions (Szegedy et al. 2016, figure 9); a reduction opens the next stage.
    Family(
        r"inception_a\d+_conv",
        (
            (r"(inception_([abc])\d+)_", r"\1", r"inception_\2"),
            (r"(reduction_a)_", r"\1", "inception_b"),
            (r"(reduction_b)_", r"\1", "inception_c"),
        ),
    ),
    # Inception-v3: modules by grid size (Szegedy et al. 2015, table 1); mixed3 and mixed8 halve the grid.
    Family(
        r"mixed9_\d",
        (
            (r"(mixed[0-2])$", r"\1", "inception_a"),
            (r"(mixed[3-7])$", r"\1", "inception_b"),
            (r"(mixed(?:8|9|10))$", r"\1", "inception_c"),
        ),
    ),
    # ConvNeXt: depthwise residuals; a downsampling layer opens each later stage (Liu et al. 2022).
    Family(
        r"stage_\d+_block_\d+_depthwise_conv",
        (
            (r"(stage_\d+)_(block_\d+)_", r"\1_\2", r"\1"),
            (r"(downsampling_block_0)", r"\1", "stage_1"),
            (r"(downsampling_block_1)", r"\1", "stage_2"),
            (r"(downsampling_block_2)", r"\1", "stage_3"),
        ),
    ),
)


def _units(calls: Sequence[LayerCall]) -> list[list[LayerCall]]:
    """Cut the network wherever a single tensor crosses; a unit is what no cut divides: one layer, or whole branches."""
    takers = Counter(name for call in calls for name in call.input_names)
    open_tensors: set[str] = set(takers) - {call.name for call in calls}
    units: list[list[LayerCall]] = [[]]
    for call in calls:
        units[-1].append(call)
        for name in call.input_names:
            takers[name] -= 1
            if not takers[name]:
                open_tensors.discard(name)
        open_tensors.add(call.name)
        if len(open_tensors) == 1:
            units.append([])
    return [unit for unit in units if unit]


def _weighted(unit: Sequence[LayerCall]) -> bool:
    return any(getattr(call.operation, "weights", ()) for call in unit)


def _family(calls: Sequence[LayerCall]) -> Family | None:
    """The first row whose mark a layer carries and that names at least one of the layers."""
    rows = (row for row in FAMILIES if any(re.search(row.mark, call.name) for call in calls))
    return next((row for row in rows if _label(calls, row)), None)


def _label(unit: Sequence[LayerCall], family: Family) -> tuple[str, str] | None:
    """The names of the block and the stage that the unit's layers carry, if any does."""
    for call in reversed(unit):  # the layer that joins the branches names the whole best
        for pattern, block, stage in family.units:
            if match := re.search(pattern, call.name):
                return match.expand(block), match.expand(stage)
    return None


def _by_family(units: list[list[LayerCall]], family: Family) -> list[Block]:
    """Join units that carry one block's name. A unit without a name belongs to the block before it, or to the stem."""
    labels = [_label(unit, family) for unit in units]
    last = max(index for index, label in enumerate(labels) if label)
    blocks: list[Block] = []
    for index, (unit, label) in enumerate(zip(units, labels, strict=True)):
        name, stage = label or (STEM, STEM)
        if index > last and _weighted(unit):
            name, stage = TOP, TOP
        elif blocks and label is None:
            name, stage = blocks[-1].name, blocks[-1].stage
        if blocks and name == blocks[-1].name:
            blocks[-1].calls += unit
        else:
            blocks.append(Block(name, stage, list(unit)))
    return blocks


def _by_graph(units: list[list[LayerCall]]) -> list[Block]:
    """Blocks of a network of no known family: whole branches, or one convolution and what follows it.

    A block is called after the layer that joins its branches, or after its convolution; a stage is one resolution.
    """
    blocks: list[Block] = []
    for unit in units:
        kernels = [call for call in unit if any(len(w.shape) > 1 for w in getattr(call.operation, "weights", ()))]
        if kernels or not blocks:
            blocks.append(Block(unit[-1].name if len(unit) > 1 or not kernels else kernels[0].name, "", list(unit)))
        else:
            blocks[-1].calls += unit
    heights: list[int | None] = []
    for block in blocks:
        # Pooling at a block's end already has the next stage's resolution, so the last layer with weights counts.
        height = [call for call in block.calls if _weighted([call]) or call is block.calls[0]][-1].shape[0]
        if height not in heights[-1:]:
            heights.append(height)
        block.stage = f"stage{len(heights)}"
    return blocks


def group_blocks(calls: Sequence[LayerCall]) -> list[Block]:
    """Divide a network, in graph order, into blocks with unique names.

    Every block is contiguous in `calls`, takes one tensor and gives one, so that a cut between blocks is one tensor.
    Names come from the first family in `FAMILIES` whose mark a layer carries, else from the graph alone.
    """
    units = _units(calls)
    family = _family(calls)
    blocks = _by_family(units, family) if family else _by_graph(units)
    seen: Counter[str] = Counter()
    for block in blocks:
        seen[block.name] += 1
        if seen[block.name] > 1:
            block.name = f"{block.name}_part{seen[block.name]}"
    return blocks
