"""Every file found is imported or refused, twins are reported, and an import that stops leaves the store as it was."""

import errno
import io
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from transfer_core.errors import DataError, StorageError, TransferError
from transfer_core.photos import importer as importing
from transfer_core.photos.store import ImportReport, PhotoStore


def photo(value: int = 0, width: int = 4, height: int = 3) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (value % 256, value // 256, 7)).save(buffer, "PNG")
    return buffer.getvalue()


def tree(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "store")


def test_a_folder_of_good_and_bad_files(store: PhotoStore, tmp_path: Path) -> None:
    data = tree(
        tmp_path / "data",
        {
            "cat/1.png": photo(1),
            "cat/2.png": photo(2),
            "cat/empty.jpg": b"",
            "dog/1.png": photo(3),
            "dog/notes.txt": b"not a photo",
            "dog/cut.png": photo(4, 90, 90)[:-30],
            "stray.png": photo(5),
        },
    )
    report = store.import_folder(data)
    assert (report.found, report.imported, report.classes) == (7, 3, {"cat": 2, "dog": 1})
    reasons = {refusal.name: str(refusal.reason) for refusal in report.refused}
    assert "empty" in reasons["cat/empty.jpg"]
    assert "text" in reasons["dog/notes.txt"]
    assert "cut off" in reasons["dog/cut.png"]
    assert "outside" in reasons["stray.png"]
    assert store.classes() == {"cat": 2, "dog": 1}
    assert [(kept.name, kept.width, kept.height) for kept in store.photos("dog")] == [("dog/1.png", 4, 3)]


def test_identical_files_of_a_class_are_one_photo(store: PhotoStore) -> None:
    report = store.import_files([("cat/a.png", photo(1)), ("cat/b.png", photo(1)), ("cat/c.png", photo(2))])
    assert (report.found, report.imported, report.classes) == (3, 3, {"cat": 3})
    assert report.duplicates == [["cat/a.png", "cat/b.png"]]
    assert store.classes() == {"cat": 2}
    assert store.duplicates() == report.duplicates
    assert len(files_in(store.folder / "originals")) == 2


def test_a_copy_imported_later_is_reported_with_the_first(store: PhotoStore) -> None:
    store.import_files([("cat/a.png", photo(1))])
    report = store.import_files([("cat/b.png", photo(1)), ("dog/c.png", photo(1))])
    assert report.duplicates == [["cat/a.png", "cat/b.png"]]
    assert report.conflicts == [["cat/a.png", "cat/b.png", "dog/c.png"]]


def test_importing_again_adds_nothing_and_says_so(store: PhotoStore) -> None:
    files = [("cat/a.png", photo(1)), ("dog/b.png", photo(2))]
    store.import_files(files)
    again = store.import_files(files)
    assert (again.imported, again.already_here, again.duplicates) == (2, 2, [])
    assert store.classes() == {"cat": 1, "dog": 1}
    assert str(store.last_edit()) == "importing 2 photos"
    store.undo()
    assert store.last_edit() is None  # the second import changed nothing, so there was nothing to undo in it


def test_the_known_conflicts_of_the_trash_photos(store: PhotoStore, photos: Path) -> None:
    report = store.import_folder(photos / "trash", copy=False)
    assert (report.found, report.imported, report.refused, report.duplicates) == (300, 300, [], [])
    assert report.conflicts == [
        ["glass/glass115.jpg", "metal/metal91.jpg"],
        ["glass/glass176.jpg", "plastic/plastic152.jpg"],
        ["glass/glass389.jpg", "plastic/plastic332.jpg"],
    ]
    assert report.classes == dict.fromkeys(["cardboard", "glass", "metal", "paper", "plastic", "trash"], 50)
    assert report.to_dict().keys() >= {"found", "imported", "refused", "duplicates", "conflicts", "classes"}
    assert files_in(store.folder / "originals") == set()
    assert {kept.path.parent.parent for kept in store.photos()} == {photos.absolute() / "trash"}


def test_the_report_is_the_json_of_check(store: PhotoStore) -> None:
    report = store.import_files([("cat/a.png", photo(1)), ("cat/b.png", b"")])
    value = report.to_dict()
    assert value["refused"] == [{"name": "cat/b.png", "reason": str(report.refused[0].reason)}]
    assert (value["imported"], value["classes"]) == (1, {"cat": 1})


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["A", "B", "a", "b"], [["A", "a"], ["B", "b"]]),
        (["Maße", "Masse", "MASSE"], [["MASSE", "Masse", "Maße"]]),
        (["Café", "Cafe", "Cafè", "Tee"], [["Cafe", "Cafè", "Café"]]),
        (["ＡＢＣ", "ABC"], [["ABC", "ＡＢＣ"]]),
        (["cat", "c\u200bat"], [["cat", "c\u200bat"]]),
        (["は", "ば", "か", "が", "कि", "क"], []),  # other letters, not letters with an accent
        (["cat", "cats", "dog"], []),
    ],
)
def test_classes_that_look_alike_stay_apart_and_are_told(
    store: PhotoStore, names: list[str], groups: list[list[str]]
) -> None:
    report = store.import_files([(f"{name}/1.png", photo(number)) for number, name in enumerate(names)])
    assert report.classes == dict.fromkeys(sorted(names), 1) == store.classes()
    assert report.alike == store.report().alike == sorted(sorted(group) for group in groups)
    for group in groups:
        store.merge_classes(group, group[0])
    assert store.report().alike == []


