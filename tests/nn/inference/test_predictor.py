"""A trained classifier asked about photos: as in training, and one bad file never spoils the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import RunError
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.training.run import train
from transfer_core.photos.decode import decode
from transfer_core.runs.config import FitConfig, PhaseConfig
from transfer_core.runs.folder import Run
from transfer_core.runs.known import read_known


@pytest.fixture
def run(toy_run: Callable[..., Run]) -> Run:
    run = toy_run(head=PhaseConfig(30, 3e-2))
    assert train(workspace(), run, lambda event: None)
    return run


def test_answers_for_files_and_bytes(run: Run, tmp_path: Path) -> None:
    photos = run.manifest().of("validation")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    items = [photos[0].path, broken, Path(photos[-1].path).read_bytes(), tmp_path / "missing.png"]
    first, second, third, fourth = Classifier(run).predict(items)
    assert (first["image"], first["label"]) == (photos[0].path, "blue")
    answered = {"image", "label", "probability", "probabilities", "milliseconds"}
    assert set(first) == answered | {"none", "alike", "nearest"}
    assert first["probability"] == max(first["probabilities"].values()) == first["probabilities"]["blue"]
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    assert first["milliseconds"] > 0
    assert set(second) == {"image", "error"}
    assert second["image"] == str(broken)
    assert (third["image"], third["label"]) == ("image 3", "red")
    assert "missing.png" in str(fourth["error"])


def test_answers_are_those_of_training(run: Run) -> None:
    photos = run.manifest().of("validation")
    report = run.report()
    assert report is not None
    classifier = Classifier(run)
    decoded = np.stack([decode(Path(photo.path), 16) for photo in photos])
    answers = classifier.probabilities(decoded)
    labels = np.array([photo.label for photo in photos])
    assert (answers.argmax(1) == labels).mean() == report["val_accuracy"]
    best = report["phases"]["head"]["best"]["val_calibrated_loss"]
    assert -np.log(answers[np.arange(len(labels)), labels]).mean() == pytest.approx(best, rel=1e-4)
    one_by_one = [classifier.predict([photo.path])[0]["probability"] for photo in photos]
    np.testing.assert_allclose(one_by_one, answers.max(1), atol=1e-6)


def test_what_looks_like_nothing_it_learned_from_is_none_of_the_classes(run: Run, tmp_path: Path) -> None:
    photos = run.manifest()
    green = tmp_path / "green.png"
    Image.fromarray(np.full((24, 20, 3), (0, 255, 0), np.uint8)).save(green)
    classifier = Classifier(run)
    stranger, *own = classifier.predict([green, *(photo.path for photo in photos.of("validation"))])
    assert stranger["none"] is True and "label" in stranger
    assert sum(answer["none"] for answer in own) == 0
    assert stranger["alike"] < min(answer["alike"] for answer in own)
    # What training found of the photos it was checked on is what the saved model finds.
    known = read_known(run.known_path)
    assert known is not None
    np.testing.assert_allclose([answer["alike"] for answer in own], known.checked[: len(own)], atol=1e-3)
    assert len(known.checked) == len(photos.of("validation")) + len(photos.of("train"))
    learned = {photo.sha256: photo.label for photo in photos.of("train")}
    for answer in own:
        assert len(answer["nearest"]) == 5
        assert {learned[sha] for sha in answer["nearest"]} == {photos.classes.index(answer["label"])}


@pytest.mark.parametrize("damage", [None, b"no archive", b"PK"])
def test_without_what_it_learned_from_it_always_answers(run: Run, damage: bytes | None) -> None:
    run.known_path.unlink()
    if damage is not None:
        run.known_path.write_bytes(damage)
    (answer,) = Classifier(run).predict([run.manifest().photos[0].path])
    assert "none" not in answer and answer["label"] in run.manifest().classes


def test_of_many_photos_some_of_each_class_are_kept(
    toy_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transfer_core.nn.training.report.MOST_KNOWN", 6)
    run = toy_run()
    assert train(workspace(), run, lambda event: None)
    known = read_known(run.known_path)
    assert known is not None and len(known.sha256) == len(known.photos.features) == 6
    labels = {photo.sha256: photo.label for photo in run.manifest().of("train")}
    assert sorted(labels[sha] for sha in known.sha256) == [0, 0, 0, 1, 1, 1]
    path = next(photo.path for photo in run.manifest().photos if photo.sha256 == known.sha256[2])
    (answer,) = Classifier(run).predict([path])
    assert answer["nearest"][0] == known.sha256[2]


@pytest.mark.parametrize("augment", ["cached", "live"])
def test_variants_are_known_too(toy_run: Callable[..., Run], augment: str, last_toy_block: FreezePlan) -> None:
    run = toy_run(fit=FitConfig(batch_size=5, augment=augment), plan=last_toy_block)  # type: ignore[arg-type]
    assert train(workspace(), run, lambda event: None)
    known = read_known(run.known_path)
    assert known is not None
    learned = [photo.sha256 for photo in run.manifest().of("train")]
    times = run.config().augmentation.variants if augment == "cached" else 1
    assert sorted(known.sha256) == sorted(learned * times)
    classifier = Classifier(run)
    own = classifier.predict([photo.path for photo in run.manifest().of("validation")])
    np.testing.assert_allclose([answer["alike"] for answer in own], known.checked, atol=1e-3)


def test_any_number_of_photos_keeps_its_order(run: Run) -> None:
    photos = [photo.path for photo in run.manifest().photos] * 2
    answers = Classifier(run).predict(iter(photos))
    assert [answer["image"] for answer in answers] == photos
    assert Classifier(run).predict([]) == []


def test_the_first_answer_is_not_charged_for_tracing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[int] = []
    call = keras.Model.__call__

    def counted(self: keras.Model, *args: Any, **options: Any) -> Any:
        traced.append(1)  # Python runs only while the graph is traced
        return call(self, *args, **options)

    monkeypatch.setattr(keras.Model, "__call__", counted)
    classifier = Classifier(run)
    assert traced
    traced.clear()
    assert classifier.predict([run.manifest().photos[0].path])[0]["milliseconds"] > 0
    assert not traced


def test_a_run_without_a_classifier_is_refused(toy_run: Callable[..., Run]) -> None:
    with pytest.raises(RunError, match="holds no trained model"):
        Classifier(toy_run())


def test_a_damaged_model_is_refused(run: Run) -> None:
    run.model_path.write_bytes(run.model_path.read_bytes()[:1000])
    with pytest.raises(RunError, match=r"model\.keras can't be loaded"):
        Classifier(run)
