"""Our few statistics against SciPy and scikit-learn, which take longer to import than to be replaced."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.preprocessing import StandardScaler

from transfer_core.stats.intervals import wilson
from transfer_core.stats.linear_probe import fit_linear
from transfer_core.stats.metrics import evaluate
from transfer_core.stats.paired import mcnemar


@given(st.integers(1, 2000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_scipys(trials: int, share: float, confidence: float) -> None:
    successes = round(trials * share)
    theirs = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert wilson(successes, trials, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_scipys_binomial_test(fixed: int, broken: int) -> None:
    theirs = binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert mcnemar(fixed, broken) == pytest.approx(theirs, rel=1e-9)


@given(st.integers(2, 5), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_the_figures_of_a_class_are_scikit_learns(classes: int, pairs: list[tuple[int, int]]) -> None:
    truth = np.array([one % classes for one, _ in pairs], np.int32)
    answers = np.array([other % classes for _, other in pairs])
    names = [f"class {index}" for index in range(classes)]
    photos = [SimpleNamespace(name=str(index), path="") for index in range(len(pairs))]
    ours = evaluate(np.eye(classes, dtype=np.float32)[answers], truth, names, photos)
    labels = list(range(classes))
    assert ours.confusion == confusion_matrix(truth, answers, labels=labels).tolist()
    theirs = precision_recall_fscore_support(truth, answers, labels=labels, zero_division=0.0)
    for name, *figures in zip(names, *theirs, strict=True):
        mine = ours.per_class[name]
        assert [mine[key] for key in ("precision", "recall", "f1", "photos")] == pytest.approx(figures)


@pytest.mark.parametrize(("photos", "channels", "classes", "penalty"), [(80, 20, 3, 1e-2), (60, 200, 4, 1e-1)])
def test_the_linear_classifier_answers_as_scikit_learns(
    photos: int, channels: int, classes: int, penalty: float
) -> None:
    generator = np.random.default_rng(1)
    labels = np.arange(photos) % classes
    features = generator.normal(size=(photos, channels)) + labels[:, None] * generator.normal(size=channels)
    scaled = StandardScaler().fit(features)
    # Theirs adds up what ours averages, and takes the inverse of the penalty.
    rival = LogisticRegression(C=1 / (penalty * photos), tol=1e-10, max_iter=10_000)
    rival.fit(scaled.transform(features) / np.sqrt(channels), labels)
    new = generator.normal(size=(200, channels)) + generator.integers(0, classes, 200)[:, None]
    ours = fit_linear(features, labels, classes, [penalty]).logits(new)[:, 0]
    theirs = rival.predict_log_proba(scaled.transform(new) / np.sqrt(channels))
    mine = ours - np.log(np.exp(ours).sum(1, keepdims=True))
    assert (mine.argmax(1) == theirs.argmax(1)).mean() > 0.98
    np.testing.assert_allclose(np.exp(mine), np.exp(theirs), atol=0.01)  # ours stops where answers no longer change
