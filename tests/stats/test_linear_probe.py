"""The linear classifiers of the depth probe: they find the optimum, keep folds apart and answer what they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer_core.stats.linear_probe import fit_linear, out_of_fold

PENALTIES = (1e-4, 1e-2, 1.0)


def clouds(photos: int, features: int, classes: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Normal clouds around one mean a class."""
    generator = np.random.default_rng(seed)
    labels = np.arange(photos) % classes
    means = generator.normal(size=(classes, features)) * apart
    return (means[labels] + generator.normal(size=(photos, features))).astype(np.float32), labels


def dealt(labels: np.ndarray, folds: int) -> np.ndarray:
    """Stratified folds of labels that go round."""
    return np.arange(len(labels)) // (int(labels.max()) + 1) % folds


def slope(features: np.ndarray, labels: np.ndarray, weights: np.ndarray, bias: np.ndarray, penalty: float) -> float:
    """Length of the gradient of the objective, written out plainly."""
    logits = features @ weights + bias
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    missed = (chances - np.eye(weights.shape[1])[labels]) / len(labels)
    return float(np.sqrt(((features.T @ missed + penalty * weights) ** 2).sum() + (missed.sum(0) ** 2).sum()))


@pytest.mark.parametrize(("photos", "features"), [(60, 5), (30, 80)])  # either Gram matrix
def test_it_reaches_the_optimum_of_its_objective(photos: int, features: int) -> None:
    values, labels = clouds(photos, features, 3, 0.5)
    values = values.astype(np.float64)
    fitted = fit_linear(values, labels, 3, PENALTIES)
    standard = (values - values.mean(0)) / values.std(0) / np.sqrt(features)
    logits = fitted.logits(values)
    for at, penalty in enumerate(PENALTIES):
        bias = fitted.logits(values.mean(0, keepdims=True))[0, at]
        weights = np.linalg.lstsq(standard, logits[:, at] - bias, rcond=None)[0]
        start = slope(standard, labels, np.zeros_like(weights), np.zeros(3), penalty)
        assert slope(standard, labels, weights, bias, penalty) < 0.01 * start


def test_more_penalty_is_less_certain() -> None:
    values, labels = clouds(60, 10, 2, 1.0)
    logits = fit_linear(values.astype(float), labels, 2, PENALTIES).logits(values.astype(float))
    spread = np.abs(logits[..., 1] - logits[..., 0]).mean(0)
    assert spread[0] > spread[1] > spread[2]


def test_what_lies_apart_is_told_apart_and_noise_is_not() -> None:
    values, labels = clouds(120, 12, 4, 4.0)
    folds = dealt(labels, 5)
    assert (out_of_fold(values, labels, folds, PENALTIES).answers == labels).mean() > 0.98
    noise = np.random.default_rng(1).normal(size=values.shape).astype(np.float32)
    assert (out_of_fold(noise, labels, folds, PENALTIES).answers == labels).mean() < 0.45


def test_a_photo_is_never_answered_by_what_learned_it() -> None:
    # Each photo can be learned by heart from a feature of its own, but from no other photo: honest answers are guesses.
    labels = np.arange(60) % 2
    answers = out_of_fold(np.eye(60, dtype=np.float32), labels, dealt(labels, 5), PENALTIES).answers
    assert 0.2 < (answers == labels).mean() < 0.8


def test_penalties_are_chosen_from_the_other_folds_alone() -> None:
    values, labels = clouds(90, 30, 3, 0.6)
    folds = dealt(labels, 3)
    before = out_of_fold(values, labels, folds, PENALTIES)
    spoiled = values.copy()
    spoiled[folds == 0] *= 100  # what is held out may not matter to its own fold's classifier
    after = out_of_fold(spoiled, labels, folds, PENALTIES)
    assert after.penalties[0] == before.penalties[0]
    assert len(before.penalties) == 3 and set(before.penalties) <= set(PENALTIES)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 1000.0), st.floats(-100.0, 100.0))
def test_units_and_offsets_of_channels_do_not_matter(seed: int, scale: float, offset: float) -> None:
    values, labels = clouds(30, 6, 2, 0.8, seed)
    values = values.astype(np.float64)
    moved = values * scale + offset
    first = fit_linear(values, labels, 2, PENALTIES).logits(values)
    np.testing.assert_allclose(fit_linear(moved, labels, 2, PENALTIES).logits(moved), first, rtol=1e-4, atol=1e-6)


def test_dead_channels_are_left_out() -> None:
    values, labels = clouds(40, 6, 2, 1.0)
    values = values.astype(np.float64)
    dead = np.hstack([values, np.full((40, 2), 3.0) + 1e-9 * np.arange(80).reshape(40, 2)])
    one, two = (fit_linear(given, labels, 2, [1e-3]).logits(given) for given in (values, dead))
    assert np.isfinite(two).all() and (one.argmax(2) == two.argmax(2)).all()
    constant = np.ones((40, 3))
    assert np.isfinite(fit_linear(constant, labels, 2, [1e-3]).logits(constant)).all()


def test_it_is_deterministic_and_can_be_stopped() -> None:
    values, labels = clouds(60, 20, 3, 0.7)
    folds, checked = dealt(labels, 4), []
    first = out_of_fold(values, labels, folds, PENALTIES, lambda: checked.append(1))
    second = out_of_fold(values, labels, folds, PENALTIES)
    assert (first.answers == second.answers).all() and first.penalties == second.penalties
    assert len(checked) == 6 + 4  # each pair of folds, each fold

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        out_of_fold(values, labels, folds, PENALTIES, stop)
