"""Health: how many altered copies and labels made wrong on purpose are found, how many of those named are, how long.

Of real photos 150 of each set are copied and altered; nearly the same are to be found among all photos of the set, and
nothing else. The rival is a perceptual hash (imagehash's phash, up to 8 of 64 bits apart), where it is installed. One
label in 20 of each set is made another, three times with other seeds; the rival names every photo that is answered
wrongly out of fold. What needs no network is timed in a process of its own, beside an import of the same photos.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks.material import photo_folder, say
from tests.benchmarks.outside import measure
from tests.benchmarks.recipe import PHOTOS
from tests.benchmarks.table import Row
from tests.photos.groups.test_near_copies import ALTERED
from transfer_core.photos.decode import open_photo
from transfer_core.photos.groups.near_copies import near_copies
from transfer_core.photos.health.looks import look
from transfer_core.photos.manifest import Manifest
from transfer_core.photos.reader import square

_COPIED, _FLIPPED = 150, 0.05
_SIZE = 224
_BITS = 8
_TIMED = 1000
_FASTER = 1.3
"""What the check without a network may take, in times of the import."""

Pairs = set[tuple[int, int]]


def run(quick: bool = False) -> list[Row]:
    """Measure all three; `quick` only shows that it works, on drawn photos."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        scratch = Path(folder)
        if quick or not PHOTOS.is_dir():
            photo_folder(scratch / "drawn", 48)
            sets = {"drawn": scratch / "drawn"}
        else:
            sets = {
                "cats_dogs": PHOTOS / "cats_dogs" / "train",
                "clothing": PHOTOS / "clothing",
                "trash": PHOTOS / "trash",
            }
        for name, place in sets.items():
            rows += [*_copies(name, place), *_labels(name, place)]
        rows.append(_time(next(iter(sets.values())) if len(sets) == 1 else sets["clothing"], scratch))
    return rows


def _copies(name: str, place: Path) -> Iterator[Row]:
    """Altered copies found, and pairs named that are none."""
    pictures = [open_photo(path) for path in sorted(place.glob("*/*"))]
    chosen = np.random.default_rng(0).choice(len(pictures), min(_COPIED, len(pictures)), replace=False).tolist()
    squares = [np.asarray(square(picture, _SIZE)) for picture in pictures]
    hashes = _hashes(pictures)
    natural = _ours(squares)
    say(f"{name}: {len(natural)} pairs of nearly the same photos as they come: {sorted(natural)[:5]}")
    for how, alter in ALTERED.items():
        altered = [alter(pictures[row]) for row in chosen]
        wanted = {(row, len(pictures) + at) for at, row in enumerate(chosen)}
        found = _ours([*squares, *(np.asarray(square(picture, _SIZE)) for picture in altered)]) - natural
        recall, precision = _shares(found, wanted)
        rival = float("nan")
        if hashes is not None:
            others = _hashes(altered)
            assert others is not None
            theirs = _by_hash(np.concatenate([hashes, others])) - _by_hash(hashes)
            rival, their_precision = _shares(theirs, wanted)
            say(f"{name}, {how}: by hash {rival:.1f} % found, {their_precision:.1f} % of what is named")
        note = f"{precision:.1f} % of the pairs named are copies"
        yield Row("health", f"{name}: copies {how}", recall, rival, "%", "phash", recall / 99, ">=", 1.0, note)


def _ours(squares: list[NDArray[np.uint8]]) -> Pairs:
    groups = near_copies(look(np.stack(squares)).grid)
    return {(one, other) for group in groups for one in group for other in group if one < other}


def _shares(found: Pairs, wanted: Pairs) -> tuple[float, float]:
    """Per cent of what was wanted that was found, and of what was found that was wanted."""
    both = len(found & wanted)
    return 100 * both / len(wanted), 100 * both / max(len(found), 1)


def _hashes(pictures: list[Image.Image]) -> NDArray[np.bool_] | None:
    """(photos, 64) bits, or None where imagehash is not installed."""
    try:
        import imagehash
    except ImportError:
        return None
    return np.array([imagehash.phash(picture).hash.ravel() for picture in pictures])


def _by_hash(bits: NDArray[np.bool_]) -> Pairs:
    signs = np.where(bits, 1, -1).astype(np.int32)
    apart = (64 - signs @ signs.T) // 2
    return {(int(one), int(other)) for one, other in np.argwhere(np.triu(apart <= _BITS, 1))}