def test_one_name_in_two_spellings_of_unicode_is_one_class(store: PhotoStore) -> None:
    report = store.import_files([("Äpfel/1.png", photo(1)), ("A\u0308pfel/2.png", photo(2))])
    assert report.classes == {"Äpfel": 2} and report.alike == []


def test_a_zip_is_imported_like_the_folder_in_it(store: PhotoStore, tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(6):
            archive.writestr(f"pets/{'cat' if number % 2 else 'dog'}/{number}.png", photo(number))
    for source in (path, str(path), path.read_bytes()):
        report = store.import_zip(source)
        assert (report.found, report.imported, report.classes) == (6, 6, {"cat": 3, "dog": 3})
    path.unlink()
    assert all(kept.path.read_bytes() == photo(int(kept.name[4])) for kept in store.photos())


def test_only_refused_files_are_still_a_report(store: PhotoStore) -> None:
    report = store.import_files([("cat/a.jpg", b"")])
    assert (report.found, report.imported, len(report.refused)) == (1, 0, 1)
    assert store.classes() == {}


def test_refusals_are_remembered_until_mended_or_cleared(store: PhotoStore) -> None:
    store.import_files([("cat/a.png", b""), ("cat/b.png", b""), ("cat/c.png", photo(1)), ("cat/d.png", photo(1))])
    assert [refusal.name for refusal in store.report().refused] == ["cat/a.png", "cat/b.png"]
    store.import_files([("cat/a.png", photo(2))])
    report = store.report()
    assert [refusal.name for refusal in report.refused] == ["cat/b.png"]
    assert (report.found, report.imported, report.classes) == (4, 3, {"cat": 3})
    assert report.duplicates == [["cat/c.png", "cat/d.png"]]
    store.forget_refusals()
    assert store.report().refused == []


def test_progress_counts_every_file_in_order(store: PhotoStore) -> None:
    calls: list[tuple[int, int, str]] = []
    files = [(f"cat/{n:02d}.png", photo(n) if n % 3 else b"") for n in range(20)]
    store.import_files(files, progress=lambda *call: calls.append(call))
    assert calls == [(n + 1, 20, name) for n, (name, _) in enumerate(files)]


# Stopping half-way


@pytest.fixture
def before(store: PhotoStore) -> Iterator[PhotoStore]:
    """A store with a photo, which a failed import must leave as it was."""
    store.import_files([("cat/old.png", photo(1))])
    yield store
    assert store.classes() == {"cat": 1}
    assert store.report().found == 1
    assert str(store.last_edit()) == "importing 1 photo"
    for path in (store.folder / "originals").rglob("*"):
        assert path.is_dir() or Image.open(path).size == (4, 3)  # whole photos only, no half-written ones
        assert not path.name.startswith(".")


def test_an_import_that_is_stopped_adds_nothing(before: PhotoStore) -> None:
    asked = iter([False, False, True])
    with pytest.raises(DataError, match="stopped, so nothing was added"):
        before.import_files(((f"dog/{n}.png", photo(n)) for n in range(50)), cancelled=lambda: next(asked))


def test_a_full_disk_adds_nothing(before: PhotoStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if "originals" in path.parts and data == photo(25):
            write(path, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="is full"):
        before.import_files((f"dog/{n}.png", photo(n)) for n in range(50))


def test_an_interrupt_adds_nothing(before: PhotoStore) -> None:
    def interrupt(done: int, total: int, name: str) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        before.import_files(((f"dog/{n}.png", photo(n)) for n in range(50)), progress=interrupt)


def test_a_bug_while_rows_are_written_adds_nothing(before: PhotoStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(importing, "note_refusals", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        before.import_files([("dog/1.png", photo(9))])


def test_no_thread_outlives_an_import(store: PhotoStore) -> None:
    with pytest.raises(DataError) as refusal:
        store.import_files([("cat/1.png", photo(1))] * 30, cancelled=lambda: True)
    assert refusal.value.__traceback__  # whoever keeps the error keeps what was at work, so it must have ended
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("thaw-import")]


# By reference


def test_by_reference_nothing_is_copied_and_the_path_is_absolute(
    store: PhotoStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path / "data", {"cat/1.png": photo(1)})
    monkeypatch.chdir(tmp_path)
    store.import_folder("data", copy=False)
    (kept,) = store.photos()
    assert kept.path == tmp_path / "data" / "cat" / "1.png"
    assert files_in(store.folder / "originals") == set()


def test_a_reference_becomes_a_copy_and_stays_one(store: PhotoStore, tmp_path: Path) -> None:
    data = tree(tmp_path / "data", {"cat/1.png": photo(1)})
    for copy in (False, True, False):
        store.import_folder(data, copy=copy)
    (kept,) = store.photos()
    assert kept.path.is_relative_to(store.folder / "originals")
    assert kept.path.read_bytes() == photo(1)


def test_importing_a_folder_again_where_it_lies_now_mends_its_references(store: PhotoStore, tmp_path: Path) -> None:
    data = tree(tmp_path / "data", {"cat/1.png": photo(1)})
    store.import_folder(data, copy=False)
    moved = data.rename(tmp_path / "moved")
    store.import_folder(moved, copy=False)
    assert [kept.path for kept in store.photos()] == [moved / "cat" / "1.png"]


# Whatever is imported

NAMES = st.sampled_from(["cat", "Cat", "dog", "", "x" * 61, ".hidden", "pets/cat"])
CONTENT = st.one_of(st.integers(0, 4).map(photo), st.sampled_from([b"", b"text", photo(9)[:40]]))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, st.integers(0, 3), CONTENT), max_size=12))
def test_every_file_is_imported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, uploads: list[tuple[str, int, bytes]]
) -> None:
    store = PhotoStore(tmp_path_factory.mktemp("store"))
    files = [(f"{folder}/{number}.png" if folder else f"{number}.png", data) for folder, number, data in uploads]
    try:
        report = store.import_files(files)
    except TransferError:
        report = ImportReport()
    visible = [name for name, _ in files if not name.startswith(".")]
    assert report.found == report.imported + len(report.refused)
    # A hidden folder of photos is one refusal, however many they are.
    hidden = [refusal for refusal in report.refused if refusal.name == ".hidden"]
    assert report.found in (len(visible) + len(hidden), 0)
    assert sum(report.classes.values()) == report.imported
    assert store.classes().keys() == report.classes.keys()
    shas = [(kept.sha256, kept.class_name) for kept in store.photos()]
    assert len(shas) == len(set(shas))
    assert files_in(store.folder / "originals") == {sha for sha, _ in shas}


