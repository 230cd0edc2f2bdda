"""Looks at the photos of a store that are new, and says with which others they belong together."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.errors import PhotoError
from transfer_core.photos.groups.bursts import Shot, bursts, taken_at
from transfer_core.photos.groups.near_copies import groups_of, near_copies
from transfer_core.photos.storage.database import PhotoDatabase
from transfer_core.photos.storage.looks import (
    GRID,
    Look,
    count_unseen,
    insert_looks,
    name_near,
    select_looks,
    select_near,
)
from transfer_core.photos.storage.queries import Photo, select_photos

__all__ = ["look_at_new", "near_between", "with_bursts"]


def look_at_new(database: PhotoDatabase, folder: Path, thumbnail: Callable[[Photo], Path]) -> bool:
    """Look at photos that were not looked at yet, and name the groups of nearly the same ones.

    Two processes may do it at once: each writes what it saw first and compares afterwards, so that of any two photos
    one at least is compared with the other. A photo whose original is out of reach is looked at when it is back.

    Args:
        database: of the store.
        folder: of the store.
        thumbnail: gives the thumbnail of a photo, or raises `PhotoError`.

    Returns:
        Whether there was something new to see.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    with database.read() as connection:
        if not count_unseen(connection):
            return False
        photos = select_photos(connection, folder)
        seen = {sha for sha, _, _ in select_looks(connection)}
    unseen = {photo.sha256: photo for photo in photos if photo.sha256 not in seen and photo.path.exists()}

    def look(photo: Photo) -> Look | None:
        try:
            return photo.sha256, _grid(photo, thumbnail), taken_at(photo.path)
        except PhotoError:
            return None  # gone meanwhile; whoever needs it says so

    with ThreadPoolExecutor(os.cpu_count(), "thaw-look") as pool:
        looks = [found for found in pool.map(look, unseen.values()) if found is not None]
    if not looks:
        return False
    with database.note() as connection:
        insert_looks(connection, looks)
    with database.read() as connection:
        kept = select_looks(connection)
    fresh = {sha for sha, _, _ in looks} & {sha for sha, _, _ in kept}  # the others were purged just now
    kept.sort(key=lambda found: found[0] in fresh)  # what is new comes last
    shas = [sha for sha, _, _ in kept]
    groups = near_copies(np.stack([grid for _, grid, _ in kept]), since=len(kept) - len(fresh))
    with database.note() as connection:  # names as they are at this moment: another process may have written some
        name_near(connection, _named(shas, groups, select_near(connection)))
    return True


def _grid(photo: Photo, thumbnail: Callable[[Photo], Path]) -> NDArray[np.uint8]:
    """A small grey picture, made of the thumbnail; of one that is damaged, of a new one."""
    path = thumbnail(photo)
    try:
        return _read(path)
    except OSError:  # thumbnails are written without waiting for the disk
        path.unlink(missing_ok=True)
        return _read(thumbnail(photo))


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        picture.draft("L", (2 * GRID, 2 * GRID))
        return np.asarray(picture.convert("L").resize((GRID, GRID), Image.Resampling.BOX))


def _named(shas: Sequence[str], groups: Sequence[Sequence[int]], before: Mapping[str, str]) -> dict[str, str]:
    """Groups found now and those known before, those that share a photo as one, each named after its first photo."""
    pairs = [(group[0], other) for group in groups for other in group[1:]]
    first: dict[str, int] = {}
    for row, sha in enumerate(shas):
        if (name := before.get(sha)) is not None:
            pairs.append((first.setdefault(name, row), row))
    joined = groups_of(len(shas), pairs)
    return {shas[row]: min(shas[other] for other in group) for group in joined for row in group}


def with_bursts(photos: Sequence[Photo], looks: Sequence[Look]) -> list[Photo]:
    """The photos, each with the name of its burst if it is in one; what was not looked at is in none."""
    rows = {sha: row for row, (sha, _, _) in enumerate(looks)}
    known = [photo for photo in photos if photo.sha256 in rows]
    if not known:
        return list(photos)
    grids = np.stack([looks[rows[photo.sha256]][1] for photo in known])
    shots = [Shot(photo.name, photo.class_name, looks[rows[photo.sha256]][2]) for photo in known]
    names = {
        known[row].id: min(known[other].sha256 for other in group) for group in bursts(grids, shots) for row in group
    }
    return [replace(photo, burst=names.get(photo.id)) for photo in photos]


def near_between(ours: Sequence[Look], theirs: Sequence[Look]) -> dict[str, str]:
    """SHA-256 of each of their photos that is nearly the same as one of ours, and that of ours; not the very same."""
    known = {sha for sha, _, _ in ours}
    both = [*ours, *(look for look in theirs if look[0] not in known)]
    if not ours or len(both) == len(ours):
        return {}
    groups = near_copies(np.stack([grid for _, grid, _ in both]), since=len(ours))
    return {
        both[row][0]: both[group[0]][0] for group in groups if group[0] < len(ours) for row in group if row >= len(ours)
    }
