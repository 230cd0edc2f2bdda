"""Folders, zips and uploads become files with a name and a class, or refusals."""

import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.decode import MAX_BYTES, check_bytes
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.photos.sources.found import Listing, PhotoFile, Refusal
from transfer_core.photos.sources.layout import Parts
from transfer_core.photos.sources.placing import by_class, is_junk, nothing_in, parts_of
from transfer_core.photos.sources.zip_names import read_names
from transfer_core.text import Sentence

__all__ = ["Zipped", "list_files", "list_folder", "list_zip", "open_zip", "path_reader", "walk"]

_MAX_ZIP_FILES = 200_000
_MAX_ZIP_BYTES = 20 * 2**30
_MAX_ZIP_RATIO = 200


def list_folder(folder: Path) -> Listing:
    """List a folder of class folders, or of splits that hold them; deeper folders count for the class they lie in.

    Raises:
        DataError: the folder is missing, empty, has no class folders or holds splits without classes.
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
    folders: list[Parts] = []
    walk(folder, found, folders, listing)
    return by_class(found, folders, listing, str(folder), unwrap=False)


@contextmanager
def list_zip(source: Path | bytes) -> Iterator[Listing]:
    """List a zip of class folders, or of one folder that holds them; its files can be read until the block ends.

    Raises:
        DataError: as `open_zip`, or it has no class folders.
    """
    with open_zip(source) as zipped:
        yield by_class(zipped.found, zipped.folders, zipped.listing, zipped.title, unwrap=True)


@dataclass(frozen=True)
class Zipped:
    """What a zip holds."""

    title: Sentence | str
    found: list[PhotoFile]
    folders: list[Parts]
    listing: Listing
    """Has what can't be read as a file."""


@contextmanager
def open_zip(source: Path | bytes) -> Iterator[Zipped]:
    """List every file of a zip; they can be read until the block ends.

    Nothing is unpacked to disk under a name from the zip, so such names can do no harm.

    Raises:
        DataError: the zip is missing, no zip, damaged, protected by a password, or far too large.
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
        infos = archive.infolist()
        _check_zip(title, infos)
        names, sure = read_names(infos)
        listing = Listing(sure_names=sure)
        found: list[PhotoFile] = []
        folders: list[Parts] = []
        for info, name in zip(infos, names, strict=True):
            if name.endswith(("/", "\\")):
                folders.append(tuple(parts_of(name)))
            elif stat.S_ISLNK(info.external_attr >> 16):
                listing.refused.append(
                    Refusal(name, Sentence("It is a link, not a photo: put the photo itself into the zip."))
                )
            else:
                found.append(PhotoFile(name, "", _zip_reader(archive, info)))
        yield Zipped(title, found, folders, listing)


def list_files(files: Iterable[tuple[str, bytes]], class_name: str | None = None) -> Listing:
    """List uploads, named `class/name.jpg` or `folder/class/name.jpg` as browsers name a dropped folder.

    Args:
        files: (name, bytes) pairs.
        class_name: the class of them all; then folders in the names don't matter.

    Raises:
        DataError: there are no files, none has a class, or `class_name` is no class name.
    """
    found = [PhotoFile(name, "", _bytes_reader(data)) for name, data in files]
    if class_name is None:
        return by_class(found, [], Listing(), Sentence("The upload"), unwrap=True)
    class_name = clean_class_name(class_name)
    listing = Listing(class_folders={class_name})
    for file in found:
        last = parts_of(file.name)[-1:] or ["photo"]
        if not is_junk(last[0]):
            listing.files.append(PhotoFile(f"{class_name}/{last[0]}", class_name, file.read))
    if not found:
        raise nothing_in(Sentence("The upload"))
    return listing


def walk(folder: Path, found: list[PhotoFile], folders: list[Parts], listing: Listing) -> None:
    """Add every file in a folder, however deep, to `found`, the folders to `folders`, the rest to `listing.refused`."""
    _walk(folder, (), found, folders, listing, set())


def _walk(
    folder: Path, parts: Parts, found: list[PhotoFile], folders: list[Parts], listing: Listing, seen: set[str]
) -> None:
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
    for entry in entries:
        if is_junk(entry.name):
            continue
        names = (*parts, entry.name)
        name = "/".join(names)
        if not _is_unicode(name):
            shown = name.encode("utf-8", "replace").decode()
            listing.refused.append(Refusal(shown, Sentence("Its name has characters no computer can show: rename it.")))
        elif entry.is_dir():
            folders.append(names)
            _walk(Path(entry.path), names, found, folders, listing, seen | {real})
        elif entry.name.startswith("."):
            continue
        elif entry.is_file():
            path = Path(entry.path)
            found.append(PhotoFile(name, "", path_reader(path), path))
        else:
            listing.refused.append(Refusal(name, Sentence("It is not a file, or a link to a file that is gone.")))


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


def path_reader(path: Path) -> Callable[[], bytes]:
    """Give what reads a file, or raises `PhotoError`."""

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