def _labels(name: str, place: Path) -> Iterator[Row]:
    """Labels made wrong on purpose."""
    from transfer_core.disk.workspace import Workspace
    from transfer_core.labs.folds import deal
    from transfer_core.labs.health.settings import FOLDS, PENALTY
    from transfer_core.nn.training.session import prepare
    from transfer_core.photos.open import open_source
    from transfer_core.runs.config import RunConfig
    from transfer_core.runs.progress import Reporter
    from transfer_core.stats.confident import doubtful_labels
    from transfer_core.stats.linear_probe import out_of_fold

    workspace = Workspace.from_environment()
    with open_source(workspace, place) as source:
        manifest = source.manifest()
    reporter = Reporter(lambda event: None)
    reporter.start("prepare")
    session = prepare(workspace, RunConfig(), manifest, reporter)
    photos = session.manifest.photos
    features = session.pooled_features().array[[session.pixels.rows[photo.sha256] for photo in photos]]
    truth = np.array([photo.label for photo in photos], np.int64)
    folds = np.array(deal(photos, FOLDS, 0), np.int64)
    classes = int(truth.max()) + 1
    figures = []
    for seed in range(3):
        random = np.random.default_rng(seed)
        wrong = random.random(len(truth)) < _FLIPPED
        labels = np.where(wrong, (truth + random.integers(1, classes, len(truth))) % classes, truth)
        said = out_of_fold(features, labels, folds, [PENALTY])
        named = doubtful_labels(said.probabilities, labels).rows
        missed = np.flatnonzero(said.answers != labels)
        figures.append(
            [share for rows in (named, missed) for share in (wrong[rows].sum() / wrong.sum(), wrong[rows].mean())]
        )
    recall, precision, rival_recall, rival_precision = (
        100 * float(np.mean(column)) for column in zip(*figures, strict=True)
    )
    note = (
        f"{precision:.0f} % of the photos named; by every wrong answer {rival_recall:.0f} % found, "
        f"{rival_precision:.0f} % of those named"
    )
    case = f"{name}: labels made wrong that are found"
    yield Row(
        "health", case, recall, rival_recall, "%", "answered wrongly", precision / rival_precision, ">=", 1.0, note
    )


_IMPORT = """
import json, sys, time
from pathlib import Path
from transfer_core.photos.store import PhotoStore
began = time.perf_counter()
store = PhotoStore(Path(sys.argv[2]))
store.import_folder(sys.argv[1])
imported = time.perf_counter()
from tests.benchmarks.health import check
check(store.manifest(0.2, 0))
checked = time.perf_counter() - imported
print(json.dumps({"import": imported - began, "check": checked, "tensorflow": "tensorflow" in sys.modules}))
"""


def check(manifest: Manifest) -> None:
    """What Health does without a network, from files that nobody has decoded at this size yet."""
    from transfer_core.disk.workspace import Workspace
    from transfer_core.labs.folds import deal
    from transfer_core.labs.health.settings import FOLDS
    from transfer_core.nn.data.pixels import load_pixels
    from transfer_core.photos.decode import file_facts
    from transfer_core.photos.health.quality import poor_photos
    from transfer_core.photos.health.shortcuts import columns, find_shortcuts
    from transfer_core.runs.progress import Reporter

    reporter = Reporter(lambda event: None)
    reporter.start("measure")
    pixels, _ = load_pixels(Workspace.from_environment(), manifest.photos, _SIZE, reporter)
    looks = look(pixels.array, [pixels.rows[photo.sha256] for photo in manifest.photos])
    files = [file_facts(Path(photo.path)) for photo in manifest.photos]
    near_copies(looks.grid)
    poor_photos(looks, files, _SIZE)
    labels, folds = (
        np.array(column, np.int64) for column in ([p.label for p in manifest.photos], deal(manifest.photos, FOLDS, 0))
    )
    find_shortcuts(columns(looks, files), labels, folds)


def _time(place: Path, scratch: Path) -> Row:
    """Against the import of the same photos."""
    timed = scratch / "timed"
    files = sorted(place.glob("*/*"))
    for path in files[:: max(len(files) // _TIMED, 1)][:_TIMED]:
        (timed / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, timed / path.parent.name)
    count = len(list(timed.glob("*/*")))
    measured = measure(["-c", _IMPORT, timed, scratch / "store"], scratch / "timed-home")
    told = measured.answer
    assert not told["tensorflow"], "TensorFlow was loaded"
    ratio = told["check"] / told["import"]
    case = f"check of {count:,} photos without a network"
    return Row("health", case, told["check"], told["import"], "s", "the import", ratio, "<=", _FASTER)
