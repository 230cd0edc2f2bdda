"""Photos that are read wrongly where they are read otherwise than in Thaw."""

from pathlib import Path

import numpy as np
from PIL import Image


def odd_photos(folder: Path) -> list[Path]:
    """Photos that another way of reading would take for other ones."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 255, (20, 31, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(folder / "turned.jpg", exif=exif)
    Image.fromarray(rng.integers(0, 65535, (24, 24), np.uint16)).save(folder / "grey16.png")
    Image.fromarray(rng.integers(0, 255, (30, 21, 4), np.uint8)).save(folder / "cutout.png")
    Image.fromarray(rng.integers(0, 255, (30, 21), np.uint8)).save(folder / "grey.png")
    photo.resize((120, 16)).save(folder / "wide.jpg")
    photo.convert("CMYK").save(folder / "print.jpg")
    photo.resize((310, 200)).save(folder / "lossless.webp", lossless=True)
    (folder / "no_end.jpg").write_bytes((folder / "turned.jpg").read_bytes()[:-2])
    return sorted(folder.iterdir())
