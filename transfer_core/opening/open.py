"""Opens a .keras file as a base or as a classifier: hands it to a confined process, and takes in what that made."""

import logging
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer_core.backbones.base import Base, Scaling
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.own import BASE_FILE, own_base, own_folder, own_name
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.files import atomic_path, disk_errors, read_json, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, RunError
from transfer_core.jobs.process import ProcessId, exit_words, kill, spawn, tail
from transfer_core.opening.keras_file import LABELS, MOST_BYTES, check_keras_file, named_classes, read_labels
from transfer_core.runs.folder import Run, Status, check_new_folder
from transfer_core.text import Sentence, visible

__all__ = ["SCALINGS", "OpenedBase", "open_base", "open_classifier"]

Cancelled = Callable[[], bool]
_log = logging.getLogger(__name__)

SCALINGS: dict[Scaling, Sentence] = {
    "none": Sentence("0 to 255, as they are"),
    "unit": Sentence("0 to 1"),
    "tf": Sentence("-1 to 1 (MobileNet, Xception, Inception)"),
    "torch": Sentence("less ImageNet's mean, over its spread (DenseNet, PyTorch)"),
    "caffe": Sentence("blue first, less ImageNet's mean (VGG, ResNet)"),
}
"""How a network may want the numbers of a photo."""
PATIENCE = 300.0  # seconds for the largest network on a small machine
_MOST_NAME = 100  # characters of the name of a class
_TICK = 0.2  # seconds between looks whether it has ended
_MODEL = "model.keras"
_BUNDLE = (_MODEL, LABELS, "known.npz")
"""What of a bundle of Thaw's is read."""
_READER = (sys.executable, "-m", "transfer_core.worker.reader")


@dataclass(frozen=True)
class OpenedBase:
    """A base that was brought."""

    base: Base
    tree: LayerTree
    scaling: Scaling
    found: bool
    """Whether the scaling was found out, not said."""
    new: bool
    """Whether it was not here before."""


def open_base(
    workspace: Workspace,
    path: Path,
    title: str = "",
    scaling: Scaling | None = None,
    cancelled: Cancelled = lambda: False,
) -> OpenedBase:
    """Take in a network as a base, without the layers after its last feature maps.

    Args:
        workspace: that keeps it.
        path: a .keras file, or a bundle that Thaw exported (a zip).
        title: what people call it; empty: the name of the file.
        scaling: how it wants photos scaled, one of `SCALINGS`; None: it is found out, where the network tells.
        cancelled: asked several times a second; True ends it.

    Raises:
        ConfigError: the file is no plain Keras network from photos to feature maps, or its scaling can't be told.
        RunError: it could not be read in time or memory, or `cancelled` said stop.
        StorageError: the disk is full.
    """
    title = " ".join((title or path.stem).split())[:40]
    request = {"kind": "base", "title": title, "scaling": _known(scaling)}
    with (
        tempfile.TemporaryDirectory(prefix="thaw-open-") as place,
        _read(workspace, _parts(path, Path(place))[_MODEL], request, path.name, cancelled) as (made, answer),
    ):
        name = own_name(title, int(answer["size"]), str(answer["digest"]))
        base, tree = own_base(name), LayerTree.from_dict(answer["tree"])
        if base is None:
            raise RunError("The network could not be named; give it another name.")
        target = own_folder(workspace, name) / BASE_FILE
        new = not target.is_file()
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(target) as temporary:
                shutil.copyfile(made, temporary)
        store_tree(workspace, name, tree)
    return OpenedBase(base, tree, answer["scaling"], bool(answer["found"]), new)


def open_classifier(
    workspace: Workspace,
    path: Path,
    folder: Path,
    classes: Sequence[str] | None = None,
    scaling: Scaling | None = None,
    cancelled: Cancelled = lambda: False,
) -> Run:
    """Take in a classifier, ready to be asked.

    Args:
        workspace: where it is read.
        path: a .keras file, or a bundle that Thaw exported (a zip).
        folder: a new one that it is put into, as a run that holds a model and no photos.
        classes: names in the order of its outputs; None: those that Thaw put into the file, or `class 1`, `class 2`.
        scaling, cancelled: as in `open_base`.

    Raises:
        ConfigError: the file is no plain Keras classifier of photos.
        RunError: `folder` is taken, the file could not be read in time or memory, or `cancelled` said stop.
        StorageError: the disk is full.
    """
    check_new_folder(folder)
    named = None if classes is None else [" ".join(one.split()) for one in classes]
    if named is not None and (not all(named) or len(set(named)) < len(named)):
        raise ConfigError("Each class needs a name of its own; {names} came.", names=named)
    with tempfile.TemporaryDirectory(prefix="thaw-open-") as place:
        parts = _parts(path, Path(place))
        model, labels = parts[_MODEL], parts.get(LABELS)
        named = named or read_labels(model) or (named_classes(labels.read_bytes()) if labels else None)
        request = {"kind": "classifier", "scaling": _known(scaling), "classes": len(named) if named else None}
        with _read(workspace, model, request, path.name, cancelled) as (made, answer):
            names = [visible(one)[:_MOST_NAME] for one in named or ()] or [
                f"class {number}" for number in range(1, answer["classes"] + 1)
            ]
            base = answer["base"] if answer["pooled"] and _is_base(answer["base"]) else ""
            known = parts.get("known.npz") if answer["pooled"] else None
            labels_of = {"classes": names, "input_size": answer["size"], "base": base, "file": path.name}
            return _put(folder.absolute(), made, known, labels_of)


