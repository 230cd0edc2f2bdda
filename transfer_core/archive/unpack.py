"""Makes a project of a zip that `pack` wrote, here or on another computer."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from transfer_core.archive.layout import BASES, CARD, JOBS, VERSION, folders, replaced
from transfer_core.backbones.own import BASE_FILE, own_base, own_folder
from transfer_core.disk.files import atomic_path, write_bytes
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.errors import DataError
from transfer_core.opening.keras_file import check_keras_file
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.photos.sources.found import Listing, PhotoFile
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.sources.listing import Zipped, open_zip
from transfer_core.photos.store import PhotoStore

__all__ = ["unpack"]

_JOB = re.compile(r"(runs|opened|experiments)/([A-Za-z0-9][A-Za-z0-9-]{0,100})/([a-z_]+\.[a-z]+)")
_BASE = re.compile(rf"{BASES}/([a-z0-9-]{{1,80}})/{re.escape(BASE_FILE)}")
_CLASSIFIER = {"labels.json", "predict.py"}  # in every zip of a trained classifier, and in none of a project
_MOST_CARD = 64 * 2**20  # bytes


def unpack(
    workspace: Workspace,
    source: Path | bytes,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Project:
    """Make a new project of a zip; one of the same name stays as it is, and the new one gets a number.

    Photos are read and checked as at any import; of runs and experiments only files of known names are taken, and
    nothing in the zip decides where they go.

    Args:
        workspace: where the project is made.
        source: the zip, or its bytes.
        progress: called as progress(done, total, name) while photos come in.
        cancelled: asked between photos; True stops.

    Raises:
        DataError: it is no zip of a project, is damaged, or `cancelled` said stop; no project is left behind.
        ConfigError: a classifier in it is no plain Keras model; no project is left behind.
        StorageError: the disk is full or can't be written; no project is left behind.
    """
    with open_zip(source) as zipped:
        members = {file.name: file for file in zipped.found}
        card = _card(zipped, members)
        project = workspace.create_project(workspace.free_name(card["name"]))
        try:
            _bring_photos(project, card, members, progress, cancelled)
            places = ((card["path"], card["id"]), (str(project.path), project.id))
            for name, file in members.items():
                if (found := _JOB.fullmatch(name)) and found[3] in JOBS[found[1]]:
                    data = file.read()
                    if found[3].endswith((".json", ".jsonl")):
                        data = _rewritten(data, name, *places)
                    path = folders(project)[found[1]] / found[2] / found[3]
                    write_bytes(path, data)
                    if path.suffix == ".keras":
                        check_keras_file(path)  # whoever made the zip may have put anything there
            _bring_bases(workspace, members)
            return project.choose(**replaced(card["choices"], *places))
        except BaseException:
            shutil.rmtree(project.path, ignore_errors=True)
            raise


def _card(zipped: Zipped, members: dict[str, PhotoFile]) -> dict[str, Any]:
    """What the zip says of itself, checked.

    Raises:
        DataError: it is no zip of a project.
    """
    if CARD not in members:
        if {name.rpartition("/")[2] for name in members} >= _CLASSIFIER:
            raise DataError(
                "{title} holds a trained classifier, to be used in other programs, and not a project. The zip of a "
                'project is made on the page Home: open the menu of the project there and choose "Save as a zip".',
                title=zipped.title,
            )
        raise DataError(
            "{title} is no zip of a project: it lacks {card}. To add a zip of photos, make a project and use its page "
            "Photos.",
            title=zipped.title,
            card=CARD,
        )
    try:
        data = members[CARD].read()
        card: Any = json.loads(data) if len(data) <= _MOST_CARD else None
        if card["version"] != VERSION:
            raise DataError("{title} was made by a newer version of Thaw: update Thaw.", title=zipped.title)
        texts = (card["name"], card["id"], card["path"], *card["classes"])
        photos = [(item["file"], item["name"], item["class"], item["split"]) for item in card["photos"]]
        listed = isinstance(card["classes"], list) and isinstance(card["photos"], list)
        sound = listed and all(
            isinstance(text, str) for text in (*texts, *(text for photo in photos for text in photo[:3]))
        )
        if not sound or not isinstance(card["choices"], dict) or not card["path"] or not card["id"]:
            raise TypeError
        if any(split not in (None, *get_args(SplitName)) for *_, split in photos):
            raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        raise DataError("{title} is damaged: {card} can't be read.", title=zipped.title, card=CARD) from error
    return dict(card)


def _bring_photos(
    project: Project,
    card: dict[str, Any],
    members: dict[str, PhotoFile],
    progress: Callable[[int, int, str], None],
    cancelled: Callable[[], bool],
) -> None:
    store = PhotoStore(project.photos_dir)
    listing = Listing()
    for item in card["photos"]:
        if item["file"] in members:
            class_name = clean_class_name(item["class"])
            read = members[item["file"]].read
            listing.files.append(PhotoFile(item["name"], class_name, read, None, item["split"]))
    store.import_listing(listing, progress=progress, cancelled=cancelled)
    for name in set(map(clean_class_name, card["classes"])) - set(store.classes()):
        store.add_class(name)


def _bring_bases(workspace: Workspace, members: dict[str, PhotoFile]) -> None:
    """Take in the networks that somebody brought; one that is here already stays as it is.

    Where others have the networks in common, none comes in like this: its runs can be looked at all the same.
    """
    if workspace.shared is not None:
        return
    for name, file in members.items():
        found = _BASE.fullmatch(name)
        if found is None or own_base(found[1]) is None:
            continue
        path = own_folder(workspace, found[1]) / BASE_FILE
        if not path.is_file():
            with atomic_path(path) as temporary:
                temporary.write_bytes(file.read())
                check_keras_file(temporary, name)


def _rewritten(data: bytes, name: str, old: tuple[str, str], new: tuple[str, str]) -> bytes:
    """JSON, or JSON in lines, in which the project has its new place."""
    try:
        if name.endswith(".jsonl"):
            lines = [json.dumps(replaced(json.loads(line), old, new), ensure_ascii=False) for line in data.splitlines()]
            return "".join(f"{line}\n" for line in lines).encode()
        return json.dumps(replaced(json.loads(data), old, new), indent=2, ensure_ascii=False).encode()
    except ValueError as error:
        raise DataError("{name} in the zip is damaged.", name=name) from error
