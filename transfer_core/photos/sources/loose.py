"""Photos that need no class: single files, folders however deep, and zips."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.sources.found import Listing, PhotoFile, Refusal
from transfer_core.photos.sources.listing import open_zip, path_reader, walk
from transfer_core.photos.sources.placing import is_junk, parts_of
from transfer_core.text import Sentence

__all__ = ["loose_files"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # with files in it, and without


@contextmanager
def loose_files(sources: Iterable[str | Path | tuple[str, bytes] | PhotoFile]) -> Iterator[list[PhotoFile]]:
    """Every file in the given files, folders and zips; they can be read until the block ends.

    What can't be read is listed too, and says why when it is read, so that it does not spoil the rest. What operating
    systems leave behind, and hidden files, are passed over.

    Args:
        sources: paths, uploads as (name, bytes), or files found elsewhere, which stay as they are.

    Yields:
        Files named by the path of their source and what lies inside it, such as `new.zip/holiday/1.jpg`.
    """
    with ExitStack() as stack:
        files: list[PhotoFile] = []
        for source in sources:
            if isinstance(source, PhotoFile):
                files.append(source)
            elif isinstance(source, tuple):
                files += _inside(source[1], source[0], stack)
            else:
                files += _inside(Path(source), str(source), stack)
        yield files


def _inside(source: Path | bytes, name: str, stack: ExitStack) -> list[PhotoFile]:
    listing = Listing()
    found: list[PhotoFile] = []
    if isinstance(source, Path) and source.is_dir():
        walk(source.absolute(), found, [], listing)
        empty = Sentence("There is no file in this folder.")
    elif _is_zip(source):
        try:
            archive = stack.enter_context(open_zip(source))
        except DataError as error:
            return [_refused(Refusal(name, error.sentence))]
        found, listing = archive.found, archive.listing
        empty = Sentence("There is no file in this zip.")
    elif isinstance(source, bytes):
        return [PhotoFile(name, "", lambda: source)]
    else:
        return [PhotoFile(name, "", path_reader(source), source)]
    inner = []
    for file in found:
        parts = parts_of(file.name)
        if ".." in parts:
            listing.refused.append(
                Refusal("/".join(parts), Sentence("Its name leads out of the folder: rename it and try again."))
            )
        elif parts and not any(is_junk(part) or part.startswith(".") for part in parts):
            inner.append(PhotoFile("/".join([name, *parts]), "", file.read, file.path))
    refused = [_refused(Refusal("/".join([name, *parts_of(item.name)]), item.reason)) for item in listing.refused]
    return [*inner, *refused] or [_refused(Refusal(name, empty))]


def _is_zip(source: Path | bytes) -> bool:
    if isinstance(source, bytes):
        return source.startswith(_ZIP)
    try:
        with source.open("rb") as file:
            return file.read(4) in _ZIP
    except OSError:
        return False  # whoever reads it says what is wrong


def _refused(refusal: Refusal) -> PhotoFile:
    def read() -> bytes:
        raise PhotoError(refusal.reason)

    return PhotoFile(refusal.name, "", read)
