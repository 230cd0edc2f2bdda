"""Reads the curves of a run that has ended: what they show, in a sentence, and what to try next.

The rules are rules of thumb with thresholds of ours. They are made to keep silent rather than to alarm: a curve that
falls and levels off, with training and validation close together and enough photos to check on, gets no hint.

Of hints that would ask for opposite things only one is given. A rate that is too high spoils what the curves say about
anything else that training does, so it comes first; where the validation loss is still falling, more epochs come before
talk of over-fitting.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from transfer_core.runs.events import EpochEnded, judged_loss
from transfer_core.runs.figure import Figure, run_figure
from transfer_core.runs.folder import Run
from transfer_core.runs.rates import lower_rate
from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence

__all__ = [
    "GOOD_START",
    "Hint",
    "Kind",
    "kept_epoch",
    "read_curves",
    "read_run",
    "with_kept",
]

Kind = Literal["rate", "over-fitting", "too early", "few photos", "validation"]

_LEAST = 4
"""Epochs of a phase: fewer show no course."""
_CLIMBED, _CLIMBED_BY = 1.25, 0.1
"""The training loss at the end against the start: at least so many times, and so much, higher."""
_RESTLESS, _RESTLESS_BY = 0.5, 0.25
"""All rises of the training loss added up: at least this share of all falls, and at least this much."""
_JUMPED, _JUMPED_BY = 2.0, 0.3
"""The training loss of the first epoch of fine-tuning against the last before it."""
_ROSE, _ROSE_BY = 1.15, 0.05
"""The validation loss at the end against its lowest."""
_WORSE = 1.07
"""The same of the calibrated loss: what only grows surer rises in the plain one, and is no over-fitting."""
_GAP = 0.05
"""Training accuracy above the upper end of the validation accuracy's interval: chance does not explain it."""
_STILL, _STILL_BY = 0.05, 0.02
"""The share, and the amount, by which the validation loss fell over the last three epochs."""
GOOD_START = 20
"""Photos a class that are a good start, here and on Photos; below that, photos help more than any setting."""
_WIDE = 0.2
"""Width of the 95 % interval from which on two runs can hardly be told apart."""


@dataclass(frozen=True)
class Hint:
    """Something the curves show."""

    kind: Kind
    title: Sentence
    sentence: Sentence
    """What is to be seen, with the figures."""
    advice: Sentence
    """What to try."""
    level: Literal["info", "warning"] = "info"


def read_run(
    run: Run, epochs: Sequence[EpochEnded], report: Mapping[str, Any] | None, found: Mapping[str, float] | None = None
) -> list[Hint]:
    """What the curves of a run that has ended show.

    Args:
        run: its photos are counted.
        epochs: all it told of.
        report: what report.json holds; None where there is no model.
        found: by phase, the learning rate that the search for one suggests.
    """
    counts = run.manifest().counts()
    train, validation = (sum(counts.get(which, {}).values()) for which in ("train", "validation"))
    told, augmented = with_kept(epochs, report), run.config().fit.augment != "none"
    classes = len(counts.get("train", {}))
    figure = run_figure(run, report)
    return read_curves(told, train, validation, classes, kept_epoch(report), found, augmented, figure)


def with_kept(epochs: Sequence[EpochEnded], report: Mapping[str, Any] | None) -> list[EpochEnded]:
    """The epochs with, for the one whose weights the classifier has, the figures that the result shows.

    They differ where the weights lie between those of that epoch and those before fine-tuning.
    """
    kept, measured = kept_epoch(report), _kept_phase(report).get("best", {})
    return [replace(epoch, metrics=epoch.metrics | measured) if epoch.epoch == kept else epoch for epoch in epochs]


def kept_epoch(report: Mapping[str, Any] | None) -> int | None:
    """The number of the epoch whose weights the classifier has, or that they lie on the way to, counted over all
    phases; None where that is not known.

    Args:
        report: what report.json holds; None where there is no model.
    """
    return _kept_phase(report).get("best_epoch")


