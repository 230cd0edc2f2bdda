"""Classes and photos of a store: reading them, editing them, taking edits back, sharing them between processes."""

import io
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from transfer_core.errors import DataError, PhotoError, TransferError
from transfer_core.photos.store import PhotoStore


def photo(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), (value % 256, value // 256, 7)).save(buffer, "PNG")
    return buffer.getvalue()


def ids(store: PhotoStore, class_name: str) -> list[int]:
    return [kept.id for kept in store.photos(class_name)]


def state(store: PhotoStore) -> Any:
    """Everything a person could see of a store."""
    return store.classes(), store.photos(), store.report()


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    """Three cats, two dogs, and one photo (number 9) that stands under both."""
    store = PhotoStore(tmp_path / "store")
    files = [(f"cat/{n}.png", photo(n)) for n in (1, 2, 3, 9)] + [(f"dog/{n}.png", photo(n)) for n in (4, 5, 9)]
    store.import_files(files)
    return store


def test_classes_are_sorted_and_count_photos(store: PhotoStore) -> None:
    store.add_class("ant")
    assert list(store.classes().items()) == [("ant", 0), ("cat", 4), ("dog", 3)]


def test_photos_by_class(store: PhotoStore) -> None:
    assert [kept.name for kept in store.photos("dog")] == ["dog/4.png", "dog/5.png", "dog/9.png"]
    with pytest.raises(DataError, match='no class "bird": the classes are cat, dog'):
        store.photos("bird")


def test_photos_by_split_agree_with_the_manifest(store: PhotoStore) -> None:
    train, validation = store.photos(split="train"), store.photos(split="validation")
    counts = store.manifest().counts()
    assert len(train) == sum(counts["train"].values())
    assert len(validation) == sum(counts["validation"].values())
    assert {kept.class_name for kept in validation} == {"cat", "dog"}


# Edits


def test_rename(store: PhotoStore) -> None:
    store.rename_class("cat", " Kitten ")
    assert store.classes() == {"Kitten": 4, "dog": 3}
    store.rename_class("Kitten", "KITTEN")
    assert "KITTEN" in store.classes()
    with pytest.raises(DataError, match='a class "dog" already'):
        store.rename_class("KITTEN", "dog")
    with pytest.raises(DataError, match="no class"):
        store.rename_class("cow", "bull")


def test_add_refuses_a_name_that_is_taken(store: PhotoStore) -> None:
    with pytest.raises(DataError, match='a class "cat" already'):
        store.add_class("cat")
    with pytest.raises(DataError, match="needs a name"):
        store.add_class(" ")


def test_merge_into_one_of_them_makes_one_photo_of_twins(store: PhotoStore) -> None:
    store.merge_classes(["cat", "dog"], "dog")
    assert store.classes() == {"dog": 6}
    assert store.conflicts() == []
    assert store.duplicates() == [["cat/9.png", "dog/9.png"]]


def test_copies_follow_their_photo_into_another_class(store: PhotoStore) -> None:
    store.import_files([("cat/nine.png", photo(9)), ("cat/one.png", photo(1))])
    store.merge_classes(["cat"], "dog")
    assert store.duplicates() == [["cat/1.png", "cat/one.png"], ["cat/9.png", "cat/nine.png", "dog/9.png"]]
    store.undo()
    assert store.duplicates() == [["cat/1.png", "cat/one.png"], ["cat/9.png", "cat/nine.png"]]


def test_merge_into_a_new_class(store: PhotoStore) -> None:
    store.merge_classes(["cat", "dog", "cat"], "pet")
    assert store.classes() == {"pet": 6}
    with pytest.raises(DataError, match='no class "cow"'):
        store.merge_classes(["pet", "cow"], "beast")
    assert store.classes() == {"pet": 6}


def test_delete_and_remove_keep_the_originals(store: PhotoStore) -> None:
    paths = [kept.path for kept in store.photos()]
    store.remove_photos(ids(store, "cat")[:1])
    store.delete_class("dog")
    assert store.classes() == {"cat": 3}
    assert all(path.exists() for path in paths)


def test_move(store: PhotoStore) -> None:
    store.move_photos(ids(store, "cat"), "dog")
    assert store.classes() == {"cat": 0, "dog": 6}
    assert [kept.name for kept in store.photos("dog")][:2] == ["cat/1.png", "cat/2.png"]
    store.move_photos(ids(store, "dog"), "dog")
    assert store.classes() == {"cat": 0, "dog": 6}


def test_photos_that_are_gone_are_not_edited_by_halves(store: PhotoStore) -> None:
    cats = ids(store, "cat")
    store.remove_photos(cats[:1])
    for edit in (lambda: store.remove_photos(cats), lambda: store.move_photos(cats, "dog")):
        with pytest.raises(DataError, match="no longer here"):
            edit()
    assert store.classes() == {"cat": 3, "dog": 3}


def test_conflicts_and_their_resolution(store: PhotoStore) -> None:
    ((cat, dog),) = store.conflicts()
    assert (cat.class_name, dog.class_name, cat.sha256) == ("cat", "dog", dog.sha256)
    with pytest.raises(DataError, match="no class"):
        store.resolve_conflict(cat.sha256, "bird")
    store.add_class("bird")
    with pytest.raises(DataError, match='not in "bird"'):
        store.resolve_conflict(cat.sha256, "bird")
    store.resolve_conflict(cat.sha256, "dog")
    assert store.conflicts() == []
    assert store.classes() == {"bird": 0, "cat": 3, "dog": 3}


# Undo


def test_undo_goes_back_through_every_edit(store: PhotoStore) -> None:
    states = [state(store)]
    for edit in (
        lambda: store.rename_class("cat", "kitten"),
        lambda: store.merge_classes(["kitten"], "dog"),
        lambda: store.remove_photos(ids(store, "dog")[:2]),
        lambda: store.add_class("bird"),
        lambda: store.move_photos(ids(store, "dog"), "bird"),
        lambda: store.delete_class("bird"),
    ):
        edit()
        states.append(state(store))
    said = []
    while len(states) > 1:
        assert state(store) == states.pop()
        said.append(str(store.undo()))
    assert state(store) == states[0]
    assert said == [
        'deleting the class "bird"',
        'moving 4 photos to "bird"',
        'adding the class "bird"',
        "removing 2 photos",
        'merging kitten into "dog"',
        'renaming "cat" to "kitten"',
    ]
    assert str(store.undo()) == "importing 7 photos"
    assert store.classes() == {}
    assert (store.undo(), store.last_edit()) == (None, None)


def test_names_with_quotes_survive_undo(store: PhotoStore) -> None:
    name = "O'Brien's \"cat\"; DROP TABLE photos; --"
    store.rename_class("cat", name)
    before = state(store)
    store.delete_class(name)
    store.undo()
    assert state(store) == before


def test_undo_reaches_back_fifty_edits(store: PhotoStore) -> None:
    for number in range(55):
        store.rename_class(next(iter(store.classes())), f"a{number:02d}")
    undone = 0
    while store.undo():
        undone += 1
    assert undone == 50
    assert list(store.classes()) == ["a04", "dog"]


CLASS = st.sampled_from(["cat", "Dog", "bird", "fish", ""])
EDIT = st.one_of(
    st.tuples(st.just("add_class"), CLASS),
    st.tuples(st.just("rename_class"), CLASS, CLASS),
    st.tuples(st.just("merge_classes"), st.lists(CLASS, min_size=1, max_size=3), CLASS),
    st.tuples(st.just("delete_class"), CLASS),
    st.tuples(st.just("move_photos"), st.lists(st.integers(1, 8), max_size=4, unique=True), CLASS),
    st.tuples(st.just("remove_photos"), st.lists(st.integers(1, 8), max_size=3, unique=True)),
    st.tuples(
        st.just("import_files"),
        st.lists(st.tuples(st.just("a.png"), st.integers(0, 5).map(photo)), min_size=1, max_size=3),
        CLASS,
    ),
)


@settings(deadline=None, max_examples=20)
@given(st.lists(EDIT, max_size=8))
def test_any_edits_are_undone_exactly(tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[Any, ...]]) -> None:
    store = PhotoStore(tmp_path_factory.mktemp("store"))
    store.import_files([(f"{name}/{n}.png", photo(n)) for name in ("cat", "dog") for n in range(4)])
    states = [state(store)]
    for name, *arguments in edits:
        before = state(store)
        try:
            getattr(store, name)(*arguments)
        except TransferError:
            assert state(store) == before  # a refusal changes nothing
        if state(store) != before:
            states.append(state(store))
    while len(states) > 1:
        assert state(store) == states.pop()
        assert store.undo()
    assert state(store) == states[0]


