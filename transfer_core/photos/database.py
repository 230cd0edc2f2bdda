"""The SQLite file behind a photo store: its tables, its transactions and an undo log that triggers keep."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from transfer_core.disk.files import disk_errors
from transfer_core.errors import StorageError
from transfer_core.text import Sentence

__all__ = ["PhotoDatabase"]

_VERSION = 2  # 2: edits know when they were made
_TIMEOUT_SECONDS = 10.0
_EDITS_KEPT = 50
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")

_SCHEMA = """
CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE);
CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    class_id INTEGER NOT NULL REFERENCES classes (id),
    name TEXT NOT NULL,       -- as found: class folder and file name
    source TEXT,              -- absolute path of a photo that was not copied, else NULL
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    UNIQUE (sha256, class_id)
);
CREATE TABLE copies (         -- further files with the bytes and the class of a photo
    id INTEGER PRIMARY KEY,
    photo_id INTEGER NOT NULL REFERENCES photos (id),
    name TEXT NOT NULL
);
CREATE TABLE refusals (id INTEGER PRIMARY KEY, name TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, description TEXT NOT NULL, made REAL NOT NULL DEFAULT 0);
CREATE TABLE undo_steps (
    id INTEGER PRIMARY KEY,
    edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
    statement TEXT NOT NULL
);
CREATE INDEX photos_by_class ON photos (class_id);
CREATE INDEX copies_by_photo ON copies (photo_id);
CREATE INDEX steps_by_edit ON undo_steps (edit);
"""

_UNDOABLE = {
    "classes": ("id", "name", "folded"),
    "photos": ("id", "sha256", "class_id", "name", "source", "width", "height"),
    "copies": ("id", "photo_id", "name"),
    "refusals": ("id", "name", "reason"),
}


class PhotoDatabase:
    """Opens a connection an operation, so that threads and processes may share one file.

    Every change is an edit with a description; `undo` takes back the last one exactly, up to the last 50.

    Args:
        path: the database file; made, with its folder, when it is missing.

    Raises:
        StorageError: the file is damaged, from a newer version of Thaw, in use for too long, or can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with disk_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise StorageError(
                "{parent} can't be a folder, a file is in its way: choose another.", parent=path.parent
            ) from error
        with self.read() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise StorageError("{path} was made by a newer version of Thaw: update Thaw to open it.", path=path)
        if version < _VERSION:
            self._create()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read from, which sees one state of the photos however many questions it answers."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def edit(self, description: Sentence) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are kept together when the block ends well, and not at all otherwise.

        Args:
            description: what the edit does, such as 'renaming "cat" to "dog"', for whoever undoes it.
        """
        with self._transaction() as connection:
            edit = connection.execute(
                "INSERT INTO edits (description, made) VALUES (?, ?)", (description.dumps(), time.time())
            ).lastrowid
            yield connection
            changed = connection.execute("SELECT 1 FROM undo_steps WHERE edit = ? LIMIT 1", (edit,)).fetchone()
            if not changed:
                connection.execute("DELETE FROM edits WHERE id = ?", (edit,))
            connection.execute(
                "DELETE FROM edits WHERE id NOT IN (SELECT id FROM edits ORDER BY id DESC LIMIT ?)", (_EDITS_KEPT,)
            )

    def last_edit(self) -> Sentence | None:
        """Say what `undo` would take back."""
        with self.read() as connection:
            row = connection.execute("SELECT description FROM edits ORDER BY id DESC LIMIT 1").fetchone()
        return Sentence.loads(row[0]) if row else None

    def undo(self) -> Sentence | None:
        """Take back the last edit and give its description, or None if there is none left."""
        with self._transaction() as connection:
            row = connection.execute("SELECT id, description FROM edits ORDER BY id DESC LIMIT 1").fetchone()
            if row is None:
                return None
            steps = connection.execute("SELECT statement FROM undo_steps WHERE edit = ? ORDER BY id DESC", (row[0],))
            for (statement,) in steps.fetchall():
                connection.execute(statement)
            # Taking back was itself logged by the triggers; the edit goes with all its steps.
            connection.execute("DELETE FROM edits WHERE id = ?", (row[0],))
            return Sentence.loads(row[1])

    def forget_edits(self, before: float) -> set[str]:
        """Drop what was edited before a moment (seconds since the epoch) from the undo log.

        Returns:
            SHA-256 of the photos that are here, or come back when what is left in the log is undone.
        """
        with self._transaction() as connection:
            connection.execute("DELETE FROM edits WHERE made < ?", (before,))
            kept = {sha for (sha,) in connection.execute("SELECT sha256 FROM photos")}
            for (statement,) in connection.execute("SELECT statement FROM undo_steps"):
                kept.update(_SHA256.findall(statement))
            return kept

    def _create(self) -> None:
        with self._transaction() as connection:
            # Another process may have been first since the version was read.
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == _VERSION:
                return
            if version == 1:
                # Of what was edited before, nobody knows when: it counts from now.
                connection.execute("ALTER TABLE edits ADD COLUMN made REAL NOT NULL DEFAULT 0")
                connection.execute("UPDATE edits SET made = ?", (time.time(),))
            else:
                for statement in [*_SCHEMA.split(";\n"), *_undo_triggers()]:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            # An error closes the connection with the transaction open, which takes it back.
            yield connection
            connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._plain_words(), closing(sqlite3.connect(self.path, _TIMEOUT_SECONDS, isolation_level=None)) as opened:
            opened.execute("PRAGMA foreign_keys = ON")
            yield opened

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # a bug of ours, not of the disk's
        except sqlite3.DatabaseError as error:
            raise StorageError(self._explain(str(error))) from error

    def _explain(self, message: str) -> Sentence:
        if "locked" in message:
            return Sentence("{path} is in use by another window or command: try again in a moment.", path=self.path)
        if "full" in message:
            return Sentence(
                "The disk that holds {path} is full, so nothing was changed: free some space and try again.",
                path=self.path,
            )
        if "readonly" in message or "unable to open" in message:
            return Sentence(
                "{path} can't be written: allow writing, or choose another folder (THAW_HOME says which).",
                path=self.path,
            )
        return Sentence(
            "{path} is damaged ({message}). The photos themselves lie beside it in the folder originals: "
            "restore the file from a copy, or delete it and import the photos again.",
            path=self.path,
            message=message,
        )


def _undo_triggers() -> Iterator[str]:
    """Give triggers that log, for each change, the statement that takes it back (https://www.sqlite.org/undoredo.html)."""
    log = "INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), "
    for table, columns in _UNDOABLE.items():
        names = ", ".join(columns)
        values = " || ', ' || ".join(f"quote(old.{column})" for column in columns)
        assignments = " || ', ' || ".join(f"'{column} = ' || quote(old.{column})" for column in columns)
        inverses = {
            "INSERT": f"'DELETE FROM {table} WHERE id = ' || new.id",
            "UPDATE": f"'UPDATE {table} SET ' || {assignments} || ' WHERE id = ' || new.id",
            "DELETE": f"'INSERT INTO {table} ({names}) VALUES (' || {values} || ')'",
        }
        changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
        for event, inverse in inverses.items():
            when = f"WHEN {changed} " if event == "UPDATE" else ""
            yield f"CREATE TRIGGER undo_{table}_{event} AFTER {event} ON {table} {when}BEGIN {log}{inverse}); END"
