"""Bottleneck features: exactly what the frozen prefix gives, computed once, keyed by everything they depend on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.support import workspace
from transfer_core.disk.arrays import content_key
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError
from transfer_core.nn.data.pixels import Pixels
from transfer_core.nn.features import extract as module
from transfer_core.nn.features.extract import Origin, compute_features, find_features
from transfer_core.nn.features.model import POOLED
from transfer_core.runs.events import Event, Progress
from transfer_core.runs.progress import Reporter, Stopped

ORIGIN = Origin("toy", "random-0", 8, "0" * 32)


@pytest.fixture
def model() -> keras.Model:
    """Two outputs: maps (4, 4, 5) and their average."""
    photo = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(5, 3, strides=2, padding="same")(keras.layers.Rescaling(1 / 255)(photo))
    maps = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(maps))
    return keras.Model(photo, [maps, keras.layers.GlobalAveragePooling2D()(maps)])


def pixels(count: int) -> Pixels:
    array = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return Pixels(array, ORIGIN.pixels, {str(row): row for row in range(count)})


def reporter(heard: list[Event] | None = None, stop: Callable[[], bool] = lambda: False) -> Reporter:
    reporter = Reporter((heard if heard is not None else []).append, stop)
    reporter.start("features")
    return reporter


@pytest.mark.parametrize("count", [1, 32, 45])
def test_equal_what_the_model_gives(thaw_home: Path, model: keras.Model, count: int) -> None:
    heard: list[Event] = []
    photos = pixels(count)
    found = compute_features(workspace(), model, ["maps", POOLED], ORIGIN, photos, reporter(heard))
    for name, expected in zip(("maps", POOLED), model(photos.array.astype("float32"), training=False), strict=True):
        assert found[name].array.dtype == np.float32
        np.testing.assert_allclose(found[name].array, expected, rtol=1e-5, atol=1e-6)
    steps = [(event.done, event.total) for event in heard if isinstance(event, Progress)]
    assert (steps[0], steps[-1]) == ((0, count), (count, count))


def test_a_photo_has_the_same_features_whatever_others_there_are(thaw_home: Path, model: keras.Model) -> None:
    many, few = pixels(45), pixels(45)
    few = replace(few, array=few.array[:3])
    all_of_them = (
        compute_features(workspace(), model, ["maps", POOLED], ORIGIN, many, reporter())["maps"].array[:3].copy()
    )
    alone = compute_features(workspace(), model, ["maps", POOLED], replace(ORIGIN, pixels="1" * 32), few, reporter())[
        "maps"
    ].array
    np.testing.assert_array_equal(all_of_them, alone)


def test_are_found_again(thaw_home: Path, model: keras.Model) -> None:
    made = compute_features(workspace(), model, ["maps", POOLED], ORIGIN, pixels(3), reporter())
    found = find_features(workspace(), ORIGIN, ["maps", POOLED, "other"])
    assert set(found) == {"maps", POOLED}
    np.testing.assert_array_equal(found[POOLED].array, made[POOLED].array)


def test_everything_they_depend_on_is_in_their_name(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origins = [ORIGIN, replace(ORIGIN, weights="random-1"), replace(ORIGIN, size=9), replace(ORIGIN, base="toy2")]
    origins.append(replace(ORIGIN, pixels=content_key("others")))
    paths = {origin.path(workspace(), output) for origin in origins for output in ("maps", POOLED)}
    monkeypatch.setattr(module, "FEATURES_VERSION", module.FEATURES_VERSION + 1)
    paths.add(ORIGIN.path(workspace(), POOLED))
    assert len(paths) == 11


def test_a_damaged_file_is_removed_and_not_given(thaw_home: Path, model: keras.Model) -> None:
    made = compute_features(workspace(), model, ["maps", POOLED], ORIGIN, pixels(3), reporter())
    path = made["maps"].path
    path.write_bytes(path.read_bytes()[:-20])
    assert set(find_features(workspace(), ORIGIN, ["maps", POOLED])) == {POOLED}
    assert not path.exists()


def test_a_stop_leaves_nothing_behind(thaw_home: Path, model: keras.Model) -> None:
    asked = iter([False, False] + [True] * 9)
    with pytest.raises(Stopped):
        compute_features(workspace(), model, ["maps", POOLED], ORIGIN, pixels(100), reporter(stop=lambda: next(asked)))
    assert not [path for path in thaw_home.rglob("*") if path.is_file()]


def test_what_the_disk_cannot_hold_is_refused_before_anything_is_computed(
    thaw_home: Path, model: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(place: Workspace, folder: Path, size: int, what: str) -> None:
        raise StorageError(f"{what}: {size}")

    monkeypatch.setattr(module, "require_space", refuse)
    with pytest.raises(StorageError, match=f"{4 * (4 * 4 * 5 + 5) * 3}$"):
        compute_features(workspace(), model, ["maps", POOLED], ORIGIN, pixels(3), reporter())
