"""The photos of a project: classes, labels and edits over content-addressed originals."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.decode import thumbnail
from transfer_core.photos.edits import PhotoEdits
from transfer_core.photos.groups.looking import look_at_new, with_bursts
from transfer_core.photos.importer import Cancelled, Importer, ImportReport, Progress, count_splits, group_twins
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.photos.sources.class_names import alike
from transfer_core.photos.sources.found import Listing, Refusal
from transfer_core.photos.sources.listing import list_files, list_folder, list_zip
from transfer_core.photos.split import Moved, check_trainable, moved, split_photos, usual_test_fraction
from transfer_core.photos.storage import queries as rows
from transfer_core.photos.storage.database import describe_edit
from transfer_core.photos.storage.files import thumbnail_path, write_thumbnail
from transfer_core.photos.storage.looks import Look, select_looks
from transfer_core.photos.storage.queries import Photo
from transfer_core.text import Sentence, plural

__all__ = ["ImportReport", "Manifest", "ManifestPhoto", "Photo", "PhotoStore", "Refusal", "check_trainable"]


class PhotoStore(PhotoEdits):
    """The photos in one folder: `photos.sqlite`, `originals/ab/<sha256>` and `thumbnails/`.

    Several threads and processes may share a store. Everything that changes photos or classes, imports included,
    can be undone, last first.

    Args:
        folder: made when it is missing.
        most: photos that it may hold; None: any number.

    Raises:
        StorageError: the folder can't be written, or the database in it is damaged.
    """

    _together: tuple[list[Photo], list[Photo]] = ([], [])
    """The photos as they were read last, and with their bursts; replaced as a whole."""

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

    def import_listing(
        self, listing: Listing, *, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> ImportReport:
        """Import files that were found already, each with its class. Raises as `import_folder`."""
        return self._import(listing, Importer(self.folder, self.photos()), progress, cancelled)

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
        held, coming = len(importer.stored), len(listing.files)
        if self._most is not None and held + coming > self._most:
            raise DataError(
                "A project may have {most:,} photos here. This one has {held:,}, and {coming:,} would come: nothing "
                "was added. Choose fewer.",
                most=self._most,
                held=held,
                coming=coming,
            )
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

    def usual_test_fraction(self) -> float:
        """The share of the photos that is kept for a test unless a person says otherwise."""
        return usual_test_fraction(self.photos())

    def manifest(self, validation_fraction: float = 0.2, seed: int = 0, test_fraction: float = 0.0) -> Manifest:
        """Split the photos, class by class, into training, validation and test; see `manifest.split_photos`.

        Photos in conflict are set aside, and `Manifest.set_aside` names them.

        Args:
            validation_fraction: share of each class for validation.
            seed: another seed, another split.
            test_fraction: share of each class for a test at the end.

        Raises:
            ConfigError: a fraction is not in [0, 1).
            DataError: there is nothing to train on, see `check_trainable`.
        """
        return split_photos(*self._all(), validation_fraction, seed, test_fraction=test_fraction)

    def looks(self) -> list[Look]:
        """What is kept of each photo to tell which are nearly the same, see `groups.looking`."""
        look_at_new(self._database, self.folder, self.thumbnail)
        with self._database.read() as connection:
            return select_looks(connection)

    def moved(self, validation_fraction: float = 0.2, seed: int = 0, test_fraction: float = 0.0) -> Moved:
        """Count the photos that changed sides in `manifest` because they belong together with others."""
        return moved(*self._all(), validation_fraction, seed, test_fraction)

    def _all(self) -> tuple[dict[str, int], list[Photo]]:
        """Classes and photos, which know what they belong together with."""
        known = ([], []) if look_at_new(self._database, self.folder, self.thumbnail) else self._together
        with self._database.read() as connection:
            classes, photos = rows.count_photos(connection), rows.select_photos(connection, self.folder)
            if known[0] != photos:  # to read all looks takes longer than all the rest
                known = (photos, with_bursts(photos, select_looks(connection)))
        self._together = known
        return classes, known[1]
