"""Training on augmented photos: fixed variants or new ones in every epoch, repeatable, and never in the saved model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.nn.data.live_batches import LiveBatches
from transfer_core.nn.training import session
from transfer_core.nn.training.run import train
from transfer_core.nn.training.session import Session, prepare
from transfer_core.photos.manifest import Manifest
from transfer_core.runs import augmentation as presets
from transfer_core.runs import checkpoint
from transfer_core.runs.augmentation import Preset
from transfer_core.runs.config import AugmentConfig, FitConfig, PhaseConfig
from transfer_core.runs.events import EpochEnded
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter

Make = Callable[..., Run]
SHORT = {"head": PhaseConfig(2, 1e-2), "fine_tune": PhaseConfig(2, 1e-3)}
CUTS = [FreezePlan(), FreezePlan(("block2_conv", "block2_bn")), FreezePlan(("stem_conv", "block2_conv"))]


@pytest.fixture
def small(toy_manifest: Callable[..., Manifest]) -> Manifest:
    """Six photos of each class to learn from, three to check on, two to test with."""
    return toy_manifest(6, 3, 2)


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset `nothing`, that changes nothing."""
    monkeypatch.setitem(presets.PRESETS, "nothing", Preset("nothing", "", ""))


def augmented(mode: Any, preset: str = "photos", variants: int = 3) -> dict[str, Any]:
    return {"fit": FitConfig(batch_size=5, augment=mode), "augmentation": AugmentConfig(preset, variants)}


def history(run: Run) -> list[tuple[str, int, dict[str, float]]]:
    heard: list[Any] = []
    assert train(workspace(), run, heard.append) is not None
    return [(event.phase, event.epoch, event.metrics) for event in heard if isinstance(event, EpochEnded)]


def prepared(run: Run) -> Session:
    reporter = Reporter(lambda event: None)
    reporter.start("prepare")
    return prepare(workspace(), run.config(), run.manifest(), reporter)


def inputs(batches: Any, number: int = 1) -> np.ndarray:
    return np.concatenate([batch.inputs[0] for batch in batches.epoch(number)])


def test_each_training_photo_has_its_variants_and_keeps_its_label(toy_run: Make, small: Manifest) -> None:
    plain, made = prepared(toy_run(small)), prepared(toy_run(small, **augmented("cached")))
    pixels = (made.pixels.array,)
    batches = made.training_batches(pixels, head_only=True)
    assert batches.photos == len(set(batches.rows)) == 3 * 12
    assert made.pixels.array.shape == (3 * 12 + 10, 16, 16, 3)
    for place, photo in enumerate(small.of("train")):
        rows, labels = batches.rows[3 * place : 3 * place + 3], batches.labels[3 * place : 3 * place + 3]
        assert set(labels) == {photo.label}
        variants = [made.pixels.array[rows][number].tobytes() for number in range(3)]
        original = plain.pixels.array[plain.pixels.rows[photo.sha256]].tobytes()
        assert len({*variants, original}) == 4
        # Blue photos have more blue than red, whatever the light: the variants are of this photo.
        means = made.pixels.array[rows].mean(axis=(0, 1, 2))
        assert (means[0] > means[2]) == (photo.label == 1)


@pytest.mark.parametrize("mode", ["cached", "live"])
@pytest.mark.parametrize("which", ["validation", "test"])
def test_photos_to_check_on_stay_as_they_are(toy_run: Make, small: Manifest, mode: str, which: Any) -> None:
    plain, made = prepared(toy_run(small)), prepared(toy_run(small, **augmented(mode)))
    batches = made.batches((made.pixels.array,), which)
    np.testing.assert_array_equal(inputs(batches), inputs(plain.batches((plain.pixels.array,), which)))


def test_live_variants_belong_to_the_epoch(toy_run: Make, small: Manifest) -> None:
    sources = [prepared(toy_run(small, **augmented("live"))) for _ in range(2)]
    first, again = (one.training_batches((one.pooled_features().array,), head_only=True) for one in sources)
    assert isinstance(first, LiveBatches)
    np.testing.assert_array_equal(inputs(first, 3), inputs(again, 3))
    np.testing.assert_array_equal(inputs(first, 2), inputs(again, 2))
    order = np.argsort(first.order(2)), np.argsort(first.order(3))
    assert (inputs(first, 2)[order[0]] != inputs(first, 3)[order[1]]).any(axis=1).all(), "every photo looks new"


