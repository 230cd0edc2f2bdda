"""HEIC, as phones take photos: read like any other, wherever a photo comes in.

The files were made once with an encoder that Thaw does not have: 64 x 48, red and green rising from left to right and
from top to bottom, and a red square at the top left.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.errors import PhotoError
from transfer_core.photos.decode import FileFacts, decode, file_facts, inspect, open_photo
from transfer_core.photos.store import PhotoStore

HEIC = Path(__file__).with_name("heic")


def drawn() -> np.ndarray:
    picture = np.full((48, 64, 3), 90, np.uint8)
    picture[..., 0] = np.linspace(20, 235, 64)[None]
    picture[..., 1] = np.linspace(30, 200, 48)[:, None]
    picture[:16, :16] = [250, 20, 20]
    return picture


def apart(picture: Image.Image, expected: np.ndarray) -> float:
    assert picture.mode == "RGB"
    return float(np.abs(np.asarray(picture).astype(int) - expected).mean())


@pytest.mark.parametrize("name", ["plain", "deep"])
def test_it_is_the_picture_also_of_ten_bits(name: str) -> None:
    assert apart(open_photo(HEIC / f"{name}.heic"), drawn()) < 2


def test_it_stands_upright() -> None:
    assert apart(open_photo(HEIC / "turned.heic"), np.rot90(drawn(), -1)) < 2
    seen = inspect(HEIC / "turned.heic")
    assert (seen.width, seen.height) == (48, 64)
    assert file_facts(HEIC / "turned.heic") == FileFacts(48, 64, "HEIF")


def test_grey_and_transparent_ones_are_as_a_viewer_shows_them() -> None:
    grey = np.asarray(Image.fromarray(drawn()).convert("L").convert("RGB"))
    assert apart(open_photo(HEIC / "grey.heic"), grey) < 2
    cut_out = drawn()
    cut_out[:, 32:] = 255
    assert apart(open_photo(HEIC / "transparent.heic"), cut_out) < 2


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_one_is_refused(share: float) -> None:
    data = (HEIC / "plain.heic").read_bytes()
    for read in (open_photo, inspect, lambda data: decode(data, 32)):
        with pytest.raises(PhotoError, match=r"HEIC .*cut off or damaged"):
            read(data[: int(len(data) * share)])


def test_a_project_takes_it_and_shows_it(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "store")
    report = store.import_files([("cat/IMG_1.HEIC", (HEIC / "plain.heic").read_bytes())])
    assert report.added == {"cat": 1} and not report.refused
    (photo,) = store.photos()
    assert (photo.width, photo.height) == (64, 48)
    assert Image.open(store.thumbnail(photo)).format == "JPEG"
