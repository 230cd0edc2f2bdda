"""Opening a file: as a base that trains like any other, as a classifier that answers as it did, or not at all."""

import errno
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from tests.cli.command_line import thaw
from tests.support import workspace
from transfer_core import api
from transfer_core.backbones import own
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.files import write_json
from transfer_core.errors import ConfigError, RunError, StorageError, WeightsError
from transfer_core.exports.make import export
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.training.run import train
from transfer_core.opening import open as opening
from transfer_core.opening.open import open_base, open_classifier
from transfer_core.runs.config import BaseConfig
from transfer_core.runs.folder import Run

SIZE = 32


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's own classifier, a network within a network, that never heard of Thaw."""
    photo, inside = keras.Input((SIZE, SIZE, 3)), keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(6, 3, strides=2, name="one_conv")(inside)
    x = layers.ReLU(name="one_act")(layers.BatchNormalization(name="one_bn")(x))
    x = layers.Conv2D(8, 3, name="two_conv")(x)
    network = keras.Model(inside, layers.BatchNormalization(name="two_bn")(x), name="network")
    x = network(layers.Rescaling(1 / 255)(layers.RandomFlip()(photo)))
    path = tmp_path_factory.mktemp("brought") / "Garden birds.keras"
    keras.Model(photo, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x))).save(path)
    return path


def test_a_base_that_was_brought_trains_as_any_other_does(
    brought: Path, thaw_home: Path, toy_run: Callable[..., Run]
) -> None:
    opened = open_base(workspace(), brought)
    name = opened.base.name
    assert name.startswith("own-garden-birds-32-") and opened.base.title == "Garden birds" and opened.new
    assert opened.scaling == "none" and opened.found
    assert [base.name for base in own.list_own(workspace())] == [name]
    assert get_base(name) == opened.base and api.layers(name, workspace()) == opened.tree
    again = open_base(workspace(), brought)
    assert again.base == opened.base and not again.new

    # The first layers stay to the last bit, the last ones train, and what comes out is a classifier like any other.
    plan = FreezePlan(("two_conv", "two_bn"))
    run = toy_run(base=BaseConfig(name), plan=plan)
    assert train(workspace(), run, lambda event: None)
    report = run.report() or {}
    assert report["freeze_proof"]["frozen_unchanged"] and report["freeze_proof"]["changed_arrays"] > 0
    paths = [Path(photo.path) for photo in run.manifest().photos]
    assert all("label" in answer for answer in Classifier(run).predict(paths))

    # Gone: what was trained answers on, and names its base; a new training is refused in words.
    own.remove_own(workspace(), name)
    assert own.list_own(workspace()) == [] and get_base(name).title == "Garden birds"
    assert all("label" in answer for answer in Classifier(run).predict(paths))
    with pytest.raises(WeightsError, match="The network Garden birds is not on this"):
        train(workspace(), toy_run(base=BaseConfig(name)), lambda event: None)
    own.restore_own(workspace(), name)
    assert [base.name for base in own.list_own(workspace())] == [name]
    with pytest.raises(ConfigError, match="no network 'own-none-32-00000000'"):
        own.remove_own(workspace(), "own-none-32-00000000")
    with pytest.raises(ConfigError, match=r"no network '\.\./weights'"):
        own.remove_own(workspace(), "../weights")


def test_random_weights_of_it_are_others_and_the_same_for_a_seed(brought: Path, thaw_home: Path) -> None:
    from transfer_core.nn.backbones.build import build_base

    name = open_base(workspace(), brought).base.name
    pretrained, one, same, other = (
        build_base(workspace(), name, weights, seed=seed).get_layer("two_conv").get_weights()[0]
        for weights, seed in (("imagenet", 0), ("none", 1), ("none", 1), ("none", 2))
    )
    assert (one == same).all() and (one != other).any() and (one != pretrained).any()
    with pytest.raises(ConfigError, match="takes photos of 32 pixels a side and no others; 64 came"):
        build_base(workspace(), name, input_size=64)


@pytest.mark.parametrize("kind", ["the file of the run", "a file by itself", "the zip"])
def test_a_classifier_made_here_answers_as_it_did(
    kind: str, toy_run: Callable[..., Run], last_toy_block: FreezePlan, tmp_path: Path
) -> None:
    run = toy_run(plan=last_toy_block)
    assert train(workspace(), run, lambda event: None)
    taken = {
        "the file of the run": run.model_path,
        "a file by itself": tmp_path / "taken.keras",
        "the zip": tmp_path / "taken.zip",
    }[kind]
    if taken != run.model_path:
        export(run, "keras", taken)
    back = open_classifier(workspace(), taken, tmp_path / "opened")
    assert back.labels()["classes"] == ["blue", "red"] and back.labels()["file"] == taken.name
    paths = [Path(photo.path) for photo in run.manifest().photos]
    before, after = Classifier(run).predict(paths), Classifier(back).predict(paths)
    for one, other in zip(before, after, strict=True):
        assert other["probabilities"] == pytest.approx(one["probabilities"], abs=1e-6)
        # Only the zip holds what it learned from, by which it knows what is none of its classes.
        assert other.get("none") == (one["none"] if kind == "the zip" else None)


