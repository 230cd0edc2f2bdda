"""Photos in one folder get their classes from a CSV beside them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.errors import DataError
from transfer_core.photos.store import PhotoStore
from transfer_core.photos.understood import understood


def png(seed: int) -> bytes:
    data = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "store")


def labeled(table: str) -> list[tuple[str, bytes]]:
    return [*((f"d/images/{n}.png", png(n)) for n in range(6)), ("d/labels.csv", table.encode())]


TABLES = {
    "names with endings": "file,label\n" + "".join(f"{n}.png,{'ab'[n % 2]}\n" for n in range(6)),
    "names without endings": "id;breed\r\n" + "".join(f"{n};{'ab'[n % 2]}\r\n" for n in range(6)),
    "with their folder": "path\tclass\n" + "".join(f"images\\{n}.PNG\t{'ab'[n % 2]}\n" for n in range(6)),
    "without headings": "".join(f"{n}.png,{'ab'[n % 2]}\n" for n in range(6)),
    "among others": "n,label,file,width\n" + "".join(f"{n},{'ab'[n % 2]},{n}.png,{n}\n" for n in range(6)),
    "with a mark of its writing": "\ufefffile,label\n" + "".join(f"{n}.png, {'ab'[n % 2]} \n" for n in range(6)),
}


@pytest.mark.parametrize("kind", TABLES)
def test_each_photo_gets_the_class_of_its_row(store: PhotoStore, kind: str) -> None:
    report = store.import_files(labeled(TABLES[kind]))
    assert report.classes == {"a": 3, "b": 3} and not report.refused and report.table == "labels.csv"
    assert {photo.class_name for photo in store.photos() if photo.name.endswith(("0.png", "2.png", "4.png"))} == {"a"}
    assert [str(words) for words in understood(report)] == ["labels.csv says what each photo shows."]


def test_in_a_zip_and_in_a_folder_the_same(store: PhotoStore, tmp_path: Path) -> None:
    files = labeled(TABLES["names with endings"])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    assert store.import_zip(data.getvalue()).classes == {"a": 3, "b": 3}
    for name, content in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert PhotoStore(tmp_path / "other").import_folder(tmp_path / "d").classes == {"a": 3, "b": 3}


def test_a_column_may_say_the_split(store: PhotoStore) -> None:
    splits = ["train", "train", "train", "train", "val", "test"]
    report = store.import_files(
        labeled("file,split,label\n" + "".join(f"{n}.png,{splits[n]},{'ab'[n % 2]}\n" for n in range(6)))
    )
    assert report.splits == {"train": 4, "validation": 1, "test": 1}
    assert "4 to learn from, 1 to check on and 1 for a test" in str(understood(report)[0])


def test_what_the_table_does_not_tell_is_refused_by_name(store: PhotoStore) -> None:
    table = "file,label\n0.png,a\n1.png,b\n2.png,a\n2.png,b\n3.png,a/b\ngone.png,a\n"
    report = store.import_files([*labeled(table), ("d/readme.txt", b"hello")])
    reasons = {item.name: str(item.reason) for item in report.refused}
    assert report.classes == {"a": 1, "b": 1} and report.found == report.imported + len(report.refused)
    assert "labels.csv says it is" in reasons["d/images/2.png"] and "slash" in reasons["d/images/3.png"]
    assert "does not say what it shows" in reasons["d/images/4.png"] and "d/readme.txt" in reasons


def test_folders_of_classes_win_over_a_stray_table(store: PhotoStore) -> None:
    files = [(f"d/{'cat' if n % 2 else 'dog'}/{n}.png", png(n)) for n in range(6)]
    report = store.import_files([*files, ("d/labels.csv", TABLES["names with endings"].encode())])
    assert report.classes == {"cat": 3, "dog": 3} and not report.table


def test_a_table_of_which_nobody_can_tell_is_asked_about(store: PhotoStore) -> None:
    table = "file,color,shape\n" + "".join(f"{n}.png,{'ab'[n % 2]},{'xy'[n % 2]}\n" for n in range(6))
    with pytest.raises(DataError, match=r"it has color and shape and it is not clear which.*call that column label"):
        store.import_files(labeled(table))


@pytest.mark.parametrize("table", ["", "file,label\n", "a,b\nc,d\n", "file\n0.png\n", "\0,\0\n"])
def test_a_file_that_is_no_such_table_changes_nothing(store: PhotoStore, table: str) -> None:
    report = store.import_files(labeled(table))
    assert report.classes == {"images": 6} and [item.name for item in report.refused] == ["labels.csv"]
