"""DATA of the command line and the Python interface: a folder of class folders, a zip of one, or a project's name."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transfer_core.disk.files import disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError
from transfer_core.photos.manifest import Manifest
from transfer_core.photos.store import ImportReport, PhotoStore

__all__ = ["Source", "open_source"]


@dataclass(frozen=True)
class Source:
    """Photos ready to be used, and what was found on the way."""

    store: PhotoStore
    report: ImportReport

    def manifest(self, validation_fraction: float = 0.2, seed: int = 0, test_fraction: float = 0.0) -> Manifest:
        """The photos with labels and a stratified split; see `PhotoStore.manifest`."""
        return self.store.manifest(validation_fraction, seed, test_fraction)


@contextmanager
def open_source(workspace: Workspace, data: str | Path, keep: Path | None = None) -> Iterator[Source]:
    """Import `data` for the length of the block.

    A folder is read by reference: its photos are not copied. A zip is unpacked into `keep`, or where that is None into
    a place that goes away with the block.

    Raises:
        DataError: `data` is neither a folder, nor a file, nor the name of a project.
        StorageError: the workspace can't be written.
    """
    path = Path(data).expanduser()
    project = None if path.exists() else workspace.find_project(str(data))
    if project is not None:
        store = PhotoStore(project.photos_dir)
        yield Source(store, store.report())
        return
    if not path.exists():
        raise DataError(
            "There is no folder, zip or project called {data!r}. Give a folder with one folder of photos a class.",
            data=str(data),
        )
    with disk_errors(workspace.imports_dir):
        workspace.imports_dir.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=workspace.imports_dir))
    try:
        if path.is_dir():
            store = PhotoStore(scratch)
            yield Source(store, store.import_folder(path.absolute(), copy=False))
        else:
            store = PhotoStore(keep or scratch)
            yield Source(store, store.import_zip(path))
    finally:
        shutil.rmtree(scratch)
