"""Every photo answered by a classifier that never saw it: trained as the run was, on the other photos."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
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
from transfer_core.nn.training.loop import Compiled, fit
from transfer_core.nn.training.report import known_photos
from transfer_core.nn.training.session import Session, prepare
from transfer_core.nn.training.steps import gather, softmax
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded, Event, Message, Phase, Progress
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.stats.calibration import fit_temperature
from transfer_core.text import Sentence

__all__ = ["Said", "answer_folds"]

_BUILT = ("backbone", "hashes", "partition")
"""Of a session: what takes seconds to build, and is the same for all folds."""


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
    folds = _Folds()
    with retracing_expected():
        for fold, manifest in enumerate(dealt):
            reporter = progress.reporter(fold, len(dealt))
            session = prepare(bench.workspace, config, manifest, reporter)
            said.append(folds.answer(session, reporter))
            progress.fold(fold + 1, len(dealt))
    shares, alike, threshold = (
        np.concatenate(parts)
        for parts in zip(*((one.probabilities, one.alike, one.threshold) for one in said), strict=True)
    )
    learned = round(sum(len(manifest.of("train")) for manifest in dealt) / len(dealt))
    return Said(shares, [photo for one in said for photo in one.photos], alike, threshold), len(dealt), learned


class _Folds:
    """The classifiers, trained one after the other in the same variables: what is built and traced for the first serves
    all, and takes longer than a head."""

    def __init__(self) -> None:
        """Nothing is built yet."""
        self._built: dict[str, Any] = {}
        self._compiled: dict[Phase, Compiled] = {}

    def answer(self, session: Session, reporter: Reporter) -> Said:
        """What a classifier trained on the session's photos says of its test photos; leaves the base as it was."""
        vars(session).update(self._built)
        try:
            return self._answer(session, reporter)
        finally:
            if tuned := self._compiled.get("fine-tune"):
                tuned.reset()
            self._built = {name: made for name, made in vars(session).items() if name in _BUILT}

    def _answer(self, session: Session, reporter: Reporter) -> Said:
        config = session.config
        features = session.pooled_features().array
        channels, classes = features.shape[-1], len(session.manifest.classes)
        reporter.start("head", config.head.epochs)
        schedule = Schedule("head", config.head, config.fit, tuning=config.tuning)
        build = partial(head_network, channels, classes, config.fit.dropout, config.seed)
        head, fitted = self._fit(build, session, (features,), schedule, reporter)
        if not config.fine_tunes:
            return _asked(session, head, (features,), reporter)
        sources = session.frontier_sources()
        reporter.start("fine-tune", config.fine_tune.epochs)
        schedule = Schedule(
            "fine-tune", config.fine_tune, config.fit, fitted.epochs + 1, keep_start=True, tuning=config.tuning
        )
        build = partial(session.suffix_network, head.network)
        tuned, _ = self._fit(build, session, sources, schedule, reporter)
        return _asked(session, tuned, sources, reporter)

    def _fit(
        self,
        build: Callable[[], Network],
        session: Session,
        sources: tuple[Any, ...],
        schedule: Schedule,
        reporter: Reporter,
    ) -> tuple[Compiled, Fitted]:
        phase = schedule.name
        train = session.training_batches(sources, head_only=phase == "head")
        checked = session.batches(sources, "validation")
        if phase not in self._compiled:
            self._compiled[phase] = Compiled(build(), train, checked, schedule)
        elif phase == "head":
            self._compiled[phase].reset()
        compiled = self._compiled[phase]
        fitted = fit(compiled.network, train, checked, schedule, reporter, compiled=compiled)
        if fitted.ending == "stopped":
            raise Stopped
        if fitted.best_epoch is None:
            raise RunError("The loss was no longer a number in the first epoch, so there is nothing to evaluate.")
        return compiled, fitted


def _asked(session: Session, compiled: Compiled, sources: tuple[Any, ...], reporter: Reporter) -> Said:
    checked, held = (session.batches(sources, which) for which in ("validation", "test"))
    temperature = fit_temperature(gather(compiled.answer, checked, reporter.beat), checked.labels)
    shares = softmax(gather(compiled.answer, held, reporter.beat), temperature)
    known, alike = known_photos(session, compiled.network, sources, reporter)
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
