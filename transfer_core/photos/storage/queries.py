"""The rows of a photo store: what is asked of its tables and how they change, one small function each.

Every function takes a connection of `PhotoDatabase`; those that change something need one from `edit`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from transfer_core.errors import DataError
from transfer_core.photos.sources.found import Refusal
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.storage.files import original_path
from transfer_core.text import Sentence

__all__ = [
    "Photo",
    "add_photo",
    "check_free",
    "check_photos",
    "class_id",
    "count_photos",
    "count_usable",
    "find_class",
    "insert_class",
    "list_refusals",
    "merge_into",
    "move",
    "name_pixels",
    "note_refusals",
    "photo_ids",
    "remove",
    "same_photo",
    "select_disputed",
    "select_names",
    "select_photos",
    "select_splits",
]


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
    split: SplitName | None = None
    """The split its folder named, if one did."""
    pixels: str | None = None
    """Names its pixels, see `decode.inspect`; None where that is not known yet."""
    near: str | None = None
    """Names the group of nearly the same photos that it is in; None where there is no other."""
    burst: str | None = None
    """Names the burst that it is in, see `groups.bursts`; None where it is in none."""

    @property
    def identity(self) -> str:
        """What photos with the same pixels have in common, also in other bytes."""
        return self.pixels or self.sha256


def select_photos(connection: Connection, folder: Path, of_class: int | None = None) -> list[Photo]:
    """Give the photos of the store at `folder`, all or those of a class, by class and name."""
    return _select(connection, folder, "WHERE ? IS NULL OR class_id = ?", (of_class, of_class))


def select_disputed(connection: Connection, folder: Path) -> list[Photo]:
    """Give the photos that stand under several classes, those with the same pixels side by side."""
    shared = f"SELECT {_IDENTITY} FROM photos GROUP BY 1 HAVING count(DISTINCT class_id) > 1"
    photos = _select(connection, folder, f"WHERE {_IDENTITY} IN ({shared})", ())
    return sorted(photos, key=lambda photo: photo.identity)


_IDENTITY = "coalesce(pixels, photos.sha256)"


def _select(connection: Connection, folder: Path, where: str, values: tuple[int | None, ...]) -> list[Photo]:
    rows = connection.execute(
        "SELECT photos.id, photos.sha256, photos.name, classes.name, source, width, height, split, pixels, near "
        "FROM photos JOIN classes ON classes.id = photos.class_id LEFT JOIN looks ON looks.sha256 = photos.sha256 "
        f"{where} ORDER BY classes.name, photos.name, photos.id",
        values,
    )
    return [
        Photo(row, sha, name, class_name, Path(source) if source else original_path(folder, sha), *facts)
        for row, sha, name, class_name, source, *facts in rows
    ]


def select_names(connection: Connection) -> list[tuple[str, str, str, bool]]:
    """Give (identity, class, name, whether it is no copy) of every file, sorted by name."""
    rows = connection.execute(
        f"SELECT {_IDENTITY}, classes.name, files.name, keeps FROM "
        "(SELECT id, name, 1 AS keeps FROM photos UNION ALL SELECT photo_id, name, 0 FROM copies) AS files "
        "JOIN photos ON photos.id = files.id JOIN classes ON classes.id = photos.class_id ORDER BY files.name"
    )
    return [(identity, class_name, name, bool(keeps)) for identity, class_name, name, keeps in rows]


def select_splits(connection: Connection) -> list[SplitName | None]:
    """Give the split of every file, copies included, that its photo counts for."""
    files = "SELECT id FROM photos UNION ALL SELECT photo_id FROM copies"
    rows = connection.execute(f"SELECT photos.split FROM ({files}) AS files JOIN photos ON photos.id = files.id")
    return [split for (split,) in rows]


def count_photos(connection: Connection) -> dict[str, int]:
    """Count the photos of each class, sorted by name; copies don't count."""
    rows = connection.execute(
        "SELECT classes.name, count(photos.id) FROM classes "
        "LEFT JOIN photos ON photos.class_id = classes.id GROUP BY classes.id"
    )
    return dict(sorted(rows.fetchall()))


def count_usable(connection: Connection) -> dict[str, int]:
    """Count the photos of each class that may be learned from or checked on: in no conflict, and not for the test."""
    rows = connection.execute(
        f"SELECT classes.name, count(photos.id) FROM classes LEFT JOIN photos ON photos.class_id = classes.id "
        f"AND split IS NOT 'test' AND {_IDENTITY} NOT IN "
        f"(SELECT {_IDENTITY} FROM photos GROUP BY 1 HAVING count(DISTINCT class_id) > 1) GROUP BY classes.id"
    )
    return dict(rows.fetchall())


def find_class(connection: Connection, name: str) -> tuple[int, str] | None:
    """Give the id and the name of a class, or None."""
    row = connection.execute("SELECT id, name FROM classes WHERE name = ?", (name,)).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def class_id(connection: Connection, name: str) -> int:
    """Give the id of a class that must be there.

    Raises:
        DataError: there is no such class.
    """
    found = find_class(connection, name)
    if found is None:
        names = [row[0] for row in connection.execute("SELECT name FROM classes ORDER BY name")]
        raise DataError(
            'There is no class "{name}": the classes are {names}.'
            if names
            else 'There is no class "{name}": there are none yet.',
            name=name,
            names=names,
        )
    return found[0]


def check_free(connection: Connection, name: str, except_id: int | None = None) -> None:
    """Raise `DataError` if a class other than `except_id` has this name."""
    found = find_class(connection, name)
    if found and found[0] != except_id:
        raise DataError('There is a class "{found}" already: choose another name, or merge the two.', found=found[1])


