"""Where photos come from: folders, zips and uploads become files with a name and a class, or refusals."""

import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.decode import MAX_BYTES, check_bytes
from transfer_core.text import Sentence, all_of

__all__ = [
    "CLASS_NAME_LENGTH",
    "Listing",
    "PhotoFile",
    "Refusal",
    "clean_class_name",
    "list_files",
    "list_folder",
    "list_zip",
]

CLASS_NAME_LENGTH = 60
"""The longest class name, in characters."""

_MAX_ZIP_FILES = 200_000
_MAX_ZIP_BYTES = 20 * 2**30
_MAX_ZIP_RATIO = 200
_JUNK = {"thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db", "$recycle.bin", "icon\r"}
_SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True)
class Refusal:
    """One file that was not imported."""

    name: str
    """Relative to what was imported, such as `glass/glass176.jpg`."""
    reason: Sentence
    """One plain sentence."""


@dataclass(frozen=True)
class PhotoFile:
    """One file that may be a photo."""

    name: str
    """Relative to what is imported, with forward slashes."""
    class_name: str
    """Clean, see `clean_class_name`; empty while the file has none."""
    read: Callable[[], bytes]
    """Gives the file's bytes or raises `PhotoError`."""
    path: Path | None = None
    """Absolute, if the file lies on disk by itself."""


@dataclass
class Listing:
    """Every file that was found: `files` have a class, `refused` have a reason."""

    files: list[PhotoFile] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    """Class folders that hold no file."""


def clean_class_name(name: str) -> str:
    """Trim a class name and bring it to Unicode's composed form (NFC), so that names that look alike are alike.

    Raises:
        DataError: the name is empty, longer than 60 characters, or has a slash or a control character.
    """
    clean = " ".join(unicodedata.normalize("NFC", name).split())
    if not clean:
        raise DataError("A class needs a name: type what its photos show, such as cat.")
    if len(clean) > CLASS_NAME_LENGTH:
        raise DataError(
            'The class name "{clean}..." has {count} characters: use at most {class_name_length}.',
            clean=clean[:20],
            count=len(clean),
            class_name_length=CLASS_NAME_LENGTH,
        )
    if "/" in clean or "\\" in clean:
        raise DataError(
            'The class name "{clean}" has a slash: use letters, digits, spaces, hyphens or dots.', clean=clean
        )
    if clean in (".", "..") or any(unicodedata.category(character) in ("Cc", "Cs") for character in clean):
        raise DataError("The class name {clean!r} can't be shown: use letters, digits, spaces or hyphens.", clean=clean)
    return clean


def list_folder(folder: Path) -> Listing:
    """List a folder of class folders; deeper folders count for the class folder they lie in.

    Raises:
        DataError: the folder is missing, empty, has no class folders or holds splits rather than classes.
    """
    folder = folder.expanduser().absolute()  # not resolve(): a person should recognise it
    if not folder.exists():
        raise DataError("There is no folder {folder}: check the path.", folder=folder)
    if not folder.is_dir():
        raise DataError(
            "{folder} is a file, not a folder: choose the folder that holds one folder for each class.", folder=folder
        )
    listing = Listing()
    found: list[PhotoFile] = []
    _walk(folder, (), found, listing, set())
    return _by_class(found, listing, str(folder), unwrap=False)


@contextmanager
def list_zip(source: Path | bytes) -> Iterator[Listing]:
    """List a zip of class folders, or of one folder that holds them; its files can be read until the block ends.

    Nothing is unpacked to disk under a name from the zip, so such names can do no harm.

    Raises:
        DataError: the zip is missing, no zip, damaged, protected by a password, far too large, or has no class folders.
    """
    title = Sentence("The file") if isinstance(source, bytes) else str(source)
    try:
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except FileNotFoundError as error:
        raise DataError("There is no file {title}: check the path.", title=title) from error
    except OSError as error:
        raise DataError("{title} can't be read ({reason}).", title=title, reason=error.strerror or error) from error
    # A damaged directory makes zipfile raise nearly anything: BadZipFile, struct.error, ValueError, OverflowError.
    except Exception as error:
        raise DataError(
            "{title} is not a zip, or it is cut off or damaged: make or copy it again.", title=title
        ) from error
    with archive:
        infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
        _check_zip(title, infos)
        listing = Listing()
        found = []
        for info in infos:
            if stat.S_ISLNK(info.external_attr >> 16):
                listing.refused.append(
                    Refusal(info.filename, Sentence("It is a link, not a photo: put the photo itself into the zip."))
                )
            else:
                found.append(PhotoFile(info.filename, "", _zip_reader(archive, info)))
        yield _by_class(found, listing, title, unwrap=True)


def list_files(files: Iterable[tuple[str, bytes]], class_name: str | None = None) -> Listing:
    """List uploads, named `class/name.jpg` or `folder/class/name.jpg` as browsers name a dropped folder.

    Args:
        files: (name, bytes) pairs.
        class_name: the class of them all; then folders in the names don't matter.

    Raises:
        DataError: there are no files, none has a class, or `class_name` is no class name.
    """
    if class_name is not None:
        class_name = clean_class_name(class_name)
        files = [(f"{class_name}/{_parts(name)[-1] if _parts(name) else 'photo'}", data) for name, data in files]
    found = [PhotoFile(name, "", _bytes_reader(data)) for name, data in files]
    return _by_class(found, Listing(), Sentence("The upload"), unwrap=class_name is None)


