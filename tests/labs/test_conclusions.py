"""Each lab ends with one sentence that a pupil can repeat: at most 25 words, whatever was found."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labs.knowledge.test_knowledge import photo
from tests.labs.probe.test_probe import depths
from tests.labs.sanity.test_sanity import result, training
from tests.labs.sweep.test_sweep import trial
from transfer_core.labs.compare import verdict as compare
from transfer_core.labs.knowledge import verdict as knowledge
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS
from transfer_core.labs.probe import verdict as probe
from transfer_core.labs.recipe import wording as recipe
from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.labs.sanity import wording as sanity
from transfer_core.labs.sanity.mistakes import MISTAKES
from transfer_core.labs.sweep import wording as sweep
from transfer_core.labs.sweep.settings import HEAD
from transfer_core.labs.sweep.verdict import judge
from transfer_core.text import Sentence

MOST = 25


def one_sentence(said: Sentence) -> str:
    """The words, if they are one sentence and few enough."""
    words = str(said)
    assert words.endswith(".") and words.count(". ") == 0, words
    assert len(words.split()) <= MOST, words
    assert "p =" not in words and "interval" not in words, words
    return words


@given(st.lists(st.integers(0, 200), min_size=2, max_size=12), st.sampled_from([24, 200]), st.floats(0.05, 0.9))
def test_the_probe(correct: list[int], photos: int, chance: float) -> None:
    found = probe.conclude(depths(*(min(count, photos) for count in correct), photos=photos), chance)
    words = one_sentence(found.conclusion)
    assert found.best is None or found.best in words or "Every block" in words or "every block" in words


def test_the_probe_says_up_to_where() -> None:
    assert str(probe.conclude(depths(60, 120, 178, 181, 182), 0.5).conclusion) == (
        "Up to b2 the network knows all it needs for your photos."
    )
    assert "loses some" in str(probe.conclude(depths(60, 180, 150, 120), 0.5).conclusion)
    assert str(probe.conclude(depths(4, 17, 18, photos=24), 0.25).conclusion).startswith("Perhaps")


@given(st.integers(0, 900), st.integers(0, 900))
def test_a_comparison(fixed: int, broken: int) -> None:
    words = one_sentence(compare.conclude(fixed, broken))
    long = str(compare.how_sure(fixed, broken, fixed + broken + 5))
    assert ("is better" in words) == ("is better" in long) and ("is worse" in words) == ("is worse" in long)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text("01", min_size=12, max_size=12)), max_size=4), st.booleans())
def test_a_sweep(deeper: list[tuple[str, str]], complete: bool) -> None:
    verdict = judge([trial(HEAD, "1" * 6 + "0" * 6), *(trial(*one) for one in dict(deeper).items())])
    words = one_sentence(sweep.conclude(verdict, complete))
    assert words.startswith("So far: ") is not complete
    assert ("Fine-tune" in words) == (verdict.recommended != HEAD)


@given(st.dictionaries(st.sampled_from(sorted(VARIANTS)), st.text("01", min_size=30, max_size=30)))
def test_the_recipe(answers: dict[str, str]) -> None:
    variants = {
        name: {"right": [int(hit) for hit in hits], "val_accuracy": hits.count("1") / 30}
        for name, hits in answers.items()
    }
    one_sentence(recipe.conclude(variants))


def test_the_recipe_says_what_the_mistake_cost() -> None:
    good, bad = [1] * 30, [1] * 10 + [0] * 20
    right: dict[str, Any] = {"right": good, "val_accuracy": 1.0}
    wrong: dict[str, Any] = {"right": bad, "val_accuracy": 1 / 3}
    assert str(recipe.conclude({"augmented": wrong, "fine_tuned": right})) == (
        "The later steps helped: 33% of new photos were right before, 100% after."
    )
    assert "without that step, 20 more of 30" in str(recipe.conclude({"fine_tuned": right, "skipped": wrong}))


@pytest.mark.parametrize("mistake", [str(mistake.title) for mistake in MISTAKES])
def test_the_sanity_check_names_what_breaks_it_most(mistake: str) -> None:
    found = result(training(), a=training(0.6), b=training(0.9))
    found["variants"]["b"]["title"] = mistake
    words = one_sentence(sanity.conclude(found))
    assert "exactly the same" in words and mistake in words and "most" in words
    alone = one_sentence(sanity.conclude(result(training(), a=training(0.6))))
    assert "most" not in alone, "of one mistake nothing is the most"


def test_the_sanity_check_says_so_when_nothing_breaks_it_or_all_is_broken() -> None:
    assert "exactly the same." in one_sentence(sanity.conclude(result(training(), a=training())))
    assert "but for rounding" in one_sentence(sanity.conclude(result(training(0.5 + 5e-6))))
    assert "they do not" in one_sentence(sanity.conclude(result(training(0.75))))
    empty: dict[str, Any] = {"max_loss_difference": None, "max_logit_difference": None, "variants": {}}
    assert "Nothing" in one_sentence(sanity.conclude(empty))
    assert "too high" in one_sentence(sanity.conclude(empty | {"bottleneck": {"diverged": True}}))


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.booleans()), max_size=12))
def test_what_it_knows(classes: list[tuple[int, bool, bool]]) -> None:
    found = {str(at): {"photos": n, "known": known, "told": told} for at, (n, known, told) in enumerate(classes)}
    words = one_sentence(knowledge.conclude(found))
    known = any(one["known"] and one["photos"] >= LEAST_PHOTOS for one in found.values())
    assert ("already knows" in words) == known


def test_a_class_whose_name_imagenet_gives_is_known() -> None:
    # 36 of 100 daisies are called a daisy, the rest anything: its answers alone tell no daisy from the rest.
    random = np.random.default_rng(0)
    names = np.concatenate([np.full(36, 985), random.integers(0, 900, 164)])
    rows = np.full((200, 1000), 5e-4, np.float32)
    rows[np.arange(200), names] += 0.5
    photos = [photo(number, int(number < 100)) for number in range(200)]
    found = knowledge.judge(rows, photos, ("thing", "daisy"))
    daisy = found["classes"]["daisy"]
    assert not daisy["told"] and daisy["named"] == pytest.approx(0.36) and daisy["known"]
    assert "holds none" not in str(found["how_sure"]) and "1 of your 2 classes" in str(found["conclusion"])
    # With too few of them it is not known, but nobody says that ImageNet holds none.
    rows[:36] = rows[36:72]
    found = knowledge.judge(rows, photos, ("thing", "daisy"))
    assert not found["classes"]["daisy"]["known"]
    assert "ImageNet has names that say daisy" in str(found["how_sure"]) and "holds none" not in str(found["how_sure"])
