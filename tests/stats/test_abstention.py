"""When a classifier should rather say "none of these": likeness, thresholds, and how scores are compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.stats.abstention import NEAREST, KnownPhotos, auroc, expected_coverage, threshold_for


def test_likeness_is_that_of_the_fifth_nearest_whatever_the_length_of_the_features() -> None:
    angles = np.deg2rad([0, 10, 20, 30, 40, 50, 90]).astype(np.float32)
    known = KnownPhotos.of(np.stack([3 * np.cos(angles), 3 * np.sin(angles)], 1))
    alike, nearest = known.compare(np.array([[2.0, 0.0], [0.0, 0.5]], np.float32))
    assert alike == pytest.approx([np.cos(np.deg2rad(40)), np.cos(np.deg2rad(70))], abs=2e-3)
    assert nearest.tolist() == [[0, 1, 2, 3, 4], [6, 5, 4, 3, 2]]


def test_few_photos_and_no_features_at_all() -> None:
    known = KnownPhotos.of(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))
    alike, nearest = known.compare(np.array([[1.0, 0.0], [0.0, 0.0]], np.float32))
    assert nearest.shape == (2, 2) and alike == pytest.approx([0.0, 0.0], abs=1e-3)


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 2**31))
def test_the_order_of_what_is_known_changes_nothing(known: int, asked: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, photos = (random.normal(size=(count, 8)).astype(np.float32) for count in (known, asked))
    order = random.permutation(known)
    alike, nearest = KnownPhotos.of(rows).compare(photos)
    again, moved = KnownPhotos.of(rows[order]).compare(photos)
    np.testing.assert_allclose(alike, again, atol=1e-6)
    assert nearest.shape == (asked, min(known, NEAREST))
    assert [set(order[row]) for row in moved] == [set(row) for row in nearest]


@given(st.integers(1, 30), st.integers(0, 2**31))
def test_known_photos_among_themselves(known: int, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(known, 8)).astype(np.float32)
    found = KnownPhotos.of(rows).among_themselves()
    for at in range(known) if known > 1 else ():
        others = KnownPhotos.of(np.delete(rows, at, 0))
        assert found[at] == pytest.approx(others.similarity(rows[at : at + 1])[0], abs=2e-3)


@given(st.integers(1, 400), st.sampled_from([0.5, 0.8, 0.95]))
def test_the_share_that_is_told_is_the_one_to_expect(photos: int, coverage: float) -> None:
    said = expected_coverage(photos, coverage)
    # Of photos + 1 in random order, the last is as likely to be any of them: those below the k-th are not answered.
    ranks = np.arange(photos + 1)
    threshold = [threshold_for(np.delete(ranks, new).astype(np.float32), coverage) for new in ranks]
    assert said == pytest.approx(np.mean(ranks >= np.array(threshold)))
    assert photos < 19 or said >= coverage - 1e-9


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=300), st.sampled_from([0.5, 0.8, 0.95]))
def test_at_least_the_share_that_was_asked_for_is_answered(values: list[float], coverage: float) -> None:
    similarities = np.array(values, np.float32)
    threshold = threshold_for(similarities, coverage)
    assert (similarities >= threshold).mean() >= coverage - 1 / len(values)
    assert threshold in similarities
    assert threshold <= threshold_for(similarities, coverage / 2), "who answers less asks for more likeness"


def test_with_few_photos_the_least_alike_of_them_still_passes() -> None:
    assert threshold_for(np.array([0.5, 0.9, 0.7], np.float32)) == 0.5


@given(st.integers(0, 2**31))
def test_auroc_is_the_chance_that_a_known_photo_scores_higher(seed: int) -> None:
    random = np.random.default_rng(seed)
    known, strangers = (random.integers(0, 6, count).astype(np.float32) for count in (9, 13))
    pairs = [float(one > other) + 0.5 * float(one == other) for one in known for other in strangers]
    assert auroc(known, strangers) == pytest.approx(np.mean(pairs))
