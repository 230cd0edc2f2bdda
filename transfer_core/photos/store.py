"""The photos of a project: classes, labels and edits over content-addressed originals."""

import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from transfer_core.disk.trash import KEPT_SECONDS
from transfer_core.errors import DataError, PhotoError
from transfer_core.photos import queries as rows
from transfer_core.photos.database import PhotoDatabase, describe_edit
from transfer_core.photos.decode import thumbnail
from transfer_core.photos.files import delete_strays, thumbnail_path, write_thumbnail
from transfer_core.photos.importer import Cancelled, Importer, ImportReport, Progress, count_splits, group_twins
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName, check_trainable, split_photos
from transfer_core.photos.queries import Photo
from transfer_core.photos.sources.class_names import alike, clean_class_name
from transfer_core.photos.sources.found import Listing, Refusal
from transfer_core.photos.sources.listing import list_files, list_folder, list_zip
from transfer_core.text import Sentence, plural

__all__ = ["ImportReport", "Manifest", "ManifestPhoto", "Photo", "PhotoStore", "Refusal", "check_trainable"]


class PhotoStore:
    """The photos in one folder: `photos.sqlite`, `originals/ab/<sha256>` and `thumbnails/`.

    Several threads and processes may share a store. Everything that changes photos or classes, imports included,
    can be undone, last first.

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
        return self._import(list_folder(Path(path)), Importer(self.folder, self.photos(), copy), progress, cancelled)

    def import_zip(
        self,
        source: Path | str | bytes,
        *,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> ImportReport:
        """Import a zip of class folders, given as a path or as bytes. Raises as `import_folder`."""
        with list_zip(Path(source) if isinstance(source, str) else source) as listing:
            return self._import(listing, Importer(self.folder, self.photos()), progress, cancelled)

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
        return self._import(list_files(files, class_name), Importer(self.folder, self.photos()), progress, cancelled)

    def report(self) -> ImportReport:
        """Report on all imports so far together: every file here, and every file refused and not mended since."""
        with self._database.read() as connection:
            names = rows.select_names(connection)
            refused = rows.list_refusals(connection)
            photos = rows.count_photos(connection)
            splits = rows.select_splits(connection)
        classes = dict.fromkeys(photos, 0)
        for _, class_name, _, _ in names:
            classes[class_name] += 1
        duplicates, kept, conflicts = group_twins(names)
        report = ImportReport(len(names) + len(refused), len(names), refused, duplicates, kept, conflicts, classes)
        report.added = {name: count for name, count in photos.items() if count}
        report.splits, report.alike = count_splits(splits), alike(classes)
        return report

    def forget_refusals(self) -> None:
        """Clear the list of refused files, once a person has read it."""
        with self._database.edit(Sentence("clearing the list of refused files")) as connection:
            connection.execute("DELETE FROM refusals")

    def _import(
        self, listing: Listing, importer: Importer, progress: Progress | None, cancelled: Cancelled | None
    ) -> ImportReport:
        verified = importer.verify(listing, progress, cancelled)
        with self._database.edit(Sentence("listing refused files")) as connection:
            report = importer.record(connection, verified, listing)
            # By what joined the project, which is what undo takes out of it.
            if report.added:
                what = plural("importing {n} photo", "importing {n} photos", sum(report.added.values()))
                describe_edit(connection, what)
            elif verified:
                describe_edit(connection, Sentence("importing photos that were here before"))
        return report

    # Reading

    def classes(self) -> dict[str, int]:
        """Count the photos of each class, sorted by name; a class may have none, copies don't count."""
        with self._database.read() as connection:
            return rows.count_photos(connection)

    def photos(self, class_name: str | None = None, split: SplitName | None = None) -> list[Photo]:
        """Give the photos by class and name, all of them or those of a class or of a split of `manifest()`.

        Raises:
            DataError: there is no such class, or `split` is asked for and the photos can't be split.
        """
        with self._database.read() as connection:
            class_id = None if class_name is None else rows.class_id(connection, class_name)
            photos = rows.select_photos(connection, self.folder, class_id)
        if split is None:
            return photos
        chosen = {(entry.sha256, entry.name) for entry in self.manifest().of(split)}
        return [photo for photo in photos if (photo.sha256, photo.name) in chosen]

    def thumbnail(self, photo: Photo) -> Path:
        """Give the path of a photo's 160-pixel JPEG, made now if there is none.

        Raises:
            PhotoError: the original is gone or no longer readable.
        """
        path = thumbnail_path(self.folder, photo.sha256)
        if path.exists():
            return path
        if not photo.path.exists():
            raise PhotoError(
                "The original of {name} is gone from {path}: put it back, or remove the photo here.",
                name=photo.name,
                path=photo.path,
            )
        return write_thumbnail(self.folder, photo.sha256, thumbnail(photo.path))

    def splits(self) -> dict[SplitName, int] | None:
        """Count the photos in each split that folders named, those without one as training; None if none has one."""
        return count_splits(photo.split for photo in self.photos())

    def trainable(self) -> bool:
        """Whether there are two classes or more, each with photos enough to train on; quicker than `manifest`."""
        with self._database.read() as connection:
            counts = rows.count_usable(connection)
        return len(counts) > 1 and min(counts.values()) > 1

    def duplicates(self) -> list[list[str]]:
        """Give groups of names of files that are one photo of one class."""
        return self.report().duplicates

    def conflicts(self) -> list[list[Photo]]:
        """Give the photos that stand under several classes: one group a photo, one entry a class."""
        with self._database.read() as connection:
            photos = rows.select_disputed(connection, self.folder)
        groups = [list(group) for _, group in groupby(photos, key=lambda photo: photo.identity)]
        return sorted(groups, key=lambda group: (group[0].class_name, group[0].name))

    def manifest(self, validation_fraction: float = 0.2, seed: int = 0) -> Manifest:
        """Split the photos, class by class, into training and validation; see `manifest.split_photos`.

        Photos in conflict are set aside, and `Manifest.set_aside` names them.

        Raises:
            ConfigError: the fraction is not in [0, 1).
            DataError: there is nothing to train on, see `check_trainable`.
        """
        with self._database.read() as connection:
            classes, photos = rows.count_photos(connection), rows.select_photos(connection, self.folder)
        return split_photos(classes, photos, validation_fraction, seed)

    # Edits

    def add_class(self, name: str) -> None:
        """Add a class without photos.

        Raises:
            DataError: the name is no class name, or taken.
        """
        name = clean_class_name(name)
        with self._database.edit(Sentence('adding the class "{name}"', name=name)) as connection:
            rows.check_free(connection, name)
            rows.insert_class(connection, name)

    def rename_class(self, old: str, new: str) -> None:
        """Rename a class.

        Raises:
            DataError: there is no class `old`, or `new` is no class name or taken.
        """
        new = clean_class_name(new)
        with self._database.edit(Sentence('renaming "{old}" to "{new}"', old=old, new=new)) as connection:
            class_id = rows.class_id(connection, old)
            rows.check_free(connection, new, except_id=class_id)
            connection.execute("UPDATE classes SET name = ? WHERE id = ?", (new, class_id))

    def merge_classes(self, names: Sequence[str], into: str) -> None:
        """Put the photos of several classes into one, new or not, and drop the others.

        Raises:
            DataError: one of `names` is no class, or `into` is no class name.
        """
        into = clean_class_name(into)
        with self._database.edit(Sentence('merging {names} into "{into}"', names=names, into=into)) as connection:
            merged = [rows.class_id(connection, name) for name in names]
            found = rows.find_class(connection, into)
            rows.merge_into(connection, merged, found[0] if found else rows.insert_class(connection, into))

    def delete_class(self, name: str) -> None:
        """Remove a class and its photos; the originals stay as long as it can be undone (see `purge`).

        Raises:
            DataError: there is no such class.
        """
        with self._database.edit(Sentence('deleting the class "{name}"', name=name)) as connection:
            class_id = rows.class_id(connection, name)
            rows.remove(connection, rows.photo_ids(connection, class_id))
            connection.execute("DELETE FROM classes WHERE id = ?", (class_id,))

    def move_photos(self, ids: Sequence[int], to: str) -> None:
        """Move photos to another class.

        Raises:
            DataError: there is no such class, or one of the photos is gone.
        """
        with self._database.edit(
            plural('moving {n} photo to "{to}"', 'moving {n} photos to "{to}"', len(ids), to=to)
        ) as connection:
            target = rows.class_id(connection, to)
            rows.check_photos(connection, ids)
            rows.move(connection, ids, target)

    def remove_photos(self, ids: Sequence[int]) -> None:
        """Remove photos; the originals stay as long as it can be undone (see `purge`).

        Raises:
            DataError: one of the photos is gone already.
        """
        with self._database.edit(plural("removing {n} photo", "removing {n} photos", len(ids))) as connection:
            rows.check_photos(connection, ids)
            rows.remove(connection, ids)

    def forget_splits(self) -> None:
        """Let every photo be split anew, whatever split its folder named."""
        with self._database.edit(Sentence("forgetting the splits of the folders")) as connection:
            connection.execute("UPDATE photos SET split = NULL")

    def resolve_conflict(self, sha: str, keep_class: str) -> None:
        """Keep a photo that stands under several classes under one of them.

        Raises:
            DataError: the photo does not stand under `keep_class`.
        """
        with self._database.edit(Sentence('keeping a photo as "{name}" only', name=keep_class)) as connection:
            keep = rows.class_id(connection, keep_class)
            twins = rows.same_photo(connection, sha)
            if keep not in {class_id for _, class_id in twins}:
                raise DataError(
                    'The photo is not in "{keep_class}": choose one of the classes it is in.',
                    keep_class=keep_class,
                )
            rows.remove(connection, [photo for photo, class_id in twins if class_id != keep])

    def last_edit(self) -> Sentence | None:
        """Say what `undo` would take back."""
        return self._database.last_edit()

    def undo(self) -> Sentence | None:
        """Take back the last edit or import and say which, as 'renaming "cat" to "dog"'; None if there is none."""
        return self._database.undo()

    def undo_removes(self) -> int:
        """How many photos `undo` would take out of the project: those of an import, say."""
        return self._database.undo_removes("photos")

    def last_undone(self) -> Sentence | None:
        """Say what `redo` would do again."""
        return self._database.last_undone()

    def redo(self) -> Sentence | None:
        """Do again what was undone last, and say what; None if there is nothing, or something was done since."""
        return self._database.redo()

    def purge(self, undo_seconds: float = KEPT_SECONDS) -> int:
        """Delete for good the originals and thumbnails of photos that were removed and can't be brought back.

        Files younger than an hour stay: another window may just be importing them.

        Args:
            undo_seconds: how long an edit can be undone; what is older can't any more.

        Returns:
            How many files were deleted.
        """
        return delete_strays(self.folder, self._database.forget_edits(time.time() - undo_seconds))
