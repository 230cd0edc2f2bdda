"""Labels from a table: photos that lie in one folder, and beside them a CSV that says what each of them shows."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.photos.sources.found import Listing, PhotoFile, Refusal
from transfer_core.photos.sources.layout import Parts, SplitName, is_picture_name, split_of
from transfer_core.text import Sentence, all_of

__all__ = ["by_table"]

_TABLES = (".csv", ".tsv")
_MOST_BYTES = 64 * 2**20
_LABEL_NAMES = {
    *("label", "labels", "class", "class_name", "classname", "category", "species", "breed", "target", "kind", "type"),
    *("klasse", "classe", "étiquette", "kategorie", "art"),
}
_NAMED = 0.2  # of the pictures, at least, that a table must name: those of a test often have no label


@dataclass(frozen=True)
class _Table:
    name: str
    rows: list[list[str]]
    header: list[str]


def by_table(kept: Sequence[tuple[PhotoFile, Parts]], listing: Listing) -> bool:
    """Give each picture the class that a CSV beside it names, where folders name none.

    The table has a column of file names, with or without their folders and endings, and one of classes: the only other
    one, or one that is called label, class, category or the like. A column that says train, validation or test names
    the split.

    Args:
        kept: the files, and the parts of their paths.
        listing: gets the files and the refusals.

    Returns:
        Whether there was such a table. If not, nothing was changed.

    Raises:
        DataError: a table names the photos, but it can't be told which column is the class.
    """
    pictures = [(file, parts) for file, parts in kept if is_picture_name(parts[-1])]
    if not pictures or _in_class_folders([parts for _, parts in pictures]):
        return False
    tables = [table for file, parts in kept if parts[-1].lower().endswith(_TABLES) and (table := _read(file))]
    for table in tables:
        names = _file_column(table, [parts for _, parts in pictures])
        if names is not None:
            _place(kept, table, names, listing)
            return True
    return False


def _in_class_folders(paths: Sequence[Parts]) -> bool:
    """Whether folders name classes: pictures lie in several, and not only in those of splits."""
    folders = {parts[:-1] for parts in paths}
    return len([folder for folder in folders if not folder or split_of(folder[-1]) is None]) > 1


def _read(file: PhotoFile) -> _Table | None:
    """A table with a row of headings, or None where the file is none."""
    try:
        data = file.read()
    except (PhotoError, OSError):
        return None
    if len(data) > _MOST_BYTES or b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=mark) if any(row)]
    except csv.Error:
        return None
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    return _Table(file.name, [row for row in rows if len(row) == len(rows[0])], [cell.lower() for cell in rows[0]])


def _file_column(table: _Table, paths: Sequence[Parts]) -> int | None:
    """The column that names the pictures, or enough of them."""
    keys = {key for parts in paths for key in _keys("/".join(parts))}
    counts = [sum(row[at].replace("\\", "/").lower() in keys for row in table.rows) for at in range(len(table.header))]
    best = max(range(len(counts)), key=counts.__getitem__)
    return best if counts[best] >= max(_NAMED * len(paths), 1) else None


def _keys(path: str) -> list[str]:
    """What a table may call a file: its path or the end of it, with or without its ending."""
    parts = PurePosixPath(path.lower()).parts
    ends = ["/".join(parts[begin:]) for begin in range(len(parts))]
    return [*ends, *(end.rpartition(".")[0] for end in ends)]


def _place(kept: Sequence[tuple[PhotoFile, Parts]], table: _Table, names: int, listing: Listing) -> None:
    told, splits, rows = _told(table, names)
    listing.table = table.name.rpartition("/")[2]
    for file, parts in kept:
        name = "/".join(parts)
        if file.name == table.name:
            continue
        row = next((rows[key] for key in _keys(name) if key in rows), None)
        if row is None:
            listing.refused.append(
                Refusal(name, Sentence("{table} does not say what it shows: add a row for it.", table=listing.table))
            )
            continue
        found = {table.rows[at][told] for at in row}
        try:
            if len(found) > 1:
                raise DataError(
                    "{table} says it is {classes}: keep the row that is right.",
                    table=listing.table,
                    classes=all_of(sorted(found)),
                )
            class_name = clean_class_name(found.pop())
        except DataError as error:
            listing.refused.append(Refusal(name, error.sentence))
        else:
            split = splits.get(table.rows[row[0]][names])
            listing.files.append(PhotoFile(name, class_name, file.read, file.path, split))


def _told(table: _Table, names: int) -> tuple[int, Mapping[str, SplitName], Mapping[str, list[int]]]:
    """The column of the classes, the split of each file name, and the rows of each of its keys."""
    others = [at for at in range(len(table.header)) if at != names]
    splitting = [at for at in others if all(split_of(row[at]) or not row[at] for row in table.rows[1:])]
    called = [at for at in others if table.header[at] in _LABEL_NAMES]
    left = [at for at in others if at not in splitting]
    if len(called) == 1:
        told = called[0]
    elif len(left) == 1:
        told = left[0]
    else:
        raise DataError(
            "{table} names the photos, but it has {columns} and it is not clear which of them says what a photo shows: "
            "call that column label.",
            table=table.name.rpartition("/")[2],
            columns=all_of([table.header[at] for at in left]),
        )
    splits: dict[str, SplitName] = {}
    rows: dict[str, list[int]] = {}
    for at, row in enumerate(table.rows):
        rows.setdefault(row[names].replace("\\", "/").lower(), []).append(at)
        for column in splitting:
            if column != told and (found := split_of(row[column])):
                splits[row[names]] = found[0]
    return told, splits, rows
