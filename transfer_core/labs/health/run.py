"""Health: how the photos look, which are nearly the same, what gives a class away, and which labels may be wrong."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.stored_trees import known_tree
from transfer_core.errors import PhotoError
from transfer_core.labs.folds import deal
from transfer_core.labs.health import verdict
from transfer_core.labs.health.settings import FOLDS, LEAST_PHOTOS, MOST_DOUBTS, PENALTY, stage_seconds
from transfer_core.labs.run_bench import Bench, Shares
from transfer_core.nn.training.session import Session, prepare
from transfer_core.photos.decode import FileFacts, file_facts
from transfer_core.photos.groups.near_copies import near_copies
from transfer_core.photos.health.looks import look
from transfer_core.photos.health.quality import poor_photos
from transfer_core.photos.health.shortcuts import columns, find_shortcuts
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.stats.confident import doubtful_labels
from transfer_core.stats.linear_probe import out_of_fold
from transfer_core.text import Sentence, all_of, plural

__all__ = ["run"]


def run(bench: Bench) -> dict[str, Any]:
    """Look at every photo. What needs no network is found first, and kept while the base looks.

    Returns:
        `findings` [{`kind`, `photos` (names), `advice`, `groups` (the photos as `verdict.named`, those that belong
        together side by side)}], `shortcuts` (those that give a class away), `facts` {fact: accuracy}, `chance`,
        `photos`, `classes` {name: photos}, `base`, `conclusion`, `how_sure`.

    Raises:
        TransferError: the base, its weights, the photos or the disk do not allow it.
        Stopped: a stop was asked for.
    """
    base, seed = get_base(bench.config.base.name), bench.config.seed
    shares = Shares(
        bench,
        stage_seconds(bench.workspace, known_tree(bench.workspace, base.name), len(bench.manifest.photos)),
    )
    session = prepare(bench.workspace, bench.run_config(), bench.manifest, shares.part())
    photos, classes = _distinct(session), session.manifest.classes
    labels = np.array([photo.label for photo in photos], np.int64)
    rows = [session.pixels.rows[photo.sha256] for photo in photos]
    looking = Sentence("Looking at the photos")
    looks = look(session.pixels.array, rows, lambda done: shares.at("looks", done / len(rows), looking))
    files = _files(photos)
    shares.at("copies", 0.0, Sentence("Comparing the photos with each other"))
    groups = near_copies(looks.grid, bench.reporter.check)
    counts = Counter(classes[label] for label in labels.tolist())
    found = verdict.copies(groups, photos, classes, session.manifest.set_aside)
    by_kind = poor_photos(looks, files, base.input_size)
    poor = verdict.poor(by_kind, photos, classes)
    few = verdict.few_photos(counts)
    facts: dict[str, Any] = {
        "photos": len(photos) + len(session.manifest.set_aside),
        "classes": {name: counts[name] for name in classes},
        "base": base.name,
        "chance": max(counts.values()) / len(photos),
        "facts": {},
    }

    def result(
        doubtful: list[dict[str, Any]], alike: list[dict[str, Any]], told: list[dict[str, Any]], labels: bool
    ) -> dict[str, Any]:
        findings = [*found, *doubtful, *poor, *few, *alike]
        return {
            **facts,
            "findings": findings,
            "shortcuts": told,
            "conclusion": verdict.conclude(facts["photos"], findings, told, labels=labels),
            "how_sure": verdict.how_sure(base.title, labels=labels),
        }

    if not _enough(bench, counts, classes):
        return result([], [], [], labels=False)
    folds = np.array(deal(photos, FOLDS, seed), np.int64)
    shortcuts = find_shortcuts(columns(looks, files), labels, folds, bench.reporter.check)
    told = verdict.told_by(shortcuts, classes, facts["chance"])
    facts["facts"] = {shortcut.fact: shortcut.accuracy for shortcut in shortcuts}
    bench.save(result([], [], told, labels=False))
    if bench.config.base.weights == "none":
        bench.reporter.message("A base with random weights knows nothing, so no wrong labels were looked for.")
        return result([], [], told, labels=False)

    features = np.asarray(session.pooled_features().array[rows])
    shares.at("labels", 0.0, Sentence("Looking for wrong labels"))
    said = out_of_fold(features, labels, folds, [PENALTY], bench.reporter.check)
    alike = verdict.alike_classes(said.answers, labels, classes)
    doubts = doubtful_labels(said.probabilities, labels)
    if len(doubts.rows) > MOST_DOUBTS * len(photos):
        bench.reporter.message(
            "These photos are too few, or too hard for {base}, to say which labels may be wrong.", base=base.title
        )
        return result([], alike, told, labels=False)
    doubts = doubts.without(by_kind["one_color"])  # whatever it is called, there is nothing to see
    return result(verdict.doubts(doubts, said.probabilities, photos, classes), alike, told, labels=True)


def _distinct(session: Session) -> list[ManifestPhoto]:
    """Each picture once; the same one in other bytes is a finding of its own."""
    return list({photo.sha256: photo for photo in session.manifest.photos}.values())


def _files(photos: Sequence[ManifestPhoto]) -> list[FileFacts]:
    """What their files say; of one that has just gone, nothing that would be found."""
    found = []
    for photo in photos:
        try:
            found.append(file_facts(Path(photo.path)))
        except PhotoError:  # decoded earlier, and gone since: its pixels are known, its file is not
            found.append(FileFacts(1000, 1000, ""))
    return found


def _enough(bench: Bench, counts: Counter[str], classes: Sequence[str]) -> bool:
    few = [name for name in classes if counts[name] < LEAST_PHOTOS]
    if few:
        bench.reporter.message(
            plural(
                "{names} has fewer than {least} photos, so no wrong labels and no shortcuts were looked for.",
                "{names} have fewer than {least} photos, so no wrong labels and no shortcuts were looked for.",
                len(few),
                names=all_of(few),
                least=LEAST_PHOTOS,
            ),
            warning=True,
        )
    return not few
