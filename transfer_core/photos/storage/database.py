"""The SQLite file behind a photo store: its tables, its transactions and an undo log that triggers keep."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from transfer_core.disk.files import disk_errors
from transfer_core.errors import StorageError
from transfer_core.photos.storage.schema import MIGRATIONS, SCHEMA, VERSION, undo_triggers
from transfer_core.text import Sentence

__all__ = ["PhotoDatabase", "describe_edit"]

_TIMEOUT_SECONDS = 10.0
_EDITS_KEPT = 50
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


class PhotoDatabase:
    """Opens a connection an operation, so that threads and processes may share one file.

    Every change is an edit with a description; `undo` takes back the last one exactly, up to the last 50, and `redo`
    does it again until something else is done.

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
        if version > VERSION:
            raise StorageError("{path} was made by a newer version of Thaw: update Thaw to open it.", path=path)
        if version < VERSION:
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
            _record(connection, edit or 0)
            yield connection
            changed = connection.execute("SELECT 1 FROM undo_steps WHERE edit = ? LIMIT 1", (edit,)).fetchone()
            if not changed:
                connection.execute("DELETE FROM edits WHERE id = ?", (edit,))
                return
            # What was undone before something else was done can't be done again.
            connection.execute("DELETE FROM edits WHERE undone")
            connection.execute(
                "DELETE FROM edits WHERE id NOT IN (SELECT id FROM edits ORDER BY id DESC LIMIT ?)", (_EDITS_KEPT,)
            )

    @contextmanager
    def note(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for what is found out about photos, kept as in `edit`: there is nothing to undo in it."""
        with self._transaction() as connection:
            yield connection

    def last_edit(self) -> Sentence | None:
        """Say what `undo` would take back."""
        with self.read() as connection:
            return _described(_last(connection))

    def last_undone(self) -> Sentence | None:
        """Say what `redo` would do again."""
        with self.read() as connection:
            return _described(_undone(connection))

    def undo_removes(self, table: str) -> int:
        """How many rows of a table `undo` would remove."""
        with self.read() as connection:
            edit = _last(connection)
            found = connection.execute(
                "SELECT count(*) FROM undo_steps WHERE edit = ? AND statement LIKE ?",
                (edit[0] if edit else 0, f"DELETE FROM {table} %"),
            )
            return int(found.fetchone()[0])

    def undo(self) -> Sentence | None:
        """Take back the last edit and give its description, or None if there is none left."""
        with self._transaction() as connection:
            return _turn(connection, _last(connection), undone=1)

    def redo(self) -> Sentence | None:
        """Do again what was undone last and give its description, or None if there is nothing."""
        with self._transaction() as connection:
            return _turn(connection, _undone(connection), undone=0)

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
        """Make the tables, or those of an older version into today's."""
        # Without foreign keys: a table that is replaced is referred to meanwhile (https://sqlite.org/lang_altertable.html).
        with self._transaction(foreign_keys=False) as connection:
            # Another process may have been first since the version was read.
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == VERSION:
                return
            statements = [step for before in range(version, VERSION) for step in MIGRATIONS[before]] if version else []
            for statement in statements or SCHEMA.split(";\n"):
                connection.execute(statement)
            for statement in undo_triggers():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _transaction(self, *, foreign_keys: bool = True) -> Iterator[sqlite3.Connection]:
        with self._connection(foreign_keys=foreign_keys) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # An error closes the connection with the transaction open, which takes it back.
            yield connection
            connection.commit()

    @contextmanager
    def _connection(self, *, foreign_keys: bool = True) -> Iterator[sqlite3.Connection]:
        with self._plain_words(), closing(sqlite3.connect(self.path, _TIMEOUT_SECONDS, isolation_level=None)) as opened:
            opened.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")
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


def describe_edit(connection: sqlite3.Connection, description: Sentence) -> None:
    """Say what the edit that is being made does, where that shows only while it is made."""
    connection.execute(
        "UPDATE edits SET description = ? WHERE id = (SELECT edit FROM recording)", (description.dumps(),)
    )


_Edit = tuple[int, str]
"""Id and description."""


def _last(connection: sqlite3.Connection) -> _Edit | None:
    found: _Edit | None = connection.execute(
        "SELECT id, description FROM edits WHERE NOT undone ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return found


def _undone(connection: sqlite3.Connection) -> _Edit | None:
    found: _Edit | None = connection.execute(
        "SELECT id, description FROM edits WHERE undone ORDER BY id LIMIT 1"
    ).fetchone()
    return found


def _described(edit: _Edit | None) -> Sentence | None:
    return Sentence.loads(edit[1]) if edit else None


def _record(connection: sqlite3.Connection, edit: int) -> None:
    """Let the triggers log to this edit."""
    connection.execute("DELETE FROM recording")
    connection.execute("INSERT INTO recording VALUES (?)", (edit,))


def _turn(connection: sqlite3.Connection, edit: _Edit | None, undone: int) -> Sentence | None:
    """Execute the steps of an edit, last first; the triggers log what takes them back: its steps from now on."""
    if edit is None:
        return None
    _record(connection, edit[0])
    steps = connection.execute(
        "SELECT statement FROM undo_steps WHERE edit = ? ORDER BY id DESC", (edit[0],)
    ).fetchall()
    connection.execute("DELETE FROM undo_steps WHERE edit = ?", (edit[0],))
    for (statement,) in steps:
        connection.execute(statement)
    connection.execute("UPDATE edits SET undone = ? WHERE id = ?", (undone, edit[0]))
    return Sentence.loads(edit[1])
