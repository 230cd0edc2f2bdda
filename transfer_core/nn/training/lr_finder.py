"""Finds a learning rate: try ever larger ones for a few batches each and see where the loss falls fastest."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.nn.data.batches import Batch, Batches
from transfer_core.nn.features.extract import find_features
from transfer_core.nn.features.model import POOLED
from transfer_core.nn.training.callbacks import Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.optimizer import LayerwiseOptimizer
from transfer_core.nn.training.session import Session, prepare
from transfer_core.nn.training.steps import compiled_logits, train_step
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig
from transfer_core.runs.progress import Reporter
from transfer_core.stats.calibration import log_loss
from transfer_core.text import Sentence, all_of

__all__ = ["STEPS", "RateCurve", "TrainedPhase", "find_rate", "find_run_rate", "suggest"]

TrainedPhase = Literal["head", "fine-tune"]
STEPS = 100
"""Most batches tried: enough to see the shape of the curve, and a few seconds on a head."""
_RANGE: dict[str, tuple[float, float]] = {"head": (1e-6, 10.0), "fine-tune": (1e-8, 1.0)}
_PROBE_BATCHES = 2
_EXPLODED = 4.0  # times the lowest loss, as in fastai
_WINDOW = 0.25  # decades on either side that a point is smoothed over
_LEAST_FALL = 0.02  # share of the loss to begin with


@dataclass(frozen=True)
class RateCurve:
    """What the loss did as the rate grew."""

    phase: TrainedPhase
    rates: tuple[float, ...]
    """Each a constant times the one before."""
    losses: tuple[float, ...]
    """Cross-entropy of the same few training photos after the step with each rate; finite."""
    smoothed: tuple[float, ...]
    """A line fitted to the neighbors of each loss, at that rate; losses above twice the one to begin with are cut."""
    suggestion: float | None
    """The rate at which the loss fell fastest, to two digits; None: it never fell clearly."""
    exploded: bool
    """Whether the loss ran away before the largest rate was tried."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form, lists for tuples."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def find_rate(
    network: Network, train: Batches, schedule: Schedule, reporter: Reporter, steps: int = STEPS
) -> RateCurve:
    """The range test of Smith (2015): one step a rate, the rates growing exponentially, until the loss explodes.

    The loss is that of the same photos each time, without dropout, where Smith takes that of each batch: with few
    photos a batch's loss says more about the batch than about the rate. It ends when the loss is no number, or above
    what it was to begin with and four times the lowest. The same seed gives the same curve.

    It tells how fast the training photos are learned, not whether that helps with new ones: fine-tuning on few photos
    over-fits at rates well below the suggestion.

    Args:
        network: left as it was, to the last bit, however this ends.
        train: the photos to learn from.
        schedule: `name`, optimizer, discriminative rates and label smoothing are used; its learning rate is not.
        reporter: progress as the step `rates`.
        steps: rates to try.

    Raises:
        Stopped: a stop was asked for.
    """
    assert schedule.name in _RANGE
    before, random = network.read(), network.read_random()
    rates = np.geomspace(*_RANGE[schedule.name], steps)
    optimizer = LayerwiseOptimizer(
        schedule.fit.optimizer, float(rates[0]), network.variables, network.scales(schedule.tuning.discriminative)
    )
    step = train_step(network, optimizer, train, schedule.tuning.label_smoothing)
    answer = compiled_logits(network, train)
    probe = [batch for batch, _ in zip(train.epoch(0), range(_PROBE_BATCHES), strict=False)]
    labels = np.concatenate([batch.labels for batch in probe])
    losses: list[float] = []

    def measured() -> float:
        return log_loss(np.concatenate([answer(batch) for batch in probe]), labels)

    try:
        first = lowest = measured()
        for done, (rate, batch) in enumerate(zip(rates, _endless(train), strict=False)):
            reporter.progress(Sentence("rates"), done, steps)
            step(batch, float(rate))
            loss = measured()
            if not math.isfinite(loss):
                break
            losses.append(loss)
            lowest = min(lowest, loss)
            if loss > max(first, _EXPLODED * lowest):
                break
    finally:
        network.write(before)
        network.write_random(random)
    tried = rates[: len(losses)]
    # What exploded would reach far into the smoothed curve, so it is cut off first.
    smoothed, slopes = _smooth(np.log10(tried), np.minimum(losses, 2 * first))
    return RateCurve(
        "head" if schedule.name == "head" else "fine-tune",
        tuple(map(float, tried)),
        tuple(losses),
        tuple(map(float, smoothed)),
        suggest(tried, smoothed, slopes, first),
        len(losses) < steps or losses[-1] > max(first, _EXPLODED * lowest),
    )


