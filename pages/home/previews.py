"""Small drawings of the sample sets for the home page, made beforehand so that it need not draw when it opens.

After a change of how samples are drawn: `python -m pages.home.previews`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from transfer_core.samples.sets import SAMPLES, Sample, draw_picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["preview", "preview_paths"]

SIDE = 96  # pixels
EACH = 2  # drawings a class
SEED = 1


def preview_paths(sample: Sample) -> list[Path]:
    """The JPEGs that show a sample set, the classes in turn."""
    folder = Path(__file__).parent / "pictures"
    return [folder / f"{sample.name}-{place}.jpg" for place in range(EACH * len(sample.classes))]


def preview(sample: Sample, place: int) -> Image.Image:
    """Draw the picture that lies at `preview_paths(sample)[place]`; RGB, 96 pixels square."""
    from PIL import Image

    index, label = divmod(place, len(sample.classes))
    drawing = draw_picture(sample.name, sample.classes[label], index, SEED)
    return drawing.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for sample in SAMPLES:
        for place, path in enumerate(preview_paths(sample)):
            path.parent.mkdir(exist_ok=True)
            preview(sample, place).save(path, "JPEG", quality=88)
