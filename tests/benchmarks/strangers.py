"""None of these: which score tells photos of a classifier's classes from photos of anything else.

Each set of photos in turn is the classifier's own, the others are strangers to it, and so are black, white, grey and
noise. A head is trained, and then the base fine-tuned from block6a on; the threshold of each score is where 95 % of the
validation photos are answered, and strangers are never looked at to choose it.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks.material import photo_folder, say
from tests.benchmarks.recipe import BLOCK, PHOTOS, class_folders
from tests.benchmarks.table import Row
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.stats.abstention import COVERAGE, KnownPhotos, auroc, threshold_for

SETS = ("cats_dogs", "clothing", "trash")
EMPTY = "empty"
_PARTS: tuple[SplitName, ...] = ("test", "validation", "train", "train", "train")
_TARGET = 2.0
"""Per cent of strangers that may be answered."""

Features, Logits = NDArray[np.float32], NDArray[np.float32]
Score = Callable[[Features, Logits], NDArray[np.float32]]


def run(quick: bool = False) -> list[Row]:
    """Measure every score; `quick` only shows that it works, on drawn photos."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        merged, scratch = Path(folder) / "merged", Path(folder)
        sets = SETS if PHOTOS.is_dir() and not quick else ("drawn",)
        for name in sets:
            if name == "drawn":
                photo_folder(scratch / name, 48)
            source = scratch / name if name == "drawn" else class_folders(name, scratch / "linked")
            for path in sorted(source.glob("*/*")):
                place = merged / f"{name}__{path.parent.name}" / path.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path.resolve())
        _draw_empty(merged / f"{EMPTY}__{EMPTY}")
        session = _session(merged, scratch)
        for own in sets:
            for tuned in (False,) if quick else (False, True):
                rows += _measure(session, own, tuned)
    return rows


def _draw_empty(folder: Path) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(24):
        grey = np.full((224, 224, 3), round(255 * number / 23), np.uint8)
        Image.fromarray(grey).save(folder / f"even{number}.png")
        noise = random.integers(0, 256, (224, 224, 3), np.uint8)
        Image.fromarray(noise).resize((8 + 9 * number, 8 + 9 * number)).resize((224, 224)).save(
            folder / f"noise{number}.png"
        )


def _session(folder: Path, scratch: Path) -> Any:
    from tests.benchmarks.recipe.trainings import Trainings

    kept = scratch / "kept"
    kept.mkdir()
    return Trainings(folder, kept).session


def _measure(session: Any, own: str, tuned: bool) -> list[Row]:
    """The rows of one classifier."""
    manifest, strangers = _dealt(session.manifest, own)
    parts = _trained(session, manifest, tuned)
    train, validation, test = (parts[which] for which in ("train", "validation", "test"))
    labels = np.array([photo.label for photo in manifest.of("train")])
    sets = np.array([strangers.get(photo.sha256, own) for photo in manifest.of("test")])
    rows = []
    figures: dict[str, tuple[float, float, float]] = {}
    for name, score in _scores(train[0], labels).items():
        checked, asked = score(*validation), score(*test)
        if name == OURS and not tuned:  # as `thaw train` does
            checked = np.concatenate([checked, KnownPhotos.of(train[0]).among_themselves()])
        threshold = threshold_for(checked, COVERAGE)
        new, others = asked[sets == own], asked[sets != own]
        answered, taken = 100 * float((new >= threshold).mean()), 100 * float((others >= threshold).mean())
        at95 = 100 * float((others >= np.quantile(new, 1 - COVERAGE)).mean())
        figures[name] = (taken, answered, auroc(new, others))
        taken_of = {one: 100 * float((asked[sets == one] >= threshold).mean()) for one in dict.fromkeys(sets)}
        by_set = ", ".join(f"{one} {share:.1f}" for one, share in taken_of.items() if one != own)
        say(
            f"{own}, {'fine-tuned' if tuned else 'head alone'}, {name}: {answered:.1f} % of new photos answered, "
            f"{taken:.1f} % of strangers ({by_set}); AUROC {figures[name][2]:.4f}, {at95:.1f} % of strangers where 95 "
            "% are answered"
        )
    ours, rival = figures[OURS], figures[SOFTMAX]
    case = f"{own} {'fine-tuned' if tuned else 'head alone'}: strangers answered"
    note = f"{ours[1]:.1f} % of new photos answered; AUROC {ours[2]:.3f} against {rival[2]:.3f}"
    rows.append(Row("strangers", case, ours[0], rival[0], "%", SOFTMAX, ours[0] / _TARGET, "<=", 1.0, note))
    return rows


