"""Frozen or not: what is asked, the photos that are taken, what follows from figures, and the whole of it."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.backbones import catalog
from transfer_core.backbones.catalog import Base
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, read_result
from transfer_core.labs.sanity import run as experiment
from transfer_core.labs.sanity.mistakes import MISTAKES, BaseFacts, explained
from transfer_core.labs.sanity.settings import (
    CURVES,
    TOLERANCE,
    Settings,
    choose_photos,
    compared,
    largest,
    needed,
)
from transfer_core.labs.sanity.wording import how_sure
from transfer_core.nn.backbones import build as bases
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import BaseConfig
from transfer_core.runs.events import Event, Progress
from transfer_core.runs.folder import Run
from transfer_core.text import shown, stored
from transfer_core.worker import job as worker

NAMES = tuple(mistake.name for mistake in MISTAKES)


def manifest(train: tuple[int, ...], validation: tuple[int, ...]) -> Manifest:
    """So many photos of each class; none of them exists."""
    photos = [
        ManifestPhoto(f"{split}{label}-{index}", "", f"{label}/{index}", label, split)  # type: ignore[arg-type]
        for split, counts in (("train", train), ("validation", validation))
        for label, count in enumerate(counts)
        for index in range(count)
    ]
    return Manifest(tuple(f"class {label}" for label in range(len(train))), tuple(photos))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mistakes": ("drop",)}, "no mistake 'drop'; there are dropout, batch_norm"),
        ({"photos": 0}, "photos to learn from must be a whole number from 1"),
        ({"validation": True}, "photos to check on must be a whole number"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"batch_size": 0}, "batch size must be"),
        ({"optimizer": "magic"}, "one of adam, rmsprop, sgd; 'magic' came"),
        ({"learning_rate": 0}, "learning rate must be"),
        ({"dropout": 0.0}, "above 0, or it would be no mistake"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Settings(**settings)


def test_settings_survive_json() -> None:
    config = ExperimentConfig("sanity", Settings(("dropout",), photos=4, learning_rate=0.01))
    assert ExperimentConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=5), st.integers(1, 30), st.integers(1, 30), st.integers(0, 9)
)  # fmt: skip
def test_photos_are_spread_evenly_over_the_classes(counts: list[int], photos: int, validation: int, seed: int) -> None:
    all_photos, settings = manifest(tuple(counts), tuple(counts)), Settings(photos=photos, validation=validation)
    if needed(all_photos, settings):
        with pytest.raises(DataError):
            choose_photos(all_photos, settings, seed)
        return
    chosen = choose_photos(all_photos, settings, seed)
    assert chosen == choose_photos(replace(all_photos, photos=all_photos.photos[::-1]), settings, seed)
    for split, asked in (("train", photos), ("validation", validation)):
        found = list(chosen.counts()[split].values())
        assert sum(found) == asked and len({photo.sha256 for photo in chosen.photos}) == photos + validation
        # A class has fewer than another only by one, or because it has no more.
        assert all(n >= max(found) - 1 or n == there for n, there in zip(found, counts, strict=True))


@pytest.mark.parametrize(
    ("there", "settings", "words"),
    [
        (manifest((9, 9), (9, 9)), Settings(photos=1), "1 photos to learn from are too few for 2 classes: at least 2"),
        (manifest((9, 9), (3, 2)), Settings(photos=9), "12 photos to check on are needed, and there are 5. Add 7"),
        (manifest((9, 0), (9, 9)), Settings(photos=9), '"class 1" has no photo to learn from'),
    ],
)
def test_too_few_photos_are_told_with_how_many_are_needed(there: Manifest, settings: Settings, words: str) -> None:
    with pytest.raises(DataError, match=words):
        choose_photos(there, settings, 0)


def training(loss: float = 0.5, hits: str = "11111111", logit: float = 1.0, diverged: bool = False) -> dict[str, Any]:
    """What a training of two epochs leaves; `hits` tells which photos are right."""
    curves: dict[str, list[float]] = {name: [] if diverged else [1.0, loss] for name in CURVES}
    logits = [] if diverged else [[logit, 0.0]] * len(hits)
    return {"curves": curves, "logits": logits, "hits": [h == "1" for h in hits], "diverged": diverged, "seconds": 1.0}


def test_a_training_agrees_with_itself_and_up_to_rounding() -> None:
    same = compared(training(), training())
    assert (same["max_loss_difference"], same["max_logit_difference"], same["agrees"]) == (0.0, 0.0, True)
    assert compared(training(0.5 + TOLERANCE / 2), training())["agrees"]
    assert not compared(training(0.5 + 2 * TOLERANCE), training())["agrees"]
    assert not compared(training(logit=1.1), training())["agrees"]


def test_a_lost_loss_agrees_with_nothing() -> None:
    lost = compared(training(diverged=True), training())
    assert lost["max_loss_difference"] is None and lost["max_logit_difference"] is None and not lost["agrees"]
    assert largest([], [1.0]) is None and largest([1.0, 5.0], [2.0]) == 1.0


def test_accuracy_is_compared_photo_by_photo() -> None:
    found = compared(training(hits="00000010"), training(hits="11111101"))
    assert (found["broken"], found["fixed"], found["val_accuracy"]) == (7, 1, 0.125)
    assert found["p_value"] == pytest.approx(18 / 256)  # both tails of a binomial: 2 * (1 + 8) / 2**8
    assert found["interval"][0] < 0.125 < found["interval"][1]


def result(frozen: dict[str, Any], **variants: dict[str, Any]) -> dict[str, Any]:
    """A result as the experiment keeps it."""
    saved = training()
    found = frozen | compared(frozen, saved)
    return {
        "bottleneck": saved | compared(saved, saved),
        "frozen": found,
        "max_loss_difference": found["max_loss_difference"],
        "max_logit_difference": found["max_logit_difference"],
        "epochs": 2,
        "photos": {"train": 8, "validation": 8},
        "variants": {name: {"title": name} | value | compared(value, saved) for name, value in variants.items()},
    }


def test_how_sure_it_is_follows_from_the_figures() -> None:
    equal = str(how_sure(result(training())))
    assert "over 2 epochs and every answer at the end is equal to the last bit" in equal and "mistake" not in equal
    assert "the same but for rounding: losses and answers differ by at most 5e-06" in str(
        how_sure(result(training(0.5 + 5e-6)))
    )
    assert "should be the same, but here the losses differ by up to 0.25" in str(how_sure(result(training(0.75))))
    words = str(how_sure(result(training(), a=training(0.7), b=training(), c=training(0.9))))
    assert "2 of 3 classic mistakes break this, most of all c (loss up to 0.4 apart)." in words
    assert "With this base nothing changes by: b." in words
    assert "can't be told from 8 photos: all differences are within noise" in words
    words = str(how_sure(result(training(), a=training(0.7, hits="00000001"))))
    assert "One mistake breaks this: a (loss up to 0.2 apart)." in words
    assert "Of 8 new photos 8 are right without a mistake, and beyond chance fewer are: 1 with a." in words
    assert "(the loss was lost)" in str(how_sure(result(training(), a=training(diverged=True))))
    empty = {"max_loss_difference": None, "max_logit_difference": None, "epochs": 2, "variants": {}}
    assert str(how_sure(empty)) == "Nothing has been compared yet."


@pytest.mark.parametrize("agrees", [True, False])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layers", [(0, 0), (9, 0), (0, 9), (9, 9)])
def test_every_mistake_is_explained_for_every_base(name: str, layers: tuple[int, int], agrees: bool) -> None:
    for scaling in ("caffe", "tf", "torch", "lite"):
        facts = BaseFacts("Some Base", scaling, *layers, top=agrees)  # type: ignore[arg-type]
        words = shown(explained(name, facts, agrees=agrees, dropout=0.8, batch_size=1))
        assert set(words) == {"title", "done", "cause", "mend"} and all(words.values())
        assert "{" not in "".join(words.values())
        compile(words["mend"], name, "exec")  # it is Python


def test_the_cause_is_that_of_the_base() -> None:
    def cause(name: str, norms: int, dropouts: int, agrees: bool = False) -> str:
        facts = BaseFacts("Base", "tf", norms, dropouts, top=False)
        return str(explained(name, facts, agrees=agrees, dropout=0.5, batch_size=4)["cause"])

    assert cause("batch_norm", 0, 3, agrees=True) == "This base has no BatchNormalization, so nothing changes."
    assert "of the 4 photos that come together" in cause("batch_norm", 7, 0)
    assert "7 layers of BatchNormalization" in cause("training_true", 7, 0)
    assert "dropout" not in cause("training_true", 7, 0)
    assert "5 layers of dropout throw parts away" in cause("training_true", 0, 5)
    assert "neither dropout nor BatchNormalization" in cause("training_true", 0, 0, agrees=True)
    assert "no dropout inside, and frozen BatchNormalization stays" in cause("overruled", 7, 0, agrees=True)


def small_base() -> keras.Model:
    """Dropout and BatchNormalization, in that order."""
    photo = keras.Input((4,))
    return keras.Model(photo, keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(photo)))


def test_keras_lets_an_outer_training_overrule_an_inner_one() -> None:
    """The trap behind `overruled`, and that what is said to mend it does."""
    keras.utils.set_random_seed(0)
    base = small_base()
    base.trainable = False
    photo = keras.Input((4,))
    model = keras.Model(photo, base(photo, training=False))
    ones = np.ones((1, 4), np.float32)
    asleep = np.asarray(model(ones, training=False))
    assert not np.array_equal(model(ones, training=True), asleep)
    facts = BaseFacts("Base", "tf", 1, 1, top=False)
    mend = str(explained("overruled", facts, agrees=False, dropout=0.5, batch_size=1)["mend"])
    exec(mend, {"base": base, "keras": keras})
    np.testing.assert_array_equal(model(ones, training=True), asleep)


def test_a_frozen_batch_normalization_keeps_what_it_learned() -> None:
    """What is said to mend `batch_norm` does."""
    base = small_base()
    norm = base.layers[-1]
    base(np.ones((2, 4), np.float32), training=True)
    moved = np.asarray(norm.moving_mean)
    assert moved.any()
    facts = BaseFacts("Base", "tf", 1, 1, top=False)
    exec(str(explained("batch_norm", facts, agrees=False, dropout=0.5, batch_size=1)["mend"]), {"base": base})
    base(np.ones((2, 4), np.float32), training=True)
    np.testing.assert_array_equal(norm.moving_mean, moved)


@pytest.fixture
def make(tmp_path: Path, toy_base: Base, toy_manifest: Callable[..., Manifest]) -> Callable[..., Run]:
    """Make an experiment on the toy base, which has BatchNormalization and dropout inside."""

    def made(**settings: Any) -> Run:
        settings = {"photos": 6, "validation": 4, "epochs": 3, "learning_rate": 0.01} | settings
        config = ExperimentConfig("sanity", Settings(**settings), base=BaseConfig("toy", "none"))
        return create_experiment(tmp_path / f"experiment-{len(list(tmp_path.iterdir()))}", config, toy_manifest())

    return made


def done(run: Run, emit: Callable[[Event], None] = lambda event: None) -> dict[str, Any]:
    status = worker.perform(workspace(), run, emit)
    assert status.state == "FINISHED", status.message
    found = read_result(run)
    assert found is not None and found["complete"]
    return found


@pytest.mark.parametrize(("optimizer", "batch_size"), [("rmsprop", 1), ("sgd", 4)])
def test_frozen_is_equal_and_every_mistake_is_not(make: Callable[..., Run], optimizer: str, batch_size: int) -> None:
    heard: list[Event] = []
    found = done(make(optimizer=optimizer, batch_size=batch_size), heard.append)
    assert found["max_loss_difference"] <= TOLERANCE and found["max_logit_difference"] <= TOLERANCE
    assert "are the same" in str(found["how_sure"]) and "7 of 7" in str(found["how_sure"])
    assert list(found["variants"]) == list(NAMES) and "running" not in found
    for name, variant in found["variants"].items():
        assert (
            not variant["agrees"] and max(variant["max_loss_difference"], variant["max_logit_difference"]) > TOLERANCE
        )
        assert [len(variant["curves"][key]) for key in CURVES] == [3] * 4, name
        assert variant["cause"] and variant["mend"] and 0 <= variant["val_accuracy"] <= 1
    assert found["bottleneck"]["curves"]["loss"][-1] < found["bottleneck"]["curves"]["loss"][0]  # it does learn
    shares = [event.done for event in heard if isinstance(event, Progress) and event.total == 1000]
    assert shares == sorted(shares) and shares[0] == 0


def test_what_was_done_before_an_interruption_is_not_done_again(make: Callable[..., Run]) -> None:
    """And the end is the same to the last bit: each training leaves the base as it was."""

    def figures(found: dict[str, Any]) -> Any:
        return {name: (value["curves"], value["logits"]) for name, value in found["variants"].items()}

    whole = done(make(epochs=2))
    run = make(epochs=2)

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and str(event.step).startswith("wrong scaling"):
            run.request_stop()

    assert worker.perform(workspace(), run, stop).state == "STOPPED"
    kept = read_result(run)
    assert kept is not None and list(kept["variants"]) == ["dropout", "batch_norm"] and not kept["complete"]
    assert "equal to the last bit" in str(kept["how_sure"])
    run.stop_path.unlink()
    heard: list[Event] = []
    resumed = done(run, heard.append)
    assert figures(resumed) == figures(whole) and resumed["bottleneck"] == kept["bottleneck"]
    assert not any(isinstance(event, Progress) and "saving" in str(event.step) for event in heard)


def test_a_lost_loss_ends_its_training_and_is_told(make: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    whole, made = experiment.train_step, []

    def losing(*args: Any) -> Any:
        step, number = whole(*args), len(made)
        made.append(step)  # saved features, frozen, softmax
        return (lambda batch, rate: (math.inf, 0)) if number == 2 else step

    monkeypatch.setattr(experiment, "train_step", losing)
    found = done(make(mistakes=("softmax", "scaling"), epochs=1))
    lost = found["variants"]["softmax"]
    assert lost["diverged"] and lost["max_loss_difference"] is None and lost["curves"]["loss"] == []
    assert not found["variants"]["scaling"]["diverged"]
    assert "the softmax taken for the features (the loss was lost)" in str(found["how_sure"])
    assert json.dumps(stored(found), allow_nan=False)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "mobilenet", "vgg16", "efficientnet-v2-b0"])
def test_the_line_that_mends_the_scaling_scales_as_thaw_does(name: str) -> None:
    row = catalog.get_base(name)
    photos = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype(np.float32)
    facts = BaseFacts(row.title, row.scaling, 0, 0, top=False)
    line = str(explained("scaling", facts, agrees=False, dropout=0.5, batch_size=1)["mend"])
    values: dict[str, Any] = {"keras": keras, "photos": photos.copy()}
    exec(line, values)
    np.testing.assert_allclose(values["x"], bases.preprocessing(row, photos), atol=1e-4)
