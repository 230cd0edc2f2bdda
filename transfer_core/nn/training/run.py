"""A run from photos to a saved classifier: head on a frozen base, then fine-tuning, then the report."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.disk import cache as cache_limit
from transfer_core.disk.arrays import content_key
from transfer_core.disk.files import write_json
from transfer_core.disk.half_precision import HALF_LIMIT
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import RunError
from transfer_core.nn.data.batches import Batches
from transfer_core.nn.export.classifier import assemble, check_parity, save_classifier, versions
from transfer_core.nn.models.partition import freeze_proof, weight_hashes
from transfer_core.nn.numerics import numerics
from transfer_core.nn.training.callbacks import Fitted, Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.report import (
    CHECKED,
    Outcome,
    build_report,
    known_photos,
    record_training_speed,
    write_answers,
)
from transfer_core.nn.training.session import Session, prepare
from transfer_core.nn.training.steps import all_logits, softmax
from transfer_core.runs import events
from transfer_core.runs.checkpoint import Checkpoint, PhaseCheckpoint
from transfer_core.runs.checks import plain_number
from transfer_core.runs.events import Emit, EpochEnded, Event
from transfer_core.runs.figure import forget_out_of_fold
from transfer_core.runs.folder import Run
from transfer_core.runs.known import write_known
from transfer_core.runs.outcome import UNTUNED, blended, ended_early, head_kept
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.runs.rates import lower_rate
from transfer_core.stats.calibration import fit_temperature

__all__ = ["train"]

_PARITY_PHOTOS = 16


@dataclass
class _Trained:
    """What the phases made."""

    network: Network
    sources: tuple[Any, ...]
    """What enters the network, rows as the pixels'."""
    phases: dict[str, Fitted]


def train(
    workspace: Workspace, run: Run, emit: Emit, *, beat: Callable[[], None] | None = None
) -> dict[str, Any] | None:
    """Train the classifier that `run` asks for and leave it, labels and report in the run's folder.

    The same configuration, photos and seed give the same history to the last bit where `numerics` are the same,
    whatever was cached. Not so where BatchNormalization of the base normalizes by the batch: TensorFlow sums its
    gradients in no fixed order. When a stop is asked for, the best weights so far are kept, saved and reported.

    Args:
        workspace: its weights and caches are used.
        run: its configuration and photos are read, its `stop` file is watched.
        emit: hears every event.
        beat: called often, also within long steps, as a sign of life.

    Returns:
        What report.json holds; None when a stop came before the first epoch ended, so that there is no model.

    Raises:
        TransferError: something a person can mend; the sentence says what.
    """
    config = run.config()
    checkpoint = Checkpoint(run.checkpoint_path, "")

    def tell(event: Event) -> None:
        if isinstance(event, EpochEnded):
            checkpoint.history.append(events.to_dict(event))
        emit(event)

    reporter = Reporter(tell, lambda: run.stop_requested, beat or (lambda: None))
    cache_limit.limit_bytes(workspace)  # a limit that is no number is refused before anything is computed
    keras.utils.set_random_seed(config.seed)
    forget_out_of_fold(run)
    try:
        reporter.start("prepare")
        session = prepare(workspace, config, run.manifest(), reporter)
        checkpoint = _last_state(run, session, reporter)
        trained = _train_head(session, checkpoint.phase("head"), reporter)
    except Stopped:
        trained = None
    if trained is None:
        reporter.leave()
        reporter.message("Stopped before the first epoch ended, so there is no classifier.")
        return None
    if config.fine_tunes:
        try:
            _fine_tune(session, trained, checkpoint.phase("fine-tune"), reporter)
        except Stopped:
            reporter.message(UNTUNED)
    reporter.start("finish")
    report = _finish(run, session, trained, reporter, checkpoint.history)
    if not report["stopped"]:
        checkpoint.clear()
    cache_limit.trim(workspace)  # the run no longer needs what is in use over the limit
    return report


def _last_state(run: Run, session: Session, reporter: Reporter) -> Checkpoint:
    """Where an earlier process left the run, or an empty checkpoint. What it told beyond that is forgotten."""
    shas = [[photo.sha256 for photo in session.photos(which)] for which in ("train", *CHECKED)]
    parts = (session.config.to_dict(), session.origin.parts(), shas, versions())
    # Format 0 named a state without what decides the last bits; its runs go on all the same.
    checkpoint = Checkpoint.load(run.checkpoint_path, content_key(*parts, numerics()), content_key(*parts))
    run.rewind(checkpoint.history[-1]["epoch"] if checkpoint.history else 0)
    if checkpoint.history:
        reporter.message("Continued after epoch {epoch}.", epoch=checkpoint.history[-1]["epoch"])
    elif run.checkpoint_path.exists():
        reporter.message(
            "The run starts again from its first epoch: its photos, weights, software or processor are not what they "
            "were when its last state was kept, or that state is damaged.",
            warning=True,
        )
    for phase, seconds in _spent(run, checkpoint).items():
        reporter.seconds[phase] = round(reporter.seconds.get(phase, 0.0) + seconds, 3)
    checkpoint.clock = reporter.spent
    return checkpoint


