"""The ImageNet names and the base's own answers: the order is that of the weights, on real photos too."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.support import workspace
from transfer_core.backbones import imagenet_classes as names_module
from transfer_core.backbones.imagenet_classes import imagenet_names, names_like
from transfer_core.nn.inference.imagenet import NAMES_TOLD, ImageNet
from transfer_core.worker.queries import QueryServer

CATS = {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat", "lynx"}
DOGS = slice(151, 269)  # Chihuahua to Mexican hairless


def test_there_are_a_thousand_names_each_another_in_the_order_of_their_ids() -> None:
    lines = [line for line in Path(names_module._FILE).read_text("utf-8").splitlines() if not line.startswith("#")]
    ids = [line.split(" ")[0] for line in lines]
    assert ids == sorted(ids) and len(set(ids)) == 1000
    assert all(re.fullmatch(r"n\d{8}", name) for name in ids)
    assert len(set(imagenet_names())) == 1000
    assert (imagenet_names()[0], imagenet_names()[-1]) == ("tench", "toilet tissue")


@pytest.mark.parametrize(("index", "name"), [(134, "crane (bird)"), (517, "crane (machine)"), (639, "tank suit")])
def test_names_that_two_classes_share_are_told_apart(index: int, name: str) -> None:
    assert imagenet_names()[index] == name


@pytest.mark.parametrize(
    ("class_name", "among"),
    [("cat", "tabby cat"), ("Cats", "Persian cat"), ("wine_bottle", "wine bottle"), ("dogs", "Eskimo dog")],
)
def test_names_like_a_class_are_found_by_their_last_words(class_name: str, among: str) -> None:
    assert among in names_like(class_name).values()


@pytest.mark.parametrize("class_name", ["", "...", "zzz", "a very unlikely tench of mine x"])
def test_other_names_are_like_none(class_name: str) -> None:
    assert names_like(class_name) == {}


def test_cats_are_cats_and_dogs_are_dogs(photos: Path) -> None:
    network, dogs = ImageNet(workspace()), set(imagenet_names()[DOGS])
    for name, right in (("cat", CATS), ("dog", dogs)):
        files = sorted((photos / "cats_dogs" / "train" / name).iterdir())[:16]
        answers = [said["answers"] for said in network.predict(files)]
        assert sum(answer[0][0] in right for answer in answers) > 12
        assert all(answer[0][0] in imagenet_names() for answer in answers)


def test_the_lane_tells_five_names_and_refuses_a_bad_file(thaw_home: Path, tmp_path: Path) -> None:
    Image.new("RGB", (50, 40), "green").save(tmp_path / "green.png")
    (tmp_path / "notes.txt").write_text("no photo")
    paths = [str(tmp_path / name) for name in ("green.png", "notes.txt")]
    said = QueryServer(workspace()).answer({"kind": "imagenet", "args": {"images": paths}})
    green, notes = said["result"]["predictions"]
    shares = [share for _, share in green["answers"]]
    assert len(shares) == NAMES_TOLD and shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1
    assert {name for name, _ in green["answers"]} <= set(imagenet_names())
    assert "photo" in str(notes["error"])
