"""Photos -> one uint8 memory map at a base's input size; each photo is decoded once, whatever runs come."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.arrays import Stored, content_key, find_array, require_space, write_array
from transfer_core.disk.files import disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError, PhotoError
from transfer_core.nn.data.batches import Rows
from transfer_core.photos.decode import decode
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.progress import Reporter
from transfer_core.text import Sentence

__all__ = ["DECODE_VERSION", "Pixels", "Skipped", "load_pixels", "without"]

DECODE_VERSION = 2  # raised whenever `photos.reader` gives other pixels for the same bytes; 2: sRGB, JPEG at 3 times
_THREADS = 8  # decoding releases the GIL; beyond this a disk is the limit
_DONORS = 8  # earlier files looked through for photos already decoded


@dataclass(frozen=True)
class Pixels:
    """The photos of a run, decoded."""

    array: Rows
    """Read-only uint8 memory map (rows, size, size, 3), RGB; one row a distinct photo, in order of SHA-256."""
    key: str
    """Names exactly these photos at this size."""
    rows: dict[str, int]
    """Row of each photo by SHA-256."""

    def training_rows(self, sha256: str) -> Sequence[int]:
        """The rows that are learned from for one photo."""
        return (self.rows[sha256],)


@dataclass(frozen=True)
class Skipped:
    """A photo of the manifest that can't be used now."""

    photo: ManifestPhoto
    reason: Sentence


def load_pixels(
    workspace: Workspace, photos: Sequence[ManifestPhoto], size: int, reporter: Reporter
) -> tuple[Pixels, list[Skipped]]:
    """Decode photos to squares of `size` pixels, or take them from the cache.

    A photo whose file vanished, changed since its import or can't be decoded is skipped and told in a message.

    Returns:
        The pixels, and the photos that were skipped (one entry a photo of the manifest).

    Raises:
        StorageError: the cache can't be written or the disk is full; nothing is left behind.
        DataError: no photo could be read.
        Stopped: a stop was asked for.
    """
    wanted = {photo.sha256: photo for photo in sorted(photos, key=lambda photo: photo.sha256)}
    folder = workspace.cache_dir / "pixels" / f"{size}-v{DECODE_VERSION}"
    reporter.progress(Sentence("photos"), 0, len(wanted))
    found = _find(folder, list(wanted))
    failures: dict[str, Sentence] = {}
    if found is None:
        found, failures = _decode_all(workspace, list(wanted.values()), size, folder, reporter)
    reporter.progress(Sentence("photos"), len(wanted), len(wanted))
    shas = found.notes["photos"]
    pixels = Pixels(found.array, _key(shas), {sha: row for row, sha in enumerate(shas)})
    skipped = [Skipped(photo, failures[photo.sha256]) for photo in photos if photo.sha256 in failures]
    for item in skipped:
        reporter.message("{name} is left out. {reason}", name=item.photo.name, reason=item.reason, warning=True)
    return pixels, skipped


def without(manifest: Manifest, skipped: Sequence[Skipped]) -> Manifest:
    """The manifest less the photos that were skipped.

    Raises:
        DataError: a class is left with no photo to learn from or none to check on.
    """
    gone = {item.photo.sha256 for item in skipped}
    kept = replace(manifest, photos=tuple(photo for photo in manifest.photos if photo.sha256 not in gone))
    if len(kept.classes) < 2:
        raise DataError(
            "A classifier tells at least two classes apart; {count} came. Add photos of more.", count=len(kept.classes)
        )
    counts = kept.counts()
    for name in kept.classes:
        for split, use in (("train", Sentence("to learn from")), ("validation", Sentence("to check on"))):
            if not counts[split][name]:
                raise DataError(
                    'The class "{name}" has no photo {use} ({lost} could not be read). Add photos of it.'
                    if skipped
                    else 'The class "{name}" has no photo {use}. Add photos of it.',
                    name=name,
                    use=use,
                    lost=len(skipped),
                )
    return kept


