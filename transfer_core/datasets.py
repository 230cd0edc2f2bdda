"""The photos of a project: classes, labels and edits over content-addressed originals."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from transfer_core.errors import ConfigError, DataError, PhotoError
from transfer_core.images import thumbnail
from transfer_core.importing import Cancelled, Importer, ImportReport, Progress, original_path, thumbnail_path
from transfer_core.manifest import Manifest, ManifestPhoto, SplitName, check_trainable, validation_shas
from transfer_core.photo_database import PhotoDatabase
from transfer_core.photo_sources import Listing, Refusal, clean_class_name, list_files, list_folder, list_zip
from transfer_core.storage import disk_errors, write_bytes

__all__ = ["ImportReport", "Manifest", "ManifestPhoto", "Photo", "PhotoStore", "Refusal", "check_trainable"]

_STRAY_SECONDS = 3600.0


@dataclass(frozen=True)
class Photo:
    """One photo under one class."""

    id: int
    sha256: str
    """Of the original's bytes, 64 hexadecimal digits."""
    name: str
    """As found: class folder and file name."""
    class_name: str
    path: Path
    """Where the original lies, absolute."""
    width: int
    """Of the upright photo, in pixels."""
    height: int
    """Of the upright photo, in pixels."""


class PhotoStore:
    """The photos in one folder: `photos.sqlite`, `originals/ab/<sha256>` and `thumbnails/`.

    Several threads and processes may share a store. Everything that changes photos or classes, imports included,
    can be undone in reverse order.

    Args:
        folder: made when it is missing.

    Raises:
        StorageError: the folder can't be written, or the database in it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._database = PhotoDatabase(self.folder / "photos.sqlite")

    # Imports

    def import_folder(
        self,
        path: Path | str,
        *,
        copy: bool = True,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> ImportReport:
        """Import a folder of class folders; without `copy` the originals stay where they are.

        Raises:
            DataError: the folder as a whole can't be used, or `cancelled` said stop; nothing was added then.
            StorageError: the disk is full or can't be written; nothing was added then.
        """
        return self._import(list_folder(Path(path)), copy, progress, cancelled)

    def import_zip(
        self,
        source: Path | str | bytes,
        *,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> ImportReport:
        """Import a zip of class folders, given as a path or as bytes. Raises as `import_folder`."""
        with list_zip(Path(source) if isinstance(source, str) else source) as listing:
            return self._import(listing, True, progress, cancelled)

    def import_files(
        self,
        files: Iterable[tuple[str, bytes]],
        class_name: str | None = None,
        *,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> ImportReport:
        """Import uploads: (name, bytes) pairs named `class/name.jpg`, or all of one `class_name`.

        Raises as `import_folder`.
        """
        return self._import(list_files(files, class_name), True, progress, cancelled)

    def _import(
        self, listing: Listing, copy: bool, progress: Progress | None, cancelled: Cancelled | None
    ) -> ImportReport:
        with self._database.read() as connection:
            rows = connection.execute("SELECT sha256, width, height FROM photos")
            known = {sha: (width, height) for sha, width, height in rows}
        importer = Importer(self.folder, known, copy)
        verified, refused = importer.verify(listing, progress, cancelled)
        report = ImportReport(refused=refused, empty=listing.empty)
        count = len(verified)
        with self._database.edit(f"importing {count} photo{'s' * (count != 1)}") as connection:
            importer.record(connection, verified, report)
        return report

    # Reading

    def classes(self) -> dict[str, int]:
        """Count the photos of each class, sorted by name; a class may have none."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT classes.name, count(photos.id) FROM classes "
                "LEFT JOIN photos ON photos.class_id = classes.id GROUP BY classes.id"
            )
            return dict(sorted(rows.fetchall()))

    def photos(self, class_name: str | None = None, split: SplitName | None = None) -> list[Photo]:
        """Give the photos by class and name, all of them or those of a class or of a split of `manifest()`."""
        query = (
            "SELECT photos.id, sha256, photos.name, classes.name, source, width, height FROM photos "
            "JOIN classes ON classes.id = photos.class_id "
        )
        with self._database.read() as connection:
            if class_name is None:
                rows = connection.execute(query + "ORDER BY classes.name, photos.name, photos.id").fetchall()
            else:
                class_id = _class_id(connection, class_name)
                rows = connection.execute(
                    query + "WHERE class_id = ? ORDER BY photos.name, photos.id", (class_id,)
                ).fetchall()
        photos = [Photo(row[0], row[1], row[2], row[3], self._original(row[1], row[4]), row[5], row[6]) for row in rows]
        if split is None:
            return photos
        chosen = {photo.sha256 for photo in self.manifest().of(split)}
        return [photo for photo in photos if photo.sha256 in chosen]

    def thumbnail(self, photo: Photo) -> Path:
        """Give the path of a photo's 160-pixel JPEG, made now if there is none.

        Raises:
            PhotoError: the original is gone or no longer readable.
        """
        path = thumbnail_path(self.folder, photo.sha256)
        if not path.exists():
            if not photo.path.exists():
                raise PhotoError(
                    f"The original of {photo.name} is gone from {photo.path}: put it back, or remove the photo here."
                )
            write_bytes(path, thumbnail(photo.path))
        return path

    def duplicates(self) -> list[list[str]]:
        """Give groups of names of files that are one photo of one class."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT photos.id, photos.name, copies.name FROM copies JOIN photos ON photos.id = copies.photo_id"
            ).fetchall()
        groups: dict[int, set[str]] = {}
        for photo_id, name, copy in rows:
            groups.setdefault(photo_id, {name}).add(copy)
        return sorted(sorted(names) for names in groups.values())

    def conflicts(self) -> list[list[Photo]]:
        """Give the photos that stand under several classes: one group a photo, one entry a class."""
        groups: dict[str, list[Photo]] = {}
        for photo in self.photos():
            groups.setdefault(photo.sha256, []).append(photo)
        return [group for group in groups.values() if len(group) > 1]

    def manifest(self, validation_fraction: float = 0.2, seed: int = 0) -> Manifest:
        """Split the photos, class by class, into training and validation.

        Photos in conflict are set aside. The split depends on the photos' bytes, the fraction and the seed alone.

        Args:
            validation_fraction: share of each class for validation, in [0, 1); 0 puts every photo into training,
                which is what a test set needs before `Manifest.with_split`.
            seed: another seed, another split.

        Raises:
            ConfigError: the fraction is out of range.
            DataError: there is nothing to train on, see `check_trainable`.
        """
        if not 0 <= validation_fraction < 1:
            raise ConfigError(
                f"The validation fraction is {validation_fraction}: choose at least 0 and less than 1, such as 0.2."
            )
        disputed = {group[0].sha256 for group in self.conflicts()}
        by_class: dict[str, list[Photo]] = {name: [] for name in self.classes()}
        set_aside = []
        for photo in self.photos():
            if photo.sha256 in disputed:
                set_aside.append(photo.name)
            else:
                by_class[photo.class_name].append(photo)
        if validation_fraction > 0:
            check_trainable({name: len(photos) for name, photos in by_class.items()})
        classes = tuple(by_class)
        entries = []
        for label, photos in enumerate(by_class.values()):
            chosen = validation_shas((photo.sha256 for photo in photos), validation_fraction, seed)
            for photo in photos:
                split: SplitName = "validation" if photo.sha256 in chosen else "train"
                entries.append(ManifestPhoto(photo.sha256, str(photo.path), photo.name, label, split))
        return Manifest(classes, tuple(entries), tuple(set_aside))

    # Edits

    def add_class(self, name: str) -> None:
        """Add a class without photos.

        Raises:
            DataError: the name is no class name, or taken (capitals don't count).
        """
        name = clean_class_name(name)
        with self._database.edit(f'adding the class "{name}"') as connection:
            _check_free(connection, name)
            _insert_class(connection, name)

    def rename_class(self, old: str, new: str) -> None:
        """Rename a class.

        Raises:
            DataError: there is no class `old`, or `new` is no class name or taken.
        """
        new = clean_class_name(new)
        with self._database.edit(f'renaming "{old}" to "{new}"') as connection:
            class_id = _class_id(connection, old)
            _check_free(connection, new, except_id=class_id)
            connection.execute("UPDATE classes SET name = ?, folded = ? WHERE id = ?", (new, new.casefold(), class_id))

    def merge_classes(self, names: Sequence[str], into: str) -> None:
        """Put the photos of several classes into one, new or not, and drop the others.

        Raises:
            DataError: one of `names` is no class, or `into` is no class name.
        """
        into = clean_class_name(into)
        with self._database.edit(f'merging {", ".join(names)} into "{into}"') as connection:
            ids = [_class_id(connection, name) for name in names]
            target = _find_class(connection, into) or _insert_class(connection, into)
            for class_id in ids:
                if class_id != target:
                    rows = connection.execute("SELECT id FROM photos WHERE class_id = ?", (class_id,)).fetchall()
                    _move(connection, [row[0] for row in rows], target)
                    connection.execute("DELETE FROM classes WHERE id = ?", (class_id,))

    def delete_class(self, name: str) -> None:
        """Remove a class and its photos; the originals stay until `purge`.

        Raises:
            DataError: there is no such class.
        """
        with self._database.edit(f'deleting the class "{name}"') as connection:
            class_id = _class_id(connection, name)
            rows = connection.execute("SELECT id FROM photos WHERE class_id = ?", (class_id,)).fetchall()
            _remove(connection, [row[0] for row in rows])
            connection.execute("DELETE FROM classes WHERE id = ?", (class_id,))

    def move_photos(self, ids: Sequence[int], to: str) -> None:
        """Move photos to another class.

        Raises:
            DataError: there is no such class, or one of the photos is gone.
        """
        with self._database.edit(f'moving {len(ids)} photo{"s" * (len(ids) != 1)} to "{to}"') as connection:
            target = _class_id(connection, to)
            _check_photos(connection, ids)
            _move(connection, ids, target)

    def remove_photos(self, ids: Sequence[int]) -> None:
        """Remove photos; the originals stay until `purge`.

        Raises:
            DataError: one of the photos is gone already.
        """
        with self._database.edit(f"removing {len(ids)} photo{'s' * (len(ids) != 1)}") as connection:
            _check_photos(connection, ids)
            _remove(connection, ids)

    def resolve_conflict(self, sha: str, keep_class: str) -> None:
        """Keep a photo that stands under several classes under one of them.

        Raises:
            DataError: the photo does not stand under `keep_class`.
        """
        with self._database.edit(f'keeping a photo as "{keep_class}" only') as connection:
            class_id = _class_id(connection, keep_class)
            rows = connection.execute("SELECT id, class_id FROM photos WHERE sha256 = ?", (sha,)).fetchall()
            if class_id not in {row[1] for row in rows}:
                raise DataError(
                    f'The photo is not among those of "{keep_class}": choose one of the classes it stands under.'
                )
            _remove(connection, [row[0] for row in rows if row[1] != class_id])

    def last_edit(self) -> str | None:
        """Say what `undo` would take back."""
        return self._database.last_edit()

    def undo(self) -> str | None:
        """Take back the last edit or import and say which, such as 'renaming "cat" to "cats"'; None if there is none."""
        return self._database.undo()

    def purge(self) -> int:
        """Delete for good the originals and thumbnails of photos no longer here; edits can't be undone afterwards.

        Files younger than an hour stay: another window may just be importing them.

        Returns:
            How many files were deleted.
        """
        self._database.forget_edits()
        kept = {photo.sha256 for photo in self.photos()}
        old = time.time() - _STRAY_SECONDS
        deleted = 0
        for folder in ("originals", "thumbnails"):
            for path in (self.folder / folder).glob("*/*"):
                with disk_errors(path):
                    if path.stem not in kept and path.stat().st_mtime < old:
                        path.unlink(missing_ok=True)
                        deleted += 1
        return deleted

    def _original(self, sha256: str, source: str | None) -> Path:
        return original_path(self.folder, sha256) if source is None else Path(source)


def _find_class(connection: Connection, name: str) -> int | None:
    row = connection.execute("SELECT id FROM classes WHERE folded = ?", (name.casefold(),)).fetchone()
    return int(row[0]) if row else None


def _class_id(connection: Connection, name: str) -> int:
    class_id = _find_class(connection, name)
    if class_id is None:
        names = [row[0] for row in connection.execute("SELECT name FROM classes ORDER BY name")]
        raise DataError(f'There is no class "{name}": the classes are {", ".join(names) or "none yet"}.')
    return class_id


def _check_free(connection: Connection, name: str, except_id: int | None = None) -> None:
    row = connection.execute("SELECT id, name FROM classes WHERE folded = ?", (name.casefold(),)).fetchone()
    if row and row[0] != except_id:
        raise DataError(f'There is a class "{row[1]}" already: choose another name, or merge the two.')


def _insert_class(connection: Connection, name: str) -> int:
    cursor = connection.execute("INSERT INTO classes (name, folded) VALUES (?, ?)", (name, name.casefold()))
    return cursor.lastrowid or 0


def _check_photos(connection: Connection, ids: Sequence[int]) -> None:
    for photo_id in ids:
        if connection.execute("SELECT 1 FROM photos WHERE id = ?", (photo_id,)).fetchone() is None:
            raise DataError("One of these photos is no longer here, perhaps removed in another window: look again.")


def _move(connection: Connection, ids: Sequence[int], target: int) -> None:
    for photo_id in ids:
        sha, class_id, name = connection.execute(
            "SELECT sha256, class_id, name FROM photos WHERE id = ?", (photo_id,)
        ).fetchone()
        if class_id == target:
            continue
        twin = connection.execute("SELECT id FROM photos WHERE sha256 = ? AND class_id = ?", (sha, target)).fetchone()
        if twin is None:
            connection.execute("UPDATE photos SET class_id = ? WHERE id = ?", (target, photo_id))
            continue
        # The photo is in the target class already: it becomes a copy of the one there.
        connection.execute("UPDATE copies SET photo_id = ? WHERE photo_id = ?", (twin[0], photo_id))
        connection.execute("INSERT INTO copies (photo_id, name) VALUES (?, ?)", (twin[0], name))
        connection.execute("DELETE FROM photos WHERE id = ?", (photo_id,))


def _remove(connection: Connection, ids: Sequence[int]) -> None:
    for photo_id in ids:
        connection.execute("DELETE FROM copies WHERE photo_id = ?", (photo_id,))
        connection.execute("DELETE FROM photos WHERE id = ?", (photo_id,))
