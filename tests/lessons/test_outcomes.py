"""Which choice came true, read from results that the labs' own code makes."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from tests.labs.probe.test_probe import depths
from tests.labs.sanity.test_sanity import result, training
from tests.labs.sweep.test_sweep import DEPTHS, trial
from transfer_core.labs.probe.verdict import conclude
from transfer_core.labs.sweep.result import build_result
from transfer_core.labs.sweep.settings import HEAD, Settings
from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.outcomes import OUTCOMES, right_choice

PROBE, SAME, BREAKS, DEPTH, RECIPE = HOW_DEEP.steps


def probe(*correct: int) -> dict[str, Any]:
    found = depths(*correct)
    return {"depths": [depth.to_dict() for depth in found]} | asdict(conclude(found, 0.25))


def sweep(**right: str) -> dict[str, Any]:
    trials = [trial(HEAD, right.pop("head")), *(trial(name, answers) for name, answers in right.items())]
    return build_result(DEPTHS, Settings(), trials, {})


FEW, MANY = "1" * 20 + "0" * 20, "1" * 40


@pytest.mark.parametrize(
    ("step", "found", "right"),
    [
        (PROBE, probe(180, 181, 180, 181, 180, 180), 0),
        (PROBE, probe(60, 100, 180, 181, 180, 180), 1),
        (PROBE, probe(60, 80, 100, 120, 140, 190), 2),
        (PROBE, probe(50, 50, 50, 50, 50, 50), None),
        (SAME, result(training()), 0),
        (SAME, result(training(0.5 + 1e-6)), 0),
        (SAME, result(training(0.9)), 1),
        (SAME, result(training(diverged=True)), None),
        (BREAKS, result(training(), dropout=training(0.7), batch_norm=training(0.9), scaling=training()), 1),
        (BREAKS, result(training(), dropout=training(0.7), softmax=training(diverged=True)), 3),
        (BREAKS, result(training(), dropout=training()), None),
        (DEPTH, sweep(head=MANY, c=MANY), 0),
        (DEPTH, sweep(head=FEW, c=MANY, b=MANY), 1),
        (DEPTH, sweep(head=FEW, c=FEW, b=MANY), 2),
        (DEPTH, sweep(head=FEW, c=MANY), 1),
        (DEPTH, sweep(head=MANY), None),
        (RECIPE, {"rising": {"loss_gain": 0.1}}, 1),
        (RECIPE, {"rising": None}, None),
    ],
)
def test_the_rules(step: Any, found: dict[str, Any], right: int | None) -> None:
    assert right_choice(step, {**found, "complete": True}) == right
    assert right_choice(step, {**found, "complete": False}) is None, "it may still change"
    assert right_choice(step, None) is None


def test_every_rule_is_used_by_thaws_own_lesson() -> None:
    assert {step.right for step in HOW_DEEP.steps} == set(OUTCOMES)


def test_a_number_is_right_whatever_is_measured() -> None:
    assert right_choice(replace(SAME, right=2), None) == 1
    assert right_choice(replace(SAME, right=None), {"complete": True}) is None
