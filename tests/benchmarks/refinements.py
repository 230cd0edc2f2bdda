"""Refinements of fine-tuning, one at a time, against the default: label smoothing, warm-up, small batches, dropout.

The same trainings as in `views`, from block6a on with the default rate: which refinement makes the default better, and
what it costs where it makes it worse. None is worth a default that is sometimes worse. Ten minutes on two cores;
trainings are kept in the folder THAW_STUDY, if that is set.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.benchmarks.table import Row
from tests.benchmarks.views import study

if TYPE_CHECKING:
    from tests.benchmarks.recipe.trainings import Setting

_TUNING: dict[str, dict[str, Any]] = {
    "label smoothing 0.1": {"label_smoothing": 0.1},
    "warm-up over 2 epochs": {"warmup_epochs": 2},
}
_FIT = {"batches of 16": {"batch_size": 16}, "dropout 0.5": {"dropout": 0.5}}


def run(quick: bool = False) -> list[Row]:
    """Train with each; `quick` only shows that it works, on a few drawn photos."""
    return study("refinements", _settings, quick)


def _settings(usual: "Setting") -> "dict[str, Setting]":
    found = {}
    for words, changes in _TUNING.items():
        if usual.phase.epochs > changes.get("warmup_epochs", 0):  # as the setting demands
            tuning = replace(usual.tuning, **changes)
            found[words] = replace(usual, name=f"{usual.name}-{words.replace(' ', '_')}", tuning=tuning)
    for words, changes in _FIT.items():
        fit = replace(usual.fit, **changes)
        found[words] = replace(usual, name=f"{usual.name}-{words.replace(' ', '_')}", fit=fit)
    return found
