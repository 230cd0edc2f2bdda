"""Every photo answered by a classifier that never saw it: trained as the run was, on the other photos."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.stored_trees import known_tree
from transfer_core.errors import DataError, RunError
from transfer_core.labs.evaluate.settings import Material, deal, folds_of, stage_seconds, too_few
from transfer_core.labs.run_bench import Bench, Shares
from transfer_core.nn.retracing import retracing_expected
from transfer_core.nn.training.callbacks import Fitted, Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.report import known_photos
from transfer_core.nn.training.session import Session, prepare
from transfer_core.nn.training.steps import all_logits, softmax
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded, Event, Message, Progress
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.stats.calibration import fit_temperature
from transfer_core.text import Sentence

__all__ = ["Said", "answer_folds"]


@dataclass(frozen=True)
class Said:
    """What was said of photos."""

    probabilities: NDArray[np.float32]
    """(photos, classes)"""
    photos: list[ManifestPhoto]
    """Those that can be read."""
    alike: NDArray[np.float32] | None = None
    """(photos,) how much each looks like what was learned from; None where that is not known."""
    threshold: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """(photos,) the likeness that each needs for an answer."""


def answer_folds(bench: Bench, found: Material) -> tuple[Said, int, int]:
    """Train a classifier a fold, as the run was trained, and ask it about the photos of its fold.

    The epoch is chosen and the temperature fitted on photos of neither; so a photo's answer owes nothing to it.

    Returns:
        What was said, how many classifiers answered, and from how many photos each learned, on average.

    Raises:
        TransferError: the base, its weights or the disk do not allow it.
        Stopped: a stop was asked for.
    """
    config = found.run.config()
    progress = _Shares(bench, found, config)
    whole = prepare(bench.workspace, config, Manifest(found.classes, found.photos), progress.reporter())
    if (few := too_few(whole.manifest)) is not None:  # some may have been unreadable
        raise DataError(few)
    dealt = deal(whole.manifest.photos, found.classes, folds_of(config), config.seed)
    said: list[Said] = []
    first: Session | None = None
    with retracing_expected():
        for fold, manifest in enumerate(dealt):
            reporter = progress.reporter(fold, len(dealt))
            session = _session(bench, config, manifest, reporter, first)
            said.append(_answer(session, reporter))
            first = first or session
            progress.fold(fold + 1, len(dealt))
    shares, alike, threshold = (
        np.concatenate(parts)
        for parts in zip(*((one.probabilities, one.alike, one.threshold) for one in said), strict=True)
    )
    learned = round(sum(len(manifest.of("train")) for manifest in dealt) / len(dealt))
    return Said(shares, [photo for one in said for photo in one.photos], alike, threshold), len(dealt), learned


def _session(bench: Bench, config: RunConfig, manifest: Manifest, reporter: Reporter, first: Session | None) -> Session:
    session = prepare(bench.workspace, config, manifest, reporter)
    if first is not None and "backbone" in vars(first):  # building it takes seconds; each fold leaves it as it was
        session.backbone, session.hashes = first.backbone, first.hashes
    return session


def _answer(session: Session, reporter: Reporter) -> Said:
    """What a classifier trained on the session's photos says of its test photos."""
    config = session.config
    features = session.pooled_features().array
    network = head_network(features.shape[-1], len(session.manifest.classes), config.fit.dropout, config.seed)
    reporter.start("head", config.head.epochs)
    schedule = Schedule("head", config.head, config.fit, tuning=config.tuning)
    fitted = _fit(session, network, (features,), schedule, reporter)
    if not config.fine_tunes:
        return _asked(session, network, (features,), reporter)
    sources = session.frontier_sources()
    tuned = session.suffix_network(network)
    before = tuned.read()
    try:
        reporter.start("fine-tune", config.fine_tune.epochs)
        schedule = Schedule(
            "fine-tune", config.fine_tune, config.fit, fitted.epochs + 1, keep_start=True, tuning=config.tuning
        )
        _fit(session, tuned, sources, schedule, reporter)
        return _asked(session, tuned, sources, reporter)
    finally:
        tuned.write(before)


def _fit(
    session: Session, network: Network, sources: tuple[Any, ...], schedule: Schedule, reporter: Reporter
) -> Fitted:
    train = session.training_batches(sources, head_only=network.body is None)
    fitted = fit(network, train, session.batches(sources, "validation"), schedule, reporter)
    if fitted.ending == "stopped":
        raise Stopped
    if fitted.best_epoch is None:
        raise RunError("The loss was no longer a number in the first epoch, so there is nothing to evaluate.")
    return fitted


def _asked(session: Session, network: Network, sources: tuple[Any, ...], reporter: Reporter) -> Said:
    checked = session.batches(sources, "validation")
    temperature = fit_temperature(all_logits(network, checked, reporter), checked.labels)
    shares = softmax(all_logits(network, session.batches(sources, "test"), reporter), temperature)
    known, alike = known_photos(session, network, sources, reporter)
    threshold = np.full(len(shares), known.threshold(), np.float32)
    return Said(shares, list(session.photos("test")), alike["test"], threshold)


class _Shares:
    """How far along it is."""

    def __init__(self, bench: Bench, found: Material, config: RunConfig) -> None:
        self._bench, self._epochs = bench, config.fine_tune.epochs
        tree = known_tree(bench.workspace, config.base.name)
        photos = len(found.photos)
        self._shares = Shares(bench, stage_seconds(bench.workspace, tree, config, "folds", len(found.classes), photos))

    def reporter(self, fold: int = 0, folds: int = 0) -> Reporter:
        """For one fold, or what comes before: decoding, features and epochs become progress of the whole."""
        tuned = 0

        def hear(event: Event) -> None:
            nonlocal tuned
            if isinstance(event, Message) and not folds:
                self._bench.reporter.emit(event)
            elif isinstance(event, Progress) and event.total and event.step.id == ("features" if folds else "photos"):
                if not fold:  # the others find what the first has made
                    words = Sentence("Looking at the photos") if folds else Sentence("Reading the photos")
                    self._shares.at(event.step.id, event.done / event.total, words)
            elif isinstance(event, EpochEnded) and event.phase == "fine-tune":
                tuned += 1
                self.fold(fold + tuned / self._epochs, folds)

        reporter = self._bench.quiet(hear)
        reporter.start("prepare")
        return reporter

    def fold(self, done: float, folds: int) -> None:
        """So many of the folds are behind."""
        words = Sentence("Classifier {n} of {folds}", n=min(int(done) + 1, folds), folds=folds)
        self._shares.at("folds", done / folds, words)
