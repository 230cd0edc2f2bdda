"""The downloaded program, run as it is outside of Thaw, answers what `thaw predict` answers."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pages.jobs import trained_runs as results
from pages.test import download
from tests.support import workspace
from transfer_core import api
from transfer_core.nn.training.run import train
from transfer_core.runs.folder import Run


def odd_photos(folder: Path) -> list[Path]:
    """Photos that another way of reading would take for other ones."""
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 255, (20, 31, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(folder / "turned.jpg", exif=exif)
    Image.fromarray(rng.integers(0, 65535, (24, 24), np.uint16)).save(folder / "grey16.png")
    Image.fromarray(rng.integers(0, 255, (30, 21, 4), np.uint8)).save(folder / "cutout.png")
    photo.convert("CMYK").save(folder / "print.jpg")
    photo.resize((310, 200)).save(folder / "lossless.webp", lossless=True)
    (folder / "no_end.jpg").write_bytes((folder / "turned.jpg").read_bytes()[:-2])
    return sorted(folder.iterdir())


def test_the_program_in_the_zip_answers_what_predict_does(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    run = toy_run()
    assert train(workspace(), run, lambda event: None)
    project = workspace().create_project("Colors")
    folder = tmp_path / "taken"
    trained = results.read_trained(run)
    with zipfile.ZipFile(io.BytesIO(download.packed(trained, download.about(project, trained)))) as archive:
        archive.extractall(folder)
    (tmp_path / "odd").mkdir()
    photos = [*odd_photos(tmp_path / "odd"), Path(run.manifest().photos[0].path)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    text, missing = tmp_path / "notes.jpg", tmp_path / "missing.jpg"
    text.write_text("not a photo")
    ran = subprocess.run(
        [sys.executable, "predict.py", *map(str, (text, missing, *photos))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1 and "Traceback" not in ran.stderr
    assert f"{text}: not a photo that can be read" in ran.stderr and f"{missing}: not a photo" in ran.stderr
    expected: list[dict[str, Any]] = api.predict(run, photos)
    lines = ran.stdout.strip().splitlines()[-len(photos) :]
    assert {answer["none"] for answer in expected} == {True, False}
    for line, answer in zip(lines, expected, strict=True):
        said = f"{'none of these; most like ' if answer['none'] else ''}{answer['label']}"
        assert line.startswith(f"{answer['image']}: {said} (")
        shares = json.loads(line[line.index("{") :])
        assert shares == pytest.approx(answer["probabilities"], abs=1e-6)
