"""Letters for languages that a computer may have no font for: a part of one, a file a language.

Parts of Noto Sans CJK (SIL Open Font License 1.1, OFL.txt): every character of the catalogue, and those that are most
common. What is not among them, such as a rare name of a class, is drawn with the computer's own fonts.
`python -m transfer_core.text.fonts` makes them again.
"""

import base64
from pathlib import Path

from transfer_core.text.catalog import spoken

__all__ = ["FAMILY", "FOLDER", "font_face", "font_file", "font_inside"]

FOLDER = Path(__file__).parent
FAMILY = "Thaw Letters"
"""What a style sheet calls the font of the reader's language; named last, so that Latin letters stay as they are."""


def font_file() -> Path | None:
    """The font (WOFF2) for the reader's language; None where its letters are on every computer."""
    path = FOLDER / f"{spoken()}.woff2"
    return path if path.is_file() else None


def font_face(address: str) -> str:
    """CSS that makes the font at this address, a URL without quotes, `FAMILY`."""
    return (
        f'@font-face {{ font-family: "{FAMILY}"; src: url("{address}") format("woff2"); '
        "font-weight: 400; font-display: swap; }\n"
    )


def font_inside() -> str:
    """CSS with the font for the reader's language in it, for a file that goes alone; empty where none is needed."""
    path = font_file()
    if path is None:
        return ""
    return font_face(f"data:font/woff2;base64,{base64.b64encode(path.read_bytes()).decode()}")
