"""What a freeze plan trains, in words."""

from transfer_core.backbones import freeze_plan as planning
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.backbones.tree import LayerTree
from transfer_core.text import Sentence, plural

__all__ = ["plan_words", "trained_words"]


def plan_words(tree: LayerTree, plan: FreezePlan) -> Sentence:
    """What a plan trains, besides the head: `the last 3 blocks`, `7 layers in 2 blocks`, `nothing`."""
    if plan.head_only:
        return Sentence("nothing")
    last = planning.count_last_blocks(tree, plan)
    if last is None:
        chosen = set(plan.trainable)
        blocks = sum(any(layer.name in chosen for layer in block.children) for block in tree.blocks)
        layers = len(chosen & tree.weighted)
        return Sentence(
            "{layers} in {blocks}", layers=_layers(layers), blocks=plural("{n} block", "{n} blocks", blocks)
        )
    if plan == planning.everything(tree):
        return Sentence("the whole base")
    return Sentence("the last block") if last == 1 else Sentence("the last {last} blocks", last=last)


def trained_words(tree: LayerTree | None, plan: FreezePlan) -> Sentence:
    """What trains in all, as `plan_words` says it; `the head only` with an empty plan.

    Args:
        tree: of the base the plan is for; None: not known.
        plan: whose layers.
    """
    if plan.head_only:
        return Sentence("the head only")
    if tree is None or not set(plan.trainable) <= tree.layers.keys():
        return _layers(len(plan.trainable))
    return plan_words(tree, plan)


def _layers(count: int) -> Sentence:
    return plural("{n} layer", "{n} layers", count)
