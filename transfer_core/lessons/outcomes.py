"""Rules that read from a lab's result which of a step's choices came true, so that a guess can be told right or wrong.

A rule is named in a lesson as the step's `right`. Each says what its choices must be, in order; a row adds one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transfer_core.labs.sanity.settings import TOLERANCE
from transfer_core.labs.sweep.settings import HEAD
from transfer_core.lessons.lesson import Step
from transfer_core.text import Sentence

__all__ = ["OUTCOMES", "Outcome", "right_choice"]

_Read = Callable[[Mapping[str, Any], Mapping[str, Any]], "int | None"]


@dataclass(frozen=True)
class Outcome:
    """One rule."""

    lab: str
    choices: int
    """How many there must be; 0: one for each of the mistakes in the step's settings, in their order."""
    words: Sentence
    """For the teacher: when which choice is right."""
    read: _Read
    """From a complete result and the step's settings to the choice, counted from 0; None: it can't be told."""


def _third(result: Mapping[str, Any], settings: Mapping[str, Any]) -> int | None:
    blocks = [depth["block"] for depth in result["depths"]]
    best = result.get("best")
    return 3 * blocks.index(best) // len(blocks) if best in blocks else None


def _same(result: Mapping[str, Any], settings: Mapping[str, Any]) -> int | None:
    loss, logit = result["max_loss_difference"], result["max_logit_difference"]
    return None if loss is None or logit is None else int(max(loss, logit) > TOLERANCE)


def _worst(result: Mapping[str, Any], settings: Mapping[str, Any]) -> int | None:
    apart = {}
    for name, found in result["variants"].items():
        if not found["agrees"]:
            difference = found["max_loss_difference"]
            apart[name] = math.inf if difference is None else float(difference)
    named = list(settings.get("mistakes", ()))
    worst = max(apart, key=lambda name: apart[name], default=None)
    return named.index(worst) if worst in named else None


def _depth(result: Mapping[str, Any], settings: Mapping[str, Any]) -> int | None:
    tried = [depth["train_from"] for depth in result["depths"]]
    if len(tried) < 2:
        return None
    if result["recommended"] == HEAD:
        return 0
    deepest = max(result["depths"], key=lambda depth: depth["trainable_parameters"])["train_from"]
    return 2 if result["recommended"] == deepest and len(tried) > 2 else 1  # the only one tried is not "the deepest"


def _rises(result: Mapping[str, Any], settings: Mapping[str, Any]) -> int | None:
    return None if result.get("rising") is None else 1  # that it did not happen once is no proof that it can't


OUTCOMES = {
    "probe.third": Outcome(
        "probe",
        3,
        Sentence(
            "The first, second or third choice is right if the last block that matters lies in the first, middle or "
            "last third of the base."
        ),
        _third,
    ),
    "sanity.same": Outcome(
        "sanity",
        2,
        Sentence("The first choice is right if both learn the same, the second if they do not."),
        _same,
    ),
    "sanity.worst": Outcome(
        "sanity",
        0,
        Sentence("The choice is right whose mistake moves the loss furthest from where it should be."),
        _worst,
    ),
    "sweep.depth": Outcome(
        "sweep",
        3,
        Sentence(
            "The first choice is right if the sweep recommends the head alone, the third if it recommends the deepest "
            "cut that it tried, the second for anything in between."
        ),
        _depth,
    ),
    "recipe.rises": Outcome(
        "recipe",
        2,
        Sentence(
            "The second choice is right if there are two epochs between which the loss rose and accuracy did not "
            "fall. If there are none, it just did not happen this time."
        ),
        _rises,
    ),
}


def right_choice(step: Step, result: Mapping[str, Any] | None) -> int | None:
    """The choice that came true, counted from 0; None where that can't be told, or not yet.

    Args:
        step: of a lesson that was read (`reading`) or is Thaw's own.
        result: of its experiment, complete or not; None: there is none.
    """
    if isinstance(step.right, int):
        return step.right - 1
    if step.right is None or result is None or not result.get("complete"):
        return None
    return OUTCOMES[step.right].read(result, step.settings)