# Thumbnails and originals


def test_thumbnails_are_made_at_import_and_again_when_lost(store: PhotoStore) -> None:
    kept = store.photos()[0]
    path = store.thumbnail(kept)
    assert Image.open(path).size == (160, 160)
    path.unlink()
    assert store.thumbnail(kept) == path
    assert Image.open(path).format == "JPEG"


def test_a_lost_original_is_named(store: PhotoStore) -> None:
    kept = store.photos()[0]
    store.thumbnail(kept).unlink()
    kept.path.unlink()
    with pytest.raises(PhotoError, match=r"original of cat/1\.png is gone"):
        store.thumbnail(kept)


def test_purge_deletes_only_old_files_of_removed_photos(store: PhotoStore) -> None:
    gone, young, *_ = store.photos("cat")
    store.remove_photos([gone.id, young.id])
    hours_ago = time.time() - 7200
    for kept in store.photos():
        os.utime(kept.path, (hours_ago, hours_ago))
    for path in (gone.path, store.thumbnail(gone)):
        os.utime(path, (hours_ago, hours_ago))
    assert store.purge() == 0 and gone.path.exists()  # removing it can still be undone
    assert store.purge(undo_seconds=0) == 2
    assert (gone.path.exists(), young.path.exists()) == (False, True)
    assert all(kept.path.exists() for kept in store.photos())
    assert store.undo() is None


