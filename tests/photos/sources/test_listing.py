"""Folders, zips and uploads: which files count, which class they get, and what is refused as a whole."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.sources import listing as photo_sources
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.photos.sources.found import Listing
from transfer_core.photos.sources.listing import list_files, list_folder, list_zip


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def packed(names: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def found(listing: Listing) -> dict[str, str]:
    return {file.name: file.class_name for file in listing.files}


def refused(listing: Listing) -> dict[str, str]:
    return {refusal.name: str(refusal.reason) for refusal in listing.refused}


# Folders


def test_the_first_folder_names_the_class_however_deep_a_file_lies(tmp_path: Path) -> None:
    listing = list_folder(tree(tmp_path, "cat/a.jpg", "cat/indoor/old/b.jpg", "dog/c.jpg"))
    assert found(listing) == {"cat/a.jpg": "cat", "cat/indoor/old/b.jpg": "cat", "dog/c.jpg": "dog"}
    assert [file.read() for file in listing.files] == [file.name.encode() for file in listing.files]
    assert all(file.path and file.path.is_absolute() for file in listing.files)


def test_what_operating_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    junk = [".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "__MACOSX/cat/a.jpg", ".git/x", "cat/._a.jpg", "desktop.ini"]
    listing = list_folder(tree(tmp_path, "cat/a.jpg", *junk))
    assert found(listing) == {"cat/a.jpg": "cat"}
    assert listing.refused == []


def test_a_file_outside_the_class_folders_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    listing = list_folder(tree(tmp_path, "cat/a.jpg", "readme.txt"))
    assert found(listing) == {"cat/a.jpg": "cat"}
    assert "outside the class folders" in refused(listing)["readme.txt"]


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    tree(tmp_path, "cat/a.jpg")
    (tmp_path / "dog" / "puppies").mkdir(parents=True)
    assert list_folder(tmp_path).class_folders == {"cat", "dog"}


def test_a_folder_whose_name_can_not_be_a_class_is_refused_file_by_file(tmp_path: Path) -> None:
    listing = list_folder(tree(tmp_path, "cat/a.jpg", f"{'x' * 70}/b.jpg"))
    assert found(listing) == {"cat/a.jpg": "cat"}
    assert "at most 60" in refused(listing)[f"{'x' * 70}/b.jpg"]


def test_links_are_followed_once_and_dead_ones_refused(tmp_path: Path) -> None:
    tree(tmp_path, "cat/a.jpg")
    (tmp_path / "dog").symlink_to(tmp_path / "cat")
    (tmp_path / "cat" / "round").symlink_to(tmp_path)
    (tmp_path / "cat" / "dead.jpg").symlink_to(tmp_path / "nowhere")
    listing = list_folder(tmp_path)
    assert found(listing) == {"cat/a.jpg": "cat", "dog/a.jpg": "dog"}
    assert set(refused(listing)) == {"cat/dead.jpg", "dog/dead.jpg"}


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    tree(tmp_path, "cat/a.jpg")
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    assert "not a file" in refused(list_folder(tmp_path))["cat/pipe.jpg"]


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    tree(tmp_path, "cat/a.jpg")
    try:
        (tmp_path / "cat" / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    assert list(refused(list_folder(tmp_path))) == ["cat/?.jpg"]


def test_a_photo_that_goes_away_before_it_is_read_is_a_refusal(tmp_path: Path) -> None:
    (file,) = list_folder(tree(tmp_path, "cat/a.jpg")).files
    (tmp_path / "cat" / "a.jpg").unlink()
    with pytest.raises(PhotoError, match="can't be read"):
        file.read()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "holds no files"),
        ([".DS_Store"], "holds no files"),
        (["a.jpg", "b.jpg"], "holds files but no folders: put the photos of each class into a folder"),
        (["train/a.jpg", "test/b.jpg"], "holds test and train, which are splits, not classes"),
        (
            ["one/train/cat/a.jpg", "one/test/cat/a.jpg", "two/train/x/a.jpg", "two/val/x/a.jpg"],
            "several sets of photos",
        ),
    ],
)
def test_a_folder_without_class_folders_is_refused(tmp_path: Path, names: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        list_folder(tree(tmp_path, *names))


def test_a_missing_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        list_folder(tmp_path / "gone")
    with pytest.raises(DataError, match="is a file, not a folder"):
        list_folder(tree(tmp_path, "a.jpg") / "a.jpg")


# Zips


def test_one_folder_around_the_classes_is_looked_through() -> None:
    with list_zip(packed({"pets/cat/a.jpg": b"1", "pets/dog/b.jpg": b"2", "__MACOSX/pets/._x": b""})) as listing:
        assert found(listing) == {"cat/a.jpg": "cat", "dog/b.jpg": "dog"}
        assert [file.read() for file in listing.files] == [b"1", b"2"]


def test_a_zip_of_one_class_keeps_it() -> None:
    with list_zip(packed({"cat/a.jpg": b"", "cat/b.jpg": b""})) as listing:
        assert set(found(listing).values()) == {"cat"}


def test_a_zip_from_windows_has_folders_too(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(packed({"pets\\cat\\a.jpg": b"", "pets\\dog\\b.jpg": b""}))
    with list_zip(path) as listing:
        assert found(listing) == {"cat/a.jpg": "cat", "dog/b.jpg": "dog"}


@pytest.mark.parametrize(
    "name", ["../../evil.jpg", "cat/../../evil.jpg", "/etc/evil.jpg", "C:\\evil\\x.jpg", "..\\evil.jpg"]
)
def test_a_name_that_leads_out_of_the_zip_is_refused(name: str) -> None:
    with list_zip(packed({"cat/a.jpg": b"", name: b""})) as listing:
        assert found(listing) == {"cat/a.jpg": "cat"}
        assert ["leads out" in reason for reason in refused(listing).values()] == [True]


def test_a_link_in_a_zip_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat/a.jpg", b"")
        link = zipfile.ZipInfo("cat/passwords.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with list_zip(buffer.getvalue()) as listing:
        assert "is a link" in refused(listing)["cat/passwords.jpg"]


def test_a_damaged_entry_is_a_refusal_of_its_own() -> None:
    data = packed({"cat/a.jpg": b"first photo", "cat/b.jpg": b"second photo"}).replace(b"first", b"FIRST", 1)
    with list_zip(data) as listing:
        broken, whole = listing.files
        with pytest.raises(PhotoError, match="can't be unpacked"):
            broken.read()
        assert whole.read() == b"second photo"


def encrypted() -> bytes:
    """A zip whose entry is marked as encrypted, in its local header and in the directory."""
    data = bytearray(packed({"cat/a.jpg": b"secret"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a zip"),
        (b"no zip at all", "is not a zip"),
        (packed({"cat/a.jpg": b"x" * 500})[:300], "is not a zip, or it is cut off"),
        (encrypted(), "protected by a password: unpack it"),
        (packed({}), "holds no files"),
        (packed({"a.jpg": b""}), "holds files but no folders"),
        (packed({"x/train/a.jpg": b"", "x/test/b.jpg": b""}), "which are splits"),
    ],
)
def test_a_zip_that_can_not_be_used_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words), list_zip(data):
        pass


def test_a_zip_bomb_is_refused_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_sources, "MAX_BYTES", 2**20)
    data = packed({f"cat/{n}.bmp": bytes(2**20) for n in range(3)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match="would unpack to 3 files and 3 MB"), list_zip(data):
        pass


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "cat" / "huge.tif"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(300 * 2**20)  # a hole: takes no room on disk
    (listed,) = list_folder(tmp_path).files
    with pytest.raises(PhotoError, match="has 300 MB and at most 256 MB"):
        listed.read()


PETS = packed({"pets/cat/a.jpg": b"a" * 99, "pets/dog/b.jpg": b"b" * 99, "notes.txt": b"c"}, zipfile.ZIP_DEFLATED)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(PETS) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_zip_gives_files_or_refusals(changes: list[tuple[int, int]]) -> None:
    data = bytearray(PETS)
    for place, value in changes:
        data[place] = value
    try:
        with list_zip(bytes(data)) as listing:
            for file in listing.files:
                try:
                    file.read()
                except PhotoError as refusal:
                    assert str(refusal)
    except DataError as refusal:
        assert str(refusal).endswith(".")


def test_a_missing_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"), list_zip(tmp_path / "gone.zip"):
        pass
    with pytest.raises(DataError, match="can't be read"), list_zip(tmp_path):
        pass


# Uploads


def test_a_dropped_folder_and_a_dropped_class() -> None:
    assert found(list_files([("pets/cat/a.jpg", b""), ("pets/dog/b.jpg", b"")])) == {
        "cat/a.jpg": "cat",
        "dog/b.jpg": "dog",
    }
    assert found(list_files([("cat/a.jpg", b"")])) == {"cat/a.jpg": "cat"}


def test_a_given_class_counts_more_than_folders() -> None:
    listing = list_files([("webcam.jpg", b"1"), ("some/where/b.jpg", b"2"), ("", b"3")], " cat ")
    assert found(listing) == {"cat/webcam.jpg": "cat", "cat/b.jpg": "cat", "cat/photo": "cat"}


def test_an_upload_without_a_name_is_refused() -> None:
    assert "has no name" in refused(list_files([("cat/a.jpg", b""), ("./", b"")]))["(no name)"]


def test_uploads_without_a_class_are_refused() -> None:
    with pytest.raises(DataError, match="holds files but no folders"):
        list_files([("a.jpg", b"")])
    with pytest.raises(DataError, match="holds no files"):
        list_files([])
    with pytest.raises(DataError, match="needs a name"):
        list_files([("a.jpg", b"")], "  ")


# Names of classes


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (" cat ", "cat"),
        ("big  cat", "big cat"),
        ("cafe\u0301", "café"),
        ("猫", "猫"),
        ("x" * 60, "x" * 60),
        ("👩‍🔬", "👩‍🔬"),
    ],
)
def test_class_names_are_trimmed_and_composed(given: str, clean: str) -> None:
    assert clean_class_name(given) == clean


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "needs a name"),
        (" \t", "needs a name"),
        ("x" * 61, "has 61 characters: use at most 60"),
        ("cat/dog", "has a slash"),
        ("cat\\dog", "has a slash"),
        ("..", "can't be shown"),
        ("c\0t", "can't be shown"),
    ],
)
def test_names_that_are_no_class_names_are_refused(given: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        clean_class_name(given)


def test_a_file_called_as_the_folder_around_is_not_in_it() -> None:
    found = list_files([("pets", b"x"), ("pets/cat/1.jpg", b"x"), ("pets/dog/1.jpg", b"x")])
    assert [(file.class_name, file.name) for file in found.files] == [("cat", "cat/1.jpg"), ("dog", "dog/1.jpg")]
    assert [refusal.name for refusal in found.refused] == ["pets"]


def test_a_class_folder_that_is_refused_for_its_name_does_not_count_as_empty(tmp_path: Path) -> None:
    for name in ("x" * 70, "cat", "empty"):
        (tmp_path / name).mkdir()
    for name in ("x" * 70, "cat"):
        (tmp_path / name / "1.jpg").write_bytes(b"x")
    found = list_folder(tmp_path)
    assert found.class_folders == {"cat", "empty"}
    assert "has 70 characters" in str(found.refused[0].reason)
