"""The way from the weights before fine-tuning to those after: which share of it is kept, and what is left behind."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.nn.training.blend import SHARES, best_share, choose, mixed
from transfer_core.nn.training.classifier import head_network

seeds = st.integers(0, 2**32 - 1)


def losses(*means: float, photos: int = 50, noise: float = 0.0, seed: int = 0) -> list[np.ndarray]:
    """Of each share, every photo's loss: a difficulty of its own, and noise."""
    generator = np.random.default_rng(seed)
    difficulty = generator.uniform(0, 2, photos)
    difficulty -= difficulty.mean()
    rows = []
    for mean in means:
        apart = generator.normal(0, noise, photos) if noise else np.zeros(photos)
        rows.append(mean + difficulty + apart - apart.mean())
    return rows


@pytest.mark.parametrize(
    ("means", "share"),
    [
        ((0.5, 0.4, 0.3, 0.4, 0.5), 0.5),
        ((0.5, 0.4, 0.3, 0.2, 0.1), 1.0),
        ((0.1, 0.2, 0.3, 0.4, 0.5), 0.0),
        ((0.3, 0.2, 0.3, 0.4, 0.5), 0.25),
        ((0.3, 0.3, 0.3, 0.3, 0.3), 0.5),
    ],
)
def test_without_noise_it_is_the_lowest_loss(means: tuple[float, ...], share: float) -> None:
    assert SHARES[choose(losses(*means))] == share


def test_what_few_photos_can_not_tell_apart_ends_in_the_middle() -> None:
    near = (0.31, 0.30, 0.30, 0.30, 0.29)
    assert SHARES[choose(losses(*near, photos=30, noise=0.5))] == 0.5
    assert SHARES[choose(losses(*near, photos=30, noise=0.001))] == 1.0


@given(seeds, st.integers(2, 60), st.floats(0, 1))
def test_it_lies_between_the_middle_and_the_lowest_and_never_far_above_it(seed: int, photos: int, noise: float) -> None:
    found = losses(*np.random.default_rng(seed).uniform(0.1, 1, 5), photos=photos, noise=noise, seed=seed)
    chosen, best = choose(found), int(np.argmin([each.mean() for each in found]))
    assert min(2, best) <= chosen <= max(2, best)
    apart = found[chosen] - found[best]
    assert apart.mean() <= apart.std(ddof=1) / np.sqrt(photos) + 1e-12


def test_one_photo_and_lost_answers_have_a_choice() -> None:
    assert SHARES[choose([np.array([loss]) for loss in (0.5, 0.4, 0.3, 0.2, 0.1)])] == 0.5
    lost = losses(0.3, 0.4, 0.1, 0.1, 0.1)
    for place in (2, 3, 4):
        lost[place][:] = np.nan
    assert SHARES[choose(lost)] == 0.0


@given(seeds, st.sampled_from(SHARES))
def test_mixing_is_a_straight_line_with_exact_ends(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    first, last = ([generator.normal(size=(3, 2)).astype(np.float32)] for _ in range(2))
    (value,) = mixed(first, last, share)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, (1 - share) * first[0] + share * last[0], atol=1e-6)
    if share in (0.0, 1.0):
        assert np.array_equal(value, (last if share else first)[0])


def test_the_network_is_left_with_what_was_chosen() -> None:
    network = head_network(2, 2, 0.0, 0)
    labels = np.array([0, 1] * 20, np.int32)
    first, last = ([np.float32([[a, -a], [-a, a]]), np.zeros(2, np.float32)] for a in (-1.0, 3.0))
    features = np.eye(2, dtype=np.float32)[labels]

    def logits() -> Any:
        return network((features,), training=False).numpy()

    share, answers = best_share(network, first, last, logits, labels)
    assert share == 1.0 and np.array_equal(network.read()[0], last[0])
    assert np.array_equal(answers, logits())
    share, answers = best_share(network, last, first, logits, labels)
    assert share == 0.0 and np.array_equal(network.read()[0], last[0])
