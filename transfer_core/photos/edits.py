"""What a person does to the photos of a project: classes and labels, with undo and redo."""

import time
from collections.abc import Sequence
from pathlib import Path

from transfer_core.disk.trash import KEPT_SECONDS
from transfer_core.errors import DataError
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.photos.storage import queries as rows
from transfer_core.photos.storage.database import PhotoDatabase
from transfer_core.photos.storage.files import delete_strays
from transfer_core.photos.storage.looks import forget_looks
from transfer_core.text import Sentence, plural

__all__ = ["PhotoEdits"]


class PhotoEdits:
    """The edits of a photo store; each can be undone, last first.

    Args:
        folder: made when it is missing.

    Raises:
        StorageError: the folder can't be written, or the database in it is damaged.
    """

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self.folder = folder.absolute()
        self._most = most
        self._database = PhotoDatabase(self.folder / "photos.sqlite")

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
        kept = self._database.forget_edits(time.time() - undo_seconds)
        with self._database.note() as connection:
            forget_looks(connection, kept)
        return delete_strays(self.folder, kept)
