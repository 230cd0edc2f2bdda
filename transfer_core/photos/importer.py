"""Brings files into a photo store: reads and verifies each, keeps the good ones, reports every one."""

import contextlib
import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.decode import WHOLE, inspect, pixels_of
from transfer_core.photos.sources.class_names import alike
from transfer_core.photos.sources.found import Listing, PhotoFile, Refusal
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.storage.files import keep_original, original_path, write_thumbnail
from transfer_core.photos.storage.queries import (
    Photo,
    add_photo,
    count_photos,
    find_class,
    insert_class,
    name_pixels,
    note_refusals,
    select_names,
)

__all__ = ["Cancelled", "ImportReport", "Importer", "Progress", "count_splits", "group_twins"]

Progress = Callable[[int, int, str], None]
"""Called as progress(done, total, name) after each file."""

Cancelled = Callable[[], bool]
"""Asked between files; True stops the import."""


@dataclass
class ImportReport:
    """What became of every file found: `found == imported + len(refused)`.

    And `imported == sum(added.values()) + already_here + copies`.
    """

    found: int = 0
    imported: int = 0
    """Every readable file, copies of one photo included."""
    refused: list[Refusal] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)
    """Names of files with the same pixels, also in other bytes, and the same class; each group is one photo."""
    kept: list[str] = field(default_factory=list)
    """Of each group of `duplicates`, the name under which the project keeps the photo; the others are left out."""
    conflicts: list[list[str]] = field(default_factory=list)
    """Names of files with the same pixels and different classes; set aside from training until resolved."""
    classes: dict[str, int] = field(default_factory=dict)
    """Readable files of each class, sorted by name; they add up to `imported`."""
    added: dict[str, int] = field(default_factory=dict)
    """Photos of each class that are new in the project, sorted by name; copies don't count."""
    already_here: int = 0
    """Of the imported files, how many the store held before, under the same name and class."""
    empty: list[str] = field(default_factory=list)
    """Class folders that hold no photo."""
    splits: dict[SplitName, int] | None = None
    """Readable files in each split, if folders named them; they add up to `imported`."""
    crossing: list[list[str]] = field(default_factory=list)
    """Of `duplicates`, those in several splits; each photo counts for the last of training, validation, test."""
    alike: list[list[str]] = field(default_factory=list)
    """Names of classes that a reader may take for one, such as `A` and `a`, see `class_names.alike`."""
    sure_names: bool = True
    """Whether the names in a zip could be told."""
    table: str = ""
    """Name of the CSV that said what each photo shows, if one did."""
    rows_without_photo: int = 0
    """Rows of it that name no file there is."""

    @property
    def copies(self) -> int:
        """Of the imported files, how many are new but show a photo of their class that the store has."""
        return self.imported - self.already_here - sum(self.added.values())

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
    stored: Sequence[Photo]
    """What the store holds: their bytes need no second look."""
    copy: bool = True
    """Keep the originals; else remember where each lies."""
    renamed: dict[str, str] = field(default_factory=dict)
    """What was found out about the pixels of photos, by SHA-256, see `decode.pixels_of`."""

    def verify(self, listing: Listing, progress: Progress | None, cancelled: Cancelled | None) -> list[_Verified]:
        """Read, check and store the photos of a listing; those that can't be read join `listing.refused`.

        Raises:
            DataError: `cancelled` said stop.
            StorageError: the disk is full or can't be written.
        """

        def check() -> None:
            if cancelled is not None and cancelled():
                raise DataError("The import was stopped, so nothing was added; what was here before is untouched.")

        verified: list[_Verified] = []
        known = {photo.sha256: photo for photo in self.stored}
        outcomes = _in_threads(lambda file: self._verify_one(file, known), listing.files)
        try:
            for done, (file, outcome) in enumerate(zip(listing.files, outcomes, strict=True), 1):
                check()
                if isinstance(outcome, Refusal):
                    listing.refused.append(outcome)
                else:
                    verified.append(outcome)
                if progress is not None:
                    progress(done, len(listing.files), file.name)
        finally:
            outcomes.close()
        self._compare_pixels([item.photo for item in verified], check)
        return [replace(item, photo=replace(item.photo, pixels=self._pixels(item.photo))) for item in verified]

    def _pixels(self, photo: Photo) -> str | None:
        return self.renamed.get(photo.sha256, photo.pixels)

    def _compare_pixels(self, arrived: Sequence[Photo], check: Callable[[], None]) -> None:
        """Find out what is needed to know whether photos of one size are the same: usually nothing.

        A JPEG decoded at a smaller size is compared with others decoded so. Where a photo of its size was decoded in
        full, as a PNG made from it would be, so must be the JPEG. Of photos imported before pixels were looked at,
        those as large as one that arrived are looked at now.
        """
        sizes = {(photo.width, photo.height) for photo in arrived}
        photos = [photo for photo in (*arrived, *self.stored) if (photo.width, photo.height) in sizes]

        def look(wanted: Callable[[Photo], bool], name: Callable[[Path], str]) -> None:
            for photo in photos:
                if wanted(photo):
                    check()
                    # A photo that is gone or no longer readable stays without a name; whoever needs it says so.
                    with contextlib.suppress(PhotoError):
                        self.renamed[photo.sha256] = name(photo.path)

        look(lambda photo: self._pixels(photo) is None, lambda path: inspect(path).pixels)
        whole = {(photo.width, photo.height) for photo in photos if (self._pixels(photo) or "").startswith(WHOLE)}
        look(
            lambda photo: (photo.width, photo.height) in whole and not (self._pixels(photo) or WHOLE).startswith(WHOLE),
            pixels_of,
        )

    def record(self, connection: Connection, verified: list[_Verified], listing: Listing) -> ImportReport:
        """Write the rows of an import inside the caller's edit, and report."""
        refused = sorted(listing.refused, key=lambda refusal: refusal.name)
        report = ImportReport(refused=refused, imported=len(verified), sure_names=listing.sure_names)
        report.table, report.rows_without_photo = listing.table, listing.rows_without_photo
        report.found = report.imported + len(report.refused)
        report.empty = _without_photos(listing, verified)
        report.splits = count_splits(item.photo.split for item in verified)
        for sha, pixels in self.renamed.items():
            name_pixels(connection, sha, pixels)
        counts, before = Counter[str](), count_photos(connection)
        for item in verified:
            found = find_class(connection, item.photo.class_name)
            class_id, class_name = found or (insert_class(connection, item.photo.class_name), item.photo.class_name)
            report.already_here += not add_photo(connection, item.photo, class_id, item.source)
            counts[class_name] += 1
        note_refusals(connection, listing.refused, (item.photo.name for item in verified))
        report.classes = dict(sorted(counts.items()))
        now = count_photos(connection)
        report.added = {name: more for name, count in now.items() if (more := count - before.get(name, 0))}
        came = {item.photo.identity for item in verified}
        names = (row for row in select_names(connection) if row[0] in came)
        report.duplicates, report.kept, report.conflicts = group_twins(names)
        split_of = {item.photo.name: item.photo.split for item in verified}
        report.crossing = [
            group for group in report.duplicates if len({split_of[name] for name in group if name in split_of}) > 1
        ]
        report.alike = alike(now)
        return report

    def _verify_one(self, file: PhotoFile, known: Mapping[str, Photo]) -> "_Verified | Refusal":
        try:
            data = file.read()
            sha = hashlib.sha256(data).hexdigest()
            if sha in known:
                width, height, pixels = known[sha].width, known[sha].height, known[sha].pixels
            else:
                seen = inspect(data)
                width, height, pixels = seen.width, seen.height, seen.pixels
                write_thumbnail(self.folder, sha, seen.thumbnail)
        except PhotoError as error:
            return Refusal(file.name, error.sentence)
        source = None if self.copy or file.path is None else str(file.path)
        if source is None:
            keep_original(self.folder, sha, data)
        path = Path(source) if source else original_path(self.folder, sha)
        return _Verified(Photo(0, sha, file.name, file.class_name, path, width, height, file.split, pixels), source)


