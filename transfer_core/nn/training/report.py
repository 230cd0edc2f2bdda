"""report.json: every figure of a run that ended with a model, and what it takes to repeat it."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.cost import record_speed
from transfer_core.backbones.freeze_plan import cut
from transfer_core.disk.arrays import content_key
from transfer_core.disk.files import write_json
from transfer_core.nn.export.classifier import versions
from transfer_core.nn.numerics import numerics
from transfer_core.nn.training.callbacks import Fitted
from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.session import Session
from transfer_core.nn.training.steps import compiled_pooled, gather
from transfer_core.photos.manifest import SplitName
from transfer_core.runs.folder import Run
from transfer_core.runs.known import MOST_KNOWN, Known
from transfer_core.runs.progress import Reporter
from transfer_core.stats.abstention import KnownPhotos
from transfer_core.stats.metrics import Evaluation, evaluate

__all__ = ["CHECKED", "Outcome", "build_report", "known_photos", "record_training_speed", "write_answers"]

CHECKED: tuple[SplitName, ...] = ("validation", "test")
"""The splits that a classifier is checked on."""


@dataclass(frozen=True)
class Outcome:
    """What training led to."""

    phases: dict[str, Fitted]
    answers: dict[Any, NDArray[np.float32]]
    """Probabilities (photos, classes) by split: `validation`, and `test` if there are such photos."""
    temperature: float
    """Fitted on the validation photos; it is in the answers."""
    parity: dict[str, Any]
    freeze_proof: dict[str, Any]
    history: list[dict[str, Any]]
    """The `EpochEnded` events."""
    stopped: bool


def build_report(
    run: Run, session: Session, network: Network, outcome: Outcome, seconds: dict[str, float]
) -> dict[str, Any]:
    """The report as JSON values; CLI.md names the fields that scripts rely on."""
    config, classes = session.config, session.manifest.classes
    judged: dict[str, Evaluation | None] = {"validation": None, "test": None}
    for which, values in outcome.answers.items():
        photos = session.photos(which)
        labels = np.array([photo.label for photo in photos], np.int32)
        judged[which] = evaluate(values, labels, classes, photos)
    validation, test = judged["validation"], judged["test"]
    assert validation is not None  # checked before anything trained
    return {
        "run": str(run.path),
        "stopped": outcome.stopped,
        "classes": list(classes),
        "val_accuracy": validation.accuracy,
        "val_interval": list(validation.interval),
        "test_accuracy": test.accuracy if test else None,
        "test_interval": list(test.interval) if test else None,
        "validation": validation.to_dict(),
        "test": test.to_dict() if test else None,
        "temperature": outcome.temperature,
        "confusion": validation.confusion,
        "per_class": validation.per_class,
        "trainable_parameters": sum(prod(variable.shape) for variable in network.variables),
        "seconds": seconds,
        "phases": {name: asdict(fitted) for name, fitted in outcome.phases.items()},
        "freeze_proof": outcome.freeze_proof,
        "parity": outcome.parity,
        "history": outcome.history,
        "photos": session.manifest.counts(),
        "skipped": [{"photo": item.photo.name, "reason": item.reason.to_json()} for item in session.skipped],
        "set_aside": list(session.manifest.set_aside),
        "leaks": session.manifest.leaks,
        "near_leaks": session.manifest.near_leaks,
        "leaked": {which: session.manifest.leaked(which) for which in outcome.answers},
        "base": session.spec.name,
        "weights": session.origin.weights,
        "seed": config.seed,
        "config": config.to_dict(),
        "config_hash": content_key(config.to_dict()),
        "pixels": session.pixels.key,
        "features": {name: stored.notes for name, stored in session.found.items()},
        "versions": versions(),
        "numerics": numerics(),
    }


def write_answers(run: Run, session: Session, outcome: Outcome, alike: dict[SplitName, NDArray[np.float32]]) -> None:
    """Keep what the report was made of, photo by photo; see `Run.answers_path`.

    `alike` is what `known_photos` gave.
    """
    kept = {
        which: {
            "sha256": [photo.sha256 for photo in session.photos(which)],
            "probabilities": values.tolist(),
            "alike": alike[which].tolist(),
        }
        for which, values in outcome.answers.items()
    }
    write_json(run.answers_path, kept)


def known_photos(
    session: Session, network: Network, sources: tuple[Any, ...], reporter: Reporter
) -> tuple[Known, dict[SplitName, NDArray[np.float32]]]:
    """What the network makes of the photos it learned from, and how much others look like them.

    Args:
        session: its photos.
        network: as it is when training has ended.
        sources: what enters it.
        reporter: hears signs of life.

    Returns:
        What is kept; and the likeness (photos,) of those of each split that was checked on.
    """
    train = session.training_batches(sources, head_only=network.body is None)
    shas = [photo.sha256 for photo in session.photos("train")]
    shas = [sha for sha in shas for _ in range(train.photos // len(shas))]  # variants of a photo stand together
    chosen = np.unique(np.linspace(0, train.photos - 1, MOST_KNOWN).astype(int))
    features = compiled_pooled(network, train)
    photos = KnownPhotos.of(gather(features, train.only(chosen), reporter.beat))
    alike = {
        which: gather(lambda batch: photos.similarity(features(batch)), batches, reporter.beat)
        for which in CHECKED
        if (batches := session.batches(sources, which)).photos
    }
    checked = alike["validation"]
    if network.body is None and train.photos == len(session.photos("train")):
        # The base has learned nothing from them, so each is as new to the others as any photo.
        checked = np.concatenate([checked, photos.among_themselves()])
    return Known(photos, tuple(shas[row] for row in chosen), checked), alike


def record_training_speed(session: Session, outcome: Outcome) -> None:
    """Note how fast this machine fine-tunes the base, for later estimates. The first epoch is left out: it holds the
    tracing of the step."""
    epochs = [epoch for epoch in outcome.history if epoch["phase"] == "fine-tune"][1:]
    # With live augmentation an epoch runs the whole base: it says nothing of training alone.
    if session.tree is None or not epochs or session.config.fit.augment == "live":
        return
    flops = cut(session.tree, session.config.plan).suffix_flops
    counts = {which: len(session.photos(which)) for which in ("train", "validation")}
    if session.config.fit.augment == "cached":
        counts["train"] *= session.config.augmentation.variants
    work = flops * (3 * counts["train"] + counts["validation"]) * len(epochs)
    record_speed(session.workspace, session.tree.root.name, "train", work, sum(epoch["seconds"] for epoch in epochs))
