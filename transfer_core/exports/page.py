"""A page that asks the classifier in a browser: a folder for any web server, from which no photo leaves."""

import json
from importlib import resources
from pathlib import Path

import numpy as np

from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.exports.vendored import by_hand, vendor
from transfer_core.runs.folder import Run
from transfer_core.runs.known import read_known
from transfer_core.text import Sentence

__all__ = ["make_page"]

_FILES = ("index.html", "page.css", "page.js", "classifier.js")
_ELSEWHERE = ("predict.py", "runtime.py", "read_photo.py", "requirements.txt", "labels.json", "known.npz")


def make_page(folder: Path, run: Run, title: str, workspace: Workspace) -> Sentence | None:
    """Make the bundle in `folder`, which has been asked and found right, a page.

    Returns:
        What is missing because it could not be fetched, or None.
    """
    for name in _ELSEWHERE:  # what runs it in Python
        (folder / name).unlink(missing_ok=True)
    source = resources.files("transfer_core.nn.export.programs") / "page"
    for name in _FILES:
        (folder / name).write_bytes((source / name).read_bytes())
    labels, known = run.labels(), read_known(run.known_path)
    facts = {"title": title, "classes": labels["classes"], "size": labels["input_size"], "known": None}
    if known is not None:
        features = known.photos.features.astype("<f2")
        (folder / "known.f16").write_bytes(np.ascontiguousarray(features).tobytes())
        facts["known"] = {"photos": len(features), "threshold": float(known.threshold())}
    (folder / "classifier.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    place = folder / "vendor"
    place.mkdir()
    try:
        vendor(workspace, place / "litert")
    except ConfigError as error:
        (place / "README.txt").write_text(by_hand(), encoding="utf-8")
        return error.sentence
    return None
