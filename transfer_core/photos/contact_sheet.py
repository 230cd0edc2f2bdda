"""A contact sheet: many photos by what was said of them, as one HTML file that any browser shows and prints."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.photos.decode import jpeg
from transfer_core.text import visible
from transfer_core.text.fonts import font_inside

__all__ = ["Tile", "contact_sheet", "tile_picture"]

_SIDE = 160  # pixels
_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, "Thaw Letters", sans-serif; line-height: 1.4; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.75rem; padding: 0; }
figure { margin: 0; break-inside: avoid; }
img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 0.35rem; display: block; }
figcaption { font-size: 0.8rem; overflow-wrap: anywhere; }
figcaption b { display: block; }
h2 { break-after: avoid; margin: 2rem 0 0.75rem; }
"""


@dataclass(frozen=True)
class Tile:
    """One photo on the sheet."""

    name: str
    words: str
    """What was said of it, such as `97% sure`."""
    picture: bytes
    """A JPEG."""


def tile_picture(photo: NDArray[np.uint8]) -> bytes:
    """A small JPEG of what the network saw, uint8 (size, size, 3), RGB."""
    picture = Image.fromarray(photo)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return jpeg(picture)


def contact_sheet(
    title: str,
    about: str,
    groups: Sequence[tuple[str, Sequence[Tile]]],
    refused: tuple[str, Sequence[tuple[str, str]]],
) -> str:
    """Give the sheet as HTML with everything inside it; all text is text, whatever a file or a class is called.

    Args:
        title: of the sheet.
        about: one sentence under it.
        groups: headings and the photos under each; headings without photos are left out.
        refused: a heading, and (name, reason) of files that could not be read.
    """
    parts = [
        f'<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<title>{_text(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{font_inside()}{_STYLE}</style>\n</head>\n'
        f"<body>\n<h1>{_text(title)}</h1>\n<p>{_text(about)}</p>\n"
    ]
    for heading, tiles in groups:
        if tiles:
            parts.append(f"<h2>{_text(heading)} · {len(tiles):,}</h2>\n<div class='tiles'>\n")
            parts += [_figure(tile) for tile in tiles]
            parts.append("</div>\n")
    heading, files = refused
    if files:
        parts.append(f"<h2>{_text(heading)} · {len(files):,}</h2>\n<ul>\n")
        parts += [f"<li>{_text(name)}: {_text(reason)}</li>\n" for name, reason in files]
        parts.append("</ul>\n")
    return "".join([*parts, "</body>\n</html>\n"])


def _figure(tile: Tile) -> str:
    data = base64.b64encode(tile.picture).decode()
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="">'
        f"<figcaption><b>{_text(tile.words)}</b>{_text(tile.name)}</figcaption></figure>\n"
    )


def _text(text: str) -> str:
    return escape(visible(text))
