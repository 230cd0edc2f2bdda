"""Test: the look inside a classifier, in every state of the page."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.test import inside
from pages.ui import services
from tests.pages.component import fire, given
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_tree, words
from tests.support import workspace
from transfer_core.backbones.stored_trees import shipped_tree
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.disk.files import write_bytes, write_json
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run, Status, create_run

Jpeg = Callable[[int], bytes]
BASE = "efficientnet-lite0"


class Worker(FakeEngine):
    """Answers photos with cat, and looks inside as it is told to."""

    def __init__(self, photo: Path) -> None:
        super().__init__()
        self.looked, self.learned = 200, 980
        self.seen: list[tuple[str, bytes]] = []
        """The layer and the picture of each look it was asked for."""
        self.photo = photo

    def ask(self, kind: str, args: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        if kind == "predict":
            shares = {"cat": 0.9, "dog": 0.1}
            one = {"label": "cat", "probability": 0.9, "probabilities": shares, "milliseconds": 1.0}
            return {"predictions": [{"image": path, **one} for path in args["images"]]}
        assert kind == "inside"
        self.seen.append((args["layer"], Path(args["image"]).read_bytes()))
        if self.refusal:
            raise TransferError(self.refusal)
        example = {"photo": "cat/*1*.jpg", "path": str(self.photo), "sha256": "a", "box": [0.5, 0, 0.5, 0.5]}
        examples = [example | {"class": name, "map": [[1.0, 0.0]]} for name in ("a*b*", "dog", "a*b*")]
        channel = {"above": 180, "map": [[0.0, 1.0]], "examples": examples if self.looked else []}
        return {
            "of": 1280,
            "looked": self.looked,
            "learned": self.learned,
            "channels": [channel | {"channel": number} for number in (7, 1009)],
        }


@pytest.fixture
def project(thaw_home: Path) -> Project:
    made = workspace().create_project("Pets")
    run = create_run(made.runs_dir / "20260101-000000-aaaa", RunConfig(), Manifest(("cat", "dog"), ()))
    write_bytes(run.model_path, b"a model")
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 224, "base": BASE})
    write_json(run.path / "report.json", {"val_accuracy": 0.9, "val_interval": [0.8, 0.95]})
    run.write_status(replace(run.status(), state="FINISHED", ended=1_760_000_000.0))
    return made


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Worker:
    photo = tmp_path / "1.png"
    Image.fromarray(np.repeat(np.uint8([[[40] * 3, [200] * 3]]), 8, 1).repeat(16, 0)).save(photo)
    fake = Worker(photo)
    monkeypatch.setattr(services, "_engine", lambda home: fake)
    return fake


@pytest.fixture
def page(open_page: Callable[[str, str], AppTest], project: Project, worker: Worker) -> AppTest:
    return open_page("test", project.id)


def drop(app: AppTest, photos: dict[str, bytes], taken: int = 0) -> None:
    app.file_uploader(key=f"test_images_{taken}").set_value([(name, data, "") for name, data in photos.items()]).run()
    assert not app.exception


def switch(app: AppTest, on: bool = True) -> None:
    app.toggle(key="inside_on").set_value(on).run()
    assert not app.exception


def test_it_is_offered_with_the_first_answer_and_asks_nothing_until_it_is_wanted(
    page: AppTest, worker: Worker, jpeg: Jpeg
) -> None:
    assert "inside_on" not in {toggle.key for toggle in page.toggle}
    drop(page, {"felix.jpg": jpeg(1)})
    assert not page.toggle(key="inside_on").value and not worker.seen
    switch(page)
    assert [layer for layer, _ in worker.seen] == ["block2b_add"] and worker.seen[0][1].startswith(b"\xff\xd8")
    said = words(page)
    assert "A channel is one detector of this block" in said and "Early blocks mostly find edges" in said
    assert "there are 1,280 channels" in said and "compared with 200 training photos" in said
    assert "Of 980 training photos, 200 were looked at" in said
    assert "**Channel 7**" in said and "**Channel 1009**" in said and "than on 180 of 200 training photos" in said
    assert r"excite it most: a\*b\* 2 · dog 1" in said, "names show just their characters"
    assert said.count('aria-label="What excites channel 7 most in training photos: a*b* 2 · dog 1"') == 1
    assert said.count('<img src="data:image/jpeg') == 6
    switch(page, on=False)
    assert "Channel 7" not in words(page)


def test_three_depths_and_every_other_layer(page: AppTest, worker: Worker, jpeg: Jpeg) -> None:
    drop(page, {"felix.jpg": jpeg(1)})
    switch(page)
    for depth, layer in (("middle", "block4c_add"), ("late", "top_activation")):
        page.segmented_control(key="inside_depth").set_value(depth).run()
        assert not page.exception and worker.seen[-1][0] == layer
    sent = given(page, "inside_tree")
    tree = shipped_tree(BASE)
    assert tree is not None and list(tree.layers)[sent["chosen"]] == "top_activation"
    fire(page, "inside_tree", "edit", {"sig": sent["sig"], "layer": "block3a_project_bn"})
    assert not page.exception and worker.seen[-1][0] == "block3a_project_bn"
    assert page.segmented_control(key="inside_depth").value is None
    fire(page, "inside_tree", "edit", {"sig": sent["sig"], "layer": "block4c_add"})
    assert page.segmented_control(key="inside_depth").value == "middle" and len(worker.seen) == 4, "one it knows"


def test_the_newest_photo_is_looked_at_until_another_is_chosen(page: AppTest, worker: Worker, jpeg: Jpeg) -> None:
    def box() -> Any:
        (found,) = (box for box in page.selectbox if str(box.key).startswith("inside_photo_"))
        return found

    drop(page, {"felix.jpg": jpeg(1), "again.jpg": jpeg(1), "tom.jpg": jpeg(2)})
    switch(page)
    assert box().options == ["1. felix.jpg", "2. tom.jpg"]
    box().select_index(1).run()
    first, second = (picture for _, picture in worker.seen)
    assert first != second
    drop(page, {"rex.jpg": jpeg(3)}, taken=1)
    assert box().options == ["1. rex.jpg", "2. felix.jpg", "3. tom.jpg"]
    assert len({picture for _, picture in worker.seen}) == 3, "the newest again"
    box().select_index(2).run()
    assert not page.exception and len(worker.seen) == 3


def test_a_refusal_is_one_sentence_and_what_was_answered_stays(page: AppTest, worker: Worker, jpeg: Jpeg) -> None:
    worker.refusal = "The worker is *busy*."
    drop(page, {"felix.jpg": jpeg(1)})
    switch(page)
    assert page.warning[0].value == r"The worker is \*busy\*." and "90.0%" in words(page)
    worker.refusal = ""
    page.run()
    assert not page.warning and "Channel 7" in words(page)


def test_a_classifier_that_is_gone_is_told(tmp_path: Path, jpeg: Jpeg) -> None:
    with pytest.raises(TransferError, match="deleted since"):
        inside.look(Run(tmp_path), jpeg(1), "block2b_add")


@pytest.mark.parametrize(
    ("learned", "why"), [(0, "a classifier from a file comes without them"), (9, "files are gone")]
)
def test_without_training_photos_there_are_maps_alone(
    page: AppTest, worker: Worker, jpeg: Jpeg, learned: int, why: str
) -> None:
    worker.looked, worker.learned = 0, learned
    drop(page, {"felix.jpg": jpeg(1)})
    switch(page)
    said = words(page)
    assert "stand out most in this photo" in said and why in said and "were looked at" not in said
    assert "Channel 1009" in said and "Stronger here" not in said and "<img" not in said


def test_photos_that_are_gone_are_told(page: AppTest, worker: Worker, jpeg: Jpeg) -> None:
    worker.photo = Path("/gone.jpg")
    drop(page, {"felix.jpg": jpeg(1)})
    switch(page)
    assert words(page).count("The files of these photos are gone") == 2


def test_one_that_thaw_did_not_build_offers_no_look(page: AppTest, project: Project, jpeg: Jpeg) -> None:
    run = Run(project.opened_dir / "theirs")
    write_bytes(run.model_path, b"a model")
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 32, "base": "", "file": "theirs.keras"})
    run.write_status(Status("FINISHED", created=1.0))
    drop(page, {"felix.jpg": jpeg(1)})
    assert page.toggle(key="inside_on")
    page.selectbox(key="test_run").set_value("theirs").run()
    assert not page.exception and "inside_on" not in {toggle.key for toggle in page.toggle}


def test_a_tile_is_the_part_that_excites_lit(worker: Worker) -> None:
    example = {"path": str(worker.photo), "box": [0.5, 0, 0.5, 0.5], "map": [[1.0, 1.0], [0.0, 0.0]]}
    tile = np.asarray(Image.open(io.BytesIO(inside.cut_out(example))))
    assert tile.shape == (160, 160, 3)
    assert tile[:30, 20:].mean() > 180, "the right half of the photo is the bright one"
    assert 60 < tile[-30:, 20:].mean() < 100
    assert inside.cut_out(example | {"path": "/gone.jpg"}) == b""


def test_depths_are_ends_of_blocks_that_give_maps() -> None:
    assert inside.depths(toy_tree()) == {"early": "block0b_relu", "middle": "block1a_relu", "late": "block2b_relu"}

    def layer(name: str, *shape: int) -> Node:
        return Node(name, "layer", 0, shape, (), LayerFacts("ReLU", ("image",), 0, 0))

    one = Node("block", "block", 0, (8,), (layer("conv", 4, 4, 8), layer("pool", 8)))
    tree = LayerTree(Node("Toy", "model", 0, (8,), (Node("stage", "stage", 0, (8,), (one,)),)), 16)
    assert set(inside.depths(tree).values()) == {"conv"}
