"""Splits are read from folders in the layouts in which people share data sets; no class is called train or test."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from transfer_core.errors import DataError
from transfer_core.photos.sources.found import Listing
from transfer_core.photos.sources.layout import split_of
from transfer_core.photos.sources.listing import list_files, list_folder, list_zip


def from_folder(names: list[str], root: Path) -> Listing:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return list_folder(root)


def from_zip(names: list[str], root: Path) -> Listing:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    with list_zip(buffer.getvalue()) as listing:
        return listing


def from_upload(names: list[str], root: Path) -> Listing:
    return list_files([(name, b"") for name in names])


WAYS = pytest.mark.parametrize("way", [from_folder, from_zip, from_upload])
Way = Callable[[list[str], Path], Listing]


def photos(*places: str) -> list[str]:
    return [f"{place}/{number}.jpg" for place in places for number in (1, 2)]


def placed(listing: Listing) -> set[tuple[str, str | None]]:
    return {(file.class_name, file.split) for file in listing.files}


BOTH = {("a", "train"), ("b", "train"), ("a", "test"), ("b", "test")}
PLAIN = photos("train/a", "train/b", "test/a", "test/b")


@pytest.mark.parametrize(
    ("files", "beside"),
    [
        (PLAIN, []),
        ([*PLAIN, "train/labels.csv"], ["train/labels.csv"]),
        ([*PLAIN, "labels.csv", "README.txt"], ["README.txt", "labels.csv"]),
        ([*PLAIN, "annotations/a/1.xml", "photo.jpg"], ["annotations/a/1.xml", "photo.jpg"]),
        ([*PLAIN, "extra/a/1.jpg"], ["extra/a/1.jpg"]),
        ([f"data set/{name}" for name in PLAIN], []),
        ([*(f"x/y/{name}" for name in PLAIN), "x/notes.txt", "licence"], ["licence", "x/notes.txt"]),
        ([name.replace("train/", "training_set/").replace("test/", "test_set/") for name in PLAIN], []),
        ([name.replace("train/", "flowers-train/").replace("test/", "flowers-test/") for name in PLAIN], []),
        ([name.replace("train/", "train/train/").replace("test/", "test/test/") for name in PLAIN], []),
        ([name.replace("train/", "Training/").replace("test/", "testset/") for name in PLAIN], []),
    ],
)
@WAYS
def test_folders_of_splits_are_splits_whatever_lies_beside(
    way: Way, files: list[str], beside: list[str], tmp_path: Path
) -> None:
    listing = way(files, tmp_path)
    assert placed(listing) == BOTH
    assert len(listing.files) == 8
    assert sorted(refusal.name for refusal in listing.refused) == beside
    assert all(str(refusal.reason).endswith(".") for refusal in listing.refused)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "Val", "validation_data"])
@WAYS
def test_every_name_of_a_validation_split(way: Way, name: str, tmp_path: Path) -> None:
    listing = way(photos("train/a", "train/b", f"{name}/a", f"{name}/b"), tmp_path)
    assert placed(listing) == {("a", "train"), ("b", "train"), ("a", "validation"), ("b", "validation")}


@WAYS
def test_splits_within_each_class(way: Way, tmp_path: Path) -> None:
    assert placed(way(photos("a/train", "a/test", "b/train", "b/test"), tmp_path)) == BOTH


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        (photos("train", "plane", "car"), {"train", "plane", "car"}),  # what one rides in
        (photos("train/steam", "plane/jet"), {"train", "plane"}),
        (photos("test 1", "test 2"), {"test 1", "test 2"}),
        (photos("training shoes", "sandals"), {"training shoes", "sandals"}),
        (photos("a/train", "b"), {"a", "b"}),
    ],
)
@WAYS
def test_a_class_may_sound_like_a_split(way: Way, files: list[str], classes: set[str], tmp_path: Path) -> None:
    assert placed(way(files, tmp_path)) == {(name, None) for name in classes}


@WAYS
def test_training_photos_alone_are_no_class_either(way: Way, tmp_path: Path) -> None:
    assert placed(way(photos("train/a", "train/b"), tmp_path)) == {("a", None), ("b", None)}


@WAYS
def test_splits_without_classes_are_refused(way: Way, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds test and train, which are splits.* such as test/cat"):
        way(photos("train", "test"), tmp_path)


@WAYS
def test_test_photos_without_a_class_are_refused_one_by_one(way: Way, tmp_path: Path) -> None:
    listing = way([*photos("train/a", "train/b"), "test/1.jpg", "test/2.jpg"], tmp_path)
    assert placed(listing) == {("a", "train"), ("b", "train")}
    assert [refusal.name for refusal in listing.refused] == ["test/1.jpg", "test/2.jpg"]
    assert "outside the class folders" in str(listing.refused[0].reason)


@WAYS
def test_a_class_that_only_the_test_has_is_refused(way: Way, tmp_path: Path) -> None:
    listing = way([*PLAIN, "test/unknown/1.jpg"], tmp_path)
    assert placed(listing) == BOTH
    (refusal,) = listing.refused
    assert refusal.name == "test/unknown/1.jpg"
    assert 'No photos to learn from show "unknown"' in str(refusal.reason)


def test_empty_class_folders_are_known_at_their_place(tmp_path: Path) -> None:
    (tmp_path / "train" / "c").mkdir(parents=True)
    (tmp_path / "annotations" / "a").mkdir(parents=True)
    listing = from_folder(PLAIN, tmp_path)
    assert listing.class_folders == {"train/a", "train/b", "train/c", "test/a", "test/b"}


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("train", ("train", "")),
        ("Training Set", ("train", "")),
        ("val2017", None),
        ("test-images", ("test", "")),
        ("cats_valid", ("validation", "cats")),
        ("train_test", None),
        ("contest", None),
        ("", None),
    ],
)
def test_names_of_splits(folder: str, split: tuple[str, str] | None) -> None:
    assert split_of(folder) == split


# What is passed over

JUNK = [
    *("@eaDir/a/1.jpg@SynoEAStream/x.jpg", "a/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "a/.thumbnails/1.jpg", "a/._1.jpg"),
    *("#recycle/old.jpg", "$RECYCLE.BIN/a/1.jpg", "a/Thumbs.db", "a/desktop.ini", ".git/objects/x.png", ".hidden.jpg"),
    *(
        "a/.picasaoriginals/1.jpg",
        ".Trash-1000/files/1.jpg",
        "a/1.jpg:Zone.Identifier",
        "System Volume Information/x.jpg",
    ),
    *("__MACOSX/a/._1.jpg", "a/.nested/1.jpg", ".config/settings.txt"),
]


@WAYS
def test_what_programs_leave_behind_is_neither_a_photo_nor_a_refusal(way: Way, tmp_path: Path) -> None:
    listing = way([*photos("a", "b"), *JUNK], tmp_path)
    assert sorted(file.name for file in listing.files) == sorted(photos("a", "b"))
    assert listing.refused == []


@WAYS
def test_a_class_folder_that_is_hidden_is_named(way: Way, tmp_path: Path) -> None:
    listing = way([*photos("a", "b", ".c")], tmp_path)
    assert placed(listing) == {("a", None), ("b", None)}
    (refusal,) = listing.refused
    assert refusal.name == ".c"
    assert str(refusal.reason).startswith("Its name begins with a dot, so the folder and its 2 photos are hidden")
