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


def test_rows_without_a_photo_are_counted_and_a_table_of_other_photos_is_spoken_of(store: PhotoStore) -> None:
    report = store.import_files(labeled(TABLES["names with endings"] + "gone.png,a\nlost.png,b\n"))
    assert "2 rows of labels.csv name no photo that is here." in [str(words) for words in understood(report)]
    flat = [(f"{n}.png", png(n)) for n in range(3)]
    with pytest.raises(DataError, match=r"and labels\.csv does not tell what they show: it needs a column file"):
        store.import_files([*flat, ("labels.csv", b"file,label\nx.png,a\ny.png,b\n")])


def test_folders_of_classes_win_over_a_stray_table(store: PhotoStore) -> None:
    files = [(f"d/{'cat' if n % 2 else 'dog'}/{n}.png", png(n)) for n in range(6)]
    report = store.import_files([*files, ("d/labels.csv", TABLES["names with endings"].encode())])
    assert report.classes == {"cat": 3, "dog": 3} and not report.table


def test_a_table_of_which_nobody_can_tell_is_asked_about(store: PhotoStore) -> None:
    table = "file,color,shape\n" + "".join(f"{n}.png,{'ab'[n % 2]},{'xy'[n % 2]}\n" for n in range(6))
    with pytest.raises(DataError, match=r"it has color and shape and it is not clear which.*call that column label"):
        store.import_files(labeled(table))


ODD = {
    "a dot before": "file,label\n" + "".join(f"./images/{n}.png,{'ab'[n % 2]}\n" for n in range(6)),
    "more folders than there are": "file,label\n" + "".join(f"data/d/images/{n}.png,{'ab'[n % 2]}\n" for n in range(6)),
    "lines that end as on old Macs": "file,label\r" + "".join(f"{n}.png,{'ab'[n % 2]}\r" for n in range(6)),
    "a comma too many": "file,label\n" + "".join(f"{n}.png,{'ab'[n % 2]},\n" for n in range(6)),
    "a cell too few": "file,label,note\n" + "".join(f"{n}.png,{'ab'[n % 2]}\n" for n in range(6)),
    "answers that read as splits": "file,result\n" + "".join(f"{n}.png,test {'ab'[n % 2]}\n" for n in range(6)),
}


@pytest.mark.parametrize("kind", ODD)
def test_tables_as_programs_write_them(store: PhotoStore, kind: str) -> None:
    report = store.import_files(labeled(ODD[kind]))
    assert sorted(report.classes.values()) == [3, 3] and report.table == "labels.csv"


def test_a_table_as_excel_writes_it_and_names_as_a_mac_writes_them(store: PhotoStore) -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    table = f"file\tlabel\n{composed} 1.png\tA\n{composed} 2.png\tB\n".encode("utf-16")
    report = store.import_files([(f"d/{apart} {n}.png", png(n)) for n in (1, 2)] + [("d/labels.csv", table)])
    assert report.classes == {"A": 1, "B": 1}


def test_several_tables_and_folders_of_splits_belong_together(store: PhotoStore) -> None:
    files = [(f"d/{part}/{n}.png", png(n + 10 * at)) for at, part in enumerate(("train", "test")) for n in range(4)]
    tables = [
        (f"d/{part}.csv", ("file,label\n" + "".join(f"{part}/{n}.png,{'ab'[n % 2]}\n" for n in range(4))).encode())
        for part in ("train", "test")
    ]
    report = store.import_files([*files, *tables])
    assert report.splits == {"train": 4, "validation": 0, "test": 4} and not report.refused
    assert report.table == "train.csv and test.csv"


def test_one_name_in_two_folders_is_not_guessed(store: PhotoStore) -> None:
    files = [(f"d/{part}/1.png", png(at)) for at, part in enumerate(("train", "test"))]
    files += [("d/train/2.png", png(7)), ("d/train/3.png", png(8))]
    report = store.import_files([*files, ("d/labels.csv", b"file,label\n1.png,a\n2.png,a\n3.png,b\n")])
    assert report.classes == {"a": 1, "b": 1}
    assert [item.name for item in report.refused if "so are others called" in str(item.reason)] == [
        "d/test/1.png", "d/train/1.png"
    ]  # fmt: skip


def test_a_photo_in_two_splits_or_of_a_class_that_is_only_tested_is_refused(store: PhotoStore) -> None:
    rows = ["0.png,a,train", "1.png,b,train", "2.png,a,train", "2.png,a,test", "3.png,c,test", "4.png,b,test"]
    report = store.import_files(labeled("file,label,split\n" + "\n".join(rows) + "\n"))
    reasons = {item.name: str(item.reason) for item in report.refused}
    assert "several splits" in reasons["d/images/2.png"] and "could never answer" in reasons["d/images/3.png"]
    assert report.classes == {"a": 1, "b": 2}


def test_what_hardly_two_have_in_common_is_no_class(store: PhotoStore) -> None:
    report = store.import_files(labeled("file,photographer\n" + "".join(f"{n}.png,Person {n}\n" for n in range(6))))
    assert report.classes == {"images": 6} and not report.table


@pytest.mark.parametrize("table", ["", "file,label\n", "a,b\nc,d\n", "file\n0.png\n", "\0,\0\n"])
def test_a_file_that_is_no_such_table_changes_nothing(store: PhotoStore, table: str) -> None:
    report = store.import_files(labeled(table))
    assert report.classes == {"images": 6} and [item.name for item in report.refused] == ["labels.csv"]
