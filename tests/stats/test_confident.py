"""Labels that are likely wrong: the confident joint against its definition, and labels made wrong on purpose."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.stats.confident import doubtful_labels


@given(st.integers(2, 5), st.integers(1, 40), st.integers(0, 2**31))
def test_the_joint_is_as_the_paper_defines_it(classes: int, more: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, more)])
    shares = random.dirichlet(np.full(classes, 0.5), len(labels))
    found = doubtful_labels(shares, labels)
    thresholds = [
        np.mean([p[j] for p, label in zip(shares, labels, strict=True) if label == j]) for j in range(classes)
    ]
    joint, doubted = np.zeros((classes, classes), int), {}
    for row, (p, label) in enumerate(zip(shares, labels, strict=True)):
        reached = [j for j in range(classes) if p[j] >= thresholds[j]]
        if reached:
            best = max(reached, key=lambda j: p[j])
            joint[label, best] += 1
            if best != label:
                doubted[row] = best
    np.testing.assert_array_equal(found.joint, joint)
    assert dict(zip(found.rows.tolist(), found.instead.tolist(), strict=True)) == doubted
    margins = [shares[row, instead] - shares[row, labels[row]] for row, instead in doubted.items()]
    ordered = [shares[row, found.instead[at]] - shares[row, labels[row]] for at, row in enumerate(found.rows)]
    assert ordered == sorted(margins, reverse=True)


def test_labels_made_wrong_are_found_where_the_answers_are_good() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, 400)
    shares = np.full((400, 4), 0.02)
    shares[np.arange(400), truth] = 0.94
    labels = truth.copy()
    labels[:20] = (truth[:20] + 1) % 4
    found = doubtful_labels(shares, labels)
    assert set(found.rows.tolist()) == set(range(20))
    np.testing.assert_array_equal(found.instead, truth[found.rows])


def test_no_label_is_doubted_where_all_answers_agree_with_it() -> None:
    labels = np.array([0, 1, 0, 1])
    assert not len(doubtful_labels(np.eye(2)[labels] * 0.6 + 0.2, labels).rows)