def test_purge_passes_over_a_file_that_goes_as_it_looks(store: PhotoStore) -> None:
    """As the temporary file of an import in another window does; a link to nowhere stands in for it."""
    passing = store.folder / "originals" / "ab" / "passing"
    passing.parent.mkdir(exist_ok=True)
    passing.symlink_to("nowhere")
    assert store.purge() == 0


def test_an_original_stays_while_one_of_the_last_edits_brings_it_back(store: PhotoStore) -> None:
    gone = store.photos("cat")[0]
    os.utime(gone.path, (1e9, 1e9))
    store.remove_photos([gone.id])
    for number in range(49):
        store.rename_class("dog" if number % 2 == 0 else "hound", "hound" if number % 2 == 0 else "dog")
    store.purge()
    assert gone.path.exists()
    store.rename_class("hound", "dog")  # the fiftieth since: the removal leaves the log
    store.purge()
    assert not gone.path.exists()
    while store.undo():
        pass
    assert gone.sha256 not in {kept.sha256 for kept in store.photos()}


@pytest.mark.parametrize("version", [1, 2])
def test_a_store_of_a_version_before_keeps_its_undo(tmp_path: Path, version: int) -> None:
    """The file is what version 2 wrote after an import and five edits; version 1 had one column less."""
    with closing(sqlite3.connect(tmp_path / "photos.sqlite")) as connection:
        connection.executescript((Path(__file__).parent / "versions" / "2.sql").read_text("utf-8"))
        if version == 1:
            connection.execute("ALTER TABLE edits DROP COLUMN made")
        connection.execute(f"PRAGMA user_version = {version}")
    store = PhotoStore(tmp_path)
    store.purge()
    assert store.classes() == {"Cat": 3}
    done = [str(what) for what in iter(store.undo, None)]
    assert [what.split(" ")[0] for what in done] == [
        "deleting",
        "removing",
        "merging",
        "adding",
        "renaming",
        "importing",
    ]
    assert store.classes() == {}
    assert [str(what) for what in iter(store.redo, None)] == done[::-1]
    assert store.classes() == {"Cat": 3}
    store.add_class("cat")  # which the version before took for the same
    store.undo()
    store.undo()
    assert store.classes() == {"Cat": 3, "Hound": 2}
    assert store.duplicates() == []


def test_an_original_that_is_imported_again_is_safe_from_a_purge(store: PhotoStore) -> None:
    kept = store.photos()[0]
    os.utime(kept.path, (1e9, 1e9))
    store.import_files([("1.png", kept.path.read_bytes())], "cat")
    assert kept.path.stat().st_mtime > 1e9


# Many at once


def test_threads_share_a_store(store: PhotoStore) -> None:
    def work(worker: int) -> None:
        for number in range(4):
            store.import_files([(f"t{worker}/{number}.png", photo(100 + worker * 10 + number))])
            store.photos()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert store.classes() == {"cat": 4, "dog": 3, "t0": 4, "t1": 4, "t2": 4, "t3": 4}


PROCESS = """
import io, sys
from pathlib import Path
from PIL import Image
from transfer_core.photos.store import PhotoStore
for number in range(5):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), (number, int(sys.argv[2]), 99)).save(buffer, "PNG")
    PhotoStore(Path(sys.argv[1])).import_files([(f"{number}.png", buffer.getvalue())], "shared")
"""


def test_processes_share_a_store_from_its_first_moment(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "store"
    root = Path(__file__).parents[2]
    workers = [
        subprocess.Popen([sys.executable, "-c", PROCESS, str(folder), str(number)], cwd=root) for number in range(3)
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert PhotoStore(folder).classes() == {"shared": 15}
