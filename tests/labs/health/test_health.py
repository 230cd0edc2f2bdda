"""Health: what is said of findings, and the lab on toy photos, in Python and as a command."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.labs.test_conclusions import one_sentence
from tests.photos.groups.test_near_copies import cropped, saved, scene
from tests.support import workspace
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones.catalog import Base
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.labs.health import terminal, verdict
from transfer_core.labs.health.settings import Settings
from transfer_core.nn.backbones.build import build_base
from transfer_core.photos.health.quality import QUALITY
from transfer_core.photos.health.shortcuts import FACTS, Shortcut
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.runs.events import Message
from transfer_core.stats.confident import Doubts
from transfer_core.text import stored

CLASSES = ("cat", "dog", "pig")


def photo(number: int, label: int = 0) -> ManifestPhoto:
    name = f"{CLASSES[label]}/{number}.jpg"
    return ManifestPhoto(f"{number:064x}", f"/photos/{name}", name, label, "train")


PHOTOS = [photo(number, number % 2) for number in range(10)]


def kinds(findings: Sequence[dict[str, Any]]) -> list[str]:
    return [found["kind"] for found in findings]


def test_copies_are_told_apart_by_whether_they_share_a_class() -> None:
    found = verdict.copies([[0, 2], [1, 4]], PHOTOS, CLASSES, ["a/1.jpg", "b/1.jpg"])
    assert kinds(found) == ["conflict", "copies_in_two_classes", "near_copies"]
    assert found[0]["photos"] == ["a/1.jpg", "b/1.jpg"]
    assert found[1]["photos"] == ["dog/1.jpg", "cat/4.jpg"] and found[2]["photos"] == ["cat/0.jpg", "cat/2.jpg"]
    assert [one["truth"] for one in found[1]["groups"][0]] == ["dog", "cat"]
    assert verdict.copies([], PHOTOS, CLASSES, []) == []


def test_doubts_say_what_is_shown_instead() -> None:
    rows = np.array([3, 0])
    shares = np.tile(np.array([[0.1, 0.2, 0.7]]), (10, 1))
    (found,) = verdict.doubts(Doubts(rows, np.array([0, 2]), np.eye(3, dtype=np.int64)), shares, PHOTOS, CLASSES)
    assert found["photos"] == ["dog/3.jpg", "cat/0.jpg"]
    assert [(one["instead"], one["probability"]) for (one,) in found["groups"]] == [("cat", 0.1), ("pig", 0.7)]
    nothing = np.array([], np.int64)
    assert verdict.doubts(Doubts(nothing, nothing, np.eye(3, dtype=np.int64)), shares, PHOTOS, CLASSES) == []


def test_far_fewer_photos_and_classes_that_look_alike_are_named() -> None:
    assert verdict.few_photos({"cat": 50, "dog": 11}) == []
    (few,) = verdict.few_photos({"cat": 50, "dog": 10, "pig": 12})
    assert few["classes"] == ["dog"]
    labels = np.repeat([0, 1, 2], 20)
    answers = labels.copy()
    assert verdict.alike_classes(answers, labels, CLASSES) == []
    answers[:8], answers[20:24] = 1, 0
    (found,) = verdict.alike_classes(answers, labels, CLASSES)
    assert found["classes"] == ["cat", "dog"] and found["share"] == pytest.approx(12 / 40)


def test_only_facts_that_give_a_class_away_are_shortcuts() -> None:
    found = [Shortcut("border", 0.7, (1,)), Shortcut("shape", 0.9, ()), Shortcut("average_color", 0.8, (0, 1))]
    told = verdict.told_by(found, CLASSES, 0.4)
    assert [(one["fact"], one["classes"]) for one in told] == [("border", ["dog"]), ("average_color", ["cat", "dog"])]


@given(
    st.lists(st.sampled_from(["conflict", "near_copies", "wrong_label", *QUALITY]), unique=True),
    st.booleans(),
    st.integers(0, 2),
    st.lists(st.tuples(st.sampled_from(FACTS), st.integers(1, 3)), max_size=2),
)
def test_the_conclusion_is_one_short_sentence(
    singles: list[str], few: bool, alike: int, facts: list[tuple[str, int]]
) -> None:
    findings = [{"kind": kind, "photos": [kind], "groups": []} for kind in singles]
    findings += [{"kind": "few_photos", "photos": [], "groups": [], "classes": list(CLASSES)}] * few
    findings += [{"kind": "alike_classes", "photos": [], "groups": [], "classes": ["cat", "dog"]}] * alike
    told = [{"fact": fact, "classes": list(CLASSES[:count])} for fact, count in facts]
    words = one_sentence(verdict.conclude(40, findings, told))
    assert ("not looked for" in one_sentence(verdict.conclude(40, findings, told, labels=False))) == (
        not told and not singles
    )
    if told:
        assert str(verdict.FACT_NAMES[facts[0][0]]) in words
    elif singles:
        assert words.startswith(f"{len(singles)} of 40 photos deserve")
    else:
        assert ("Nothing is wrong" in words) == (not few and not alike)


def test_every_kind_has_its_words() -> None:
    assert set(verdict.TITLES) == {
        "conflict", "copies_in_two_classes", "near_copies", "wrong_label", "few_photos", "alike_classes", *QUALITY,
    }  # fmt: skip
    assert all(verdict.advice(kind) for kind in verdict.TITLES) and set(verdict.FACT_NAMES) == set(FACTS)


def folder(root: Path, photos: int = 12) -> Path:
    """Two classes of shapes; one photo again in either class, one of one color, one in another format."""
    for label, name in enumerate(("left", "right")):
        (root / name).mkdir(parents=True)
        for number in range(photos):
            scene(100 * label + number, (96, 96)).save(root / name / f"{number:02}.png")
    cropped(saved(scene(3, (96, 96)), 70), 0.05).save(root / "left" / "again.png")
    scene(104, (96, 96)).resize((80, 80)).save(root / "left" / "also right.png")
    Image.new("RGB", (40, 40), (9, 90, 9)).save(root / "right" / "green.png")
    return root


def look(data: Path, events: list[Any] | None = None, weights: str = "none") -> dict[str, Any]:
    config = ExperimentConfig("health", Settings(), DataConfig(str(data)), BaseConfig("toy", weights))
    return api.experiment(config, emit=None if events is None else events.append)


def test_the_lab_names_what_is_wrong(toy_base: Base, tmp_path: Path) -> None:
    found = look(folder(tmp_path / "photos"))
    by_kind = {one["kind"]: one for one in found["findings"]}
    assert by_kind["near_copies"]["photos"] == ["left/03.png", "left/again.png"]
    assert sorted(by_kind["copies_in_two_classes"]["photos"]) == ["left/also right.png", "right/04.png"]
    assert by_kind["one_color"]["photos"] == ["right/green.png"]
    assert found["photos"] == 27 and found["classes"] == {"left": 14, "right": 13} and found["complete"]
    assert set(found["facts"]) == set(FACTS) and found["chance"] == 14 / 27
    assert "deserve a second look" in found["conclusion"] or found["shortcuts"]
    json.dumps(stored(found))
    text = terminal.table(found)
    assert "Nearly the same photos (2)" in text and "left/03.png, left/again.png" in text


def test_one_picture_in_two_classes_is_named_though_nothing_learns_from_it(toy_base: Base, tmp_path: Path) -> None:
    root = folder(tmp_path / "photos")
    scene(3, (96, 96)).save(root / "right" / "as left.png")
    found = look(root)
    assert found["findings"][0]["kind"] == "conflict"
    assert found["findings"][0]["photos"] == ["left/03.png", "right/as left.png"]
    assert found["photos"] == 28


def test_with_few_photos_the_rest_is_still_found(toy_base: Base, tmp_path: Path) -> None:
    root = folder(tmp_path / "photos", photos=5)
    (root / "rare").mkdir()
    for number in range(2):
        scene(900 + number, (96, 96)).save(root / "rare" / f"{number}.png")
    events: list[Any] = []
    found = look(root, events)
    assert "near_copies" in kinds(found["findings"]) and not found["facts"] and "classifier" not in found["how_sure"]
    said = [str(event.text) for event in events if isinstance(event, Message)]
    assert any("rare has fewer than 3 photos" in words for words in said)


def test_a_base_that_knows_nothing_doubts_no_label(toy_base: Base, tmp_path: Path) -> None:
    events: list[Any] = []
    found = look(folder(tmp_path / "photos"), events)  # weights drawn at random, and noise to look at
    assert "wrong_label" not in kinds(found["findings"]) and "classifier" not in found["how_sure"]
    assert any("random weights" in str(event.text) for event in events if isinstance(event, Message))


def test_a_wrong_label_is_named_with_what_it_shows(toy_base: Base, tmp_path: Path) -> None:
    for label, name in enumerate(("dark", "light")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            shown = 1 - label if number == 5 else label
            picture = scene(100 * label + number, (96, 96)).point([lambda v: v // 3, lambda v: 160 + v // 3][shown])
            picture.save(tmp_path / "photos" / name / f"{number:02}.png")
    weights = tmp_path / "toy.weights.h5"
    build_base(workspace(), "toy", "none").save_weights(weights)
    found = look(tmp_path / "photos", weights=str(weights))
    (wrong,) = (one for one in found["findings"] if one["kind"] == "wrong_label")
    assert sorted(wrong["photos"]) == ["dark/05.png", "light/05.png"]
    assert {one["truth"]: one["instead"] for (one,) in wrong["groups"]} == {"dark": "light", "light": "dark"}


def test_the_command(toy_base: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder(tmp_path / "photos")
    main(["health", str(root), "--base", "toy", "--weights", "none", "--json"])
    value = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"findings", "shortcuts", "conclusion"} <= set(value)
    assert {"kind", "photos", "advice"} <= set(value["findings"][0]) and isinstance(value["findings"][0]["advice"], str)
    main(["health", str(root), "--base", "toy", "--weights", "none"])
    out = capsys.readouterr().out
    assert "Nearly the same photos" in out and value["conclusion"] in out


def test_files_that_can_not_be_used_are_told(toy_base: Base, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = folder(tmp_path / "photos")
    (root / ("x" * 70)).mkdir()
    for number in range(3):
        scene(500 + number, (96, 96)).save(root / ("x" * 70) / f"{number}.png")
    main(["health", str(root), "--base", "toy", "--weights", "none"])
    said = capfd.readouterr().err
    assert "3 files could not be used" in said and "has 70 characters: use at most 60" in said