def _spent(run: Run, checkpoint: Checkpoint) -> dict[str, float]:
    """Seconds by phase that earlier processes took: those until the last state, or where one was stopped and has
    reported, all of them, what is done again now included."""
    reported = (run.report() or {}).get("seconds", {}) if checkpoint.history else {}
    phases = {**checkpoint.seconds, **reported}
    return {phase: max(checkpoint.seconds.get(phase, 0.0), reported.get(phase, 0.0)) for phase in phases}


def _train_head(session: Session, checkpoint: PhaseCheckpoint, reporter: Reporter) -> _Trained | None:
    """Phase 1: a new head on pooled features of the frozen base; None if stopped before an epoch ended."""
    config = session.config
    reporter.start("features")
    features = session.pooled_features().array
    reporter.start("head", config.head.epochs, checkpoint.epochs)
    classes = len(session.manifest.classes)
    network = head_network(features.shape[-1], classes, config.fit.dropout, config.seed)
    schedule = Schedule("head", config.head, config.fit, tuning=config.tuning, watched=_watched(session))
    fitted = _fit(session, network, (features,), schedule, reporter, checkpoint)
    if fitted.best_epoch is None and fitted.ending == "diverged":
        raise RunError(
            "The loss was no longer a number in the first epoch at a learning rate of {rate}. "
            "Choose a lower one, such as {lower}.",
            rate=plain_number(config.head.rate),
            lower=lower_rate("head", config.head.rate, len(session.manifest.of("train"))),
        )
    return _Trained(network, (features,), {"head": fitted}) if fitted.best_epoch is not None else None


def _fine_tune(session: Session, trained: _Trained, checkpoint: PhaseCheckpoint, reporter: Reporter) -> None:
    """Phase 2: the planned layers and the head together, at a much lower rate, from the best head on.

    Raises:
        Stopped: a stop came before an epoch of it ended; `trained` is the head as it was.
    """
    if trained.phases["head"].ending == "stopped":
        raise Stopped
    config = session.config
    if not session.frontier_at_hand:
        reporter.start("features")
    sources = session.frontier_sources()
    _tell_precision(session, reporter)
    reporter.start("fine-tune", config.fine_tune.epochs, checkpoint.epochs)
    network = session.suffix_network(trained.network)
    first = trained.phases["head"].epochs + 1
    schedule = Schedule(
        "fine-tune", config.fine_tune, config.fit, first, True, tuning=config.tuning, watched=_watched(session)
    )
    if config.tuning.train_batch_norm:
        _tell_batch_norm(network, config.fit.batch_size, reporter)
    fitted = _fit(session, network, sources, schedule, reporter, checkpoint)
    if fitted.ending == "stopped" and not fitted.epochs:
        raise Stopped
    trained.network, trained.sources, trained.phases["fine-tune"] = network, sources, fitted
    if fitted.best_epoch == 0 and fitted.epochs:
        tuned = [epoch["metrics"] for epoch in checkpoint.checkpoint.history if epoch["phase"] == "fine-tune"]
        reporter.message(head_kept(fitted.best, tuned, len(session.photos("validation"))))
    elif fitted.share < 1:
        reporter.message(blended(fitted.share))


def _watched(session: Session) -> str:
    """The photo that a class looks at while the network learns: the first of those to check on."""
    return next((photo.sha256 for photo in session.photos("validation")), "")


def _tell_precision(session: Session, reporter: Reporter) -> None:
    """Say of activations kept as float16 what they cost."""
    if session.origin.precision == "float32":
        return
    if not session.rounded:
        reporter.message("The cache was to be float16, but no activations are kept at this cut, so nothing is rounded.")
        return
    reporter.message(
        "What the frozen layers give at the cut is kept as float16: half the space on disk, but rounded, so this run "
        "is inexact. It comes close to one with float32, not equal to the last bit."
    )
    if clipped := sum(stored.notes["clipped"] for stored in session.rounded):
        reporter.message(
            "{clipped:,} values at the cut were beyond what float16 can hold and were cut off at {limit:,.0f}. "
            "Keep the cache as float32 for this base if the result is worse than expected.",
            clipped=clipped,
            limit=HALF_LIMIT,
            warning=True,
        )


