"""Plotly's own JavaScript in the folder that Streamlit serves: a copy, because a link would be refused."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from transfer_core.disk.files import atomic_path
from transfer_core.errors import StorageError

__all__ = ["ensure_plotly"]

STATIC = Path(__file__).parents[2] / "static"


def ensure_plotly(folder: Path | None = None) -> str | None:
    """Have plotly.min.js in `folder` (default: the static folder beside app.py), under a name with its version.

    Returns:
        The file's address relative to the page, or None when the folder can't be written: draw without it then.
    """
    folder = STATIC if folder is None else folder
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        return None
    source = Path(package.origin).parent / "package_data" / "plotly.min.js"
    # The version in the name keeps a browser from using an older copy that it has cached.
    target = folder / f"plotly-{importlib.metadata.version('plotly')}.min.js"
    try:
        if not target.is_file() or target.stat().st_size != source.stat().st_size:
            with atomic_path(target) as temporary:
                shutil.copyfile(source, temporary)
    except (OSError, StorageError):
        return None
    return f"app/static/{target.name}"
