"""What channels answer to: peaks, strengths and maps against sums done by hand; which photos are looked at."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from keras import layers

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.files import write_json
from transfer_core.errors import ConfigError
from transfer_core.nn.inference import look_inside as looking
from transfer_core.nn.inference.channels import Channels, around, heat, standing_out, strengths, strongest
from transfer_core.nn.inference.look_inside import CHANNELS, EXAMPLES, dealt
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.training.run import train
from transfer_core.photos.decode import decode
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import PhaseConfig
from transfer_core.runs.folder import Run
from transfer_core.worker.queries import QueryServer

KERNEL = np.array([[1, 0, 0, -1], [0, 1, 0, -1], [0, 0, 1, -1]], np.float32)  # red, green, blue, darkness
BIAS = np.array([0, 0.5, 0, -1], np.float32)


@pytest.fixture
def channels() -> Channels:
    """Of a base whose one layer gives the three colors and darkness, each where it is above its limit."""
    inside = keras.Input((4, 4, 3), name="image")
    mix = layers.Conv2D(4, 1, name="mix")
    maps = layers.ReLU(name="act")(mix(inside))
    base = keras.Model(inside, layers.GlobalAveragePooling2D(keepdims=True, name="last")(maps), name="base")
    mix.set_weights([KERNEL[None, None], BIAS])
    photo = keras.Input((4, 4, 3), name="photo")
    pooled = layers.GlobalAveragePooling2D(name="pooling")(base(layers.Rescaling(1 / 127.5, -1.0)(photo)))
    return Channels(keras.Model(photo, layers.Dense(2, name="head")(pooled)), "base")


def test_values_and_peaks_are_those_of_the_layer(channels: Channels) -> None:
    photos = np.random.default_rng(0).integers(0, 256, (19, 4, 4, 3), dtype=np.uint8)
    expected = np.maximum((photos / 127.5 - 1) @ KERNEL + BIAS, 0)
    parts = list(channels.values(photos, "act"))
    assert [len(part) for part in parts] == [16, 3]
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-5)
    np.testing.assert_allclose(channels.peaks(photos, "act"), expected.max((1, 2)), atol=1e-5)


def test_what_is_no_number_is_nothing(channels: Channels) -> None:
    base = channels._model.get_layer("base")
    base.get_layer("mix").set_weights([KERNEL[None, None] * np.nan, BIAS])
    assert not channels.peaks(np.full((1, 4, 4, 3), 200, np.uint8), "mix").any()


@pytest.fixture
def flat() -> Channels:
    """Of a base that ends in a vector."""
    inside = keras.Input((4, 4, 3), name="image")
    base = keras.Model(inside, layers.Flatten(name="vector")(inside), name="base")
    photo = keras.Input((4, 4, 3), name="photo")
    return Channels(keras.Model(photo, layers.Dense(2, name="head")(base(photo))), "base")


def test_what_has_no_places_is_refused(channels: Channels, flat: Channels) -> None:
    photos = np.zeros((1, 4, 4, 3), np.uint8)
    with pytest.raises(ConfigError, match="has no layer 'branch'"):
        channels.peaks(photos, "branch")
    with pytest.raises(ConfigError, match="'vector' gives no feature maps"):
        flat.peaks(photos, "vector")


def test_strength_is_the_distance_from_what_is_usual() -> None:
    known = np.array([[9, 0, 0, 5], [9, 2, 0, 5], [9, 4, 0, 5.001], [9, 2, 0, 5]], np.float32)
    spread = np.array([0, 2**0.5, 0, 0.001 * 3**0.5 / 4])
    scale = spread + 0.1 * spread.mean()
    peaks = np.array([9, 4, 0, 5.01], np.float32)
    found = strengths(peaks, known)
    np.testing.assert_allclose(found, np.array([0, 2, 0, 0.00975]) / scale, rtol=1e-3)
    assert strongest(found, 2) == [1, 3], "neither what is always on nor what changes by a trifle"
    alone = strengths(peaks, known[:1])
    np.testing.assert_allclose(alone, peaks - known[0], atol=1e-6)  # one photo tells nothing of what is usual


def test_of_equals_the_first_is_the_strongest() -> None:
    assert strongest(np.array([1.0, 3.0, 3.0, 0.0, 3.0]), 4) == [1, 2, 4, 0]
    assert strongest(np.array([1.0, 2.0]), 6) == [1, 0]


def test_without_other_photos_what_stands_out_of_its_own_counts() -> None:
    values = np.zeros((2, 2, 3), np.float32)
    values[..., 0], values[0, 0, 1], values[0, :, 2] = 50, 4, 4
    np.testing.assert_allclose(standing_out(values), [0, 3, 2])


def test_a_map_shows_what_is_above_its_mean() -> None:
    np.testing.assert_allclose(heat(np.array([[-9, 1], [3, 5]], np.float32)), [[0, 0.2], [0.6, 1]])
    assert not heat(np.full((3, 3), 0.1, np.float32)).any(), "the same everywhere is nothing to see"


small = st.floats(-100, 100, width=32)


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=small))
def test_a_map_lies_between_0_and_1_and_the_picture_holds_its_peak(values: np.ndarray) -> None:
    found, (down, across) = heat(values), around(values)
    assert found.min() >= 0 and found.max() in (0, 1)
    assert values[down, across].max() == values.max()
    for window, length in zip((down, across), values.shape, strict=True):
        assert 0 <= window.start < window.stop <= length
        assert window.stop - window.start == min(length, max(8, -(-length // 4)))


@given(
    arrays.arrays(np.float32, (5, 4), elements=st.integers(-20, 20)),
    arrays.arrays(np.float32, 4, elements=st.integers(-20, 20)),
    st.sampled_from([0.25, 2.0, 8.0]),
    st.integers(-9, 9),
)
def test_neither_a_scale_nor_a_shift_of_all_changes_strengths(
    known: np.ndarray, peaks: np.ndarray, scale: float, shift: int
) -> None:
    found = strengths(peaks, known)
    assert sorted(strongest(found, 4)) == [0, 1, 2, 3] and np.isfinite(found).all()
    if known.std(0).any():
        np.testing.assert_allclose(strengths(peaks * scale + shift, known * scale + shift), found, atol=1e-4, rtol=1e-4)


def photo(sha: str, label: int, group: str | None = None) -> ManifestPhoto:
    return ManifestPhoto(sha, f"/{sha}.jpg", f"{sha}.jpg", label, "train", group=group)


def test_photos_are_dealt_over_the_classes_and_one_of_a_group() -> None:
    many = [photo(f"a{n}", 0) for n in range(9)] + [photo("b1", 1), photo("b2", 1, "burst"), photo("b3", 1, "burst")]
    names = [one.sha256 for one in dealt(tuple(many), 6)]
    assert names == ["a0", "b1", "a1", "b2", "a2", "a3"]
    assert names == [one.sha256 for one in dealt(tuple(reversed(many)), 6)]
    assert len(dealt(tuple(many), 300)) == 11 and dealt((), 5) == []


@pytest.fixture
def run(toy_run: Callable[..., Run]) -> Run:
    run = toy_run(head=PhaseConfig(2, 3e-2))
    assert train(workspace(), run, lambda event: None)
    return run


def ask(run: Run, image: str, layer: str) -> dict[str, Any]:
    return QueryServer(workspace()).answer(
        {"kind": "inside", "args": {"run": str(run.path), "image": image, "layer": layer}}
    )


@pytest.mark.parametrize("layer", ["stem_act", "block1_conv", "block2_add"])
@pytest.mark.parametrize("tuned", [False, True])
def test_the_page_is_told_the_strongest_channels_and_the_photos_that_excite_them(
    toy_run: Callable[..., Run], last_toy_block: FreezePlan, layer: str, tuned: bool
) -> None:
    plan = last_toy_block if tuned else FreezePlan()
    run = toy_run(head=PhaseConfig(2, 3e-2), fine_tune=PhaseConfig(2, 1e-2), plan=plan)
    assert train(workspace(), run, lambda event: None)
    image = run.manifest().of("validation")[0].path
    answer = ask(run, image, layer)
    assert answer["ok"], answer
    told = answer["result"]
    learned = sorted(run.manifest().of("train"), key=lambda one: one.sha256)
    assert (told["of"], told["looked"], told["learned"]) == (8, len(learned), len(learned))
    # The same by plain Keras and NumPy.
    model = keras.models.load_model(run.model_path, compile=False)
    base = model.get_layer("toy")
    part = keras.Model(base.inputs[0], base.get_layer(layer).output)
    pixels = np.stack([decode(Path(path), 16) for path in [image, *(one.path for one in learned)]])
    values = part(pixels.astype(np.float32) / 127.5 - 1, training=False).numpy()
    peaks = values.max((1, 2))
    mean, spread = peaks[1:].mean(0), peaks[1:].std(0)
    order = np.argsort(-(peaks[0] - mean) / (spread + 0.1 * spread.mean()), kind="stable")
    assert [one["channel"] - 1 for one in told["channels"]] == order[:CHANNELS].tolist()
    for one in told["channels"]:
        channel = one["channel"] - 1
        assert one["above"] == (peaks[1:, channel] < peaks[0, channel]).sum()
        np.testing.assert_allclose(one["map"], heat(values[0, ..., channel]), atol=2e-3)
        best = np.argsort(-peaks[1:, channel], kind="stable")[:EXAMPLES]
        assert [found["sha256"] for found in one["examples"]] == [learned[at].sha256 for at in best]
        for found, at in zip(one["examples"], best, strict=True):
            assert found["class"] == ("blue", "red")[learned[at].label] and found["path"] == learned[at].path
            assert found["box"] == [0, 0, 1, 1], "eight places are all shown"
            np.testing.assert_allclose(found["map"], heat(values[1 + at, ..., channel]), atol=2e-3)


def test_training_photos_are_run_once_a_layer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    image = run.manifest().of("validation")[0].path
    asked: list[str] = []
    peaks = Channels.peaks
    monkeypatch.setattr(
        Channels, "peaks", lambda self, photos, layer: asked.append(layer) or peaks(self, photos, layer)
    )
    first = ask(run, image, "stem_act")
    assert ask(run, image, "stem_act") == first and asked == ["stem_act"], "another worker finds what one kept"
    ask(run, image, "block1_add")
    assert asked == ["stem_act", "block1_add"]


def test_a_costly_base_looks_at_fewer_photos(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    image = run.manifest().of("validation")[0].path
    monkeypatch.setattr(looking, "_WORK", 1.0)
    monkeypatch.setattr(looking, "_LEAST_PHOTOS", 7)
    told = ask(run, image, "block1_add")["result"]
    assert (told["looked"], told["learned"]) == (7, 24)


def test_one_without_training_photos_shows_maps_alone(run: Run) -> None:
    image = run.manifest().of("validation")[0].path
    (run.path / "photos.json").unlink()
    told = ask(run, image, "block1_add")["result"]
    assert (told["looked"], told["learned"], len(told["channels"])) == (0, 0, CHANNELS)
    assert all(one["examples"] == [] and np.max(one["map"]) == 1 for one in told["channels"])
    tops = [np.argmax(one["map"]) for one in told["channels"]]
    classifier = Classifier(run)
    (values,) = classifier.channels.values(decode(Path(image), 16)[None], "block1_add")
    expected = strongest(standing_out(values[0]), CHANNELS)
    assert [one["channel"] - 1 for one in told["channels"]] == expected
    assert tops == [values[0, ..., channel].argmax() for channel in expected]


def test_photos_that_are_gone_are_left_out_and_all_gone_is_as_none(run: Run) -> None:
    image = run.manifest().of("validation")[0].path
    gone = [replace(one, sha256=f"{n:064x}", path="/gone.png") for n, one in enumerate(run.manifest().of("train"))]
    kept = run.manifest().of("train")[0]
    Manifest(("blue", "red"), (kept, *gone)).write(run.path / "photos.json")
    told = ask(run, image, "block1_add")["result"]
    assert (told["looked"], told["learned"]) == (1, 25)
    assert {found["sha256"] for one in told["channels"] for found in one["examples"]} == {kept.sha256}
    Manifest(("blue", "red"), tuple(gone)).write(run.path / "photos.json")
    assert ask(run, image, "block1_add")["result"]["looked"] == 0


def test_what_can_not_be_shown_is_refused(run: Run, tmp_path: Path) -> None:
    image = run.manifest().of("validation")[0].path
    assert "no layer" in str(ask(run, image, "layer9"))
    (tmp_path / "bad.jpg").write_text("milk")
    assert not ask(run, str(tmp_path / "bad.jpg"), "stem_act")["ok"]

    write_json(run.labels_path, run.labels() | {"base": ""})
    assert "Nobody can look inside" in str(ask(run, image, "stem_act"))
