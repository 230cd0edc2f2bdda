"""Configurations are checked when made, refuse what they do not know, and come back from JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError
from transfer_core.runs.augmentation import PRESETS
from transfer_core.runs.config import (
    AugmentConfig,
    DataConfig,
    FitConfig,
    PhaseConfig,
    RunConfig,
    TuningConfig,
    fine_tuning_rate,
)

configs = st.builds(
    RunConfig,
    plan=st.builds(FreezePlan, st.lists(st.text(max_size=5), max_size=4).map(tuple)),
    head=st.builds(PhaseConfig, st.integers(1, 99), st.floats(1e-8, 1)),
    fine_tune=st.builds(PhaseConfig, st.integers(0, 99), st.none() | st.floats(1e-8, 1)),
    fit=st.builds(FitConfig, st.sampled_from(["adam", "rmsprop", "sgd"]), st.integers(1, 64), st.floats(0, 0.9)),
    tuning=st.builds(
        TuningConfig,
        st.sampled_from(["automatic", "constant", "cosine", "plateau"]),
        st.just(0),
        st.floats(1, 10),
        st.floats(0, 0.5),
        st.booleans(),
        st.sampled_from(["float32", "float16"]),
    ),
    augmentation=st.builds(AugmentConfig, st.sampled_from(list(PRESETS)), st.integers(1, 100)),
    seed=st.integers(0, 2**31 - 1),
)


@given(configs)
def test_come_back_from_json(config: RunConfig) -> None:
    value = config.to_dict()
    assert json.loads(json.dumps(value)) == value
    assert RunConfig.from_dict(value) == config


def test_missing_keys_take_their_defaults() -> None:
    assert RunConfig.from_dict({}) == RunConfig()
    assert RunConfig.from_dict({"fit": {"batch_size": 8}}) == RunConfig(fit=FitConfig(batch_size=8))
    some = {"head": {"epochs": 3}, "fine_tune": {"learning_rate": 0.01}}
    assert RunConfig.from_dict(some) == RunConfig(head=PhaseConfig(3, 2e-3), fine_tune=PhaseConfig(8, 0.01))


def test_the_rate_of_fine_tuning_goes_by_the_number_of_photos() -> None:
    assert [fine_tuning_rate(photos) for photos in (5, 50, 125, 500, 5000)] == [3e-6, 3e-5, 7.5e-5, 3e-4, 3e-4]
    assert RunConfig().for_photos(125).fine_tune == PhaseConfig(8, 7.5e-5)
    chosen = RunConfig(fine_tune=PhaseConfig(8, 0.01))
    assert chosen.for_photos(125) == chosen
    with pytest.raises(ValueError, match="for_photos first"):
        _ = RunConfig().fine_tune.rate


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_photos_never_lower_the_rate(photos: int, more: int) -> None:
    assert 0 < fine_tuning_rate(photos) <= fine_tuning_rate(photos + more) <= 3e-4


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"seed": -1}, "The shuffle number (seed) must be a whole number"),
        ({"seed": True}, "The shuffle number (seed) must be a whole number"),
        ({"head": {"epochs": 0, "learning_rate": 0.1}}, "at least 1 epoch"),
        ({"head": {"epochs": 2.5, "learning_rate": 0.1}}, "number of epochs must be a whole number"),
        ({"head": {"epochs": 2, "learning_rate": -0.1}}, "learning rate must be a number"),
        ({"head": {"epochs": 2, "learning_rate": 100.0}}, "a number above 0 and up to 10; 100 came"),
        ({"head": {"epochs": 2, "learning_rate": "abc"}}, "a number above 0 and up to 10; 'abc' came"),
        ({"head": {"epochs": 2, "learning_rate": 1e-10}}, "a number from 0.000000001 to 10; 0.0000000001 came"),
        ({"head": {"epochs": 2, "learning_rate": float("nan")}}, "learning rate must be a number"),
        ({"head": {"learning_rate": None}}, "The head needs a learning rate such as 0.002; none came"),
        ({"head": {"epoch": 2}}, "config.head has an unknown key 'epoch'"),
        ({"fit": {"optimizer": "lion"}}, "optimizer must be one of adam, rmsprop, sgd; 'lion' came"),
        ({"fit": {"dropout": 1}}, "Dropout must be a number from 0 to 0.95"),
        ({"fit": {"bathc_size": 1}}, "config.fit has an unknown key 'bathc_size'"),
        ({"bases": {}}, "config has an unknown key 'bases'; it knows augmentation, base, data"),
        ({"fit": {"augment": "often"}}, "Augmentation must be one of none, cached, live; 'often' came"),
        ({"augmentation": {"preset": "wild"}}, "preset must be one of gentle, photos, strong, any-way-up; 'wild' came"),
        ({"augmentation": {"preset": []}}, "preset must be one of gentle"),
        ({"augmentation": {"variants": 0}}, "number of variants must be a whole number from 1 to 100; 0 came"),
        ({"augmentation": {"varants": 2}}, "config.augmentation has an unknown key 'varants'"),
        ({"fit": []}, "config.fit must be an object"),
        (
            {"tuning": {"schedule": "linear"}},
            "schedule must be one of automatic, constant, cosine, plateau; 'linear' came",
        ),
        ({"tuning": {"warmup_epochs": 0.5}}, "Warm-up must be a whole number"),
        ({"tuning": {"discriminative": 0.5}}, "discriminative rates must be a number from 1 to 10; 0.5 came"),
        ({"tuning": {"label_smoothing": 0.9}}, "Label smoothing must be a number from 0 to 0.5"),
        ({"tuning": {"train_batch_norm": 1}}, "BatchNormalization must be true or false; 1 came"),
        ({"tuning": {"cache_precision": "float8"}}, "precision of the cache must be one of float32, float16; 'float8'"),
        ({"tuning": {"cosine": True}}, "config.tuning has an unknown key 'cosine'"),
        ({"tuning": {"warmup_epochs": 50}}, "50 epochs of it came for 50 epochs of the head"),
        ({"tuning": {"warmup_epochs": 8}, "plan": {"trainable": ["a"]}}, "for 8 epochs of fine-tuning"),
        ({"plan": {"trainable": "block1"}}, "takes a list of layer names"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(value: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        RunConfig.from_dict(value)
    assert words in str(refusal.value)


@pytest.mark.parametrize("make", [lambda: DataConfig(validation_fraction=0), lambda: DataConfig(validation_fraction=1)])
def test_a_split_keeps_photos_on_both_sides(make: Callable[[], DataConfig]) -> None:
    with pytest.raises(ConfigError, match="share of photos for validation"):
        make()


def test_fine_tuning_needs_layers_and_epochs() -> None:
    plan = FreezePlan(("block7a",))
    assert RunConfig(plan=plan).fine_tunes
    assert not RunConfig().fine_tunes
    assert not RunConfig(plan=plan, fine_tune=PhaseConfig(0, 1e-5)).fine_tunes


def test_warm_up_is_held_against_fine_tuning_only_where_there_is_some() -> None:
    assert RunConfig(tuning=TuningConfig(warmup_epochs=20)).tuning.warmup_epochs == 20
