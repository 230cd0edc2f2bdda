"""Fetches a sample set of real photos, checks it, and finds its photos by class."""

import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer_core.disk.download import Remote, fetch
from transfer_core.disk.files import disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError
from transfer_core.photos.sources.found import Listing, PhotoFile
from transfer_core.photos.sources.listing import open_zip, path_reader
from transfer_core.photos.sources.placing import is_junk, parts_of
from transfer_core.samples.photo_sets import PhotoSet
from transfer_core.text import Sentence

__all__ = ["MIRROR_VARIABLE", "fetch_photo_set", "files_of"]

MIRROR_VARIABLE = "THAW_SAMPLES_URL"
"""Environment variable: an http(s) address that takes the place of the scheme and host of every set's address."""


def fetch_photo_set(
    workspace: Workspace,
    row: PhotoSet,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Fetch a set, unless it lies in the workspace already; what broke off goes on where it was.

    Raises:
        DataError: no network (within seconds), refused, altered, broken off or cancelled.
        StorageError: the disk is full or can't be written.
    """
    target = workspace.cache_dir / "samples" / row.filename
    if not target.is_file() or target.stat().st_size != row.bytes:
        fetch(_remote(row), target, progress, cancelled)
    return target


@contextmanager
def files_of(row: PhotoSet, path: Path) -> Iterator[Listing]:
    """The photos of a set that was fetched to `path`, each with its class; they can be read until the block ends.

    Raises:
        DataError: it can't be unpacked.
        StorageError: the disk is full or can't be written.
    """
    if path.suffix == ".zip":
        with open_zip(path) as zipped:
            yield _in_classes(row, zipped.found)
        return
    with tempfile.TemporaryDirectory(prefix="thaw-sample-") as folder:
        yield _in_classes(row, _untarred(path, Path(folder)))


def _untarred(path: Path, folder: Path) -> list[PhotoFile]:
    """Unpack the plain files of a tar under numbers, so that no name in it leads anywhere."""
    found = []
    with disk_errors(folder):
        try:
            with tarfile.open(path) as archive:
                for number, member in enumerate(archive):
                    content = archive.extractfile(member) if member.isreg() else None
                    if content is not None:
                        place = folder / str(number)
                        with place.open("wb") as file:
                            shutil.copyfileobj(content, file)
                        found.append(PhotoFile(member.name, "", path_reader(place)))
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError("{path} can't be unpacked ({error}).", path=path, error=error) from error
    return found


def _in_classes(row: PhotoSet, found: list[PhotoFile]) -> Listing:
    """What lies in the folders of the classes; readmes and licenses lie beside them."""
    listing = Listing()
    for file in found:
        parts = parts_of(file.name)
        if len(parts) != 3 or parts[0] != row.folder or is_junk(parts[2]):
            continue
        _, class_name, name = parts
        if not name.startswith("."):
            listing.files.append(PhotoFile(f"{class_name}/{name}", class_name, file.read, file.path))
            listing.class_folders.add(class_name)
    if not listing.files:
        raise DataError("{title} is packed in another way than it was. Update Thaw.", title=row.title)
    return listing


def _remote(row: PhotoSet) -> Remote:
    return Remote(
        Sentence("the photos of {title}", title=row.title),
        row.url,
        row.bytes,
        lambda path, digests: digests["sha256"] == row.sha256,
        Sentence(
            "Instead, start with a sample that Thaw draws (on Home), or fetch {url} on another computer, "
            'unpack it there, bring its folder {folder} here and add that under "Add photos".',
            url=row.url,
            folder=row.folder,
        ),
        MIRROR_VARIABLE,
        DataError,
    )
