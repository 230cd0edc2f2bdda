"""A project as a zip comes back as it was, elsewhere; what is no such zip is refused and leaves nothing behind."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.opening.test_keras_file import keras_file, model
from tests.support import workspace as ours
from transfer_core import api
from transfer_core.archive.layout import BASES, CARD, replaced
from transfer_core.archive.pack import pack
from transfer_core.archive.unpack import unpack
from transfer_core.backbones.own import BASE_FILE, list_own, own_folder
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.evaluate.settings import Settings, material
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.config import BaseConfig, DataConfig, PhaseConfig, RunConfig
from transfer_core.runs.folder import create_run, list_runs


def png(seed: int, level: int = 0) -> bytes:
    data = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(level, level + 60, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def project(thaw_home: Path) -> Project:
    """Two classes, one photo in both, two of one name, splits, and a class without photos."""
    project = ours().create_project("Größe")
    store = PhotoStore(project.photos_dir)
    files = [
        (f"d/{name}/{n}.png", png(n + 50 * at, 180 * at)) for at, name in enumerate(("blue", "red")) for n in range(8)
    ]
    store.import_files([*files, ("d/red/same.png", png(0)), ("d/red/deep/1.png", png(99, 180))])
    store.add_class("empty <b>")
    return project.choose(base={"name": "toy", "weights": "none"}, split={"seed": 3})


@pytest.fixture
def elsewhere(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "another computer")


def photos_of(project: Project) -> list[tuple[str, str, str, str | None]]:
    return [
        (photo.sha256, photo.name, photo.class_name, photo.split) for photo in PhotoStore(project.photos_dir).photos()
    ]


def test_photos_classes_and_choices_come_back(project: Project, elsewhere: Workspace, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    pack(project, tmp_path / "p.zip", lambda done, total, name: told.append((done, total)))
    assert told[-1] == (18, 18)
    made = unpack(elsewhere, tmp_path / "p.zip")
    assert photos_of(made) == photos_of(project) and made.choices == project.choices and made.name == "Größe"
    store = PhotoStore(made.photos_dir)
    assert store.classes() == {"blue": 8, "empty <b>": 0, "red": 10} and len(store.conflicts()) == 1
    again = unpack(elsewhere, (tmp_path / "p.zip").read_bytes())
    assert again.name == "Größe (2)" and again.id != made.id


def test_what_folders_named_as_splits_stays(thaw_home: Path, elsewhere: Workspace, tmp_path: Path) -> None:
    project = ours().create_project("Splits")
    names = [(split, name, n) for split in ("train", "test") for name in ("blue", "red") for n in range(3)]
    PhotoStore(project.photos_dir).import_files(
        [(f"d/{split}/{name}/{n}.png", png(at)) for at, (split, name, n) in enumerate(names)]
    )
    made = unpack(elsewhere, pack(project, tmp_path / "p.zip"))
    assert photos_of(made) == photos_of(project)
    assert PhotoStore(made.photos_dir).splits() == {"train": 6, "validation": 0, "test": 6}


@pytest.mark.usefixtures("toy_base")
def test_a_trained_run_answers_the_same_elsewhere(project: Project, elsewhere: Workspace, tmp_path: Path) -> None:
    store = PhotoStore(project.photos_dir)
    store.delete_class("empty <b>")
    config = RunConfig(DataConfig(project.id), BaseConfig("toy", "none"), head=PhaseConfig(5, 3e-2))
    run = create_run(project.new_run_dir(), config, store.manifest())
    api.execute(run)
    waiting = create_run(project.new_run_dir(), config, store.manifest())
    made = unpack(elsewhere, pack(project, tmp_path / "p.zip"))
    (moved,) = list_runs(made.runs_dir)
    assert moved.id == run.id != waiting.id and moved.config().data.source == made.id
    assert all(Path(photo.path).is_relative_to(made.path) for photo in moved.manifest().photos)
    assert str(project.path) not in (moved.path / "report.json").read_text("utf-8")
    ours, theirs = (material(Settings(str(one.path), "validation")).photos for one in (run, moved))
    before, after = (
        api.predict(one, [photo.path for photo in photos]) for one, photos in ((run, ours), (moved, theirs))
    )
    assert [one["probabilities"] for one in before] == [one["probabilities"] for one in after] != []
    assert [event.to_dict() if hasattr(event, "to_dict") else event for event in moved.epochs()] == run.epochs()


def test_a_network_of_ones_own_comes_along_and_is_looked_through(
    project: Project, elsewhere: Workspace, tmp_path: Path
) -> None:
    mine, taken = "own-birds-32-0123abcd", "own-cats-32-89abcdef"
    project = project.choose(base={"name": mine, "weights": "imagenet"})
    PhotoStore(project.photos_dir).delete_class("empty <b>")
    run = create_run(
        project.new_run_dir(), RunConfig(base=BaseConfig(taken)), PhotoStore(project.photos_dir).manifest()
    )
    run.write_status(replace(run.status(), state="STOPPED"))
    for name in (mine, taken):
        path = own_folder(project.workspace, name) / BASE_FILE
        path.parent.mkdir(parents=True)
        keras_file(path, model())
    # One that is there already stays as it is.
    there = own_folder(elsewhere, taken) / BASE_FILE
    there.parent.mkdir(parents=True)
    there.write_bytes(b"as it was")
    zipped = pack(project, tmp_path / "p.zip")
    made = unpack(elsewhere, zipped)
    assert made.choices["base"]["name"] == mine and [base.name for base in list_own(elsewhere)] == [mine, taken]
    assert there.read_bytes() == b"as it was"

    hostile = keras_file(tmp_path / "hostile.keras", model({"class_name": "Lambda", "config": {}})).read_bytes()
    for place in (f"{BASES}/{mine}/{BASE_FILE}", f"runs/{run.id}/model.keras"):
        another = Workspace(tmp_path / place.split("/")[0])
        with pytest.raises(ConfigError, match="holds Lambda, which runs code"):
            unpack(another, spoilt(zipped, partial(put, place, hostile)))
        assert another.list_projects() == [] and mine not in [base.name for base in list_own(another)]
    outside = {f"{BASES}/../../{BASE_FILE}": b"x", f"{BASES}/vgg16/{BASE_FILE}": b"x", f"{BASES}/{mine}/evil.py": b"x"}
    unpack(Workspace(tmp_path / "third"), spoilt(zipped, lambda members: members.update(outside)))
    assert [base.name for base in list_own(Workspace(tmp_path / "third"))] == [mine, taken]
    assert not list((tmp_path / "third").rglob("evil.py")) and not (tmp_path / BASE_FILE).exists()


def spoilt(zipped: Path, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(zipped) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def put(place: str, data: bytes, members: dict[str, bytes]) -> None:
    members[place] = data


def card(**parts: Any) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({CARD: json.dumps({**json.loads(members[CARD]), **parts}).encode()})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda members: members.pop(CARD), "no zip of a project"),
        (lambda members: members.update({CARD: b"{"}), "damaged"),
        (card(version=99), "newer version"),
        (card(classes="blue"), "damaged"),
        (card(classes=["a/b"]), "slash"),
        (card(photos=[{"file": "x"}]), "damaged"),
        (card(photos=[{"file": "photos/blue/0.png", "name": "0.png", "class": "a/b", "split": None}]), "slash"),
        (card(photos=[{"file": "photos/blue/0.png", "name": "0.png", "class": "a", "split": "evil"}]), "damaged"),
        (card(choices=[]), "damaged"),
        (card(name=7), "damaged"),
        (lambda members: members.update({"runs/a/config.json": b"{"}), "runs/a/config.json in the zip is damaged"),
    ],
)
def test_what_is_no_project_is_refused_and_leaves_nothing(
    project: Project, elsewhere: Workspace, tmp_path: Path, change: Callable[[dict[str, bytes]], None], words: str
) -> None:
    data = spoilt(pack(project, tmp_path / "p.zip"), change)
    with pytest.raises(DataError, match=words):
        unpack(elsewhere, data)
    assert elsewhere.list_projects() == [] and not list(elsewhere.projects_dir.glob("*/*"))


@pytest.mark.parametrize("folder", ["", "pets/"])
def test_the_zip_of_a_classifier_is_told_from_that_of_a_project(elsewhere: Workspace, folder: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("model.keras", "labels.json", "predict.py", "README.txt"):
            archive.writestr(folder + name, b"")
    with pytest.raises(DataError, match=r"holds a trained classifier.* not a project.*Save as a zip"):
        unpack(elsewhere, data.getvalue())


def test_nothing_in_the_zip_decides_where_it_goes(project: Project, elsewhere: Workspace, tmp_path: Path) -> None:
    strange = ["../out.json", "/etc/out.json", "runs/../../out.json", "runs/a/evil.py", "runs/a/b/config.json"]
    strange += ["x.sqlite", "photos.sqlite", "photos/photos.sqlite", "project.json", "runs/a/worker.log"]
    data = spoilt(pack(project, tmp_path / "p.zip"), lambda members: members.update(dict.fromkeys(strange, b"{}")))
    made = unpack(elsewhere, data)
    paths = [*elsewhere.root.rglob("*"), *tmp_path.iterdir()]
    found = {path.name for path in paths if path.is_file()}
    assert not found & {"out.json", "evil.py", "x.sqlite", "worker.log"} and not list_runs(made.runs_dir)
    assert photos_of(made) == photos_of(project)


def test_a_stop_leaves_nothing(project: Project, elsewhere: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="stopped"):
        pack(project, tmp_path / "p.zip", cancelled=lambda: True)
    assert not list(tmp_path.glob("*.zip"))
    with pytest.raises(DataError, match="stopped"):
        unpack(elsewhere, pack(project, tmp_path / "p.zip"), cancelled=lambda: True)
    assert elsewhere.list_projects() == []


def test_a_photo_that_is_gone_is_named(project: Project, tmp_path: Path) -> None:
    PhotoStore(project.photos_dir).photos()[0].path.unlink()
    with pytest.raises(DataError, match=r"photos/blue/0.png is gone"):
        pack(project, tmp_path / "p.zip")
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("/old/p", "/new/q"), ("/old/p/runs/a", "/new/q/runs/a"), ("/old/pp", "/old/pp"), ("p-1", "q-2"),
        ("p-12", "p-12"),
        ({"a": ["/old/p/x", 3, None, True]}, {"a": ["/new/q/x", 3, None, True]}),
    ],
)  # fmt: skip
def test_places_and_ids_are_replaced_and_nothing_else(value: Any, becomes: Any) -> None:
    assert replaced(value, ("/old/p", "p-1"), ("/new/q", "q-2")) == becomes
    assert replaced("C:\\old\\p\\runs\\a", ("C:\\old\\p", "p-1"), ("/new/q", "q-2")) == "/new/q/runs/a"
