"""Sample sets drawn from a seed, so that a first classifier can be trained with no photos and no network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from transfer_core.errors import ConfigError

__all__ = ["SAMPLES", "Sample", "draw_sample"]


@dataclass(frozen=True)
class Sample:
    """A set of photos that can be drawn."""

    name: str
    title: str
    description: str
    classes: tuple[str, ...]


SAMPLES = (
    Sample("shapes", "Shapes", "Circles, squares, triangles and stars.", ("circle", "square", "star", "triangle")),
    Sample("patterns", "Patterns", "Four textures.", ("checkerboard", "dots", "stripes", "waves")),
)


def draw_sample(
    name: str,
    folder: Path,
    per_class: int = 60,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Draw a sample set into class folders under `folder` (basic for now)."""
    sample = next((sample for sample in SAMPLES if sample.name == name), None)
    if sample is None:
        raise ConfigError(f"There is no sample set {name!r}: choose shapes or patterns.")
    total = per_class * len(sample.classes)
    for label, class_name in enumerate(sample.classes):
        (folder / class_name).mkdir(parents=True, exist_ok=True)
        for index in range(per_class):
            path = folder / class_name / f"{class_name}_{index:03d}.png"
            Image.new("RGB", (160, 160), (60 * label, index % 256, seed % 256)).save(path)
            if progress is not None:
                progress(label * per_class + index + 1, total, path.name)
    return folder
