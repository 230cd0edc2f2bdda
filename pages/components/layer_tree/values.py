"""The layer tree to read: a figure with a bar beside the stages, blocks or layers that have one; nothing to edit."""

from collections.abc import Mapping
from dataclasses import dataclass

from pages.components.layer_tree.wire import Rows, component
from transfer_core.backbones.tree import LayerTree

__all__ = ["Value", "layer_values"]

_COMPONENT = component("thaw_layer_values", "layer_values")


@dataclass(frozen=True)
class Value:
    """What stands beside one row of the tree."""

    text: str
    """The figure as people read it, short: `93%`."""
    share: float
    """Length of the bar, 0 to 1."""
    low: float | None = None
    """Where the whiskers of an interval begin, 0 to 1; None: no whiskers."""
    high: float | None = None
    """Where they end."""
    best: bool = False
    """Whether the row stands out."""
    title: str = ""
    """More words, for the pointer and for screen readers."""


def layer_values(
    tree: LayerTree,
    values: Mapping[str, Value],
    *,
    key: str,
    label: str,
    mark: float | None = None,
    best: str = "best",
) -> None:
    """Draw `tree` with `values` beside its rows. It folds and goes by keyboard as `layer_tree` does.

    Args:
        tree: of the base.
        values: by the name of a stage, block or layer. Where a stage and its block (or a block and its layer) share a
            name, both show the value; `stage/NAME`, `block/NAME` or `layer/NAME` means one alone and comes first.
        key: of the component; no two underscores in a row.
        label: what the figures are, in a few words: above their column and for screen readers.
        mark: where in 0 to 1 a thin line crosses every bar, e.g. what guessing would give.
        best: the badge on rows that stand out, one short word.
    """
    wire = Rows(tree, key)
    found = [
        (at, value.text, value.share, value.low, value.high, value.best, value.title)
        for at, (node, _) in enumerate(tree.walk())
        if (value := values.get(f"{node.kind}/{node.name}", values.get(node.name)))
    ]
    _COMPONENT(
        key=key,
        on_missing_change=wire.missing,
        data={**wire.data(), "values": found, "label": label, "mark": mark, "best": best},
    )
