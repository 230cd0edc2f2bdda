"""The rows by which a photo store knows which photos belong together: one for each content, whatever its class."""

from collections.abc import Collection, Iterable, Mapping
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRID", "Look", "count_unseen", "forget_looks", "insert_looks", "name_near", "select_looks", "select_near"]

GRID = 32
"""Side of the small grey picture that is kept of each photo."""

Look = tuple[str, NDArray[np.uint8], float | None]
"""SHA-256; uint8 (32, 32), grey; when it was taken, see `groups.bursts`."""


def count_unseen(connection: Connection) -> int:
    """How many photos have not been looked at yet."""
    unseen = "SELECT count(*) FROM photos WHERE sha256 NOT IN (SELECT sha256 FROM looks)"
    return int(connection.execute(unseen).fetchone()[0])


def select_looks(connection: Connection) -> list[Look]:
    """Give all looks by SHA-256."""
    rows = connection.execute("SELECT sha256, grid, taken FROM looks ORDER BY sha256")
    return [(sha, np.frombuffer(grid, np.uint8).reshape(GRID, GRID), taken) for sha, grid, taken in rows]


def select_near(connection: Connection) -> dict[str, str]:
    """Give the name of the group of each content that is nearly the same as another."""
    return dict(connection.execute("SELECT sha256, near FROM looks WHERE near IS NOT NULL").fetchall())


def insert_looks(connection: Connection, looks: Iterable[Look]) -> None:
    """Add looks, but for those that are here."""
    connection.executemany(
        "INSERT OR IGNORE INTO looks (sha256, grid, taken) VALUES (?, ?, ?)",
        ((sha, grid.tobytes(), taken) for sha, grid, taken in looks),
    )


def name_near(connection: Connection, groups: Mapping[str, str]) -> None:
    """Keep the name of the group of each SHA-256."""
    connection.executemany("UPDATE looks SET near = ? WHERE sha256 = ?", ((name, sha) for sha, name in groups.items()))


def forget_looks(connection: Connection, kept: Collection[str]) -> None:
    """Drop the looks of contents that are not in `kept`."""
    gone = {sha for (sha,) in connection.execute("SELECT sha256 FROM looks")} - set(kept)
    connection.executemany("DELETE FROM looks WHERE sha256 = ?", ((sha,) for sha in gone))
