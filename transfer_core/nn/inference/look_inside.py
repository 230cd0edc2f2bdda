"""A look inside a classifier: the channels of a block that a photo excites most, and what else excites them."""

from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.arrays import content_key, find_array, require_space, write_array
from transfer_core.disk.download import digests
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError, StorageError
from transfer_core.nn.data.pixels import Pixels, load_pixels
from transfer_core.nn.inference.channels import around, heat, standing_out, strengths, strongest
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.models.describe import load_tree
from transfer_core.photos.decode import decode
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter
from transfer_core.text import Sentence

__all__ = ["CHANNELS", "EXAMPLES", "MOST_PHOTOS", "dealt", "look_inside"]

CHANNELS = 6
"""How many channels are told."""
EXAMPLES = 6
"""How many photos that excite it are told of each channel."""
MOST_PHOTOS = 300
"""At most so many training photos are looked at."""
_LEAST_PHOTOS = 40
_WORK = 6e11  # floating-point operations that a look may take: about 20 seconds of two cores
_DIGITS = 3  # of a number in a map: the eye tells no more


def look_inside(workspace: Workspace, classifier: Classifier, run: Run, image: Path, layer: str) -> dict[str, Any]:
    """What a layer of the base of a run's classifier finds in a photo.

    Args:
        workspace: with the caches. What the training photos excite is kept there.
        classifier: of `run`, built as Thaw builds one.
        run: whose photos of the training split are looked at, as `dealt` chooses them: as many as take about 20
            seconds, at least 40 and at most `MOST_PHOTOS`.
        image: the photo.
        layer: of the base, one that gives feature maps.

    Returns:
        JSON: `of`, how many channels the layer has; `looked`, at how many training photos; `learned`, how many there
        are; and `channels`, the strongest first (see `channels.strengths`, and `channels.standing_out` where no
        training photo is known). Of each `channel`, counted from 1; `above`, on how many of the photos looked at it is
        weaker; `map`, rows of numbers 0..1; and `examples`, those that excite it most: `photo`, `path`, `sha256`,
        `class`, the `box` of the photo around what excites it (left, top, width and height as shares of the square
        that the network saw), and the `map` of that part.

    Raises:
        PhotoError: the photo can't be read.
        ConfigError: the base has no such layer, or it gives no feature maps.
        StorageError: the disk is full.
    """
    values = next(classifier.channels.values(decode(image, classifier.size)[None], layer))[0]
    manifest = _manifest(run)
    pixels = _pixels(workspace, classifier, manifest, load_tree(workspace, classifier.base), layer)
    peaks = values.max((0, 1))
    if pixels is None:
        known, strength = np.zeros((0, values.shape[-1]), np.float32), standing_out(values)
    else:
        known = _known(workspace, classifier, run, pixels, layer)
        strength = strengths(peaks, known)
    chosen = strongest(strength, CHANNELS)
    exciting = {channel: strongest(known[:, channel], EXAMPLES) for channel in chosen}
    examples = _examples(classifier, manifest, pixels, exciting, layer) if pixels else {}
    return {
        "of": values.shape[-1],
        "looked": len(known),
        "learned": len({photo.sha256 for photo in manifest.of("train")}),
        "channels": [
            {
                "channel": channel + 1,
                "above": int((known[:, channel] < peaks[channel]).sum()),
                "map": _rows(heat(values[..., channel])),
                "examples": [examples[row, channel] for row in exciting[channel]],
            }
            for channel in chosen
        ],
    }


def dealt(photos: tuple[ManifestPhoto, ...], most: int) -> list[ManifestPhoto]:
    """At most `most` of the photos, one of each class in turn; of those that belong together, one.

    Which ones is decided by their SHA-256: the same photos in any order give the same choice.
    """
    alone: dict[tuple[int, str], ManifestPhoto] = {}
    for photo in sorted(photos, key=lambda photo: photo.sha256):
        alone.setdefault((photo.label, photo.unit), photo)
    classes: dict[int, list[ManifestPhoto]] = {}
    for photo in alone.values():
        classes.setdefault(photo.label, []).append(photo)
    rounds = zip_longest(*(classes[label] for label in sorted(classes)))
    return list(islice((photo for turn in rounds for photo in turn if photo is not None), most))


def _manifest(run: Run) -> Manifest:
    try:
        return run.manifest()
    except StorageError:  # it was opened from a file: nothing is known of its photos
        return Manifest((), ())


def _pixels(
    workspace: Workspace, classifier: Classifier, manifest: Manifest, tree: LayerTree, layer: str
) -> Pixels | None:
    """The training photos to look at, decoded; None where none is known or none can be read."""
    names = list(tree.layers)
    before = names[: names.index(layer) + 1] if layer in tree.layers else names
    work = sum(facts.flops for name in before if (facts := tree.layers[name].facts))
    most = min(max(int(_WORK / max(work, 1)), _LEAST_PHOTOS), MOST_PHOTOS)
    photos = dealt(manifest.of("train"), most)
    if not photos:
        return None
    reporter = Reporter(lambda event: None)
    reporter.start("prepare")
    try:
        return load_pixels(workspace, photos, classifier.size, reporter)[0]
    except DataError:
        return None


def _known(workspace: Workspace, classifier: Classifier, run: Run, pixels: Pixels, layer: str) -> NDArray[np.float32]:
    """The peaks (photos, channels) of the training photos, from the cache or computed."""
    key = content_key(digests(run.model_path)["sha256"], layer, pixels.key)
    path = workspace.cache_dir / "channels" / f"{key}.peaks"
    if found := find_array(path):
        return np.asarray(found.array)
    peaks = classifier.channels.peaks(pixels.array, layer)
    require_space(workspace, path.parent, peaks.nbytes, Sentence("What the channels of a block answer to"))
    with write_array(path, peaks.shape[1:], np.float32) as writer:
        writer.append(peaks)
    return peaks


def _examples(
    classifier: Classifier, manifest: Manifest, pixels: Pixels, exciting: dict[int, list[int]], layer: str
) -> dict[tuple[int, int], dict[str, Any]]:
    """What `look_inside` tells of photos that excite a channel, by their row and the channel."""
    photos = {photo.sha256: photo for photo in manifest.of("train")}
    by_row = {row: photos[sha256] for sha256, row in pixels.rows.items()}
    rows = sorted({row for found in exciting.values() for row in found})
    shown = np.stack([pixels.array[row] for row in rows])
    given = (one for values in classifier.channels.values(shown, layer) for one in values)
    return {
        (row, channel): _example(by_row[row], manifest.classes, values[..., channel])
        for row, values in zip(rows, given, strict=True)
        for channel, found in exciting.items()
        if row in found
    }


def _example(photo: ManifestPhoto, classes: tuple[str, ...], values: NDArray[np.float32]) -> dict[str, Any]:
    down, across = around(values)
    height, width = values.shape
    return {
        "photo": photo.name,
        "path": photo.path,
        "sha256": photo.sha256,
        "class": classes[photo.label],
        "box": [
            across.start / width,
            down.start / height,
            (across.stop - across.start) / width,
            (down.stop - down.start) / height,
        ],
        "map": _rows(heat(values)[down, across]),
    }


def _rows(values: NDArray[np.float64]) -> list[list[float]]:
    rows: list[list[float]] = values.round(_DIGITS).tolist()
    return rows
