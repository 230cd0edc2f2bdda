"""Every photo answered by a classifier that never saw it: trained as the run was, on the other photos."""

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.catalog import DEFAULT_BASE
from transfer_core.backbones.stored_trees import shipped_tree, stored_tree
from transfer_core.errors import RunError
from transfer_core.labs.evaluate.settings import Material, deal, folds_of, stage_seconds
from transfer_core.labs.run_bench import Bench
from transfer_core.nn.training.callbacks import Fitted, Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.session import Session, prepare
from transfer_core.nn.training.steps import all_logits, softmax
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded, Event, Message, Progress
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.stats.calibration import fit_temperature
from transfer_core.text import Sentence

__all__ = ["answer_folds"]

Answers = NDArray[np.float32]


def answer_folds(bench: Bench, found: Material) -> tuple[Answers, list[ManifestPhoto], int]:
    """Train a classifier a fold, as the run was trained, and ask it about the photos of its fold.

    The epoch is chosen and the temperature fitted on photos of neither; so a photo's answer owes nothing to it.

    Returns:
        Probabilities (photos, classes), the photos (those that can be read), and how many classifiers answered.

    Raises:
        TransferError: the base, its weights or the disk do not allow it.
        Stopped: a stop was asked for.
    """
    config = found.run.config()
    dealt = deal(found.photos, found.classes, folds_of(config), config.seed)
    shares = _Shares(bench, found, config, len(dealt))
    answers: list[Answers] = []
    photos: list[ManifestPhoto] = []
    first: Session | None = None
    for fold, manifest in enumerate(dealt):
        if fold:
            shares.fold(fold)
        reporter = shares.reporter(fold)
        session = _session(bench, config, manifest, reporter, first)
        answers.append(_answer(session, reporter))
        photos += session.photos("test")
        first = first or session
    return np.concatenate(answers), photos, len(dealt)


def _session(bench: Bench, config: RunConfig, manifest: Manifest, reporter: Reporter, first: Session | None) -> Session:
    session = prepare(bench.workspace, config, manifest, reporter)
    if first is not None and "backbone" in vars(first):  # building it takes seconds; each fold leaves it as it was
        session.backbone, session.hashes = first.backbone, first.hashes
    return session


def _answer(session: Session, reporter: Reporter) -> Answers:
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


def _asked(session: Session, network: Network, sources: tuple[Any, ...], reporter: Reporter) -> Answers:
    checked = session.batches(sources, "validation")
    temperature = fit_temperature(all_logits(network, checked, reporter), checked.labels)
    return softmax(all_logits(network, session.batches(sources, "test"), reporter), temperature)


class _Shares:
    """How far along the folds are, in shares of all the seconds they should take."""

    def __init__(self, bench: Bench, found: Material, config: RunConfig, folds: int) -> None:
        self._bench, self._config, self._folds = bench, config, folds
        tree = stored_tree(bench.workspace, config.base.name) or shipped_tree(DEFAULT_BASE.name)
        assert tree is not None  # the default base comes with its tree
        seconds = stage_seconds(bench.workspace, tree, config, "folds", len(found.classes), len(found.photos))
        whole = sum(seconds.values())
        ends = accumulate(seconds.values(), initial=0.0)
        self._begin = {step: end / whole for step, end in zip(seconds, ends, strict=False)}
        self._length = {step: value / whole for step, value in seconds.items()}

    def reporter(self, fold: int) -> Reporter:
        """For one fold, whose decoding, features and epochs become progress of the whole."""

        def hear(event: Event) -> None:
            if isinstance(event, Message) and fold == 0:
                self._bench.reporter.emit(event)
            elif isinstance(event, Progress) and event.total and event.step.id in self._begin and fold == 0:
                self._share(event.step, event.step.id, event.done / event.total)
            elif isinstance(event, EpochEnded) and event.phase == "fine-tune":
                epochs = self._config.fine_tune.epochs
                self.fold(fold, min(1.0, (event.epoch - first.get("epoch", event.epoch) + 1) / epochs))
                first.setdefault("epoch", event.epoch)

        first: dict[str, int] = {}
        reporter = self._bench.quiet(hear)
        reporter.start("prepare")
        return reporter

    def fold(self, fold: int, done: float = 0.0) -> None:
        """So much (0..1) of a fold is behind."""
        words = Sentence("Classifier {n} of {folds}", n=fold + 1, folds=self._folds)
        self._share(words, "folds", (fold + done) / self._folds)

    def _share(self, words: Sentence, stage: str, done: float) -> None:
        self._bench.share(words, self._begin[stage] + self._length[stage] * done)