# The same picture in other bytes


def picture(seed: int, width: int = 60, height: int = 40) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 255, (height // 4, width // 4, 3), np.uint8)
    return Image.fromarray(noise).resize((width, height))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_exif(jpeg: bytes) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    block = exif.tobytes()
    return jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]


@pytest.mark.parametrize("size", [(60, 40), (1600, 1200)])
def test_copies_in_other_bytes_are_one_photo(store: PhotoStore, size: tuple[int, int]) -> None:
    jpeg = encoded(picture(1, *size), "JPEG")
    decoded = Image.open(io.BytesIO(jpeg))
    copies = [jpeg, with_exif(jpeg), encoded(decoded, "PNG"), encoded(decoded, "BMP"), encoded(decoded, "TIFF")]
    others = [encoded(picture(seed, *size), "JPEG") for seed in (2, 3)]
    files = [(f"cat/{number}", data) for number, data in enumerate([*copies, *others])]
    report = store.import_files(files)
    assert report.duplicates == [[f"cat/{number}" for number in range(5)]]
    assert (report.imported, store.classes()) == (7, {"cat": 3})
    again = store.import_files(files)
    assert again.already_here == 7 and store.classes() == {"cat": 3}


def test_a_copy_in_other_bytes_under_another_label_is_a_conflict_to_resolve(store: PhotoStore) -> None:
    store.import_files([("cat/1.jpg", encoded(picture(1, 1600, 1200), "JPEG")), ("cat/2.png", photo(2))])
    decoded = Image.open(store.photos("cat")[0].path)
    report = store.import_files([("dog/1.png", encoded(decoded, "PNG")), ("dog/2.png", photo(3))])
    assert report.conflicts == [["cat/1.jpg", "dog/1.png"]]
    ((first, second),) = store.conflicts()
    assert (first.class_name, second.class_name) == ("cat", "dog")
    store.resolve_conflict(first.sha256, "dog")
    assert store.conflicts() == [] and store.classes() == {"cat": 1, "dog": 2}


