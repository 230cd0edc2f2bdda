"""A store knows which of its photos belong together, however they came in."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from tests.photos.groups.test_bursts import moved
from tests.photos.groups.test_near_copies import cropped, scene
from transfer_core.photos.store import Photo, PhotoStore


def jpeg(picture: Image.Image, taken: str | None = None) -> bytes:
    exif = Image.Exif()
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=95, exif=exif.tobytes())
    return data.getvalue()


FILES = {
    "ant/one.jpg": jpeg(scene(0)),
    "ant/again.jpg": jpeg(cropped(scene(0), 0.05)),
    "ant/once more.jpg": jpeg(cropped(cropped(scene(0), 0.05), 0.05)),
    "ant/sun.jpg": jpeg(scene(1), "2026:01:31 14:25:01"),
    "ant/moon.jpg": jpeg(moved(1, 0.3), "2026:01:31 14:25:03"),
    "ant/alone.jpg": jpeg(scene(2)),
    "bee/as one.jpg": jpeg(cropped(scene(0), 0.02)),
    **{f"bee/{number}x.jpg": jpeg(scene(number)) for number in range(3, 9)},
}
TOGETHER = [["ant/again.jpg", "ant/once more.jpg", "ant/one.jpg"], ["ant/moon.jpg", "ant/sun.jpg"]]


def together(store: PhotoStore) -> list[list[str]]:
    return sorted(sorted(names) for names in store.manifest().together)


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "store")


def at_once(store: PhotoStore) -> None:
    store.import_files(FILES.items())


def one_by_one(store: PhotoStore) -> None:
    store.add_class("ant")
    store.add_class("bee")
    for file in FILES.items():
        store.import_files([file])
        store.manifest(0)


def backwards(store: PhotoStore) -> None:
    for file in reversed(FILES.items()):
        store.import_files([file])
        store.manifest(0)


@pytest.mark.parametrize("arrive", [at_once, one_by_one, backwards])
def test_it_is_known_however_the_photos_came(store: PhotoStore, arrive: Callable[[PhotoStore], None]) -> None:
    arrive(store)
    assert together(store) == TOGETHER
    assert store.moved().groups == {"near": 1, "burst": 1}
    assert store.manifest().near_leaks == []


def test_a_group_stays_one_when_the_photo_that_holds_it_together_goes(store: PhotoStore) -> None:
    at_once(store)
    assert together(store) == TOGETHER
    (middle,) = [photo for photo in store.photos() if photo.name == "ant/again.jpg"]
    store.remove_photos([middle.id])
    assert together(store) == [TOGETHER[1], ["ant/once more.jpg", "ant/one.jpg"]]
    store.undo()
    assert together(store) == TOGETHER


def test_what_moves_to_another_class_belongs_to_what_is_there(store: PhotoStore) -> None:
    at_once(store)
    store.manifest()
    store.move_photos([photo.id for photo in store.photos() if photo.name == "bee/as one.jpg"], "ant")
    assert together(store)[0] == [*TOGETHER[0], "bee/as one.jpg"]


def test_looking_is_no_edit(store: PhotoStore) -> None:
    at_once(store)
    store.undo()
    store.redo()
    store.remove_photos([store.photos()[0].id])
    store.undo()
    store.manifest()
    assert str(store.last_undone()) == "removing 1 photo"


def test_a_photo_that_is_gone_is_like_no_other_and_the_split_still_made(tmp_path: Path, store: PhotoStore) -> None:
    for name, data in FILES.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    store.import_folder(tmp_path / "photos", copy=False)
    for photo in store.photos():
        if photo.name == "ant/sun.jpg":
            store.thumbnail(photo).unlink()
            photo.path.unlink()
    assert together(store) == [TOGETHER[0]]


def test_a_photo_out_of_reach_is_looked_at_when_it_is_back(tmp_path: Path, store: PhotoStore) -> None:
    for name, data in FILES.items():
        path = tmp_path / "drive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    store.import_folder(tmp_path / "drive", copy=False)
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    assert together(store) == []
    (tmp_path / "unplugged").rename(tmp_path / "drive")
    assert together(store) == TOGETHER


def test_a_damaged_thumbnail_is_made_again(store: PhotoStore) -> None:
    at_once(store)
    for photo in store.photos()[:3]:
        store.thumbnail(photo).write_bytes(b"")
    assert together(store) == TOGETHER


def test_a_burst_is_one_once_its_photos_are_of_one_class(store: PhotoStore) -> None:
    files = dict(FILES)
    files["bee/moon.jpg"] = files.pop("ant/moon.jpg")
    store.import_files(files.items())
    assert together(store) == [TOGETHER[0]]
    store.move_photos([photo.id for photo in store.photos() if photo.name == "bee/moon.jpg"], "ant")
    assert together(store) == [TOGETHER[0], ["ant/sun.jpg", "bee/moon.jpg"]]
    store.undo()
    assert together(store) == [TOGETHER[0]]


def test_photos_that_came_while_others_were_looked_at_do_no_harm(
    store: PhotoStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.import_files(list(FILES.items())[:6])
    late = PhotoStore(store.folder)
    thumbnail = store.thumbnail

    def slow(photo: Photo) -> Path:
        if late is not None and "bee/3x.jpg" not in {one.name for one in late.photos()}:
            late.import_files(list(FILES.items())[6:])
        return thumbnail(photo)

    monkeypatch.setattr(store, "thumbnail", slow)
    store.manifest(0)
    assert together(late) == TOGETHER == together(store)


def test_what_can_not_come_back_is_forgotten(store: PhotoStore) -> None:
    at_once(store)
    store.manifest()
    store.delete_class("ant")
    store.purge(undo_seconds=-1)
    with store._database.read() as connection:
        assert connection.execute("SELECT count(*) FROM looks").fetchone()[0] == 7
