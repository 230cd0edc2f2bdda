"""Moving the cut begins from the deepest activations on disk, and gives what the pixels give, to the last bit."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.backbones.catalog import Base, get_base
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.arrays import find_array
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.data.pixels import Pixels
from transfer_core.nn.export.classifier import photo_input, pooled
from transfer_core.nn.features import extract as features
from transfer_core.nn.features import litert as acceleration
from transfer_core.nn.features import model as feature_models
from transfer_core.nn.features.extract import Origin, compute_features
from transfer_core.nn.features.model import POOLED, feature_model
from transfer_core.nn.features.reuse import cached_start, deepest_source
from transfer_core.nn.models.graph import layer_calls
from transfer_core.nn.training.run import train
from transfer_core.runs.config import FitConfig
from transfer_core.runs.events import EpochEnded, Event
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter

Make = Callable[..., Run]
ORIGIN = Origin("toy", "random-0", 16, "0" * 32)
LAYERS = [f"{b}_{kind}" for b in ("block1", "block2") for kind in ("conv", "bn", "act", "drop", "add")]
LAYERS = ["stem_conv", "stem_bn", "stem_act", *LAYERS]


@pytest.fixture
def base(toy_base: Base) -> keras.Model:
    """With statistics and scales that a trained network could have: with 0 and 1 much would cancel."""
    model = bases.build_base(workspace(), "toy", "none", 16)
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in layer.weights])
    return model


def reporter() -> Reporter:
    reporter = Reporter(lambda event: None)
    reporter.start("features")
    return reporter


def pixels(count: int) -> Pixels:
    array = np.random.default_rng(1).integers(0, 256, (count, 16, 16, 3), np.uint8)
    return Pixels(array, ORIGIN.pixels, {str(row): row for row in range(count)})


def from_pixels(base: keras.Model, names: Sequence[str], photos: Pixels) -> dict[str, np.ndarray]:
    photo, scaled = photo_input("toy", 16)
    outputs = {call.name: call.output for call in layer_calls(base)}
    chosen = keras.Model(base.inputs[0], [outputs[LAYERS[-1] if name == POOLED else name] for name in names])
    values = chosen(scaled)
    values = [pooled(v) if name == POOLED else v for name, v in zip(names, values, strict=True)]
    found = compute_features(workspace(), keras.Model(photo, values), names, ORIGIN, photos, reporter())
    return {name: np.array(stored.array) for name, stored in found.items()}


@pytest.mark.parametrize("count", [40, 104], ids=["Keras", "LiteRT where there is one"])
@pytest.mark.parametrize("start", ["stem_act", "block1_add"])
def test_gives_what_the_pixels_give_to_the_last_bit(
    base: keras.Model, count: int, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceleration, "MINIMUM_PHOTOS", 100)
    targets = ["block2_conv", "block1_add", "block2_act", POOLED] if start == "stem_act" else ["block2_bn", POOLED]
    photos = pixels(count)
    expected = from_pixels(base, targets, photos)
    for name in targets:
        ORIGIN.path(workspace(), name).unlink()
    from_pixels(base, [start], photos)
    found = cached_start(workspace(), base, targets, ORIGIN)
    assert found is not None and found.name == start
    model = feature_model(get_base("toy"), base, targets, found.name)
    made = compute_features(workspace(), model, targets, ORIGIN, photos, reporter(), found)
    for name in targets:
        np.testing.assert_array_equal(made[name].array, expected[name], strict=True)
        assert made[name].notes["from"] == start


def test_the_deepest_on_disk_is_taken_and_a_damaged_one_passed_over(base: keras.Model) -> None:
    from_pixels(base, ["stem_act", "block1_add", "block2_act"], pixels(3))
    for targets, expected in {
        ("block2_act",): "block1_add",  # wanted because it is not there, or damaged
        ("block2_bn",): "block1_add",
        ("block2_add",): "block1_add",  # block2_act alone does not hold what goes around it
        ("block1_bn",): "stem_act",
        ("stem_bn",): None,
        ("stem_bn", "block2_bn"): None,
        (POOLED,): "block1_add",
    }.items():
        found = cached_start(workspace(), base, targets, ORIGIN)
        assert (found.name if found else None) == expected, targets
    path = ORIGIN.path(workspace(), "block1_add")
    path.write_bytes(path.read_bytes()[:-9])
    found = cached_start(workspace(), base, [POOLED], ORIGIN)
    assert found is not None and found.name == "stem_act"
    assert not path.exists()
    assert cached_start(workspace(), base, [POOLED], Origin("toy", "random-1", 16, "0" * 32)) is None


def test_what_normalization_takes_is_no_start(base: keras.Model) -> None:
    from_pixels(base, ["block2_conv", "stem_conv"], pixels(3))
    assert cached_start(workspace(), base, ["block2_bn"], ORIGIN) is None


@given(targets=st.sets(st.sampled_from(LAYERS), min_size=1), candidates=st.sets(st.sampled_from(LAYERS)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_targets_follow_from_the_source_and_from_none_deeper(
    base: keras.Model, targets: set[str], candidates: set[str]
) -> None:
    calls = layer_calls(base)
    outputs = {call.name: call.output for call in calls}

    def follows(name: str) -> bool:
        try:
            keras.Model(outputs[name], [outputs[target] for target in sorted(targets)])
        except ValueError:  # Keras' own judgement: the graph is cut
            return False
        return True

    usable = [call.name for call in calls if call.name in candidates - targets and not call.name.endswith("_conv")]
    expected = next((name for name in reversed(usable) if follows(name)), None)
    assert deepest_source(calls, targets, candidates) == expected


def history(run: Run) -> list[dict[str, float]]:
    heard: list[Event] = []
    assert train(workspace(), run, heard.append) is not None
    return [event.metrics for event in heard if isinstance(event, EpochEnded)]


def test_moving_the_cut_towards_the_head_does_not_touch_the_pixels(
    toy_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    settings = {"fit": FitConfig(batch_size=5, dropout=0.5)}
    shallow, deep = FreezePlan(("block1_conv",)), FreezePlan(("block2_conv",))
    expected = history(toy_run(plan=deep, **settings))
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "another-home"))
    history(toy_run(plan=shallow, **settings))
    run = toy_run(plan=deep, **settings)
    with monkeypatch.context() as patch:
        patch.setattr(feature_models, "photo_input", None)  # the way from the pixels
        assert history(run) == expected
    report = run.report()
    assert report is not None
    assert report["features"]["block1_add"]["from"] == "stem_act"
    assert report["features"][POOLED]["from"] == "pixels"
    stored = [find_array(path) for path in (tmp_path / "another-home").rglob("*.features")]
    assert {one.notes["from"] for one in stored if one} == {"pixels", "stem_act"}
    assert features.FEATURES_VERSION == 1