OURS, SOFTMAX = "likeness to the fifth nearest photo", "probability"


def _scores(train: Features, labels: NDArray[np.int64]) -> dict[str, Score]:
    known = KnownPhotos.of(train)
    means = np.stack([train[labels == label].mean(0) for label in range(labels.max() + 1)])
    inner = train - means[labels]
    covariance = np.cov(inner.T).astype(np.float64)
    shrunk = 0.9 * covariance + 0.1 * np.eye(len(covariance)) * np.trace(covariance) / len(covariance)
    precision = np.linalg.inv(shrunk)

    def mahalanobis(features: Features, logits: Logits) -> NDArray[np.float32]:
        gaps = (features[:, None] - means[None]).astype(np.float64)
        distances = np.einsum("nkc,cd,nkd->nk", gaps, precision, gaps, optimize=True)
        return np.asarray(-distances.min(1), np.float32)

    def softmax(features: Features, logits: Logits) -> NDArray[np.float32]:
        raised = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray((raised / raised.sum(1, keepdims=True)).max(1))

    def energy(features: Features, logits: Logits) -> NDArray[np.float32]:
        most = logits.max(1)
        return np.asarray(most + np.log(np.exp(logits - most[:, None]).sum(1)))

    return {
        OURS: lambda features, logits: known.similarity(features),
        SOFTMAX: softmax,
        "energy": energy,
        "Mahalanobis": mahalanobis,
    }


def _dealt(merged: Manifest, own: str) -> tuple[Manifest, dict[str, str]]:
    """Photos of the own set dealt out, those of the others to be asked about; and the set of each stranger."""
    names = [name for name in merged.classes if name.startswith(f"{own}__")]
    photos: list[ManifestPhoto] = []
    strangers: dict[str, str] = {}
    for photo in sorted(merged.photos, key=lambda one: one.sha256):
        name = merged.classes[photo.label]
        if name in names:
            split = _PARTS[int(photo.sha256[:8], 16) % len(_PARTS)]
            photos.append(replace(photo, label=names.index(name), split=split))
        else:
            strangers[photo.sha256] = name.partition("__")[0]
            photos.append(replace(photo, label=0, split="test"))
    return Manifest(tuple(names), tuple(photos)), strangers


def _trained(session: Any, manifest: Manifest, tuned: bool) -> dict[str, tuple[Features, Logits]]:
    """Pooled features and logits of the photos of each split, by a classifier trained on the own set."""
    from transfer_core.backbones.freeze_plan import FreezePlan, from_block
    from transfer_core.nn.training.callbacks import Schedule
    from transfer_core.nn.training.classifier import head_network
    from transfer_core.nn.training.loop import fit
    from transfer_core.nn.training.steps import all_logits
    from transfer_core.runs.progress import Reporter

    plan = from_block(session.tree, BLOCK) if tuned else FreezePlan()
    config = replace(session.config, plan=plan).for_photos(len(manifest.of("train")))
    ours = replace(session, config=config, manifest=manifest)
    ours.backbone, ours.hashes = session.backbone, session.hashes
    reporter = Reporter(lambda event: None)
    reporter.start("features")
    sources: tuple[Any, ...] = (ours.pooled_features().array,)
    network = head_network(sources[0].shape[-1], len(manifest.classes), config.fit.dropout, 0)
    reporter.start("head", config.head.epochs)
    fit(
        network,
        ours.training_batches(sources, head_only=True),
        ours.batches(sources, "validation"),
        Schedule("head", config.head, config.fit, tuning=config.tuning),
        reporter,
    )
    before = None
    if tuned:
        sources = ours.frontier_sources()
        network = ours.suffix_network(network)
        before = network.read()
        reporter.start("fine-tune", config.fine_tune.epochs)
        schedule = Schedule("fine-tune", config.fine_tune, config.fit, 1, keep_start=True, tuning=config.tuning)
        fit(
            network,
            ours.training_batches(sources, head_only=False),
            ours.batches(sources, "validation"),
            schedule,
            reporter,
        )
    found = {}
    for which in ("train", "validation", "test"):
        batches = ours.batches(sources, which)
        pooled = [
            np.asarray(network.body(list(batch.inputs), training=False)) if network.body else batch.inputs[0]
            for batch in batches.epoch()
        ]
        found[which] = np.concatenate(pooled), all_logits(network, batches, reporter)
    if before is not None:
        network.write(before)
    return found