def _without_photos(listing: Listing, verified: Sequence[_Verified]) -> list[str]:
    """The class folders that gave no photo."""
    names = [item.photo.name for item in verified]
    return sorted(
        folder for folder in listing.class_folders if not any(name.startswith(f"{folder}/") for name in names)
    )


def count_splits(splits: Iterable[SplitName | None]) -> dict[SplitName, int] | None:
    """Count photos by split, those without one as training; None if none has one."""
    counts = Counter(splits)
    if not any(counts.keys()):
        return None
    return {
        "train": counts["train"] + counts[None], "validation": counts["validation"], "test": counts["test"],
    }  # fmt: skip


def group_twins(
    names: Iterable[tuple[str, str, str, bool]],
) -> tuple[list[list[str]], list[str], list[list[str]]]:
    """Find files that share their pixels.

    Args:
        names: (identity, class, name, whether the photo is kept under it) of each file.

    Returns:
        Groups of names with one class, the name that is kept of each of them, and groups of names with several.
    """
    groups: dict[str, dict[str, list[str]]] = {}
    kept: dict[tuple[str, str], str] = {}
    for sha, class_name, name, keeps in names:
        groups.setdefault(sha, {}).setdefault(class_name, []).append(name)
        if keeps:
            kept.setdefault((sha, class_name), name)
    same = sorted(
        (sorted(names), kept[sha, class_name])
        for sha, by_class in groups.items()
        for class_name, names in by_class.items()
        if len(names) > 1
    )
    different = [sorted(chain(*by_class.values())) for by_class in groups.values() if len(by_class) > 1]
    return [names for names, _ in same], [name for _, name in same], sorted(different)


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