def _put(folder: Path, model: Path, known: Path | None, labels: dict[str, Any]) -> Run:
    """Make the folder of the run, all of it or nothing."""
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Run(Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent)))
    try:
        with disk_errors(folder):
            shutil.copyfile(model, making.model_path)
            if known is not None:
                shutil.copyfile(known, making.known_path)
            write_json(making.labels_path, labels)
            if folder.is_dir():
                folder.rmdir()  # it is empty, or it would have been refused
            making.path.rename(folder)
    finally:
        shutil.rmtree(making.path, ignore_errors=True)
    run, now = Run(folder), time.time()
    run.write_status(Status("FINISHED", created=now, ended=now))  # last: a folder without one is no run yet
    return run


def _known(scaling: str | None) -> str | None:
    if scaling is None or scaling in SCALINGS:
        return scaling
    raise ConfigError(
        "Photos are scaled in one of these ways: {ways}; {scaling!r} came.", ways=list(SCALINGS), scaling=scaling
    )


def _is_base(name: str) -> bool:
    try:
        get_base(name)
    except ConfigError:
        return False
    return True


@contextmanager
def _read(
    workspace: Workspace, path: Path, request: dict[str, Any], name: str, cancelled: Cancelled
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Have a confined process make what is wanted of a file; what it made is there until the block ends.

    Args:
        workspace: it works in.
        path: a .keras file that was looked through.
        request: for `worker.reader`.
        name: of the file that the person gave.
        cancelled: True ends it.
    """
    with tempfile.TemporaryDirectory(prefix="thaw-open-") as place, tempfile.TemporaryFile() as output:
        folder = Path(place).resolve()
        with disk_errors(folder):
            shutil.copyfile(path, folder / _MODEL)
        write_json(folder / "request.json", request)
        reader = spawn([*_READER, str(folder)], workspace, output, elsewhere=folder)
        until = time.monotonic() + PATIENCE
        try:
            while not _ended(reader):
                if cancelled():
                    raise RunError("Opening {name} was cancelled; nothing has changed.", name=name)
                if time.monotonic() > until:
                    raise RunError(
                        "{name} was not read within {seconds:.0f} seconds, so it is not opened. Try again when the "
                        "computer has less to do.",
                        name=name,
                        seconds=PATIENCE,
                    )
        finally:
            kill(ProcessId.of(reader.pid))
            reader.wait()
        if not (folder / "answer.json").is_file():
            _log.warning("reading %s ended with %s: %s", path, reader.returncode, tail(output))
            raise RunError("{name} could not be read: {why}", name=name, why=exit_words(reader.returncode)[1])
        answer = read_json(folder / "answer.json")
        if "error" in answer:
            raise ConfigError(Sentence.from_json(answer["error"]))
        # Had the file got the better of that process, what it wrote would be no better than the file.
        check_keras_file(folder / "made.keras")
        yield folder / "made.keras", answer


def _ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it ends within a moment."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_TICK)
    return process.returncode is not None


def _parts(path: Path, folder: Path) -> dict[str, Path]:
    """The model, looked through, and in a bundle what lies beside it, unpacked into `folder`; by name."""
    parts = _unpacked(path, folder) or {_MODEL: path}
    check_keras_file(parts[_MODEL], path.name)
    return parts


def _unpacked(path: Path, folder: Path) -> dict[str, Path]:
    """The parts of a bundle by name, unpacked into `folder`; none where the file is no bundle."""
    found: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if not set(_BUNDLE[:2]) <= members.keys():
                return {}
            for name in _BUNDLE:
                if name not in members:
                    continue
                if members[name].file_size > MOST_BYTES:
                    raise ConfigError("{name} unpacks to more than Thaw opens.", name=path.name)
                with disk_errors(folder), archive.open(name) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                found[name] = folder / name
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError):
        return {}  # no zip, or a damaged one: `check_keras_file` says so
    return found
