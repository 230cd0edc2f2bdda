"""The tables of a photo store, how those of earlier versions become them, and the triggers that log what undoes it."""

from collections.abc import Iterator

__all__ = ["MIGRATIONS", "SCHEMA", "VERSION", "undo_triggers"]

# 2: edits know when they were made; 3: names tell classes apart by every letter, photos know their split and pixels,
# and what was undone can be done again; 4: which photos belong together
VERSION = 4

_LOOKS = """CREATE TABLE looks ( -- of contents, by which it is told what belongs together: found out, so no edit
    sha256 TEXT PRIMARY KEY,
    grid BLOB NOT NULL,       -- a small grey picture, see storage.looks
    taken REAL,               -- seconds by the camera's clock; NULL where the file does not say
    near TEXT                 -- names a group of nearly the same photos; NULL where there is no other
)"""

SCHEMA = (
    """
CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    class_id INTEGER NOT NULL REFERENCES classes (id),
    name TEXT NOT NULL,       -- as found: class folder and file name
    source TEXT,              -- absolute path of a photo that was not copied, else NULL
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    split TEXT,               -- that its folder named: train, validation or test, else NULL
    pixels TEXT,              -- see decode.inspect; NULL where it is not known yet
    UNIQUE (sha256, class_id)
);
CREATE TABLE copies (         -- further files with the pixels and the class of a photo
    id INTEGER PRIMARY KEY,
    photo_id INTEGER NOT NULL REFERENCES photos (id),
    name TEXT NOT NULL
);
CREATE TABLE refusals (id INTEGER PRIMARY KEY, name TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE edits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    description TEXT NOT NULL,
    made REAL NOT NULL DEFAULT 0,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE undo_steps (     -- what takes an edit back, or, of one that was undone, does it again
    id INTEGER PRIMARY KEY,
    edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
    statement TEXT NOT NULL
);
CREATE TABLE recording (      -- the edit whose steps the triggers log
    edit INTEGER NOT NULL
);
CREATE INDEX photos_by_class ON photos (class_id);
CREATE INDEX copies_by_photo ON copies (photo_id);
CREATE INDEX steps_by_edit ON undo_steps (edit);
"""
    + _LOOKS
)

MIGRATIONS = {
    1: ("ALTER TABLE edits ADD COLUMN made REAL NOT NULL DEFAULT 0", "UPDATE edits SET made = strftime('%s', 'now')"),
    # The undo log of version 2 names the column `folded`, so it stays where there is such a log; nothing reads it.
    2: (
        "CREATE TABLE classes_of_3 (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded TEXT)",
        "INSERT INTO classes_of_3 SELECT id, name, folded FROM classes",
        "DROP TABLE classes",
        "ALTER TABLE classes_of_3 RENAME TO classes",
        "ALTER TABLE photos ADD COLUMN split TEXT",
        "ALTER TABLE photos ADD COLUMN pixels TEXT",
        "ALTER TABLE edits ADD COLUMN undone INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE recording (edit INTEGER NOT NULL)",
    ),
    3: (_LOOKS,),
}
"""What makes the tables of a version those of the next; the triggers are made anew after the last."""

_UNDOABLE = {
    "classes": ("id", "name"),
    "photos": ("id", "sha256", "class_id", "name", "source", "width", "height", "split", "pixels"),
    "copies": ("id", "photo_id", "name"),
    "refusals": ("id", "name", "reason"),
}
_FOUND_OUT = {"pixels"}  # no edit, but something that an import found out about a photo


def undo_triggers() -> Iterator[str]:
    """Give triggers that log, for each change, the statement that takes it back (https://www.sqlite.org/undoredo.html)."""
    log = "INSERT INTO undo_steps (edit, statement) VALUES ((SELECT edit FROM recording), "
    for table, columns in _UNDOABLE.items():
        names = ", ".join(columns)
        values = " || ', ' || ".join(f"quote(old.{column})" for column in columns)
        assignments = " || ', ' || ".join(f"'{column} = ' || quote(old.{column})" for column in columns)
        inverses = {
            "INSERT": f"'DELETE FROM {table} WHERE id = ' || new.id",
            "UPDATE": f"'UPDATE {table} SET ' || {assignments} || ' WHERE id = ' || new.id",
            "DELETE": f"'INSERT INTO {table} ({names}) VALUES (' || {values} || ')'",
        }
        changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns if column not in _FOUND_OUT)
        for event, inverse in inverses.items():
            when = f"WHEN {changed} " if event == "UPDATE" else ""
            yield f"DROP TRIGGER IF EXISTS undo_{table}_{event}"
            yield f"CREATE TRIGGER undo_{table}_{event} AFTER {event} ON {table} {when}BEGIN {log}{inverse}); END"
