"""Which choice came true, read from results as the labs leave them."""

from dataclasses import replace
from typing import Any

import pytest

from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.outcomes import OUTCOMES, right_choice

PROBE, SAME, BREAKS, DEPTH, RECIPE = HOW_DEEP.steps
BLOCKS = [{"block": name} for name in "abcdef"]
ROWS = [{"name": name, "trainable_parameters": size} for name, size in (("head", 1), ("last", 5), ("deep", 9))]


def broken(**differences: float | None) -> dict[str, Any]:
    return {
        "variants": {
            name: {"agrees": difference == 0, "max_loss_difference": difference}
            for name, difference in differences.items()
        }
    }


@pytest.mark.parametrize(
    ("step", "result", "right"),
    [
        (PROBE, {"depths": BLOCKS, "best": "a"}, 0),
        (PROBE, {"depths": BLOCKS, "best": "c"}, 1),
        (PROBE, {"depths": BLOCKS, "best": "f"}, 2),
        (PROBE, {"depths": BLOCKS, "best": None}, None),
        (SAME, {"max_loss_difference": 0.0, "max_logit_difference": 0.0}, 0),
        (SAME, {"max_loss_difference": 1e-6, "max_logit_difference": 0.0}, 0),
        (SAME, {"max_loss_difference": 0.0, "max_logit_difference": 0.3}, 1),
        (SAME, {"max_loss_difference": None, "max_logit_difference": None}, None),
        (BREAKS, broken(dropout=0.2, batch_norm=1.3, scaling=0.0), 1),
        (BREAKS, broken(dropout=0.2, softmax=None), 3),
        (BREAKS, broken(dropout=0.0), None),
        (DEPTH, {"depths": ROWS, "recommended": "head"}, 0),
        (DEPTH, {"depths": ROWS, "recommended": "last"}, 1),
        (DEPTH, {"depths": ROWS, "recommended": "deep"}, 2),
        (DEPTH, {"depths": ROWS[:1], "recommended": "head"}, None),
        (RECIPE, {"rising": {"loss_gain": 0.1}}, 1),
        (RECIPE, {"rising": None}, None),
    ],
)
def test_the_rules(step: Any, result: dict[str, Any], right: int | None) -> None:
    assert right_choice(step, {**result, "complete": True}) == right
    assert right_choice(step, {**result, "complete": False}) is None, "it may still change"
    assert right_choice(step, None) is None


def test_every_rule_is_used_by_thaws_own_lesson() -> None:
    assert {step.right for step in HOW_DEEP.steps} == set(OUTCOMES)


def test_a_number_is_right_whatever_is_measured() -> None:
    assert right_choice(replace(SAME, right=2), None) == 1
    assert right_choice(replace(SAME, right=None), {"complete": True}) is None