def suggest(
    rates: NDArray[np.float64], smoothed: NDArray[np.float64], slopes: NDArray[np.float64], first: float
) -> float | None:
    """The rate of the steepest descent before the lowest point of the curve, to two digits.

    There the loss falls most for a given factor in the rate; at the lowest point itself the rate is already so large
    that gains and losses balance. None where the curve does not fall by a fiftieth of `first`, the loss to begin with.
    """
    if not len(rates):
        return None
    bottom = int(np.argmin(smoothed))
    if bottom == 0 or first - smoothed[bottom] < _LEAST_FALL * first:
        return None
    return float(f"{rates[int(np.argmin(slopes[: bottom + 1]))]:.1e}")


def _endless(train: Batches) -> Iterator[Batch]:
    for number in count(1):
        yield from train.epoch(number)


def _smooth(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Value and slope of the line fitted to the neighbors of each point (local regression, Cleveland 1979).

    A moving average would lag behind, and so move the suggestion towards rates that are too high.
    """
    values, slopes = np.array(y), np.zeros_like(y)
    # At least the points on either side, so that there is a slope everywhere.
    width = max(_WINDOW, 1.5 * float(x[1] - x[0])) if len(x) > 1 else _WINDOW
    for place, center in enumerate(x):
        weights = np.clip(1 - (np.abs(x - center) / width) ** 3, 0, None) ** 3
        if np.count_nonzero(weights) > 1:
            middle = np.average(x, weights=weights)
            slopes[place] = np.sum(weights * (x - middle) * y) / np.sum(weights * (x - middle) ** 2)
            values[place] = np.average(y, weights=weights) + slopes[place] * (center - middle)
    return values, slopes


def find_run_rate(
    workspace: Workspace, config: RunConfig, manifest: Manifest, phase: TrainedPhase, reporter: Reporter
) -> RateCurve:
    """The curve for one phase of a run that `config` and `manifest` ask for.

    For fine-tuning a head is trained first, as the run would, so that the rate is found where fine-tuning begins.

    Raises:
        ConfigError: nothing is fine-tuned, or features are not cached: computing them is a run's work, with progress.
        TransferError: as in `session.prepare`.
        Stopped: a stop was asked for.
    """
    if phase not in _RANGE:
        raise ConfigError(
            "A learning rate can be found for {range}; {phase!r} came.", range=all_of(list(_RANGE)), phase=phase
        )
    if phase == "fine-tune" and not config.fine_tunes:
        raise ConfigError("Nothing of the base is to be fine-tuned. Unfreeze layers first, then look for a rate.")
    keras.utils.set_random_seed(config.seed)
    reporter.start("prepare")
    session = prepare(workspace, config, manifest, reporter)
    _require([POOLED], session)
    features = session.pooled_features().array
    classes = len(session.manifest.classes)
    network = head_network(features.shape[-1], classes, config.fit.dropout, config.seed)
    train = session.training_batches((features,), head_only=True)
    schedule = Schedule("head", config.head, config.fit, tuning=config.tuning)
    reporter.start("head", config.head.epochs)
    if phase == "head":
        return find_rate(network, train, schedule, reporter)
    _require([name for name in session.partition.frontier if not session.partition.is_input(name)], session)
    fit(network, train, session.batches((features,), "validation"), schedule, reporter)
    reporter.start("fine-tune", config.fine_tune.epochs)
    sources = session.frontier_sources()
    schedule = Schedule("fine-tune", config.fine_tune, config.fit, tuning=config.tuning)
    train = session.training_batches(sources, head_only=False)
    return find_rate(session.suffix_network(network), train, schedule, reporter)


def _require(names: list[str], session: Session) -> None:
    if len(find_features(session.workspace, session.origin, names)) < len(names):
        raise ConfigError(
            "What the base sees in these photos is not computed yet for these settings: the photos, the layers or the "
            "augmentation are others than in the last training. Train once with them, then look for a rate: from then "
            "on it takes seconds."
        )
