"""Exports: how long each format takes with its comparison on fifty photos, and what it says where nothing else is.

Two classifiers: EfficientNet-Lite0 fine-tuned from its middle on, and a network of keras.applications with random
weights and a trained head. Each bundle is unpacked and asked by a Python that has what its requirements.txt names and
nothing of Thaw, in a virtual environment made for it, about photos as they come and odd ones: turned, 16 bits, grey,
transparent, wide. The answers are compared with those of the app.
"""

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

from tests.benchmarks.material import REAL, photo_folder, say
from tests.benchmarks.table import Row
from tests.odd import odd_photos

_PROMISED = 20.0
"""Seconds for an export with its comparison."""
_PHOTOS, _QUICK_PHOTOS = 400, 16


def run(quick: bool = False) -> list[Row]:
    """Measure all formats; `quick` only shows that it works, on few photos and the smallest format."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        place = Path(folder)
        photo_folder(place / "photos", _QUICK_PHOTOS if quick else _PHOTOS)
        asked = [*sorted(REAL.parent.glob("test/*/*.jpg"))[:20], *odd_photos(place / "odd")]
        rows = []
        for name, options in _runs(quick).items():
            say(f"training {name}")
            _thaw("train", place / "photos", "--out", place / name, *options)
            rows += _formats(place, name, asked, quick)
        return rows


def _runs(quick: bool) -> dict[str, tuple[str, ...]]:
    tuned = ("--base", "efficientnet-lite0", "--train-from", "block4a", "--epochs", "5", "--fine-tune-epochs", "3")
    return {"lite0": tuned} if quick else {"lite0": tuned, "mobilenet-v2": _RANDOM}


_RANDOM = ("--base", "mobilenet-v2", "--weights", "none", "--epochs", "5")


def _formats(place: Path, name: str, asked: list[Path], quick: bool) -> list[Row]:
    from transfer_core import api
    from transfer_core.exports.formats import FORMATS
    from transfer_core.exports.parity import ask_program, compare

    expected = api.predict(place / name, asked)
    rows = []
    for row in FORMATS:
        if row.place or (quick and row.name != "tflite"):
            continue
        out = place / f"{name}-{row.name}.zip"
        began = time.perf_counter()
        _thaw("export", place / name, "--format", row.name, "--out", out)
        seconds = time.perf_counter() - began
        folder = out.with_suffix("")
        with zipfile.ZipFile(out) as archive:
            archive.extractall(folder)
        found = compare(expected, ask_program(folder, asked, _alone(place, row.needs)))
        note = (
            f"elsewhere: {len(asked) - found.changed} of {len(asked)} answers the same, "
            f"{found.max_difference:.1g} apart, {found.milliseconds:.0f} ms a photo; {out.stat().st_size / 1e6:.1f} MB"
        )
        case, ratio = f"{name} as {row.name}", seconds / _PROMISED
        rows.append(Row("exports", case, seconds, _PROMISED, "s", "promised", ratio, "<=", 1.0, note))
        say(f"{case}: {seconds:.1f} s; {note}")
    return rows


def _alone(place: Path, needs: tuple[str, ...]) -> Path:
    """A Python with these packages, NumPy and Pillow, and nothing else."""
    folder = place / "alone" / "-".join(part.split(">")[0] for part in needs)
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *needs, "numpy", "pillow"], check=True, stderr=sys.stderr)
    return python


def _thaw(*arguments: Any) -> None:
    subprocess.run(
        [sys.executable, "-m", "transfer_core", *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