def _key(shas: Sequence[str]) -> str:
    return content_key(DECODE_VERSION, *shas)


def _path(folder: Path, shas: Sequence[str]) -> Path:
    return folder / f"{_key(shas)}.pixels"


def _find(folder: Path, shas: list[str]) -> Stored | None:
    found = find_array(_path(folder, shas))
    return found if found and found.notes.get("photos") == shas else None


def _decode_all(
    workspace: Workspace, photos: list[ManifestPhoto], size: int, folder: Path, reporter: Reporter
) -> tuple[Stored, dict[str, Sentence]]:
    """Decode what no earlier file holds; give the array of what could be read, and why the rest could not."""
    require_space(workspace, folder, len(photos) * size * size * 3, Sentence("The decoded photos"))
    failures: dict[str, Sentence] = {}
    kept: list[str] = []
    # The name depends on which photos can be read, which is known only at the end: written first, named then.
    # Hidden, so that nobody who makes room in the cache takes it for a file in use.
    draft = folder / f".{_key([photo.sha256 for photo in photos])}-{os.getpid()}.draft"
    try:
        with write_array(draft, (size, size, 3), np.uint8) as writer:
            for done, (photo, result) in enumerate(_decoded(photos, size, _donors(folder)), 1):
                if isinstance(result, PhotoError):
                    failures[photo.sha256] = result.sentence
                else:
                    writer.append(result[None])
                    kept.append(photo.sha256)
                reporter.progress(Sentence("photos"), done, len(photos))
            if not kept:
                raise DataError(
                    "None of the {count} photos can be read now: {first}",
                    count=len(photos),
                    first=next(iter(failures.values())),
                )
            writer.notes["photos"] = kept
        with disk_errors(draft):
            draft.replace(_path(folder, kept))
    finally:
        draft.unlink(missing_ok=True)
    return writer.stored(_path(folder, kept)), failures


def _donors(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """Photos that the newest earlier files of this size hold, by SHA-256; the values are views, nothing is read."""

    def used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # another process makes room
            return 0.0

    files = sorted(folder.glob("*.pixels"), key=used, reverse=True)[:_DONORS]
    stored = [found for path in files if (found := find_array(path, use=False))]
    return {sha: one.array[row] for one in stored for row, sha in enumerate(one.notes["photos"])}


def _decoded(
    photos: list[ManifestPhoto], size: int, known: dict[str, NDArray[np.uint8]]
) -> Iterator[tuple[ManifestPhoto, NDArray[np.uint8] | PhotoError]]:
    """Every photo with its pixels or what is wrong with it, in order; a few are decoded ahead, never all."""

    def one(photo: ManifestPhoto) -> NDArray[np.uint8] | PhotoError:
        if photo.sha256 in known:
            return known[photo.sha256]
        try:
            return _read(photo, size)
        except PhotoError as error:
            return error

    threads = min(_THREADS, (os.cpu_count() or 1) + 1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    pending: deque[tuple[ManifestPhoto, Future[NDArray[np.uint8] | PhotoError]]] = deque()
    try:
        for photo in photos:
            pending.append((photo, pool.submit(one, photo)))
            if len(pending) >= 4 * threads:
                ready, future = pending.popleft()
                yield ready, future.result()
        for ready, future in pending:
            yield ready, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(photo: ManifestPhoto, size: int) -> NDArray[np.uint8]:
    try:
        data = Path(photo.path).read_bytes()
    except OSError as error:
        raise PhotoError(
            "Its file can't be read now ({strerror}): {path}.", strerror=error.strerror, path=photo.path
        ) from error
    # The cache is shared and named by content: another photo under this name would stay wrong in every later run.
    if hashlib.sha256(data).hexdigest() != photo.sha256:
        raise PhotoError("Its file has changed since it was imported: {path}. Import it again.", path=photo.path)
    return decode(data, size, verified=True)  # at its import, by what its SHA-256 says