def test_a_stranger_answers_by_the_names_it_is_given(brought: Path, thaw_home: Path, tmp_path: Path) -> None:
    run = open_classifier(workspace(), brought, tmp_path / "opened", [" robin ", "black \u202e bird"])
    assert run.labels()["classes"] == ["robin", "black \\u202E bird"], "what would turn the text round is seen"
    photos = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)
    theirs = keras.models.load_model(brought)(photos.astype(np.float32), training=False)
    np.testing.assert_allclose(Classifier(run).probabilities(photos), theirs, atol=1e-6)
    unnamed = open_classifier(workspace(), brought, tmp_path / "unnamed")
    assert unnamed.labels()["classes"] == ["class 1", "class 2"]
    for names, words in (
        (["a", "b", "c"], "tells 2 classes apart; the number of names that came is 3"),
        (["a", "a"], "a name of its own"),
    ):
        with pytest.raises(ConfigError, match=words):
            open_classifier(workspace(), brought, tmp_path / "refused", names)
    assert not (tmp_path / "refused").exists()
    with pytest.raises(RunError, match="already exists and is not empty"):
        open_classifier(workspace(), brought, tmp_path / "opened")


def test_what_it_can_not_read_leaves_nothing_behind(
    brought: Path, thaw_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cut.keras"
    with zipfile.ZipFile(brought) as whole, zipfile.ZipFile(cut, "w") as archive:
        for name in ("config.json", "metadata.json"):
            archive.writestr(name, whole.read(name))
        archive.writestr("model.weights.h5", whole.read("model.weights.h5")[:2000])
    with pytest.raises(ConfigError, match="Keras can't read this file"):
        open_base(workspace(), cut)
    with pytest.raises(RunError, match="was cancelled; nothing has changed"):
        open_base(workspace(), brought, cancelled=lambda: True)

    def full(path: Path, value: object) -> None:
        if path.name == "labels.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        write_json(path, value)

    with monkeypatch.context() as patch:
        patch.setattr(opening, "write_json", full)
        with pytest.raises(StorageError, match="full"):
            open_classifier(workspace(), brought, tmp_path / "new" / "opened")
    assert list((tmp_path / "new").iterdir()) == []
    monkeypatch.setattr(opening, "PATIENCE", 0.0)
    with pytest.raises(RunError, match="was not read within 0 seconds"):
        open_classifier(workspace(), brought, tmp_path / "opened")
    monkeypatch.undo()
    monkeypatch.setenv("THAW_HOME", str(thaw_home))
    monkeypatch.setattr(opening, "_READER", (opening._READER[0], "-c", "import os; os.abort()"))
    with pytest.raises(RunError, match=r"could not be read: The work crashed \(SIGABRT\)"):
        open_classifier(workspace(), brought, tmp_path / "opened")
    assert own.list_own(workspace()) == [] and not (tmp_path / "opened").exists()


def test_what_the_process_made_is_looked_through_too(
    brought: Path, thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the file had got the better of the process that read it."""
    program = (
        "import json, pathlib, sys, zipfile; folder = pathlib.Path(sys.argv[1]);"
        "archive = zipfile.ZipFile(folder / 'made.keras', 'w');"
        "archive.writestr('config.json', json.dumps({'class_name': 'Lambda'}));"
        "archive.writestr('model.weights.h5', ''); archive.close();"
        "(folder / 'answer.json').write_text(json.dumps({'size': 32, 'digest': '0' * 64, 'scaling': 'none'}))"
    )
    monkeypatch.setattr(opening, "_READER", (opening._READER[0], "-c", program))
    with pytest.raises(ConfigError, match="holds Lambda, which runs code"):
        open_base(workspace(), brought)
    assert own.list_own(workspace()) == []


def test_the_command(
    brought: Path, thaw_home: Path, tmp_path: Path, photos: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = thaw(capfd, "open", brought, "--title", "Birds", "--json")
    said = json.loads(out)
    assert code == 0 and said["blocks"][0] and said["input_size"] == SIZE and said["title"] == "Birds"
    code, out, _ = thaw(capfd, "bases", "--json")
    row = next(row for row in json.loads(out)["bases"] if row["name"] == said["base"])
    assert row["weights"] == "cached" and row["imagenet_top1"] is None and row["parameters"] == said["parameters"]
    code, out, _ = thaw(capfd, "bases")
    assert code == 0 and said["base"] in out
    names = ["--class", "cat", "--class", "dog"]
    code, out, _ = thaw(capfd, "open", brought, "--out", tmp_path / "run", *names, "--json")
    assert code == 0 and json.loads(out)["classes"] == ["cat", "dog"]
    image = next((photos / "cats_dogs" / "test").rglob("*.jpg"))
    code, out, _ = thaw(capfd, "predict", tmp_path / "run", image, "--json")
    assert code == 0 and json.loads(out)["predictions"][0]["label"] in ("cat", "dog")
    for command, *more in (("evaluate",), ("export", "--format", "onnx", "--out", tmp_path / "x.onnx")):
        code, _, err = thaw(capfd, command, tmp_path / "run", *more)
        assert code == 2 and "it can be asked about photos, and no more" in err, err
    code, _, err = thaw(capfd, "open", brought, *names)
    assert code == 2 and "A base has no classes" in err
    code, _, err = thaw(capfd, "open", image)
    assert code == 2 and "is no .keras file" in err