def _tell_batch_norm(network: Network, batch_size: int, reporter: Reporter) -> None:
    """Say what training BatchNormalization means."""
    if not network.statistics:
        reporter.message("BatchNormalization was to be trained, but no layer of it is unfrozen, so it stays as it is.")
        return
    reporter.message(
        "BatchNormalization is trained: it normalizes by each batch of {size} photos and moves its statistics. "
        "With few photos those swing from batch to batch and replace what the base learned from a million, so the "
        "answers on new photos often get worse. Switch it off unless you have thousands of photos and large batches.",
        size=batch_size,
        warning=True,
    )


def _fit(
    session: Session,
    network: Network,
    sources: tuple[Any, ...],
    schedule: Schedule,
    reporter: Reporter,
    checkpoint: PhaseCheckpoint,
) -> Fitted:
    train_photos = session.training_batches(sources, head_only=network.body is None)
    fitted = fit(network, train_photos, session.batches(sources, "validation"), schedule, reporter, checkpoint)
    if fitted.ending == "early":
        reporter.message(ended_early(schedule.name, schedule.fit.patience))
    elif fitted.ending == "diverged" and fitted.best_epoch is not None:
        reporter.message(
            "The loss was no longer a number, so this phase ended; the last good weights are kept. Choose a learning "
            "rate below {rate}, such as {lower}.",
            rate=plain_number(schedule.config.rate),
            lower=lower_rate(schedule.name, schedule.config.rate, len(session.manifest.of("train"))),
            warning=True,
        )
    return fitted


def _finish(
    run: Run, session: Session, trained: _Trained, reporter: Reporter, history: list[dict[str, Any]]
) -> dict[str, Any]:
    """Save the classifier, check what was saved, and write the report last: a run with a report has a model."""
    logits = {
        which: all_logits(trained.network, batches, reporter)
        for which in CHECKED
        if (batches := session.batches(trained.sources, which)).photos
    }
    temperature = fit_temperature(logits["validation"], session.batches((), "validation").labels)
    answers = {which: softmax(values, temperature) for which, values in logits.items()}
    reporter.beat()
    model = assemble(
        session.backbone, trained.network.head, session.config.fit.dropout, session.spec.input_size, temperature
    )
    loaded = save_classifier(model, run, session.manifest.classes, session.spec.name)
    reporter.beat()
    try:
        parity = _parity(session, trained, loaded, answers["validation"], temperature)
    except RunError:
        # A classifier that answers wrongly must not be found by anyone.
        run.model_path.unlink()
        run.labels_path.unlink()
        raise
    # Of what was read back from the file: the proof then covers the classifier a person takes home.
    after = weight_hashes(loaded.get_layer(session.spec.name))
    proof = freeze_proof(session.hashes, after, session.planned)
    reporter.leave()
    left = session.config.fine_tunes and "fine-tune" not in trained.phases
    stopped = any(fitted.ending == "stopped" for fitted in trained.phases.values()) or (left and run.stop_requested)
    outcome = Outcome(trained.phases, answers, temperature, parity, proof, history, stopped)
    report = build_report(run, session, trained.network, outcome, reporter.seconds)
    record_training_speed(session, outcome)
    known, alike = known_photos(session, trained.network, trained.sources, reporter)
    write_known(run.known_path, known)
    write_answers(run, session, outcome, alike)
    write_json(run.path / "report.json", report)
    return report


def _parity(
    session: Session, trained: _Trained, loaded: keras.Model, answers: NDArray[np.float32], temperature: float
) -> dict[str, Any]:
    """Compare on the first validation photos, which lie spread over the classes only if the manifest mixes them.

    What was saved is held against the network on activations that were not rounded: a mistake must not hide behind
    float16. What the rounding itself did to the answers is told as `cache_difference`, in a probability.
    """
    batches: Batches = session.batches((session.pixels.array,), "validation")
    step = max(1, batches.photos // _PARITY_PHOTOS)
    chosen = slice(0, _PARITY_PHOTOS * step, step)
    photos, expected = session.pixels.array[batches.rows[chosen]], answers[chosen]
    rounded = trained.network.body is not None and bool(session.rounded)
    if rounded:
        logits = trained.network(session.exact_inputs(photos), training=False)
        expected = softmax(keras.ops.convert_to_numpy(logits), temperature)
    parity = asdict(check_parity(loaded, photos, expected))
    return parity | ({"cache_difference": float(np.abs(expected - answers[chosen]).max())} if rounded else {})
