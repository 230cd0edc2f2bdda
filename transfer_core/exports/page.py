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
from transfer_core.text import Sentence, spoken, t

__all__ = ["make_page"]

_FILES = ("page.css", "page.js", "classifier.js")
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
    (folder / "index.html").write_text(_in_words((source / "index.html").read_text("utf-8")), encoding="utf-8")
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


def _in_words(page: str) -> str:
    """The page with what it says in the reader's language, as data: it must run no script that stands in it."""
    words = {
        "drop": t("Drop photos here"),
        "choose": t("or click to choose some. They stay in this browser."),
        "camera": t("Look through the camera"),
        "loading": t("Loading the classifier…"),
        "ready": t("Ready."),
        "none": t("None of these"),
        "most_like": t("{name} · most like:", name="{name}"),
        "asking": t("Photo {number} of {photos}…", number="{number}", photos="{photos}"),
        "unreadable": t("{name} is no photo that this browser can read.", name="{name}"),
        "answered": t("{photos} photos answered.", photos="{photos}"),
        "one_answered": t("1 photo answered."),
        "some_answered": t(
            "Photos answered: {photos}; could not be read: {unread}.", photos="{photos}", unread="{unread}"
        ),
        "no_camera": t(
            "The camera can't be used: {reason}. Allow it in the browser, and open the page from this computer or by "
            "https.",
            reason="{reason}",
        ),
        "from_file": t(
            "Open this page from a web server: in its folder, run `python -m http.server` and open "
            "http://localhost:8000"
        ),
        "no_program": t("The program that runs the network is missing: see vendor/README.txt."),
        "no_classifier": t("The classifier can't be loaded: {reason}", reason="{reason}"),
        "tells_apart": t("It tells apart: {classes}.", classes="{classes}"),
        "comma": t(", "),
    }
    said = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    return page.replace('<html lang="en">', f'<html lang="{spoken().replace("_", "-")}">').replace(">{}<", f">{said}<")
