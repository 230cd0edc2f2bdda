"""Gives each file the class and the split that its folders name, and says why where they name none."""

import re
import unicodedata

from transfer_core.errors import DataError
from transfer_core.photos.sources.class_names import clean_class_name, is_class_name
from transfer_core.photos.sources.found import Listing, PhotoFile, Refusal
from transfer_core.photos.sources.labels import by_table
from transfer_core.photos.sources.layout import Layout, Parts, find_layout, is_picture_name
from transfer_core.text import Sentence, plural

__all__ = ["by_class", "is_junk", "nothing_in", "parts_of"]

# What operating systems, network drives and photo programs leave behind.
_JUNK = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "system volume information", "lost+found"),
    *("__macosx", "@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "picasa.ini"),
}
_HIDDEN_JUNK = {
    *(".git", ".svn", ".hg", ".cache", ".venv", ".idea", ".vscode", ".ipynb_checkpoints", ".sync", ".dropbox.cache"),
    *(".thumbnails", ".thumb", ".thumbs", ".@__thumb", ".picasaoriginals", ".comments", ".appledouble", ".trash"),
    *(".trashes", ".spotlight-v100", ".fseventsd", ".temporaryitems", ".documentrevisions-v100"),
}


def by_class(
    found: list[PhotoFile], folders: list[Parts], listing: Listing, title: str | Sentence, unwrap: bool
) -> Listing:
    """Give each file the class and the split that its folders name; a file without a class is refused."""
    kept: list[tuple[PhotoFile, Parts]] = []
    hidden: list[Parts] = []
    for file in found:
        parts = tuple(parts_of(file.name))
        if any(is_junk(part) for part in parts) or (parts[-1:] and parts[-1].startswith(".")):
            continue
        if unwrap and (".." in parts or re.match(r"[/\\]|[A-Za-z]:", file.name)):
            listing.refused.append(
                Refusal(file.name, Sentence("Its name leads out of the folder: rename it and try again."))
            )
        elif not parts:
            listing.refused.append(Refusal("(no name)", Sentence("It has no name: give it one and try again.")))
        elif any(part.startswith(".") for part in parts):
            hidden.append(parts)
        else:
            kept.append((file, parts))
    if by_table(kept, listing):
        _drop_unlearned(listing)
        return listing
    layout = find_layout([parts for _, parts in kept], title, unwrap)
    _refuse_hidden(hidden, layout, listing)
    if not kept and not listing.refused:
        raise nothing_in(title)
    if kept and all(len(layout.inner(parts) or parts) < 2 for _, parts in kept):
        tables = [parts[-1] for _, parts in kept if parts[-1].lower().endswith((".csv", ".tsv"))]
        raise DataError(
            "{title} holds files but no folders, and {table} does not tell what they show: it needs a column file that "
            "names them as they are called here, and a column label."
            if tables
            else "{title} holds files but no folders: put the photos of each class into a folder named after the "
            "class, or add a CSV table with the columns file and label.",
            title=title,
            table=", ".join(tables),
        )
    for file, parts in kept:
        _place(file, parts, layout, listing)
    _drop_unlearned(listing)
    inner_folders = [inner for parts in folders if (inner := layout.inner(parts))]
    listing.class_folders |= {
        "/".join(inner)
        for inner in inner_folders
        if len(inner) == layout.class_at(inner) + 1
        and layout.beside((*inner, "")) is None
        and not any(is_junk(part) or part.startswith(".") for part in inner)
        and is_class_name(inner[-1])  # the photos in others are refused one by one, for their folder's name
    }
    return listing


def _place(file: PhotoFile, parts: Parts, layout: Layout, listing: Listing) -> None:
    """Put a file among those with a class, or among the refused."""
    inner = layout.inner(parts)
    if reason := layout.beside(inner):
        listing.refused.append(Refusal("/".join(inner or parts), reason))
        return
    inner = inner or parts
    name, at = "/".join(inner), layout.class_at(inner)
    if len(inner) < at + 2:
        reason = Sentence(
            "This lies outside the class folders, so it has no class. If it is a photo, move it into the folder of "
            "its class."
        )
        listing.refused.append(Refusal(name, reason))
        return
    try:
        class_name = clean_class_name(inner[at])
    except DataError as error:
        listing.refused.append(Refusal(name, error.sentence))
    else:
        listing.class_folders.add("/".join(inner[: at + 1]))
        listing.files.append(PhotoFile(name, class_name, file.read, file.path, layout.split(inner)))


def _drop_unlearned(listing: Listing) -> None:
    """Refuse the photos of classes that only lie among those to check or to test on."""
    learned = {file.class_name for file in listing.files if file.split == "train"}
    if not learned:
        return
    kept = []
    for file in listing.files:
        if file.split is None or file.class_name in learned:
            kept.append(file)
        else:
            reason = Sentence(
                'No photos to learn from show "{name}", so a classifier could never answer it: add some to the '
                "training photos.",
                name=file.class_name,
            )
            listing.refused.append(Refusal(file.name, reason))
    listing.files = kept


def _refuse_hidden(hidden: list[Parts], layout: Layout, listing: Listing) -> None:
    """Name the class folders that were passed over because their name begins with a dot."""
    passed: dict[str, int] = {}
    for parts in hidden:
        inner = layout.inner(parts)
        at = layout.class_at(inner) if inner else 0
        first = next((index for index, part in enumerate(inner or ()) if part.startswith(".")), None)
        if inner and first == at and len(inner) > at + 1 and is_picture_name(inner[-1]):
            passed["/".join(inner[: at + 1])] = passed.get("/".join(inner[: at + 1]), 0) + 1
    for folder, count in passed.items():
        reason = plural(
            "Its name begins with a dot, so the folder and its photo are hidden: rename it if it is a class.",
            "Its name begins with a dot, so the folder and its {n} photos are hidden: rename it if it is a class.",
            count,
        )
        listing.refused.append(Refusal(folder, reason))


def nothing_in(title: str | Sentence) -> DataError:
    return DataError("{title} holds no files: choose one that holds a folder of photos for each class.", title=title)


def parts_of(name: str) -> list[str]:
    # Windows writes backslashes into zips; a control character can't be shown or stored.
    clean = "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else "_" for c in name.replace("\\", "/"))
    return [part for part in clean.split("/") if part not in ("", ".")]


def is_junk(name: str) -> bool:
    """Tell what operating systems, network drives and photo programs leave behind."""
    low = name.lower()
    return low in _JUNK or low in _HIDDEN_JUNK or low.startswith((".trash-", "._")) or low.endswith(":zone.identifier")
