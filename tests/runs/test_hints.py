"""Hints: each says what its curve shows, a healthy curve gets none, and no two of them contradict each other."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded
from transfer_core.runs.folder import create_run
from transfer_core.runs.hints import GOOD_START, Hint, read_curves, read_run
from transfer_core.runs.rates import far_rates, lower_rate

Course = list[tuple[float, float, float, float]]  # loss, accuracy, val_loss, val_accuracy


def ended(course: Course, phase: Any = "head", first: int = 1, rate: float = 1e-3) -> list[EpochEnded]:
    """A phase as the run tells it."""
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return [
        EpochEnded(phase, first + at, dict(zip(names, figures, strict=True)), 1.0, rate)
        for at, figures in enumerate(course)
    ]


def kinds(epochs: list[EpochEnded], train: int = 2000, validation: int = 1000, classes: int = 2) -> list[str]:
    return [hint.kind for hint in read_curves(epochs, train, validation, classes)]


HEALTHY: Course = [(2 * 0.4**n + 0.1, 0.95, 2 * 0.4**n + 0.13, 0.94) for n in range(12)]


def test_a_healthy_run_gets_no_hint() -> None:
    assert kinds(ended(HEALTHY)) == []
    tuned = ended([(0.1 - 0.002 * n, 0.96, 0.13 - 0.001 * n, 0.95) for n in range(6)], "fine-tune", 13)
    assert kinds(ended(HEALTHY) + tuned) == []


@given(st.floats(0.2, 3), st.floats(0.2, 0.5), st.floats(0, 0.2), st.floats(0, 0.04), st.integers(12, 40))
def test_whatever_falls_and_levels_off_gets_none(
    start: float, factor: float, floor: float, gap: float, epochs: int
) -> None:
    # After 12 epochs the slowest of these falls by less than 0.02 in the last three.
    course = [(start * factor**n + floor, 0.95, start * factor**n + floor + gap, 0.94) for n in range(epochs)]
    assert kinds(ended(course)) == []


def test_no_epochs_no_hints() -> None:
    assert read_curves([], 10, 4, 2) == []


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        # The validation loss rises again while the training loss falls.
        ([(1 / n, 0.9, 0.5 + abs(n - 3) / 10, 0.9) for n in range(1, 9)], ["over-fitting"]),
        # Level, but the training photos are known by heart.
        ([(0.1 / n, 1.0, 0.8, 0.8) for n in range(1, 9)], ["over-fitting"]),
        ([(2 - n / 5, 0.5, 2 - n / 6, 0.5) for n in range(8)], ["too early"]),
        # Still falling comes before by heart.
        ([(0.1, 1.0, 2 - n / 6, 0.5) for n in range(8)], ["too early"]),
        ([(1.0 + n / 5, 0.5, 1.0, 0.5) for n in range(6)], ["rate"]),
        ([(1.0 + n % 2, 0.5, 1.0, 0.5) for n in range(6)], ["rate"]),
        ([(1.0, 0.5, 1.0, 0.5), (0.5, 0.5, math.nan, 0.5)], ["rate"]),
    ],
)
def test_each_course_is_called_what_it_is(course: Course, expected: list[str]) -> None:
    assert kinds(ended(course)) == expected


def test_growing_surer_is_no_over_fitting() -> None:
    rising: Course = [(1 / n, 0.9, 0.5 + abs(n - 3) / 10, 0.9) for n in range(1, 9)]
    for worse, expected in ((0.0, []), (0.1, ["over-fitting"])):
        epochs = ended(rising)
        for at, epoch in enumerate(epochs):
            epoch.metrics["val_calibrated_loss"] = 0.45 + worse * abs(at - 2)
        assert kinds(epochs) == expected


def test_a_jump_where_fine_tuning_begins_is_its_rate() -> None:
    tuned = ended([(2.5, 0.3, 2.0, 0.3), (2.2, 0.3, 1.9, 0.3)], "fine-tune", 13, 2e-3)
    (hint,) = read_curves(ended(HEALTHY) + tuned, 2000, 1000, 2)
    assert hint.kind == "rate" and "jumped from 0.10 to 2.50" in str(hint.sentence)
    assert str(hint.advice) == "Try a lower learning rate for fine-tuning: 0.0003."


def test_the_advice_against_over_fitting_is_of_what_can_still_be_done() -> None:
    course: Course = [(0.1 / n, 1.0, 0.8, 0.8) for n in range(1, 9)]

    def advice(phase: str, augmented: bool) -> str:
        (hint,) = read_curves(ended(course, phase), 2000, 1000, 2, augmented=augmented)
        return str(hint.advice)

    assert "unfrozen" in advice("fine-tune", False) and "Augmentation" in advice("fine-tune", False)
    assert "unfrozen" in advice("fine-tune", True) and "Augmentation" not in advice("fine-tune", True)
    assert "unfrozen" not in advice("head", False) and "Augmentation" in advice("head", False)
    assert advice("head", True) == "More photos help most. More dropout can help too."


def test_photos_kept_for_the_end_tell_how_good_it_is(tmp_path: Path, toy_manifest: Callable[..., Manifest]) -> None:
    run = create_run(tmp_path / "run", RunConfig(), toy_manifest(20, 4))
    epochs = ended(HEALTHY)
    assert [hint.kind for hint in read_run(run, epochs, {})] == ["validation"]
    report = {"val_accuracy": 0.9, "classes": ["blue", "red"]}
    tested = {"accuracy": 0.95, "interval": [0.91, 1.0], "confusion": [[57, 3], [3, 57]]}
    assert read_run(run, epochs, report | {"test": tested}) == []
    (hint,) = read_run(run, epochs, report | {"test": tested | {"interval": [0.5, 1.0]}})
    assert hint.kind == "validation" and "On 120 test photos, 95% right" in str(hint.sentence)


def test_few_photos_are_a_hint_only_where_they_hurt() -> None:
    by_heart: Course = [(0.1 / n, 1.0, 0.8, 0.7) for n in range(1, 9)]
    assert kinds(ended(by_heart), train=60, classes=6) == ["over-fitting", "few photos"]
    assert kinds(ended(HEALTHY), train=60, classes=6) == []


@pytest.mark.parametrize("classes", [2, 6])
def test_what_photos_calls_a_good_start_is_not_called_few(classes: int) -> None:
    by_heart: Course = [(0.1 / n, 1.0, 0.8, 0.7) for n in range(1, 9)]
    assert kinds(ended(by_heart), train=GOOD_START * classes, classes=classes) == ["over-fitting"]
    assert kinds(ended(by_heart), train=GOOD_START * classes - 1, classes=classes) == ["over-fitting", "few photos"]
    (few,) = [
        hint
        for hint in read_curves(ended(by_heart), GOOD_START * classes - 1, 100, classes)
        if hint.kind == "few photos"
    ]
    assert str(GOOD_START) in f"{few.sentence} {few.advice}"


def test_few_validation_photos_can_not_tell() -> None:
    (hint,) = read_curves(ended(HEALTHY), 2000, 12, 2)
    assert hint.kind == "validation" and "On 12 validation photos" in str(hint.sentence)
    assert kinds(ended(HEALTHY), validation=100) == []


SHARE = st.floats(0, 1)
LOSS = st.one_of(st.floats(0, 10), st.just(math.inf), st.just(math.nan))
COURSES = st.lists(st.tuples(LOSS, SHARE, LOSS, SHARE), max_size=12)


@given(COURSES, COURSES, st.integers(2, 5000), st.integers(0, 500), st.integers(2, 40))
def test_hints_never_contradict_each_other(
    head: Course, tuned: Course, train: int, validation: int, classes: int
) -> None:
    epochs = ended(head) + ended(tuned, "fine-tune", len(head) + 1)
    hints: list[Hint] = read_curves(epochs, train, validation, classes)
    found = [hint.kind for hint in hints]
    assert len(set(found)) == len(found)
    assert len({"rate", "over-fitting", "too early"} & set(found)) <= 1
    assert "few photos" not in found or "over-fitting" in found
    assert all(str(text).endswith(".") for hint in hints for text in (hint.sentence, hint.advice))


@given(COURSES)
def test_more_photos_to_check_never_add_the_hint_that_they_are_few(course: Course) -> None:
    assert "validation" not in kinds(ended(course), validation=400)


def test_the_accuracy_told_is_that_of_the_weights_that_were_kept() -> None:
    # The head was kept: fine-tuning made the validation loss no lower, though it got other photos right.
    head = ended([(0.1 / n, 1.0, 0.8, 0.467) for n in range(1, 9)])
    tuned = ended([(0.05, 1.0, 0.9 + n / 10, 0.33) for n in range(5)], "fine-tune", 9, 1e-5)
    said = " ".join(str(hint.sentence) for hint in read_curves(head + tuned, 100, 30, 2, kept=1))
    assert "47%" in said and "33%" not in said
    # Of a run that kept an epoch before the last, that epoch's.
    falling = ended([(1 / n, 0.5 + n / 20, 0.8 + abs(n - 4) / 50, 0.5 + n / 50) for n in range(1, 11)])
    said = " ".join(str(hint.sentence) for hint in read_curves(falling, 100, 30, 2, kept=4))
    assert "58% right may stand" in said


def test_a_run_whose_head_was_kept_is_told_by_it(tmp_path: Path, toy_manifest: Callable[..., Manifest]) -> None:
    run = create_run(tmp_path / "run", RunConfig(), toy_manifest(50, 15))
    head = ended([(0.1 / n, 1.0, 0.8, 0.467) for n in range(1, 9)])
    tuned = ended([(0.05, 1.0, 0.9 + n / 10, 0.33) for n in range(5)], "fine-tune", 9, 1e-5)
    best = {"val_loss": 0.8, "val_accuracy": 0.467}
    phases = {"head": {"best_epoch": 1, "best": best}, "fine-tune": {"best_epoch": 0, "best": best}}
    said = " ".join(str(hint.sentence) for hint in read_run(run, head + tuned, {"phases": phases}))
    assert "47%" in said and "33%" not in said


@pytest.mark.parametrize(
    ("phase", "rate", "found", "expected"),
    [
        ("fine-tune", 1.0, None, "0.0003"),  # not 0.1
        ("fine-tune", 1.0, 3e-6, "0.000003"),
        ("fine-tune", 1.0, 3e-2, "0.0003"),
        ("fine-tune", 3e-4, None, "0.00003"),  # the default itself was too high
        ("fine-tune", 3e-4, 1e-3, "0.00003"),
        ("head", 10.0, None, "0.002"),
        ("head", 0.003, None, "0.0003"),
    ],
)
def test_the_rate_advised_comes_from_the_default_and_the_search(
    phase: str, rate: float, found: float | None, expected: str
) -> None:
    assert lower_rate(phase, rate, 500, found) == expected
    assert float(expected) < rate


def test_only_rates_far_above_the_default_are_warned_of() -> None:
    def warned(**parts: Any) -> list[str]:
        return [str(one) for one in far_rates(RunConfig.from_dict(parts), 500)]

    tuned = {"plan": {"trainable": ["top"]}}
    fast = {"fine_tune": {"epochs": 5, "learning_rate": 1.0}}
    assert warned() == [] and warned(**tuned) == []
    assert warned(**fast) == []  # nothing is fine-tuned
    (said,) = warned(**fast, **tuned)
    assert "fine-tuning is 1, about 3,333 times the default of 0.0003" in said
    assert warned(**tuned, fine_tune={"epochs": 5, "learning_rate": 3e-4}) == []
    assert "the head is 0.2, about 100 times" in warned(head={"epochs": 5, "learning_rate": 0.2})[0]
    assert "is 5, about 2,500 times the default of 0.002" in warned(head={"epochs": 5, "learning_rate": 5.0})[0]
    assert warned(head={"epochs": 5, "learning_rate": 0.2}, fit={"optimizer": "sgd"}) == []
