"""Brings files into a photo store: reads and verifies each, keeps the good ones, reports every one."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from transfer_core.errors import DataError, PhotoError
from transfer_core.images import inspect
from transfer_core.photo_sources import Listing, PhotoFile, Refusal
from transfer_core.storage import write_bytes

__all__ = ["Cancelled", "ImportReport", "Importer", "Progress", "original_path", "thumbnail_path"]

Progress = Callable[[int, int, str], None]
"""Called as progress(done, total, name) after each file."""

Cancelled = Callable[[], bool]
"""Asked between files; True stops the import."""


@dataclass
class ImportReport:
    """What became of every file found: `found == imported + len(refused)`."""

    found: int = 0
    imported: int = 0
    """Every readable file, copies of one photo included."""
    refused: list[Refusal] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)
    """Names of files with the same bytes and the same class; each group is one photo."""
    conflicts: list[list[str]] = field(default_factory=list)
    """Names of files with the same bytes and different classes; set aside from training until resolved."""
    classes: dict[str, int] = field(default_factory=dict)
    """Readable files of each class, sorted by name; they add up to `imported`."""
    already_here: int = 0
    """Of the imported files, how many the store held before, under the same name and class."""
    empty: list[str] = field(default_factory=list)
    """Class folders that hold no file."""

    def to_dict(self) -> dict[str, Any]:
        """Give the report as the JSON of `thaw check`."""
        return asdict(self)


@dataclass(frozen=True)
class _Verified:
    file: PhotoFile
    sha256: str
    width: int
    height: int


def original_path(folder: Path, sha256: str) -> Path:
    """Say where a store keeps the original with this SHA-256."""
    return folder / "originals" / sha256[:2] / sha256


def thumbnail_path(folder: Path, sha256: str) -> Path:
    """Say where a store keeps the thumbnail of the photo with this SHA-256."""
    return folder / "thumbnails" / sha256[:2] / f"{sha256}.jpg"


@dataclass(frozen=True)
class Importer:
    """One import into the store at `folder`.

    Originals are written first, whole or not at all, and rows in one transaction at the end; so an import that stops
    half-way leaves the store as it was. Originals it wrote stay as strays that `PhotoStore.purge` clears away.
    """

    folder: Path
    known: dict[str, tuple[int, int]]
    """Width and height of photos already verified, by SHA-256: their bytes need no second look."""
    copy: bool = True
    """Keep the originals; else remember where each lies."""

    def verify(
        self, listing: Listing, progress: Progress | None, cancelled: Cancelled | None
    ) -> tuple[list[_Verified], list[Refusal]]:
        """Read, check and store the photos of a listing.

        Raises:
            DataError: `cancelled` said so.
            StorageError: the disk is full or can't be written.
        """
        verified: list[_Verified] = []
        refused = list(listing.refused)
        total = len(listing.files)
        outcomes = _in_threads(self._verify_one, listing.files)
        for done, outcome in enumerate(outcomes, 1):
            if cancelled is not None and cancelled():
                outcomes.close()
                raise DataError("The import was stopped, so nothing was added; the photos from before are untouched.")
            if isinstance(outcome, Refusal):
                refused.append(outcome)
                name = outcome.name
            else:
                verified.append(outcome)
                name = outcome.file.name
            if progress is not None:
                progress(done, total, name)
        return verified, refused

    def _verify_one(self, file: PhotoFile) -> "_Verified | Refusal":
        try:
            data = file.read()
            sha = hashlib.sha256(data).hexdigest()
            if sha in self.known:
                width, height = self.known[sha]
            else:
                photo = inspect(data)
                width, height = photo.width, photo.height
                write_bytes(thumbnail_path(self.folder, sha), photo.thumbnail)
        except PhotoError as error:
            return Refusal(file.name, str(error))
        if self.copy or file.path is None:
            self._keep(sha, data)
        return _Verified(file, sha, width, height)

    def _keep(self, sha: str, data: bytes) -> None:
        path = original_path(self.folder, sha)
        if path.exists():
            os.utime(path)  # so that a purge at this moment takes it for young and lets it be
        else:
            write_bytes(path, data)

    def record(self, connection: Connection, verified: list[_Verified], report: ImportReport) -> None:
        """Write the rows of verified photos, in a transaction of the caller's, and complete the report."""
        spelling: dict[str, tuple[int, str]] = {
            folded: (row, name) for row, name, folded in connection.execute("SELECT id, name, folded FROM classes")
        }
        for item in verified:
            folded = item.file.class_name.casefold()
            if folded not in spelling:
                cursor = connection.execute(
                    "INSERT INTO classes (name, folded) VALUES (?, ?)", (item.file.class_name, folded)
                )
                spelling[folded] = (cursor.lastrowid or 0, item.file.class_name)
            class_id, class_name = spelling[folded]
            source = None if self.copy or item.file.path is None else str(item.file.path)
            report.already_here += not _add(connection, item, class_id, source)
            report.classes[class_name] = report.classes.get(class_name, 0) + 1
        report.imported = len(verified)
        report.found = len(verified) + len(report.refused)
        report.classes = dict(sorted(report.classes.items()))
        _find_twins(connection, {item.sha256 for item in verified}, report)


def _add(connection: Connection, item: _Verified, class_id: int, source: str | None) -> bool:
    """Add a row for a file unless there is one; say whether the file is new."""
    name = item.file.name
    row = connection.execute(
        "SELECT id, name, source FROM photos WHERE sha256 = ? AND class_id = ?", (item.sha256, class_id)
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO photos (sha256, class_id, name, source, width, height) VALUES (?, ?, ?, ?, ?, ?)",
            (item.sha256, class_id, name, source, item.width, item.height),
        )
        return True
    photo_id, first_name, old_source = row
    if old_source is not None and old_source != source:
        connection.execute("UPDATE photos SET source = ? WHERE id = ?", (source, photo_id))
    names = {first_name}
    names.update(name for (name,) in connection.execute("SELECT name FROM copies WHERE photo_id = ?", (photo_id,)))
    if name in names:
        return False
    connection.execute("INSERT INTO copies (photo_id, name) VALUES (?, ?)", (photo_id, name))
    return True


def _find_twins(connection: Connection, shas: set[str], report: ImportReport) -> None:
    """Report duplicates and conflicts among the photos of an import, and between them and what was there before."""
    rows = connection.execute(
        "SELECT sha256, class_id, name FROM photos UNION ALL "
        "SELECT photos.sha256, photos.class_id, copies.name FROM copies JOIN photos ON photos.id = copies.photo_id"
    )
    groups: dict[str, dict[int, list[str]]] = {}
    for sha, class_id, name in rows:
        if sha in shas:
            groups.setdefault(sha, {}).setdefault(class_id, []).append(name)
    for by_class in groups.values():
        report.duplicates.extend(sorted(names) for names in by_class.values() if len(names) > 1)
        if len(by_class) > 1:
            report.conflicts.append(sorted(name for names in by_class.values() for name in names))
    report.duplicates.sort()
    report.conflicts.sort()


def _in_threads(
    work: Callable[[PhotoFile], "_Verified | Refusal"], files: Iterable[PhotoFile]
) -> "Iterator[_Verified | Refusal]":
    """Map in order on as many threads as there are cores, with few photos in memory at a time."""
    cores = os.cpu_count() or 1
    waiting: deque[Future[_Verified | Refusal]] = deque()
    with ThreadPoolExecutor(cores, "thaw-import") as pool:
        try:
            for file in files:
                waiting.append(pool.submit(work, file))
                if len(waiting) >= 4 * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
