"""Looks at the photos of a store that are new, and keeps with which others they belong together."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from transfer_core.errors import PhotoError
from transfer_core.photos.groups.bursts import Shot, bursts, taken_at
from transfer_core.photos.groups.near_copies import groups_of, near_copies
from transfer_core.photos.storage.database import PhotoDatabase
from transfer_core.photos.storage.looks import GRID, Look, count_unseen, insert_looks, name_groups, select_looks
from transfer_core.photos.storage.queries import Photo, select_photos

__all__ = ["keep_together"]


def keep_together(database: PhotoDatabase, folder: Path, thumbnail: Callable[[Photo], Path]) -> None:
    """Look at photos that were not looked at yet, and name the groups they make with all others.

    Two processes may do it at once: each writes what it saw first and compares afterwards, so that of any two photos
    one at least is compared with the other.

    Args:
        database: of the store.
        folder: of the store.
        thumbnail: gives the thumbnail of a photo, or raises `PhotoError`.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    with database.read() as connection:
        if not count_unseen(connection):
            return
        photos = select_photos(connection, folder)
        seen = {sha for sha, _, _ in select_looks(connection)[0]}
    fresh = {photo.sha256: photo for photo in photos if photo.sha256 not in seen}

    def look(photo: Photo) -> Look:
        try:
            return photo.sha256, _grid(thumbnail(photo)), taken_at(photo.path)
        except PhotoError:  # gone, which whoever needs it says: it is like no other
            return photo.sha256, np.zeros((GRID, GRID), np.uint8), None

    with ThreadPoolExecutor(os.cpu_count(), "thaw-look") as pool:
        looks = list(pool.map(look, fresh.values()))
    with database.note() as connection:
        insert_looks(connection, looks)
    with database.read() as connection:
        kept, names = select_looks(connection)
        photos = select_photos(connection, folder)
    groups = _groups(kept, names, photos, set(fresh))
    with database.note() as connection:
        name_groups(connection, groups)


def _grid(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(path) as picture:
        picture.draft("L", (2 * GRID, 2 * GRID))
        return np.asarray(picture.convert("L").resize((GRID, GRID), Image.Resampling.BOX))


def _groups(
    looks: Sequence[Look], names: Sequence[tuple[str | None, str | None]], photos: Sequence[Photo], fresh: set[str]
) -> list[tuple[str, str | None, str | None]]:
    """Names of the groups of each content that is in one now."""
    # What is new comes last.
    order = sorted(range(len(looks)), key=lambda row: looks[row][0] in fresh)
    shas = [looks[row][0] for row in order]
    grids = np.stack([looks[row][1] for row in order])
    near = near_copies(grids, since=len(order) - len(fresh))
    rows = {sha: row for row, sha in enumerate(shas)}
    taken = {sha: moment for sha, _, moment in looks}
    shots = [Shot(photo.name, photo.class_name, taken[photo.sha256]) for photo in photos]
    places = [rows[photo.sha256] for photo in photos]
    series = [[places[shot] for shot in group] for group in bursts(grids[places], shots)]
    found = []
    for groups, before in ((near, [names[row][0] for row in order]), (series, [names[row][1] for row in order])):
        found.append(_named(shas, groups, before))
    return [(sha, found[0].get(sha), found[1].get(sha)) for sha in shas if sha in found[0] or sha in found[1]]


def _named(shas: Sequence[str], groups: Sequence[Sequence[int]], before: Sequence[str | None]) -> dict[str, str]:
    """Groups found now and those known before, those that share a photo as one, each named after its first photo."""
    pairs = [(group[0], other) for group in groups for other in group[1:]]
    first: dict[str, int] = {}
    for row, name in enumerate(before):
        if name is not None:
            pairs.append((first.setdefault(name, row), row))
    joined = groups_of(len(shas), pairs)
    return {shas[row]: min(shas[other] for other in group) for group in joined for row in group}