def _walk(folder: Path, parts: tuple[str, ...], found: list[PhotoFile], listing: Listing, seen: set[str]) -> None:
    real = os.path.realpath(folder)
    if real in seen:  # a link back to a folder on the way here
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        listing.refused.append(
            Refusal(
                "/".join(parts) or str(folder),
                Sentence("The folder can't be read ({reason}).", reason=error.strerror or error),
            )
        )
        return
    before = len(found) + len(listing.refused)
    for entry in entries:
        if _is_junk(entry.name):
            continue
        names = (*parts, entry.name)
        name = "/".join(names)
        if not _is_unicode(name):
            shown = name.encode("utf-8", "replace").decode()
            listing.refused.append(Refusal(shown, Sentence("Its name has characters no computer can show: rename it.")))
        elif entry.is_dir():
            _walk(Path(entry.path), names, found, listing, seen | {real})
        elif entry.is_file():
            path = Path(entry.path)
            found.append(PhotoFile(name, "", _path_reader(path), path))
        else:
            listing.refused.append(Refusal(name, Sentence("It is not a file, or a link to a file that is gone.")))
    if len(parts) == 1 and before == len(found) + len(listing.refused):
        listing.empty.append(parts[0])


def _by_class(found: list[PhotoFile], listing: Listing, title: str | Sentence, unwrap: bool) -> Listing:
    """Give each file the class its first folder names; a file without one is refused."""
    kept = []
    for file in found:
        parts = _parts(file.name)
        if any(_is_junk(part) for part in parts):
            continue
        if unwrap and (".." in parts or re.match(r"[/\\]|[A-Za-z]:", file.name)):
            listing.refused.append(
                Refusal(file.name, Sentence("Its name leads out of the folder: rename it and try again."))
            )
        elif not parts:
            listing.refused.append(Refusal("(no name)", Sentence("It has no name: give it one and try again.")))
        else:
            kept.append((file, parts))
    if unwrap and _is_wrapped([parts for _, parts in kept]):
        kept = [(file, parts[1:]) for file, parts in kept]
    if not kept and not listing.refused:
        raise DataError("{title} holds no files: choose one that holds a folder of photos for each class.", title=title)
    folders = {parts[0] for _, parts in kept if len(parts) > 1}
    if kept and not folders:
        raise DataError(
            "{title} holds files but no folders: put the photos of each class into a folder named after the class.",
            title=title,
        )
    if folders and {name.lower() for name in folders} <= _SPLITS and all(len(parts) != 2 for _, parts in kept):
        raise DataError(
            "{title} holds {folders}, which are splits, not classes: choose one of them.",
            title=title,
            folders=all_of(sorted(folders)),
        )
    for file, parts in kept:
        name = "/".join(parts)
        if len(parts) == 1:
            listing.refused.append(
                Refusal(name, Sentence("It lies outside the class folders: move it into the folder of its class."))
            )
            continue
        try:
            listing.files.append(PhotoFile(name, clean_class_name(parts[0]), file.read, file.path))
        except DataError as error:
            listing.refused.append(Refusal(name, error.sentence))
    return listing


def _parts(name: str) -> list[str]:
    # Windows writes backslashes into zips; a control character can't be shown or stored.
    clean = "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else "_" for c in name.replace("\\", "/"))
    return [part for part in clean.split("/") if part not in ("", ".")]


def _is_wrapped(names: list[list[str]]) -> bool:
    return len({parts[0] for parts in names}) == 1 and any(len(parts) > 2 for parts in names)


def _is_junk(name: str) -> bool:
    """Tell hidden files and what operating systems leave behind."""
    return (name.startswith(".") and name not in (".", "..")) or name.lower() in _JUNK


def _is_unicode(name: str) -> bool:
    return not any(unicodedata.category(character) == "Cs" for character in name)


def _check_zip(title: str | Sentence, infos: list[zipfile.ZipInfo]) -> None:
    if any(info.flag_bits & 0x1 for info in infos):
        raise DataError("{title} is protected by a password: unpack it and import the folder.", title=title)
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if len(infos) > _MAX_ZIP_FILES or unpacked > _MAX_ZIP_BYTES or unpacked > _MAX_ZIP_RATIO * packed + MAX_BYTES:
        raise DataError(
            "{title} would unpack to {count:,} files and {unpacked:,.0f} MB, too much for photos from "
            "{packed:,.1f} MB: check what it holds and import a part of it.",
            title=title,
            count=len(infos),
            unpacked=unpacked / 2**20,
            packed=packed / 2**20,
        )


def _path_reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            check_bytes(path.stat().st_size)
            return path.read_bytes()
        except OSError as error:
            raise PhotoError("The file can't be read ({reason}).", reason=error.strerror or error) from error

    return read


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        check_bytes(info.file_size)
        try:
            # A bomb may lie about its size.
            with archive.open(info) as file:
                return file.read(MAX_BYTES + 1)
        # As above: damage and unknown methods of packing show as exceptions of many kinds.
        except Exception as error:
            raise PhotoError("It can't be unpacked from the zip ({error}): make the zip again.", error=error) from error

    return read


def _bytes_reader(data: bytes) -> Callable[[], bytes]:
    return lambda: data
