"""The temperature: against SciPy, in the cases where it must not run away, and what no temperature may change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from transfer_core.stats.calibration import calibrated_loss, fit_temperature, log_loss

seeds = st.integers(0, 2**32 - 1)


def answers(seed: int, photos: int = 60, classes: int = 4, sureness: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are right more often than not, and labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, photos).astype(np.int32)
    logits = generator.normal(size=(photos, classes)) + 1.5 * np.eye(classes)[labels]
    return (sureness * logits).astype(np.float32), labels


def reference(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    rows = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    return float(-rows[np.arange(len(labels)), labels].mean())


@given(seeds, st.floats(0.1, 10))
def test_the_loss_is_the_cross_entropy(seed: int, temperature: float) -> None:
    logits, labels = answers(seed)
    assert log_loss(logits, labels, temperature) == pytest.approx(reference(logits, labels, temperature), rel=1e-9)


@given(seeds, st.integers(5, 300), st.integers(2, 12), st.floats(0.2, 8))
def test_the_temperature_is_the_best_one(seed: int, photos: int, classes: int, sureness: float) -> None:
    logits, labels = answers(seed, photos, classes, sureness)

    def penalised(log: float) -> float:
        inverse = np.exp(-log)
        return reference(logits, labels, np.exp(log)) + 2 / photos * (inverse - 1 - np.log(inverse))

    best = minimize_scalar(penalised, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-9})
    assert penalised(np.log(fit_temperature(logits, labels))) == pytest.approx(best.fun, abs=1e-9)


@given(seeds, st.floats(2, 6))
def test_answers_that_are_too_sure_are_cooled_by_as_much(seed: int, factor: float) -> None:
    logits, labels = answers(seed, photos=4000, sureness=1.5)  # the sureness these answers deserve
    assert fit_temperature(logits, labels) == pytest.approx(1.0, abs=0.15)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.15)


@given(seeds, st.floats(1.5, 6))
def test_sureness_alone_makes_no_better_classifier(seed: int, factor: float) -> None:
    logits, labels = answers(seed, photos=2000)
    assert calibrated_loss(factor * logits, labels) == pytest.approx(calibrated_loss(logits, labels), abs=2e-3)
    assert log_loss(factor * logits, labels) > log_loss(logits, labels)


@given(seeds)
def test_it_is_never_worse_than_without(seed: int) -> None:
    logits, labels = answers(seed)
    assert calibrated_loss(logits, labels) <= log_loss(logits, labels) + 1e-9


@pytest.mark.parametrize("photos", [1, 2, 12])
def test_few_photos_that_are_all_right_do_not_make_it_sure_of_everything(photos: int) -> None:
    logits, labels = np.tile(np.float32([4, 0, 0]), (photos, 1)), np.zeros(photos, np.int32)
    assert 0.5 < fit_temperature(logits, labels) <= 1
    assert 1 <= fit_temperature(logits, labels + 1) < 20  # and all wrong not unsure without end


def test_equal_or_huge_logits_have_an_answer_and_lost_ones_none() -> None:
    labels = np.array([0, 1], np.int32)
    assert fit_temperature(np.zeros((2, 3), np.float32), labels) == pytest.approx(1.0, abs=1e-5)
    assert calibrated_loss(np.float32([[1e30, 0], [1e30, 0]]), labels) > 0
    assert np.isnan(calibrated_loss(np.float32([[np.nan, 0], [1, 0]]), labels))
    assert np.isnan(calibrated_loss(np.float32([[np.inf, 0], [1, 0]]), labels))
