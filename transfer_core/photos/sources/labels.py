"""Labels from a table: photos that lie in one folder, and beside them a CSV that says what each of them shows."""

import codecs
import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.photos.sources.found import Listing, PhotoFile, Refusal
from transfer_core.photos.sources.layout import Parts, SplitName, is_picture_name, split_of
from transfer_core.text import all_of

__all__ = ["by_table"]

_TABLES = (".csv", ".tsv")
_MOST_BYTES = 64 * 2**20
_LABEL_NAMES = {
    *("label", "labels", "class", "class_name", "classname", "category", "species", "breed", "target", "kind", "type"),
    *("klasse", "classe", "étiquette", "kategorie", "art"),
}
_NAMED = 0.2  # of the pictures, at least, that a table must name: those of a test often have no label
_REPEATED = 0.5  # classes come again; what hardly does, such as an author, is none

Files = Sequence[tuple[PhotoFile, Parts]]


@dataclass(frozen=True)
class _Table:
    name: str
    """Of the file, without folders."""
    files: int
    """The column of the pictures' names."""
    classes: int
    """The column of what they show."""
    splits: Sequence[int]
    """Columns that say train, validation or test."""
    rows: list[list[str]]


def by_table(kept: Files, listing: Listing) -> bool:
    """Give each picture the class that a CSV beside it names, where folders name none.

    A table has a column of file names, with or without their folders and endings, and one of classes: the only other
    one, or one that is called label, class, category or the like. A column that says train, validation or test names
    the split, and so does the folder of a split.

    Args:
        kept: the files, and the parts of their paths.
        listing: gets the files and the refusals.

    Returns:
        Whether there was such a table. If not, nothing was changed.

    Raises:
        DataError: a table names the photos, but it can't be told which column is the class.
    """
    pictures = [parts for _, parts in kept if is_picture_name(parts[-1])]
    folders = {parts[:-1] for parts in pictures}
    named = [folder for folder in folders if not folder or split_of(folder[-1]) is None]
    if not pictures or len(named) > 1:
        return False
    found = [(file, _read(file)) for file, parts in kept if parts[-1].lower().endswith(_TABLES)]
    keys = Counter(key for parts in pictures for key in _keys("/".join(parts)))
    tables = {file.name: table for file, rows in found if (table := _understood(file.name, rows, keys, len(pictures)))}
    if tables:
        _place([(file, parts) for file, parts in kept if file.name not in tables], list(tables.values()), keys, listing)
    return bool(tables)


def _read(file: PhotoFile) -> list[list[str]]:
    """The rows of a table, all as long as the first; none where the file is no table."""
    try:
        data = file.read()
    except (PhotoError, OSError):
        return []
    text = _text(data) if len(data) <= _MOST_BYTES else ""
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark)]
    except csv.Error:
        return []
    rows = [row for row in rows if any(row)]
    width = len(rows[0]) if rows else 0
    return [[*row[:width], *[""] * (width - len(row))] for row in rows] if width > 1 and len(rows) > 1 else []


def _text(data: bytes) -> str:
    """As spreadsheets write it: UTF-8, UTF-16 with its mark, or the code page of Windows."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _understood(name: str, rows: list[list[str]], keys: Mapping[str, int], pictures: int) -> _Table | None:
    """A table that names the pictures, or None.

    Raises:
        DataError: it names them, but it can't be told which column is the class.
    """
    if not rows:
        return None
    heading = [cell.casefold() for cell in rows[0]]
    counts = [sum(_row_key(row[at], keys) is not None for row in rows) for at in range(len(heading))]
    files = max(range(len(counts)), key=counts.__getitem__)
    if counts[files] < max(_NAMED * pictures, 1):
        return None
    others = [at for at in range(len(heading)) if at != files]
    called = [at for at in others if heading[at] in _LABEL_NAMES]
    splits = [at for at in others if at not in called and _all_splits([row[at] for row in rows[1:]])]
    left = [at for at in others if at not in splits] or others
    named = [row for row in rows if _row_key(row[files], keys) is not None]
    if len(called) == 1:
        (classes,) = called
    elif len(left) == 1 and len({row[left[0]] for row in named}) <= max(_REPEATED * len(named), 2):
        (classes,) = left
    elif len(left) == 1:
        return None  # an author, a number: something that hardly any two have in common
    else:
        raise DataError(
            "{table} names the photos, but it has {columns} and it is not clear which of them says what a photo shows: "
            "call that column label.",
            table=_last(name),
            columns=all_of([rows[0][at] for at in left]),
        )
    return _Table(_last(name), files, classes, [at for at in splits if at != classes], rows)


def _all_splits(cells: Sequence[str]) -> bool:
    return all(not cell or ((found := split_of(cell)) and not found[1]) for cell in cells) and any(cells)


def _last(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _key(text: str) -> str:
    parts = unicodedata.normalize("NFC", text).replace("\\", "/").casefold().split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def _keys(path: str) -> list[str]:
    """What a table may call a file: its path or the end of it, with or without its ending; the longest first."""
    parts = _key(path).split("/")
    ends = ["/".join(parts[begin:]) for begin in range(len(parts))]
    return [name for end in ends for name in (end, end.rpartition(".")[0]) if name and not name.endswith("/")]


def _row_key(cell: str, keys: Mapping[str, int]) -> str | None:
    """The key of a picture that a cell names; a table may know more folders than there are."""
    return next((key for key in _keys(cell) if key in keys), None)


def _place(kept: Files, tables: Sequence[_Table], keys: Mapping[str, int], listing: Listing) -> None:
    rows: dict[str, list[tuple[_Table, list[str]]]] = {}
    for table in tables:
        for row in table.rows:
            if (key := _row_key(row[table.files], keys)) is not None:
                rows.setdefault(key, []).append((table, row))
    listing.rows_without_photo = sum(
        _row_key(row[table.files], keys) is None for table in tables for row in table.rows[1:]
    )
    listing.table = str(all_of([table.name for table in tables])) if len(tables) > 1 else tables[0].name
    for file, parts in kept:
        name = "/".join(parts)
        try:
            class_name, split = _told(name, rows, keys, listing.table)
        except DataError as error:
            listing.refused.append(Refusal(name, error.sentence))
        else:
            folder = next((found[0] for part in reversed(parts[:-1]) if (found := split_of(part))), None)
            listing.files.append(PhotoFile(name, class_name, file.read, file.path, split or folder))


def _told(
    name: str, rows: Mapping[str, list[tuple[_Table, list[str]]]], keys: Mapping[str, int], tables: str
) -> tuple[str, SplitName | None]:
    """The class of a picture and its split.

    Raises:
        DataError: the tables say nothing of it, or two things.
    """
    key = next((key for key in _keys(name) if key in rows), None)
    if key is None and not is_picture_name(name):
        raise DataError("{table} does not name it.", table=tables)
    if key is None:
        raise DataError("{table} does not say what it shows: add a row for it.", table=tables)
    if keys[key] > 1:
        raise DataError(
            "{table} calls it {key}, and so are others called: write its folder into the table, too.",
            table=tables,
            key=key,
        )
    classes = {row[table.classes] for table, row in rows[key]}
    if len(classes) > 1:
        raise DataError(
            "{table} says it is {classes}: keep the row that is right.", table=tables, classes=all_of(sorted(classes))
        )
    splits = {found[0] for table, row in rows[key] for at in table.splits if (found := split_of(row[at]))}
    if len(splits) > 1:
        raise DataError("{table} puts it into several splits: keep the row that is right.", table=tables)
    return clean_class_name(classes.pop()), splits.pop() if splits else None
