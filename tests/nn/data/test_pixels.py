"""Pixels: each photo decoded once, whatever runs come; a photo that is gone is left out and told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support import workspace
from transfer_core.errors import DataError, StorageError
from transfer_core.nn.data import pixels as module
from transfer_core.nn.data.pixels import load_pixels, without
from transfer_core.photos.decode import decode
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.events import Event, Message, Progress
from transfer_core.runs.progress import Reporter, Stopped


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def reporter(heard: list[Event]) -> Reporter:
    reporter = Reporter(heard.append)
    reporter.start("prepare")
    return reporter


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each photo that is decoded."""
    calls: list[int] = []

    def counting(data: bytes, size: int, *, verified: bool) -> np.ndarray:
        calls.append(size)
        return decode(data, size, verified=verified)

    monkeypatch.setattr(module, "decode", counting)
    return calls


Make = Callable[..., Manifest]


def test_holds_every_photo_as_images_decodes_it(thaw_home: Path, toy_manifest: Make, reporter: Reporter) -> None:
    manifest = toy_manifest()
    pixels, skipped = load_pixels(workspace(), manifest.photos, 16, reporter)
    assert not skipped
    assert pixels.array.shape == (36, 16, 16, 3)
    for photo in manifest.photos:
        np.testing.assert_array_equal(pixels.array[pixels.rows[photo.sha256]], decode(Path(photo.path), 16))


def test_progress_runs_from_none_to_all(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter, heard: list[Event]
) -> None:
    load_pixels(workspace(), toy_manifest().photos, 16, reporter)
    steps = [event for event in heard if isinstance(event, Progress)]
    assert (steps[0].done, steps[-1].done, steps[-1].total, str(steps[-1].step)) == (0, 36, 36, "photos")


def test_a_second_run_decodes_nothing_in_whatever_order_and_split(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter, decoded: list[int]
) -> None:
    photos = toy_manifest().photos
    first, _ = load_pixels(workspace(), photos, 16, reporter)
    again, _ = load_pixels(workspace(), [replace(photo, split="test") for photo in reversed(photos)], 16, reporter)
    assert len(decoded) == 36
    assert again.key == first.key


def test_photos_that_are_added_are_the_only_ones_decoded(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter, decoded: list[int]
) -> None:
    old, new = toy_manifest(), toy_manifest(train=2, validation=1, seed=1)
    load_pixels(workspace(), old.photos, 16, reporter)
    both, _ = load_pixels(workspace(), [*old.photos, *new.photos], 16, reporter)
    assert len(decoded) == 36 + 6
    for photo in (*old.photos, *new.photos):
        np.testing.assert_array_equal(both.array[both.rows[photo.sha256]], decode(Path(photo.path), 16))


def test_one_photo_under_two_names_takes_one_row(thaw_home: Path, toy_manifest: Make, reporter: Reporter) -> None:
    photos = toy_manifest().photos
    pixels, _ = load_pixels(workspace(), [*photos, replace(photos[0], name="blue/copy.png")], 16, reporter)
    assert len(pixels.array) == len(photos)


@pytest.mark.parametrize("damage", ["gone", "changed", "cut"])
def test_a_photo_that_cannot_be_used_is_left_out_and_told(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter, heard: list[Event], damage: str
) -> None:
    manifest = toy_manifest()
    victim = manifest.photos[3]
    path = Path(victim.path)
    if damage == "gone":
        path.unlink()
    elif damage == "changed":
        path.write_bytes(Path(manifest.photos[4].path).read_bytes())
    else:
        path.write_bytes(path.read_bytes()[:60])
    pixels, skipped = load_pixels(workspace(), manifest.photos, 16, reporter)
    assert [item.photo for item in skipped] == [victim]
    assert victim.sha256 not in pixels.rows
    assert len(pixels.array) == 35
    texts = [str(event.text) for event in heard if isinstance(event, Message)]
    assert len(texts) == 1
    assert texts[0].startswith("blue/train3-0.png is left out. Its file")
    assert victim not in without(manifest, skipped).photos
    # The next run finds what could be read, and looks again for the one that could not.
    again, skipped = load_pixels(workspace(), manifest.photos, 16, reporter)
    assert again.key == pixels.key
    assert len(skipped) == 1


def test_a_photo_already_decoded_is_used_although_its_file_is_gone(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter
) -> None:
    manifest = toy_manifest()
    load_pixels(workspace(), manifest.photos, 16, reporter)
    Path(manifest.photos[0].path).unlink()
    _, skipped = load_pixels(workspace(), manifest.photos, 16, reporter)
    assert not skipped


def test_no_photo_at_all_is_refused(thaw_home: Path, toy_manifest: Make, reporter: Reporter) -> None:
    manifest = toy_manifest()
    for photo in manifest.photos:
        Path(photo.path).unlink()
    with pytest.raises(DataError, match="None of the 36 photos can be read now"):
        load_pixels(workspace(), manifest.photos, 16, reporter)
    assert not [path for path in (thaw_home / "cache").rglob("*") if path.is_file()]


def test_a_class_that_loses_its_last_photo_is_refused(toy_manifest: Make) -> None:
    manifest = toy_manifest()
    for split, use in (("train", "learn from"), ("validation", "check on")):
        kept = tuple(photo for photo in manifest.photos if (photo.label, photo.split) != (1, split))
        with pytest.raises(DataError, match=f'The class "red" has no photo to {use}'):
            without(replace(manifest, photos=kept), [])
    with pytest.raises(DataError, match="at least two classes"):
        without(Manifest(("blue",), ()), [])


def test_a_damaged_cache_is_made_anew(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter, decoded: list[int]
) -> None:
    photos = toy_manifest().photos
    load_pixels(workspace(), photos, 16, reporter)
    (cached,) = (thaw_home / "cache" / "pixels").rglob("*.pixels")
    cached.write_bytes(cached.read_bytes()[:1000])
    pixels, _ = load_pixels(workspace(), photos, 16, reporter)
    assert len(decoded) == 72
    assert len(pixels.array) == 36


def test_a_stop_leaves_nothing_behind(thaw_home: Path, toy_manifest: Make) -> None:
    reporter = Reporter(lambda event: None)
    reporter.start("prepare")
    asked = iter([False] * 5 + [True] * 100)
    reporter.stop = lambda: next(asked)
    with pytest.raises(Stopped):
        load_pixels(workspace(), toy_manifest().photos, 16, reporter)
    assert not [path for path in (thaw_home / "cache").rglob("*") if path.is_file()]


def test_a_full_disk_is_refused_in_plain_words_and_leaves_nothing(
    thaw_home: Path, toy_manifest: Make, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, rows: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transfer_core.disk.arrays.ArrayWriter.append", full)
    with pytest.raises(StorageError, match="is full"):
        load_pixels(workspace(), toy_manifest().photos, 16, reporter)
    assert not [path for path in (thaw_home / "cache").rglob("*") if path.is_file()]
