BEGIN TRANSACTION;
CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE);
INSERT INTO "classes" VALUES(1,'Cat','cat');
CREATE TABLE copies (         -- further files with the bytes and the class of a photo
    id INTEGER PRIMARY KEY,
    photo_id INTEGER NOT NULL REFERENCES photos (id),
    name TEXT NOT NULL
);
CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, description TEXT NOT NULL, made REAL NOT NULL DEFAULT 0);
INSERT INTO "edits" VALUES(1,'{"id": "importing {n} photo", "values": {"n": 7}, "many": "importing {n} photos"}',1.79577467383123707774e+09);
INSERT INTO "edits" VALUES(2,'{"id": "renaming \"{old}\" to \"{new}\"", "values": {"old": "dog", "new": "Hound"}}',1.79577467383385753628e+09);
INSERT INTO "edits" VALUES(3,'{"id": "adding the class \"{name}\"", "values": {"name": "empty"}}',1.7957746738355286121e+09);
INSERT INTO "edits" VALUES(4,'{"id": "merging {names} into \"{into}\"", "values": {"names": ["Cat", "empty"], "into": "Cat"}}',1.79577467383704900746e+09);
INSERT INTO "edits" VALUES(5,'{"id": "removing {n} photo", "values": {"n": 1}, "many": "removing {n} photos"}',1.79577467383921861648e+09);
INSERT INTO "edits" VALUES(6,'{"id": "deleting the class \"{name}\"", "values": {"name": "Hound"}}',1.79577467384084081642e+09);
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
INSERT INTO "photos" VALUES(1,'7a1c0302ea51e86871b0d181863b6d26458f55473f90f0f671ae863bf8945731',1,'Cat/0.png',NULL,4,3);
INSERT INTO "photos" VALUES(2,'6c2cab00e5f5f02de12dcd2e378ea474cdb69b050e971a0a902736bab4593006',1,'Cat/1.png',NULL,4,3);
INSERT INTO "photos" VALUES(3,'3432bd7658ab52e35adeac80b812e692f64d52835645d1f251ed1b9a19feaff7',1,'Cat/2.png',NULL,4,3);
CREATE TABLE refusals (id INTEGER PRIMARY KEY, name TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE undo_steps (
    id INTEGER PRIMARY KEY,
    edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
    statement TEXT NOT NULL
);
INSERT INTO "undo_steps" VALUES(1,1,'DELETE FROM classes WHERE id = 1');
INSERT INTO "undo_steps" VALUES(2,1,'DELETE FROM photos WHERE id = 1');
INSERT INTO "undo_steps" VALUES(3,1,'DELETE FROM photos WHERE id = 2');
INSERT INTO "undo_steps" VALUES(4,1,'DELETE FROM photos WHERE id = 3');
INSERT INTO "undo_steps" VALUES(5,1,'DELETE FROM classes WHERE id = 2');
INSERT INTO "undo_steps" VALUES(6,1,'DELETE FROM photos WHERE id = 4');
INSERT INTO "undo_steps" VALUES(7,1,'DELETE FROM photos WHERE id = 5');
INSERT INTO "undo_steps" VALUES(8,1,'DELETE FROM photos WHERE id = 6');
INSERT INTO "undo_steps" VALUES(9,1,'DELETE FROM copies WHERE id = 1');
INSERT INTO "undo_steps" VALUES(10,2,'UPDATE classes SET id = 2, name = ''dog'', folded = ''dog'' WHERE id = 2');
INSERT INTO "undo_steps" VALUES(11,3,'DELETE FROM classes WHERE id = 3');
INSERT INTO "undo_steps" VALUES(12,4,'INSERT INTO classes (id, name, folded) VALUES (3, ''empty'', ''empty'')');
INSERT INTO "undo_steps" VALUES(13,5,'INSERT INTO copies (id, photo_id, name) VALUES (1, 4, ''dog/copy.png'')');
INSERT INTO "undo_steps" VALUES(14,5,'INSERT INTO photos (id, sha256, class_id, name, source, width, height) VALUES (4, ''afdfc84c2387e97c47cfcb11b14eaf91868e4afff6988484b5b987d1b2e7ca95'', 2, ''dog/10.png'', NULL, 4, 3)');
INSERT INTO "undo_steps" VALUES(15,6,'INSERT INTO photos (id, sha256, class_id, name, source, width, height) VALUES (5, ''854855f6701831544a0583d2a8c7f61f91d051c42362c4adee944b657da3fb40'', 2, ''dog/11.png'', NULL, 4, 3)');
INSERT INTO "undo_steps" VALUES(16,6,'INSERT INTO photos (id, sha256, class_id, name, source, width, height) VALUES (6, ''e9a78d7c90c77db0cde8cb79d2cbf5174f3df0f71dc38b40d020fe1c9dcb1a32'', 2, ''dog/12.png'', NULL, 4, 3)');
INSERT INTO "undo_steps" VALUES(17,6,'INSERT INTO classes (id, name, folded) VALUES (2, ''Hound'', ''hound'')');
CREATE INDEX photos_by_class ON photos (class_id);
CREATE INDEX copies_by_photo ON copies (photo_id);
CREATE INDEX steps_by_edit ON undo_steps (edit);
CREATE TRIGGER undo_classes_INSERT AFTER INSERT ON classes BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'DELETE FROM classes WHERE id = ' || new.id); END;
CREATE TRIGGER undo_classes_UPDATE AFTER UPDATE ON classes WHEN old.id IS NOT new.id OR old.name IS NOT new.name OR old.folded IS NOT new.folded BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'UPDATE classes SET ' || 'id = ' || quote(old.id) || ', ' || 'name = ' || quote(old.name) || ', ' || 'folded = ' || quote(old.folded) || ' WHERE id = ' || new.id); END;
CREATE TRIGGER undo_classes_DELETE AFTER DELETE ON classes BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'INSERT INTO classes (id, name, folded) VALUES (' || quote(old.id) || ', ' || quote(old.name) || ', ' || quote(old.folded) || ')'); END;
CREATE TRIGGER undo_photos_INSERT AFTER INSERT ON photos BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'DELETE FROM photos WHERE id = ' || new.id); END;
CREATE TRIGGER undo_photos_UPDATE AFTER UPDATE ON photos WHEN old.id IS NOT new.id OR old.sha256 IS NOT new.sha256 OR old.class_id IS NOT new.class_id OR old.name IS NOT new.name OR old.source IS NOT new.source OR old.width IS NOT new.width OR old.height IS NOT new.height BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'UPDATE photos SET ' || 'id = ' || quote(old.id) || ', ' || 'sha256 = ' || quote(old.sha256) || ', ' || 'class_id = ' || quote(old.class_id) || ', ' || 'name = ' || quote(old.name) || ', ' || 'source = ' || quote(old.source) || ', ' || 'width = ' || quote(old.width) || ', ' || 'height = ' || quote(old.height) || ' WHERE id = ' || new.id); END;
CREATE TRIGGER undo_photos_DELETE AFTER DELETE ON photos BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'INSERT INTO photos (id, sha256, class_id, name, source, width, height) VALUES (' || quote(old.id) || ', ' || quote(old.sha256) || ', ' || quote(old.class_id) || ', ' || quote(old.name) || ', ' || quote(old.source) || ', ' || quote(old.width) || ', ' || quote(old.height) || ')'); END;
CREATE TRIGGER undo_copies_INSERT AFTER INSERT ON copies BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'DELETE FROM copies WHERE id = ' || new.id); END;
CREATE TRIGGER undo_copies_UPDATE AFTER UPDATE ON copies WHEN old.id IS NOT new.id OR old.photo_id IS NOT new.photo_id OR old.name IS NOT new.name BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'UPDATE copies SET ' || 'id = ' || quote(old.id) || ', ' || 'photo_id = ' || quote(old.photo_id) || ', ' || 'name = ' || quote(old.name) || ' WHERE id = ' || new.id); END;
CREATE TRIGGER undo_copies_DELETE AFTER DELETE ON copies BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'INSERT INTO copies (id, photo_id, name) VALUES (' || quote(old.id) || ', ' || quote(old.photo_id) || ', ' || quote(old.name) || ')'); END;
CREATE TRIGGER undo_refusals_INSERT AFTER INSERT ON refusals BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'DELETE FROM refusals WHERE id = ' || new.id); END;
CREATE TRIGGER undo_refusals_UPDATE AFTER UPDATE ON refusals WHEN old.id IS NOT new.id OR old.name IS NOT new.name OR old.reason IS NOT new.reason BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'UPDATE refusals SET ' || 'id = ' || quote(old.id) || ', ' || 'name = ' || quote(old.name) || ', ' || 'reason = ' || quote(old.reason) || ' WHERE id = ' || new.id); END;
CREATE TRIGGER undo_refusals_DELETE AFTER DELETE ON refusals BEGIN INSERT INTO undo_steps (edit, statement) VALUES ((SELECT max(id) FROM edits), 'INSERT INTO refusals (id, name, reason) VALUES (' || quote(old.id) || ', ' || quote(old.name) || ', ' || quote(old.reason) || ')'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('edits',6);
COMMIT;
