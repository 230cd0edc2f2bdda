"""The preview of variants that the query worker makes."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support import workspace
from transfer_core.nn.data.augment import preview
from transfer_core.photos.decode import decode
from transfer_core.runs.augmentation import get_preset
from transfer_core.text import Sentence
from transfer_core.worker.queries import QueryServer


@pytest.fixture
def photo(tmp_path: Path, thaw_home: Path) -> Path:
    """A photo with soft edges, so that JPEG keeps it nearly as it is."""
    across = np.linspace(0, 255, 60)[None, :, None] * np.ones((40, 1, 3))
    path = tmp_path / "Müller.png"
    Image.fromarray(across.astype(np.uint8)).save(path)
    return path


def arguments(photo: Path) -> dict[str, Any]:
    return {"photo": str(photo), "preset": "photos", "count": 3, "seed": 7, "size": 32}


def test_a_preview_holds_the_photo_and_the_variants_that_training_sees(photo: Path) -> None:
    answer = QueryServer(workspace()).answer({"kind": "augment", "args": arguments(photo)})
    assert answer["ok"], answer
    paths = [answer["result"]["original"], *answer["result"]["paths"]]
    assert len(set(paths)) == 4
    assert {Path(path).parent for path in paths} == {workspace().queries_dir}
    pixels = decode(photo, 32)
    sha = hashlib.sha256(photo.read_bytes()).hexdigest()
    expected = [pixels, *preview(pixels, get_preset("photos"), 3, 7, sha)]
    for path, picture in zip(paths, expected, strict=True):
        shown = np.asarray(Image.open(path))
        assert Image.open(path).format == "JPEG"
        assert np.abs(shown.astype(int) - picture).mean() < 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preset": "wild"}, "must be one of gentle"),
        ({"count": 0}, "shows 1 to 48 variants"),
        ({"count": 4000}, "shows 1 to 48 variants"),
        ({"seed": -1}, "for a seed from 0; 3 for seed -1 came"),
        ({"photo": "/nowhere/gone.jpg"}, "can't be read now"),
    ],
)
def test_what_cannot_be_shown_is_refused(photo: Path, changes: dict[str, Any], words: str) -> None:
    answer = QueryServer(workspace()).answer({"kind": "augment", "args": arguments(photo) | changes})
    assert answer["kind"] == "TransferError"
    assert words in str(Sentence.from_json(answer["error"]))
    assert not workspace().queries_dir.exists() or not list(workspace().queries_dir.iterdir())
