"""Files that need no class come from anywhere, and one that can't be read says so when it is read."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from transfer_core.errors import PhotoError
from transfer_core.photos.contact_sheet import Tile, contact_sheet
from transfer_core.photos.sources.loose import loose_files


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (200, 10, 10)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "deep/er/b.png", ".hidden/c.png", "__MACOSX/._a.png", "Thumbs.db.png"):
        picture(tmp_path / "new" / name)
    (tmp_path / "new" / "Thumbs.db").write_bytes(b"x")
    return tmp_path / "new"


def test_folders_zips_and_files_in_the_order_they_were_named(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(folder / "a.png", "inner/z.png")
        archive.write(folder / "a.png", ".DS_Store")
    single = picture(tmp_path / "single.png")
    with loose_files([str(single), folder, tmp_path / "more.zip"]) as files:
        names = [file.name.removeprefix(f"{tmp_path}/") for file in files]
        assert names == ["single.png", "new/Thumbs.db.png", "new/a.png", "new/deep/er/b.png", "more.zip/inner/z.png"]
        assert {Image.open(io.BytesIO(file.read())).size for file in files} == {(8, 8)}


def test_what_can_not_be_read_is_listed_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and no more")
    link = tmp_path / "links"
    link.mkdir()
    (link / "gone.png").symlink_to(tmp_path / "nowhere.png")
    for source, words in (("empty", "no file in this folder"), ("cut.zip", "damaged"), ("links", "link to a file")):
        with loose_files([tmp_path / source]) as files:
            (file,) = files
            with pytest.raises(PhotoError, match=words):
                file.read()


def test_files_found_elsewhere_stay_as_they_are(folder: Path) -> None:
    with loose_files([folder]) as files, loose_files(files) as again:
        assert again == files


def test_on_a_contact_sheet_every_name_is_text() -> None:
    tiles = [Tile("<script>alert(1)</script>.jpg", "99% sure", b"jpeg"), Tile("dog\u202egpj.exe", "50% sure", b"jpeg")]
    sheet = contact_sheet("Sheet", "About", [("a & b", tiles), ("none", [])], ("Refused", [("x.txt", "is <text>")]))
    assert "<script" not in sheet and "&lt;script&gt;" in sheet and "a &amp; b · 2" in sheet
    assert "\\u202E" in sheet and "is &lt;text&gt;" in sheet and "none · " not in sheet
    assert sheet.count("<img") == 2 and "http" not in sheet, "nothing is fetched from elsewhere"
