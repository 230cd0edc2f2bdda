"""Writes the code of a run with the files it reads: which photos it learns from, and the base where Keras has none."""

import csv
import io
import tempfile
import zipfile
from pathlib import Path, PurePath
from typing import Any

from transfer_core.disk.files import atomic_path, disk_errors, write_bytes
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.exports.code import base_name, photo_folder, script, table_name, used_photos
from transfer_core.exports.code_notebook import notebook
from transfer_core.runs.folder import Run

__all__ = ["CODE", "code_files", "export_code"]

CODE = "code"
"""The name of the format."""
_PROGRAM, _NOTEBOOK, _ZIP = ".py", ".ipynb", ".zip"


def code_files(run: Run, stem: str) -> dict[str, str]:
    """The script, the notebook and the list of photos, as text by file name; all but the base.

    Raises:
        RunError: the run has no model.
    """
    code = script(run, stem)
    return {f"{stem}{_PROGRAM}": code, f"{stem}{_NOTEBOOK}": notebook(code), table_name(stem): _table(run)}


def export_code(workspace: Workspace, run: Run, out: Path) -> dict[str, Any]:
    """Write a Keras program that trains the same again, and beside it what it reads.

    Args:
        workspace: that holds the weights of the base.
        run: a run with a model.
        out: where to: its name ends in .py, in .ipynb for a notebook, or in .zip for both with all that they read. A
            file that is there is replaced.

    Returns:
        `format`, `path`, `bytes` of that, and `beside`, the paths of the files written with it.

    Raises:
        RunError: the run has no model.
        ConfigError: the name ends otherwise.
        WeightsError: the base must go along, and its weights are missing.
        StorageError: the disk is full or `out` can't be written.
    """
    if out.suffix not in (_PROGRAM, _NOTEBOOK, _ZIP) or out.is_dir():
        raise ConfigError(
            "The name of a file with code ends in .py, in .ipynb for a notebook, or in .zip for both with all that "
            "they read; {out} came.",
            out=out,
        )
    texts = code_files(run, out.stem)
    if out.suffix == _ZIP:
        _pack(workspace, run, texts, out)
        beside = []
    else:
        wanted = {name: texts[name] for name in (out.name, table_name(out.stem))}
        beside = [path for path in _write(workspace, run, wanted, out.parent, out.stem) if path != out]
    return {"format": CODE, "path": str(out), "bytes": out.stat().st_size, "beside": [str(path) for path in beside]}


def _write(workspace: Workspace, run: Run, texts: dict[str, str], folder: Path, stem: str) -> list[Path]:
    written = []
    if name := base_name(run, stem):  # first: without its weights there is no use for the others
        from transfer_core.nn.export.base_file import write_base

        written.append(folder / name)
        write_base(workspace, run.config(), run.labels()["input_size"], written[-1])
    for name, text in texts.items():
        written.append(folder / name)
        write_bytes(written[-1], text.encode("utf-8", "surrogateescape"))
    return written


def _pack(workspace: Workspace, run: Run, texts: dict[str, str], out: Path) -> None:
    with disk_errors(out), tempfile.TemporaryDirectory(prefix="thaw-code-") as folder:
        paths = _write(workspace, run, texts, Path(folder), out.stem)
        with atomic_path(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in paths:
                archive.write(path, path.name)


def _table(run: Run) -> str:
    """CSV: the file of each photo below the common folder, its class and its split."""
    photos, classes = used_photos(run), run.manifest().classes
    folder, text = photo_folder(photos), io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("file", "label", "split"))
    for photo in photos:
        path = PurePath(photo.path)
        file = path.relative_to(folder) if path.is_relative_to(folder) else path
        table.writerow((file.as_posix(), classes[photo.label], photo.split))
    return text.getvalue()
