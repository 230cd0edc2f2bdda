"""What more photos cost: `thaw train` on 1,000, 5,000 and 20,000, time a photo and peak memory.

The photos are synthesised JPEGs of many sizes, each set the beginning of the next. Every run is a process of its own
with nothing cached and trains a head for two epochs. Time a photo is of decoding, features and head, as the report has
them; what a run costs however few the photos flatters that ratio, so a further row compares the wall time of each
photo added last with that of each photo added first. Peak memory is ru_maxrss, in which pages of mapped cache files
count although the system may take them back at any time; a row without them stands beside it.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks.material import say, thaw_train
from tests.benchmarks.outside import Measured
from tests.benchmarks.table import Row

COUNTS, QUICK_COUNTS = (1000, 5000, 20_000), (16, 24, 32)
EPOCHS = 2
CLASSES = 4
TIME_TARGET, MEMORY_TARGET = 1.1, 1.3
PHASES = ("prepare", "features", "head")


def run(quick: bool = False) -> list[Row]:
    """Measure every number of photos; `quick` only shows that it works."""
    counts = QUICK_COUNTS if quick else COUNTS
    measured: dict[int, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "drawn"
        files = _draw(drawn, counts[-1])
        # The first is not counted: it reads TensorFlow from the disk for all.
        for turn, count in enumerate((counts[0], *counts)):
            photos, work = Path(folder) / f"photos-{turn}", Path(folder) / f"work-{turn}"
            work.mkdir()
            for file in files[:count]:
                place = photos / file.parent.name / file.name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, place)
            measured[count] = thaw_train(photos, work, EPOCHS)
            say(f"{count} photos: {_words(measured[count])}")
            shutil.rmtree(work)
            shutil.rmtree(photos)
    return _rows(measured)


def _draw(folder: Path, count: int) -> list[Path]:
    """Blurred patches of color, 96 to 320 pixels a side; the same in every run."""
    files = []
    for number in range(count):
        random = np.random.default_rng(number)
        width, height, across, down = (int(random.integers(*limits)) for limits in [(96, 321)] * 2 + [(3, 12)] * 2)
        patches = random.integers(0, 256, (down, across, 3), np.uint8)
        file = folder / f"class_{number % CLASSES}" / f"{number:05d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)
        picture.save(file, "JPEG", quality=int(random.integers(70, 96)))
        files.append(file)
    return files


def _phases(one: Measured) -> float:
    return sum(one.answer["seconds"][phase] for phase in PHASES)


def _words(one: Measured) -> str:
    phases = ", ".join(f"{phase} {one.answer['seconds'][phase]:.1f} s" for phase in PHASES)
    return f"{one.seconds:.1f} s in all, {phases}"


def _rows(measured: dict[int, Measured]) -> list[Row]:
    first, *others = measured
    named = f"{first} photos"
    rows = []

    def add(case: str, ours: float, rival: float, unit: str, target: float, **more: Any) -> None:
        name = more.get("name", named)
        rows.append(Row("growth", case, ours, rival, unit, name, ours / rival, "<=", target, more.get("note", "")))

    for count in others:
        ours, rival = (_phases(measured[number]) / number * 1e3 for number in (count, first))
        add(f"time a photo, {count} photos", ours, rival, "ms", TIME_TARGET, note=_words(measured[count]))
    # Of each photo added, without what a run costs however few they are.
    steps = [(_added(measured, less, more), less, more) for less, more in zip(measured, others, strict=False)]
    (rival, less, more), (ours, last_less, last) = steps[0], steps[-1]
    name = f"from {less} to {more}"
    add(f"time of each photo added, {last_less} to {last}", ours, rival, "ms", TIME_TARGET, name=name)
    for count in others:
        add(f"peak memory, {count} photos", measured[count].peak / 1e6, measured[first].peak / 1e6, "MB", MEMORY_TARGET)
        ours_anonymous, rival_anonymous = measured[count].anonymous, measured[first].anonymous
        if ours_anonymous and rival_anonymous:
            case = f"peak memory without mapped files, {count} photos"
            add(case, ours_anonymous / 1e6, rival_anonymous / 1e6, "MB", MEMORY_TARGET)
    return rows


def _added(measured: dict[int, Measured], less: int, more: int) -> float:
    """Milliseconds of wall time for each photo more."""
    return (measured[more].seconds - measured[less].seconds) / (more - less) * 1e3
