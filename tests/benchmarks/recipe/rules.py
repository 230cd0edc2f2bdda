"""Rules for which weights of a fine-tuning are kept, each from what the validation photos say alone."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.recipe.trainings import Recording
from transfer_core.nn.training import blend
from transfer_core.stats.calibration import calibrated_loss, calibrated_losses, log_loss

__all__ = ["FORMER", "HEAD", "OURS", "RULES", "accuracy", "best_epoch"]

OURS, FORMER = "Thaw: on the way from the start to the end", "epoch of the lowest loss"
HEAD = "no fine-tuning"
_LEAST = 1e-30  # a probability below has no logarithm that tells anything


def _logits(answers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits of probabilities, up to a constant for each photo, which nothing here depends on."""
    return np.log(np.maximum(answers, _LEAST))


def _epochs(score: Callable[[NDArray[np.float32], NDArray[np.int32]], float]) -> Callable[[Recording], float]:
    """The rule that keeps the epoch, or the start, of the lowest score; its accuracy on the judges."""

    def kept(recording: Recording) -> float:
        scores = [score(_logits(answers), recording.validation_labels) for answers in recording.validation]
        return accuracy(recording, recording.judge[int(np.argmin(scores))])

    return kept


def _share(recording: Recording) -> float:
    losses = [calibrated_losses(_logits(answers), recording.validation_labels) for answers in _way(recording, False)]
    return accuracy(recording, _way(recording, True)[blend.choose(losses)])


def _way(recording: Recording, judged: bool) -> list[NDArray[np.float32]]:
    ends, between = (
        (recording.judge, recording.mixed_judge) if judged else (recording.validation, recording.mixed_validation)
    )
    return [ends[0], *between, ends[-1]]


def _misses(logits: NDArray[np.float32], labels: NDArray[np.int32]) -> float:
    """Wrong answers, and where two have as many the calibrated loss, which is less than one photo's."""
    loss = calibrated_loss(logits, labels)
    return float((logits.argmax(1) != labels).sum()) + loss / (1 + loss)


RULES: dict[str, Callable[[Recording], float]] = {
    OURS: _share,
    FORMER: _epochs(log_loss),
    "epoch of the lowest calibrated loss": _epochs(calibrated_loss),
    "epoch of the fewest mistakes": _epochs(_misses),
    "last epoch": lambda recording: accuracy(recording, recording.judge[-1]),
    "mean of the last three epochs": lambda recording: accuracy(recording, recording.averaged_judge),
    HEAD: lambda recording: accuracy(recording, recording.judge[0]),
}
"""By name: from a recording to the accuracy (0..1) on its judges of the weights that the rule keeps."""


def accuracy(recording: Recording, answers: NDArray[np.float32]) -> float:
    """Share of the judges answered rightly, 0..1."""
    return float(np.mean(answers.argmax(1) == recording.judge_labels))


def best_epoch(recording: Recording) -> float:
    """Accuracy of the epoch, or the start, that turns out best on the judges: known only afterwards."""
    return max(accuracy(recording, answers) for answers in recording.judge)
