"""The depth probe: pooled features after every block in one pass, and a linear classifier on each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.stored_trees import known_tree
from transfer_core.backbones.tree import LayerTree
from transfer_core.labs.folds import deal
from transfer_core.labs.probe.settings import (
    Depth,
    check_photos,
    compare,
    fit_seconds,
    probed,
    stage_seconds,
    thin_out,
)
from transfer_core.labs.probe.verdict import conclude
from transfer_core.labs.run_bench import Bench, Shares
from transfer_core.nn.training.block_features import block_features, tree_of
from transfer_core.nn.training.session import prepare
from transfer_core.stats.intervals import wilson
from transfer_core.stats.linear_probe import OutOfFold, out_of_fold
from transfer_core.text import Sentence

__all__ = ["run"]


def run(bench: Bench) -> dict[str, Any]:
    """Probe every depth.

    Returns:
        `depths` (`labs.probe.Depth`, in the order of the blocks), `best` and what else is in `labs.probe_verdict.
        Verdict`; `chance` (accuracy of always naming the largest class), `classes` {name: photos},
        `photos`, `folds`, `blocks` (how many depths there will be).

    Raises:
        DataError: a class has fewer photos than there are folds.
    """
    settings, seed = bench.settings, bench.config.seed
    check_photos(bench.manifest, settings.folds)
    manifest = thin_out(bench.manifest, settings.photos, settings.folds, seed)
    reckoned = known_tree(bench.workspace, bench.config.base.name)
    shares = Shares(bench, stage_seconds(bench.workspace, reckoned, len(manifest.photos)))
    session = prepare(bench.workspace, bench.run_config(), manifest, shares.part())
    check_photos(session.manifest, settings.folds)  # some may have been unreadable
    tree, features = tree_of(session), block_features(session)

    photos = probed(session.manifest)
    rows = np.array([session.pixels.rows[photo.sha256] for photo in photos])
    labels = np.array([photo.label for photo in photos], np.int64)
    folds = np.array(deal(photos, settings.folds, seed), np.int64)
    counts = Counter(labels.tolist())
    facts = {
        "chance": max(counts.values()) / len(photos),
        "classes": {name: counts[label] for label, name in enumerate(session.manifest.classes)},
        "photos": len(photos),
        "of": len(probed(bench.manifest)),
        "folds": settings.folds,
        "blocks": len(features),
        "base": session.spec.name,
    }
    costs = [fit_seconds(len(photos), stored.array.shape[1]) for stored in features.values()]
    answered: dict[str, OutOfFold] = {}
    result: dict[str, Any] = {}
    for at, (block, stored) in enumerate(features.items()):
        shares.at("fits", sum(costs[:at]) / sum(costs), Sentence("classifiers after {block}", block=block))
        values = np.asarray(stored.array[rows])
        answered[block] = out_of_fold(values, labels, folds, settings.penalties, bench.reporter.check)
        depths = _depths(tree, answered, labels, session.manifest.classes)
        result = facts | {"depths": [depth.to_dict() for depth in depths]}
        bench.save(result)
    verdict = conclude(depths, facts["chance"])
    for words in verdict.warnings:
        bench.reporter.message(words, warning=True)
    return result | asdict(verdict)


def _depths(
    tree: LayerTree, answered: dict[str, OutOfFold], labels: NDArray[np.int64], classes: Sequence[str]
) -> list[Depth]:
    """The depths answered so far, compared with each other."""
    right = {block: (found.answers == labels).tolist() for block, found in answered.items()}
    p_values = compare(right)
    stages = {block.name: stage.name for stage in tree.stages for block in stage.children}
    flops = [sum(layer.facts.flops for layer in block.children if layer.facts) for block in tree.blocks]
    so_far = zip(accumulate(block.parameters for block in tree.blocks), accumulate(flops), strict=True)
    depths = []
    for block, (parameters, work) in zip(tree.blocks, so_far, strict=True):
        if block.name not in answered:
            break
        hits = np.array(right[block.name])
        correct = int(hits.sum())
        depths.append(
            Depth(
                block=block.name,
                stage=stages[block.name],
                accuracy=correct / len(hits),
                interval=wilson(correct, len(hits)),
                correct=correct,
                photos=len(hits),
                p_value=p_values[block.name],
                recall={name: float(hits[labels == label].mean()) for label, name in enumerate(classes)},
                penalties=answered[block.name].penalties,
                channels=block.shape[-1],
                parameters=parameters,
                parameters_after=tree.root.parameters - parameters,
                work=work / sum(flops),
            )
        )
    return depths
