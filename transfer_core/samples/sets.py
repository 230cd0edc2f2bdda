"""Sample sets drawn from a seed, so that a first classifier can be trained with no photos and no network."""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transfer_core.disk.files import write_bytes
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence, any_of

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["SAMPLES", "Sample", "draw_picture", "draw_sample", "get_sample"]


@dataclass(frozen=True)
class Sample:
    """A set of pictures that can be drawn: a row adds one."""

    name: str
    title: Sentence
    description: Sentence
    """One sentence for people."""
    classes: tuple[str, ...]
    """Sorted by name."""
    draw: str
    """Name of the function of `sample_drawing` that draws one picture of a class."""


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "shapes",
        Sentence("Shapes"),
        Sentence("Circles, squares, stars and triangles in any color, place, size and turn, before busy backgrounds."),
        ("circle", "square", "star", "triangle"),
        "draw_shape",
    ),
    Sample(
        "patterns",
        Sentence("Patterns"),
        Sentence("Checkerboards, dots, stripes and waves in any color, scale and direction, some of them faint."),
        ("checkerboard", "dots", "stripes", "waves"),
        "draw_pattern",
    ),
)


def get_sample(name: str) -> Sample:
    """Give the sample set of this name.

    Raises:
        ConfigError: there is none.
    """
    for sample in SAMPLES:
        if sample.name == name:
            return sample
    raise ConfigError(
        "There is no sample set {name!r}: choose {names}.",
        name=name,
        names=any_of([sample.name for sample in SAMPLES]),
    )


def draw_picture(name: str, class_name: str, index: int, seed: int = 0) -> "Image.Image":
    """Draw one picture of a sample set, RGB, 160 x 160 pixels.

    It depends on the arguments alone, so a larger set begins with the pictures of a smaller one.

    Raises:
        ConfigError: there is no such set or class.
    """
    sample = get_sample(name)
    if class_name not in sample.classes:
        raise ConfigError(
            "{title} has no class {class_name!r}: choose one of {classes}.",
            title=sample.title,
            class_name=class_name,
            classes=sample.classes,
        )
    # NumPy and Pillow load with the first picture: the app's first page only names the sets.
    import numpy as np

    from transfer_core.samples import drawing as sample_drawing

    # crc32, unlike hash(), is the same in every process.
    key = zlib.crc32(f"{name}/{class_name}".encode())
    draw: Callable[[str, np.random.Generator], Image.Image] = getattr(sample_drawing, sample.draw)
    return draw(class_name, np.random.default_rng([abs(seed), int(seed < 0), key, index]))


def draw_sample(
    name: str,
    folder: Path,
    per_class: int = 60,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Draw a sample set as JPEG files into class folders under `folder`.

    The same arguments give the same bytes (with one version of Pillow and NumPy).

    Args:
        name: of a row of `SAMPLES`.
        folder: made when it is missing.
        per_class: pictures of each class, at least 1.
        seed: another seed, other pictures.
        progress: called as progress(done, total, name) after each picture.

    Returns:
        `folder`.

    Raises:
        ConfigError: there is no such set, or `per_class` is less than 1.
        StorageError: the disk is full or `folder` can't be written.
    """
    sample = get_sample(name)
    if per_class < 1:
        raise ConfigError(
            "A sample set needs at least 1 picture of each class, but {per_class} came.", per_class=per_class
        )
    total = per_class * len(sample.classes)
    for done in range(total):
        # In turn through the classes, so that a set that is stopped early is balanced.
        index, label = divmod(done, len(sample.classes))
        class_name = sample.classes[label]
        file_name = f"{class_name}/{class_name}_{index:03d}.jpg"
        buffer = io.BytesIO()
        draw_picture(name, class_name, index, seed).save(buffer, "JPEG", quality=90, subsampling=0)
        write_bytes(folder / file_name, buffer.getvalue())
        if progress is not None:
            progress(done + 1, total, file_name)
    return folder