def insert_class(connection: Connection, name: str) -> int:
    """Add a class and give its id."""
    cursor = connection.execute("INSERT INTO classes (name) VALUES (?)", (name,))
    return cursor.lastrowid or 0


def photo_ids(connection: Connection, of_class: int) -> list[int]:
    """Give the ids of a class's photos."""
    return [row[0] for row in connection.execute("SELECT id FROM photos WHERE class_id = ?", (of_class,))]


def check_photos(connection: Connection, ids: Sequence[int]) -> None:
    """Raise `DataError` if one of the photos is gone."""
    for photo in ids:
        if connection.execute("SELECT 1 FROM photos WHERE id = ?", (photo,)).fetchone() is None:
            raise DataError("One of these photos is no longer here, perhaps removed in another window: look again.")


def add_photo(connection: Connection, photo: Photo, to_class: int, source: str | None) -> bool:
    """Add a file as a photo, or as a copy where its class has the same pixels already.

    Args:
        connection: of an edit.
        photo: what was found; its id and class name are not looked at.
        to_class: id of the class.
        source: where the original lies if it was not copied.

    Returns:
        Whether the file is new; False if class and name have the same pixels already.
    """
    # The same bytes before other bytes.
    row = connection.execute(
        f"SELECT id, name, sha256, source, split FROM photos WHERE class_id = ? AND (sha256 = ? OR {_IDENTITY} = ?) "
        "ORDER BY sha256 != ?, id LIMIT 1",
        (to_class, photo.sha256, photo.identity, photo.sha256),
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO photos (sha256, class_id, name, source, width, height, split, pixels) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (photo.sha256, to_class, photo.name, source, photo.width, photo.height, photo.split, photo.pixels),
        )
        return True
    twin, first_name, sha, old_source, split = row
    # A store keeps its own copy once it has one; a reference that leads nowhere is mended.
    if sha == photo.sha256 and old_source is not None and (source is None or not Path(old_source).exists()):
        connection.execute("UPDATE photos SET source = ? WHERE id = ?", (source, twin))
    # A photo that lies in several splits may not be learned from: it stays with the photos that are only measured on.
    if _SPLITS.index(photo.split) > _SPLITS.index(split):
        connection.execute("UPDATE photos SET split = ? WHERE id = ?", (photo.split, twin))
    copies = connection.execute("SELECT name FROM copies WHERE photo_id = ?", (twin,))
    if photo.name in {first_name, *(name for (name,) in copies)}:
        return False
    connection.execute("INSERT INTO copies (photo_id, name) VALUES (?, ?)", (twin, photo.name))
    return True


_SPLITS = (None, "train", "validation", "test")


def name_pixels(connection: Connection, sha256: str, pixels: str) -> None:
    """Keep what was found out about the pixels of a photo."""
    connection.execute("UPDATE photos SET pixels = ? WHERE sha256 = ?", (pixels, sha256))


def move(connection: Connection, ids: Iterable[int], target: int) -> None:
    """Put photos into the class `target`; one whose pixels are there already becomes a copy."""
    for photo in ids:
        identity, old, name = connection.execute(
            f"SELECT {_IDENTITY}, class_id, name FROM photos WHERE id = ?", (photo,)
        ).fetchone()
        if old == target:
            continue
        twin = connection.execute(
            f"SELECT id FROM photos WHERE {_IDENTITY} = ? AND class_id = ?", (identity, target)
        ).fetchone()
        if twin is None:
            connection.execute("UPDATE photos SET class_id = ? WHERE id = ?", (target, photo))
            continue
        connection.execute("UPDATE copies SET photo_id = ? WHERE photo_id = ?", (twin[0], photo))
        connection.execute("INSERT INTO copies (photo_id, name) VALUES (?, ?)", (twin[0], name))
        connection.execute("DELETE FROM photos WHERE id = ?", (photo,))


def merge_into(connection: Connection, classes: Iterable[int], target: int) -> None:
    """Put the photos of `classes` into `target` and drop the classes."""
    for merged in set(classes) - {target}:
        move(connection, photo_ids(connection, merged), target)
        connection.execute("DELETE FROM classes WHERE id = ?", (merged,))


def same_photo(connection: Connection, sha256: str) -> list[tuple[int, int]]:
    """Give (id, class) of every photo with the pixels of the one with this SHA-256."""
    return connection.execute(
        f"SELECT id, class_id FROM photos WHERE {_IDENTITY} IN (SELECT {_IDENTITY} FROM photos WHERE sha256 = ?)",
        (sha256,),
    ).fetchall()


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Remove photos with their copies."""
    for photo in ids:
        connection.execute("DELETE FROM copies WHERE photo_id = ?", (photo,))
        connection.execute("DELETE FROM photos WHERE id = ?", (photo,))


def list_refusals(connection: Connection) -> list[Refusal]:
    """Files that were refused and not mended since, by name."""
    found = connection.execute("SELECT name, reason FROM refusals ORDER BY name")
    return [Refusal(name, Sentence.loads(reason)) for name, reason in found]


def note_refusals(connection: Connection, refused: Sequence[Refusal], good: Iterable[str]) -> None:
    """Remember why files were refused; forget it of names in `good`, which have come through since."""
    for name in {*good, *(refusal.name for refusal in refused)}:
        connection.execute("DELETE FROM refusals WHERE name = ?", (name,))
    for refusal in refused:
        connection.execute("INSERT INTO refusals (name, reason) VALUES (?, ?)", (refusal.name, refusal.reason.dumps()))