def _kept_phase(report: Mapping[str, Any] | None) -> dict[str, Any]:
    """The phase whose weights the classifier has: where fine-tuning made nothing better, the head's."""
    phases = list((report or {}).get("phases", {}).values())
    return next((fitted for fitted in reversed(phases) if fitted["best_epoch"]), {})


def read_curves(
    epochs: Sequence[EpochEnded],
    train_photos: int,
    validation_photos: int,
    classes: int,
    kept: int | None = None,
    found: Mapping[str, float] | None = None,
    augmented: bool = False,
    figure: Figure | None = None,
) -> list[Hint]:
    """What the curves of an ended run show, the most important first; nothing for a healthy run.

    Args:
        epochs: of all phases, in order; may be empty.
        train_photos: photos learned from.
        validation_photos: photos checked on.
        classes: how many.
        kept: number of the epoch whose weights the classifier has: where fine-tuning made nothing better, one of the
            head. None: the best of the last phase.
        found: by phase, the learning rate that the search for one suggests.
        augmented: whether it learned from changed copies of the photos.
        figure: how good the classifier is said to be; None: what the epoch kept got right of the validation photos.
    """
    if not epochs or validation_photos < 1:
        return []
    last = [epoch for epoch in epochs if epoch.phase == epochs[-1].phase]
    best = next(
        (epoch for epoch in epochs if epoch.epoch == kept),
        min(last, key=lambda epoch: _finite(judged_loss(epoch.metrics))),
    )
    if figure is None:
        share = best.metrics["val_accuracy"]
        low, high = wilson(round(share * validation_photos), validation_photos)
        figure = Figure("validation", share, validation_photos, low, high)
    hints = [_rate(epochs, last, train_photos, (found or {}).get(last[0].phase))]
    if hints[0] is None:
        phase = [epoch for epoch in epochs if epoch.phase == best.phase]
        hints.append(_too_early(phase) or _over_fitting(phase, best, figure, augmented))
        if hints[-1] and hints[-1].kind == "over-fitting" and train_photos < GOOD_START * classes:
            hints.append(_few_photos(train_photos, classes))
    hints.append(_too_few(figure))
    return [hint for hint in hints if hint]


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def _rate(epochs: Sequence[EpochEnded], last: Sequence[EpochEnded], photos: int, found: float | None) -> Hint | None:
    """The training loss must fall: where it climbs, keeps jumping, or jumps as fine-tuning begins, steps overshoot."""
    losses = [epoch.metrics["loss"] for epoch in last]
    rate = last[0].learning_rate
    before = [epoch.metrics["loss"] for epoch in epochs[: len(epochs) - len(last)]]
    seen = None
    if not all(math.isfinite(epoch.metrics[key]) for epoch in last for key in ("loss", "val_loss")):
        seen = Sentence("The loss was no longer a number.")
    elif before and losses[0] > max(_JUMPED * before[-1], before[-1] + _JUMPED_BY):
        seen = Sentence(
            "As fine-tuning began, the training loss jumped from {before:.2f} to {after:.2f}.",
            before=before[-1],
            after=losses[0],
        )
    elif len(losses) >= _LEAST:
        steps = [after - earlier for earlier, after in itertools.pairwise(losses)]
        rises, falls = sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)
        if losses[-1] > max(_CLIMBED * losses[0], losses[0] + _CLIMBED_BY):
            first, end = losses[0], losses[-1]
            seen = Sentence("The training loss rose, from {first:.2f} to {end:.2f}.", first=first, end=end)
        elif rises >= _RESTLESS * falls and rises >= _RESTLESS_BY:
            seen = Sentence("The training loss jumps up and down instead of falling.")
    if seen is None:
        return None
    lower = lower_rate(last[0].phase, rate, photos, found)
    advice = Sentence("Try a lower learning rate for the head: {rate}.", rate=lower)
    if last[0].phase == "fine-tune":
        advice = Sentence("Try a lower learning rate for fine-tuning: {rate}.", rate=lower)
    return Hint("rate", Sentence("The learning rate looks too high"), seen, advice, "warning")


