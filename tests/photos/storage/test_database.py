"""The database of a photo store: what happens when its file is damaged, newer, in use or out of reach."""

import sqlite3
from pathlib import Path

import pytest

from transfer_core.errors import StorageError
from transfer_core.photos.store import PhotoStore
from transfer_core.text import Sentence


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "store")


def test_a_damaged_database_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "photos.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match="photos themselves lie beside it"):
        PhotoStore(tmp_path)


def test_a_database_of_a_newer_version_is_left_alone(store: PhotoStore) -> None:
    connection = sqlite3.connect(store.folder / "photos.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="newer version of Thaw"):
        PhotoStore(store.folder)


def test_a_database_in_use_is_waited_for_and_then_refused(store: PhotoStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transfer_core.photos.storage.database._TIMEOUT_SECONDS", 0.05)
    other = sqlite3.connect(store.folder / "photos.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="in use by another window"):
        store.add_class("bird")
    other.close()
    store.add_class("bird")


def test_a_folder_that_can_not_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(StorageError, match="a file is in its way"):
            PhotoStore(folder)


def test_a_database_on_a_full_disk_is_left_as_it_was(store: PhotoStore) -> None:
    store.add_class("ant")
    pages = (store.folder / "photos.sqlite").stat().st_size // 4096

    class Small(sqlite3.Connection):
        """A connection whose database has no room to grow."""

        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            self.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "transfer_core.photos.storage.database.sqlite3.connect",
            lambda *arguments, **options: Small(*arguments, **options),
        )
        with (
            pytest.raises(StorageError, match="is full, so nothing was changed"),
            store._database.edit(Sentence("much")) as open_edit,
        ):
            for number in range(2000):
                open_edit.execute("INSERT INTO classes (name) VALUES (?)", (f"c{number}",))
    assert store.classes() == {"ant": 0}
