"""Files of packages in the folder that Streamlit serves: copies, because links would be refused."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

import streamlit as st

from transfer_core.disk.files import atomic_path
from transfer_core.errors import StorageError
from transfer_core.text.fonts import font_face, font_file

__all__ = ["ensure_plotly", "load_letters"]

STATIC = Path(__file__).parents[2] / "static"


def ensure_plotly(folder: Path | None = None) -> str | None:
    """Have plotly.min.js in `folder` (default: the static folder beside app.py), under a name with its version.

    Returns:
        The file's address relative to the page, or None when the folder can't be written: draw without it then.
    """
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        return None
    source = Path(package.origin).parent / "package_data" / "plotly.min.js"
    return _served(source, f"plotly-{importlib.metadata.version('plotly')}.min.js", folder)


def load_letters(folder: Path | None = None) -> None:
    """Give the page a font for the reader's language where a computer may have none; once a run, from app.py.

    The font stands last among those that `.streamlit/config.toml` names. Where `folder` (default: as above) can't be
    written, the computer's own fonts are used.
    """
    source = font_file()
    if source is None:
        return
    if address := _served(source, f"{source.stem}-{source.stat().st_size}.woff2", folder):
        st.html(f"<style>{font_face(address)}</style>")


def _served(source: Path, name: str, folder: Path | None) -> str | None:
    # The version (or the size) in the name keeps a browser from using an older copy that it has cached.
    target = (STATIC if folder is None else folder) / name
    try:
        if not target.is_file() or target.stat().st_size != source.stat().st_size:
            with atomic_path(target) as temporary:
                shutil.copyfile(source, temporary)
    except (OSError, StorageError):
        return None
    return f"app/static/{target.name}"