def _too_early(last: Sequence[EpochEnded]) -> Hint | None:
    """The validation loss is at its lowest in the last epoch and still falls clearly."""
    losses = [epoch.metrics["val_loss"] for epoch in last]
    if len(losses) < _LEAST or losses[-1] > min(losses):
        return None
    fell = losses[-_LEAST] - losses[-1]
    if fell < max(_STILL * losses[-_LEAST], _STILL_BY):
        return None
    return Hint(
        "too early",
        Sentence("It could have learned on"),
        Sentence(
            "The validation loss was still falling when training ended: {before:.2f} to {end:.2f} in the last three "
            "epochs.",
            before=losses[-_LEAST],
            end=losses[-1],
        ),
        Sentence("Allow more epochs. Training ends by itself when it no longer gets better."),
    )


def _over_fitting(last: Sequence[EpochEnded], best: EpochEnded, figure: Figure, augmented: bool) -> Hint | None:
    """The training photos are known better and better while new ones are not. Accuracies are those of the weights that
    were kept, and of new photos that on the card of the result."""
    end, kept, lowest = last[-1].metrics, best.metrics, best.metrics["val_loss"]
    rose = end["val_loss"] > max(_ROSE * lowest, lowest + _ROSE_BY) and judged_loss(end) > _WORSE * judged_loss(kept)
    if rose and end["loss"] <= best.metrics["loss"]:
        seen = Sentence(
            "After epoch {epoch} the validation loss rose again, from {lowest:.2f} to {end:.2f}, "
            "while the training loss went on falling.",
            epoch=best.epoch,
            lowest=lowest,
            end=end["val_loss"],
        )
    elif kept["accuracy"] > figure.high + _GAP:
        seen = Sentence(
            "It is right on {known:.0%} of the photos it learned from, but only on {new:.0%} of new ones "
            "({low:.0f} to {high:.0f}).",
            known=kept["accuracy"],
            new=figure.share,
            low=figure.low * 100,
            high=figure.high * 100,
        )
    else:
        return None
    return Hint(
        "over-fitting",
        Sentence("Over-fitting: it learns the training photos by heart"),
        seen,
        _simpler(best.phase == "fine-tune", augmented),
    )


def _simpler(fine_tuned: bool, augmented: bool) -> Sentence:
    """What helps against over-fitting, of what has not been done."""
    if fine_tuned:
        return (
            Sentence("More photos help most. More dropout or fewer unfrozen layers can help too.")
            if augmented
            else Sentence("More photos help most. Augmentation, more dropout or fewer unfrozen layers can help too.")
        )
    return (
        Sentence("More photos help most. More dropout can help too.")
        if augmented
        else Sentence("More photos help most. Augmentation or more dropout can help too.")
    )


def _few_photos(train_photos: int, classes: int) -> Hint:
    return Hint(
        "few photos",
        Sentence("There are few photos to learn from"),
        Sentence(
            "{photos:,} photos for {classes} classes are about {each} a class.",
            photos=train_photos,
            classes=classes,
            each=train_photos // max(classes, 1),
        ),
        Sentence(
            "Add photos, {enough} or more a class, as different from each other as those it will meet later.",
            enough=GOOD_START,
        ),
    )


def _too_few(figure: Figure) -> Hint | None:
    if figure.high - figure.low <= _WIDE:
        return None
    values = {"photos": figure.photos, "share": figure.share, "low": figure.low * 100, "high": figure.high * 100}
    return Hint(
        "validation",
        Sentence("There are too few photos to tell how good it is"),
        {
            "test": Sentence(
                "On {photos:,} test photos, {share:.0%} right may stand for anything from {low:.0f} to {high:.0f} of "
                "100.",
                **values,
            ),
            "folds": Sentence(
                "On {photos:,} photos, {share:.0%} right may stand for anything from {low:.0f} to {high:.0f} of 100.",
                **values,
            ),
            "validation": Sentence(
                "On {photos:,} validation photos, {share:.0%} right may stand for anything from {low:.0f} to "
                "{high:.0f} of 100.",
                **values,
            ),
        }[figure.on],
        Sentence("Small differences between two runs mean nothing here. Add photos.")
        if figure.on == "folds"
        else Sentence(
            "Small differences between two runs mean nothing here. Add photos, or measure on every photo, out of fold."
        ),
    )
