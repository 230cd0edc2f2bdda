"""Figures from predictions, and how sure one may be of them."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.stats.intervals import wilson
from transfer_core.stats.metrics import Evaluation, evaluate


@dataclass
class Photo:
    name: str
    path: str = "/photos"


def judged(answers: list[int], labels: list[int], sure: float = 0.9, classes: int = 3) -> Evaluation:
    values = np.full((len(answers), classes), (1 - sure) / (classes - 1), np.float32)
    values[np.arange(len(answers)), answers] = sure
    photos = [Photo(f"photo{index}") for index in range(len(answers))]
    return evaluate(values, np.array(labels, np.int32), [f"class{index}" for index in range(classes)], photos)


def test_every_figure_of_a_small_case() -> None:
    result = judged(answers=[0, 0, 1, 1, 1], labels=[0, 0, 0, 1, 2])
    assert result.accuracy == 0.6
    assert result.confusion == [[2, 1, 0], [0, 1, 0], [0, 1, 0]]
    intervals = [
        {name: found.pop(name) for name in ("precision_interval", "recall_interval")}
        for found in result.per_class.values()
    ]
    assert intervals[0] == {"precision_interval": list(wilson(2, 2)), "recall_interval": list(wilson(2, 3))}
    assert intervals[2] == {"precision_interval": [0, 1], "recall_interval": list(wilson(0, 1))}
    assert result.per_class["class0"] == {"precision": 1, "recall": pytest.approx(2 / 3), "f1": 0.8, "photos": 3}
    assert result.per_class["class1"] == {"precision": pytest.approx(1 / 3), "recall": 1, "f1": 0.5, "photos": 1}
    assert result.per_class["class2"] == {"precision": 0, "recall": 0, "f1": 0, "photos": 1}
    assert result.ece == pytest.approx(0.3)
    assert [(item["photo"], item["truth"], item["predicted"]) for item in result.wrong] == [
        ("photo2", "class0", "class1"),
        ("photo4", "class2", "class1"),
    ]


def test_the_surest_mistake_comes_first() -> None:
    values = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8]], np.float32)
    result = evaluate(values, np.array([1, 1, 1], np.int32), ["a", "b"], [Photo("x"), Photo("y"), Photo("z")])
    assert [item["photo"] for item in result.wrong] == ["y", "x"]


def test_perfect_certainty_that_is_right_is_calibrated() -> None:
    assert judged([0, 1, 2], [0, 1, 2], sure=1.0).ece == pytest.approx(0)
    assert judged([0, 1, 2], [1, 2, 0], sure=1.0).ece == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_figures_agree_with_each_other(pairs: list[tuple[int, int]]) -> None:
    answers, labels = [a for a, _ in pairs], [b for _, b in pairs]
    result = judged(answers, labels)
    confusion = np.array(result.confusion)
    assert confusion.sum() == len(pairs)
    assert len(result.wrong) == len(pairs) - np.trace(confusion)
    assert result.accuracy == np.trace(confusion) / len(pairs)
    assert sum(result.per_class[f"class{i}"]["photos"] for i in range(3)) == len(pairs)
    low, high = result.interval
    assert 0 <= low <= result.accuracy <= high <= 1
    assert 0 <= result.ece <= 1


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_interval_holds_the_share_and_mirrors(a: int, b: int) -> None:
    trials = a + b
    low, high = wilson(a, trials)
    assert 0 <= low <= high <= 1
    if trials:
        assert low <= a / trials <= high
        assert wilson(b, trials) == pytest.approx((1 - high, 1 - low))
        assert wilson(a, trials, 0.5)[1] <= high


def test_wilson_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="3 successes of 2 trials"):
        wilson(3, 2)
