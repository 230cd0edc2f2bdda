"""How many photos an import brought: the same in its report, in the name of the change, and in what undo takes out."""

from pathlib import Path

import pytest

from tests.photos.test_importer import photo
from transfer_core.photos.store import PhotoStore


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "store")


def test_copies_and_refused_files_are_no_new_photos(store: PhotoStore) -> None:
    files = [(f"cat/{number}.png", photo(number)) for number in range(5)]
    report = store.import_files([*files, ("cat/a copy.png", photo(3)), ("dog/1.png", photo(9)), ("dog/2.png", b"")])
    assert (report.found, report.imported, report.classes) == (8, 7, {"cat": 6, "dog": 1})
    assert (report.added, report.copies, report.already_here) == ({"cat": 5, "dog": 1}, 1, 0)
    assert str(store.last_edit()) == "importing 6 photos"
    assert store.undo_removes() == 6
    store.undo()
    assert str(store.last_undone()) == "importing 6 photos"
    store.redo()
    assert str(store.last_edit()) == "importing 6 photos" and store.classes() == report.added


def test_a_second_import_counts_what_is_new_in_it(store: PhotoStore) -> None:
    store.import_files([("cat/1.png", photo(1))])
    report = store.import_files([("cat/1.png", photo(1)), ("cat/2.png", photo(2)), ("cat/3.png", photo(1))])
    assert (report.added, report.copies, report.already_here) == ({"cat": 1}, 1, 1)
    assert str(store.last_edit()) == "importing 1 photo" and store.undo_removes() == 1
    report = store.import_files([("cat/4.png", photo(2))])
    assert (report.added, report.copies, store.undo_removes()) == ({}, 1, 0)
    assert str(store.last_edit()) == "importing photos that were here before"
    report = store.import_files([("cat/5.png", b"")])
    assert (report.added, report.imported) == ({}, 0)
    assert str(store.last_edit()) == "listing refused files"


def test_the_name_under_which_a_photo_is_kept_is_told(store: PhotoStore) -> None:
    store.import_files([("cat/m.png", photo(1)), ("cat/x.png", photo(2))])
    report = store.import_files([("cat/a.png", photo(1)), ("cat/z.png", photo(1)), ("cat/b.png", photo(2))])
    assert report.duplicates == [["cat/a.png", "cat/m.png", "cat/z.png"], ["cat/b.png", "cat/x.png"]]
    assert report.kept == ["cat/m.png", "cat/x.png"] == store.report().kept
    assert store.report().added == store.classes() == {"cat": 2}
    assert {kept.name for kept in store.photos()} == set(report.kept)
    assert report.to_dict().items() >= {"kept": report.kept, "added": {}}.items()
