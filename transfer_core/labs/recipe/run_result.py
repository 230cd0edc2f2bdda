"""What a watched training of the recipe lab leaves in result.json."""

from collections.abc import Sequence
from typing import Any

from transfer_core.labs.recipe.loss_vs_accuracy import find_rise, weightiest
from transfer_core.labs.recipe.run_training import Watched
from transfer_core.nn.data.batches import Batches
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.stats.intervals import wilson

__all__ = ["rising_case", "variant_result"]

_NAMED = 8  # photos


def variant_result(watched: Watched, validation: Batches) -> dict[str, Any]:
    """Accuracy after the last epoch with its interval, the curves, and which photos were answered rightly."""
    right = watched.answers.argmax(1) == validation.labels
    return {
        "val_accuracy": float(right.mean()),
        "interval": list(wilson(int(right.sum()), len(right))),
        "val_loss": watched.epochs[-1]["val_loss"] if watched.epochs else watched.start["val_loss"],
        "base_drift": watched.epochs[-1]["drift"] if watched.epochs else 0.0,
        "start": watched.start,
        "epochs": watched.epochs,
        "diverged": watched.diverged,
        "right": [int(value) for value in right],
    }


def rising_case(
    watched: Watched, validation: Batches, photos: Sequence[ManifestPhoto], classes: Sequence[str]
) -> dict[str, Any] | None:
    """The clearest pair of epochs at which accuracy did not fall and the loss rose, with the photos behind it.

    Returns:
        `accuracy_gain` and `loss_gain`, `earlier` and `later` (the epochs' figures), `before` and `after` (the loss
        of every validation photo), `needed` (how many photos must be left out for the loss of the rest not to rise),
        `rest` (their mean loss at both), `photos` (those whose loss rose most, with names); None: there is no such
        pair.
    """
    rise = find_rise([(epoch["val_loss"], epoch["val_accuracy"]) for epoch in watched.epochs])
    if rise is None:
        return None
    before, after = watched.losses[rise.earlier], watched.losses[rise.later]
    heavy = weightiest(before, after)
    answers = watched.history[rise.later]
    named = [
        {
            "photo": photos[place].name,
            "path": photos[place].path,
            "sha256": photos[place].sha256,
            "truth": classes[validation.labels[place]],
            "answer": classes[answers[place].argmax()],
            "certainty": float(answers[place].max()),
            "before": before[place],
            "after": after[place],
        }
        for place in heavy.photos[:_NAMED]
    ]
    return {
        "accuracy_gain": rise.accuracy,
        "loss_gain": rise.loss,
        "earlier": watched.epochs[rise.earlier],
        "later": watched.epochs[rise.later],
        "before": [round(loss, 4) for loss in before],
        "after": [round(loss, 4) for loss in after],
        "needed": len(heavy.photos),
        "rest": [heavy.rest_before, heavy.rest_after],
        "photos": named,
    }