def test_photos_from_before_pixels_were_looked_at_are_compared_too(store: PhotoStore) -> None:
    store.import_files([("cat/1.png", encoded(picture(1), "PNG"))])
    with closing(sqlite3.connect(store.folder / "photos.sqlite")) as connection, connection:
        connection.execute("UPDATE photos SET pixels = NULL")
    report = store.import_files([("cat/2.bmp", encoded(picture(1), "BMP"))])
    assert report.duplicates == [["cat/1.png", "cat/2.bmp"]]
    assert store.classes() == {"cat": 1}


# Splits


def in_splits() -> list[tuple[str, bytes]]:
    files = [(f"train/{name}/{n}.png", photo(n + 100 * name_at)) for name_at, name in enumerate("ab") for n in range(6)]
    return files + [
        (f"test/{name}/{n}.png", photo(n + 50 + 100 * at)) for at, name in enumerate("ab") for n in range(3)
    ]


def test_splits_are_kept_and_reported(store: PhotoStore, tmp_path: Path) -> None:
    report = store.import_folder(tree(tmp_path / "data", dict(in_splits()) | {"train/labels.csv": b"a,b"}))
    assert report.splits == {"train": 12, "validation": 0, "test": 6} == store.report().splits
    assert (report.classes, len(report.refused)) == ({"a": 9, "b": 9}, 1)
    counts = store.manifest().counts()
    assert counts["test"] == {"a": 3, "b": 3}
    assert counts["train"] == {"a": 5, "b": 5} and counts["validation"] == {"a": 1, "b": 1}
    assert {entry.name[0] for entry in store.manifest().of("test")} == {"t"}
    assert all(entry.name.startswith("test/") for entry in store.manifest().of("test"))


def test_a_photo_in_two_splits_is_only_measured_on(store: PhotoStore) -> None:
    files = in_splits()
    report = store.import_files([*files, ("test/a/copy.bmp", encoded(Image.open(io.BytesIO(files[0][1])), "BMP"))])
    assert report.crossing == [["test/a/copy.bmp", "train/a/0.png"]] == report.duplicates
    manifest = store.manifest()
    assert manifest.counts()["test"] == {"a": 4, "b": 3}
    assert manifest.leaks == []


def test_photos_without_splits_have_none_to_report(store: PhotoStore) -> None:
    assert store.import_files([("a/1.png", photo(1))]).splits is None
    assert store.report().splits is None


def test_class_folders_without_a_photo_are_named(store: PhotoStore, tmp_path: Path) -> None:
    data = tree(tmp_path / "data", {"a/1.png": photo(1), "b/notes.txt": b"no photo", "c/x/y.txt": b""})
    (data / "d").mkdir()
    report = store.import_folder(data)
    assert report.empty == ["b", "c", "d"]
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("a/1.png", photo(1))
        archive.mkdir("d")
    assert store.import_zip(tmp_path / "data.zip").empty == ["d"]
