"""Brings files into a photo store: reads and verifies each, keeps the good ones, reports every one."""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.decode import inspect
from transfer_core.photos.files import keep_original, original_path, write_thumbnail
from transfer_core.photos.listing import Listing, PhotoFile, Refusal
from transfer_core.photos.queries import Photo, add_photo, find_class, insert_class, note_refusals, select_names

__all__ = ["Cancelled", "ImportReport", "Importer", "Progress", "group_twins"]

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
        return asdict(self) | {"refused": [{"name": item.name, "reason": str(item.reason)} for item in self.refused]}


@dataclass(frozen=True)
class _Verified:
    """A file that is a photo, and where its original lies."""

    photo: Photo
    source: str | None


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

    def verify(self, listing: Listing, progress: Progress | None, cancelled: Cancelled | None) -> list[_Verified]:
        """Read, check and store the photos of a listing; those that can't be read join `listing.refused`.

        Raises:
            DataError: `cancelled` said stop.
            StorageError: the disk is full or can't be written.
        """
        verified: list[_Verified] = []
        outcomes = _in_threads(self._verify_one, listing.files)
        try:
            for done, (file, outcome) in enumerate(zip(listing.files, outcomes, strict=True), 1):
                if cancelled is not None and cancelled():
                    raise DataError("The import was stopped, so nothing was added; what was here before is untouched.")
                if isinstance(outcome, Refusal):
                    listing.refused.append(outcome)
                else:
                    verified.append(outcome)
                if progress is not None:
                    progress(done, len(listing.files), file.name)
        finally:
            outcomes.close()
        return verified

    def record(self, connection: Connection, verified: list[_Verified], listing: Listing) -> ImportReport:
        """Write the rows of an import inside the caller's edit, and report."""
        refused = sorted(listing.refused, key=lambda refusal: refusal.name)
        report = ImportReport(refused=refused, empty=listing.empty, imported=len(verified))
        report.found = report.imported + len(report.refused)
        counts: Counter[str] = Counter()
        for item in verified:
            found = find_class(connection, item.photo.class_name)
            class_id, class_name = found or (insert_class(connection, item.photo.class_name), item.photo.class_name)
            report.already_here += not add_photo(connection, item.photo, class_id, item.source)
            counts[class_name] += 1
        note_refusals(connection, listing.refused, (item.photo.name for item in verified))
        report.classes = dict(sorted(counts.items()))
        shas = {item.photo.sha256 for item in verified}
        names = (row for row in select_names(connection) if row[0] in shas)
        report.duplicates, report.conflicts = group_twins(names)
        return report

    def _verify_one(self, file: PhotoFile) -> "_Verified | Refusal":
        try:
            data = file.read()
            sha = hashlib.sha256(data).hexdigest()
            if sha in self.known:
                width, height = self.known[sha]
            else:
                seen = inspect(data)
                width, height = seen.width, seen.height
                write_thumbnail(self.folder, sha, seen.thumbnail)
        except PhotoError as error:
            return Refusal(file.name, error.sentence)
        source = None if self.copy or file.path is None else str(file.path)
        if source is None:
            keep_original(self.folder, sha, data)
        path = original_path(self.folder, sha)
        return _Verified(Photo(0, sha, file.name, file.class_name, path, width, height), source)


def group_twins(names: Iterable[tuple[str, str, str]]) -> tuple[list[list[str]], list[list[str]]]:
    """Find files that share their bytes.

    Args:
        names: (SHA-256, class, name) of each file.

    Returns:
        Groups of names with one class, and groups of names with several.
    """
    groups: dict[str, dict[str, list[str]]] = {}
    for sha, class_name, name in names:
        groups.setdefault(sha, {}).setdefault(class_name, []).append(name)
    same = [sorted(names) for by_class in groups.values() for names in by_class.values() if len(names) > 1]
    different = [sorted(chain(*by_class.values())) for by_class in groups.values() if len(by_class) > 1]
    return sorted(same), sorted(different)


def _in_threads(
    work: Callable[[PhotoFile], "_Verified | Refusal"], files: Iterable[PhotoFile]
) -> "Generator[_Verified | Refusal, None, None]":
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