def test_small_batches_share_a_pass_through_the_prefix(toy_run: Make, small: Manifest) -> None:
    made = prepared(toy_run(small, **augmented("live")))
    batches = made.training_batches((made.pooled_features().array,), head_only=True)
    sizes: list[int] = []
    forward = batches.live.forward
    object.__setattr__(batches.live, "forward", lambda photos: sizes.append(len(photos)) or forward(photos))
    assert [len(batch.labels) for batch in batches.epoch(1)] == [5, 5, 2]
    assert sizes == [12]
    assert len(batches) == 3


@pytest.mark.parametrize("plan", CUTS)
def test_augmenting_by_nothing_equals_no_augmentation_to_the_last_bit(
    toy_run: Make, small: Manifest, nothing: None, plan: FreezePlan
) -> None:
    settings = {"plan": plan, **SHORT}
    expected = history(toy_run(small, **settings))
    assert history(toy_run(small, **settings, **augmented("cached", "nothing", 1))) == expected
    assert history(toy_run(small, **settings, **augmented("live", "nothing"))) == expected


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_the_same_seed_gives_the_same_history_cached_or_not(
    toy_run: Make, small: Manifest, mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    settings = {"plan": CUTS[1], **SHORT, **augmented(mode)}
    first = history(toy_run(small, **settings))
    assert history(toy_run(small, **settings)) == first
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "another-home"))
    assert history(toy_run(small, **settings)) == first


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_presets_make_other_variants(toy_run: Make, small: Manifest, mode: str) -> None:
    def seen(preset: str) -> bytes:
        made = prepared(toy_run(small, **augmented(mode, preset)))
        batches = made.training_batches((made.pooled_features().array,), head_only=True)
        return inputs(batches)[np.argsort(batches.order(1))].tobytes()

    assert seen("photos") == seen("photos") != seen("strong")


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_cached_variants_are_computed_once_and_live_ones_never_stored(
    toy_run: Make, small: Manifest, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    compute = session.compute_features

    def counted(place: Any, model: Any, names: Any, origin: Any, pixels: Any, *more: Any) -> Any:
        counts.append(len(pixels.array))
        return compute(place, model, names, origin, pixels, *more)

    monkeypatch.setattr(session, "compute_features", counted)
    history(toy_run(small, **SHORT, **augmented(mode)))
    history(toy_run(small, **SHORT, **augmented(mode)))
    assert counts == ([3 * 12 + 10] if mode == "cached" else [10])


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_the_saved_model_has_nothing_random_and_the_frozen_part_is_proved(
    toy_run: Make, small: Manifest, mode: str
) -> None:
    run = toy_run(small, plan=CUTS[1], fine_tune=PhaseConfig(2, 1e-2), **augmented(mode))
    report = train(workspace(), run, lambda event: None)
    assert report is not None
    assert report["freeze_proof"]["frozen_unchanged"]
    assert report["parity"]["max_difference"] < 1e-5
    assert report["photos"]["train"] == {"blue": 6, "red": 6}, "photos are counted, not variants"
    model = keras.models.load_model(run.model_path)
    layers = list(model._flatten_layers())
    assert not [layer.name for layer in layers if type(layer).__name__.startswith("Random")]
    photos = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(photos), model(photos))


def test_a_photo_in_two_splits_is_augmented_in_one(toy_run: Make, small: Manifest) -> None:
    leaked = replace(small.photos[0], split="validation")
    made = prepared(toy_run(replace(small, photos=(*small.photos, leaked)), **augmented("cached")))
    checked, learned = made.pixels.rows[leaked.sha256], made.pixels.training_rows(leaked.sha256)
    assert checked not in learned
    original = made.decoded.array[made.decoded.rows[leaked.sha256]]
    np.testing.assert_array_equal(made.pixels.array[np.array([checked])][0], original)
    assert made.batches((made.pixels.array,), "validation").photos == 7


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_a_killed_run_goes_on_with_the_variants_of_the_next_epoch(
    toy_run: Make, small: Manifest, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_INTERVAL", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    settings = {"plan": CUTS[1], **SHORT, **augmented(mode)}
    expected, run = history(toy_run(small, **settings)), toy_run(small, **settings)

    def kill_after_the_third(event: Any) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(workspace(), run, kill_after_the_third)
    report = train(workspace(), run, lambda event: None)
    assert report is not None
    assert [(epoch["phase"], epoch["epoch"], epoch["metrics"]) for epoch in report["history"]] == expected
