"""The code that a run leaves for who wants to learn from it: it runs without Thaw, and comes to the same accuracy."""

import ast
import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.cli.command_line import thaw
from tests.support import workspace
from tests.toys import trained
from transfer_core import api
from transfer_core.backbones import catalog
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError, RunError
from transfer_core.exports import code as code_of
from transfer_core.exports.code import script
from transfer_core.exports.code_files import code_files, export_code
from transfer_core.exports.code_notebook import notebook
from transfer_core.nn.training.run import train
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.augmentation import PRESETS
from transfer_core.runs.config import (
    AugmentConfig,
    BaseConfig,
    DataConfig,
    FitConfig,
    PhaseConfig,
    RunConfig,
    TuningConfig,
)
from transfer_core.runs.folder import Run
from transfer_core.worker.queries import answer_lines

DRIVER = """
import os, runpy, sys
for path in sys.argv[1:]:
    os.chdir(os.path.dirname(path))
    runpy.run_path(path)
assert not [name for name in sys.modules if name.split(".")[0] in ("transfer_core", "pages")]
"""


def accuracies(*scripts: Path) -> list[float]:
    """What each script prints, run one after the other in a process that never saw Thaw."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "THAW"))}
    command = [sys.executable, "-c", DRIVER, *map(str, scripts)]
    done = subprocess.run(command, cwd=scripts[0].parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return [float(number) for number in re.findall(r"Validation accuracy: ([\d.]+)", done.stdout)]


def finished(run: Run) -> Run:
    assert train(workspace(), run, lambda event: None)
    return run


def code_lines(code: str) -> int:
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in code.splitlines())


def check_readable(code: str, most: int = 65) -> None:
    compile(code, "script", "exec")
    assert "transfer_core" not in code and "$" not in code
    assert max(len(line) for line in code.splitlines() if not line.startswith("FOLDER")) <= 100
    assert code_lines(code) <= most
    assert re.findall(r"^# Step (\d)", code, re.MULTILINE) in (["1", "2", "3"], ["1", "2", "3", "4", "5"])


@pytest.fixture
def uneven(toy_manifest: Callable[..., Manifest]) -> Manifest:
    """Photos of two classes of which one has half as many to learn from."""
    made = toy_manifest(train=24, validation=20)
    left_out = [photo for photo in made.of("train") if photo.label == 1][::2]
    return replace(made, photos=tuple(photo for photo in made.photos if photo not in left_out))


def test_scripts_come_to_the_accuracy_of_their_runs(
    toy_run: Callable[..., Run], uneven: Manifest, last_toy_block: FreezePlan, tmp_path: Path
) -> None:
    head, fine = PhaseConfig(8, 5e-2), PhaseConfig(3, 2e-3)
    ways: list[dict[str, Any]] = [
        {},
        {"plan": last_toy_block, "fine_tune": fine},
        {
            "plan": FreezePlan(("block1_conv",)),
            "fit": FitConfig("sgd", 8, augment="cached"),
            "augmentation": AugmentConfig("gentle", 2),
            "tuning": TuningConfig("plateau", 1, 2.0, 0.1, True),
        },
        {
            "plan": FreezePlan(("stem_conv", "stem_bn", "block1_bn", "block1_conv", *last_toy_block.trainable)),
            "fit": FitConfig("rmsprop", 8, augment="live", class_weights=False),
            "tuning": TuningConfig("cosine", 2),
            "head": PhaseConfig(30, 0.1),
            "fine_tune": PhaseConfig(6, 5e-3),
        },
    ]
    runs = [finished(toy_run(uneven, **({"head": head, "fine_tune": fine} | way))) for way in ways]
    paths = [tmp_path / f"code-{number}" / "again.py" for number in range(len(runs))]
    for run, path in zip(runs, paths, strict=True):
        told = export_code(workspace(), run, path)
        assert told == {
            "format": "code",
            "path": str(path),
            "bytes": path.stat().st_size,
            "beside": [str(path.with_name(name)) for name in ("again-base.keras", "again-photos.csv")],
        }
        check_readable(path.read_text("utf-8"), most=75)  # refinements take lines of their own
    texts = [path.read_text("utf-8") for path in paths]
    assert "class_weight=weights" in texts[1] and "class_weight" not in texts[3]
    assert "this run stopped here" in texts[0] and "Step 4" not in texts[0]
    assert 'base.get_layer("block2_conv")' in texts[1]
    assert "layer.name in unfrozen" in texts[2] and "RandomFlip" not in texts[2] and "RandomRotation" in texts[2]
    assert "in this run all of them" in texts[3] and "warmup_steps=2 * steps" in texts[3]
    assert "each block of the base had a lower rate" in texts[2] and "climbed to its peak" in texts[2]
    for run, accuracy in zip(runs, accuracies(*paths), strict=True):
        low, high = (run.report() or {})["val_interval"]
        assert low - 5e-5 <= accuracy <= high + 5e-5, run.config()


def test_a_base_of_keras_comes_from_keras(
    thaw_home: Path, toy_run: Callable[..., Run], uneven: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also with random weights: those the run began with."""
    small = replace(catalog.get_base("mobilenet"), input_size=32)
    monkeypatch.setitem(catalog._BY_NAME, "mobilenet", small)
    plan = api.freeze_plan("mobilenet", train_last=2)
    run = finished(
        toy_run(
            uneven,
            base=BaseConfig("mobilenet", "none"),
            plan=plan,
            head=PhaseConfig(10, 0.1),
            fine_tune=PhaseConfig(2, 1e-3),
            fit=FitConfig(batch_size=16),
            seed=3,
        )
    )
    path = tmp_path / "code" / "again.py"
    assert [Path(one).name for one in export_code(workspace(), run, path)["beside"]] == ["again-photos.csv"]
    text = path.read_text("utf-8")
    check_readable(text)
    assert "keras.applications.MobileNet(" in text and "weights=None" in text
    report = run.report() or {}
    (accuracy,) = accuracies(path)
    assert report["val_interval"][0] <= accuracy <= report["val_interval"][1] + 5e-5


def test_the_default_base_comes_along_as_a_file(thaw_home: Path, tmp_path: Path) -> None:
    """Of photos as a person has them: a folder of class folders, read as Thaw reads them."""
    generator = np.random.default_rng(0)
    for number, name in enumerate(("dots", "lines")):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for index in range(20):
            picture = np.full((60, 80, 3), 255, np.uint8)
            for row in generator.integers(0, 60, 6):
                picture[row, :: 8 if number else 1] = generator.integers(0, 160, 3)
            Image.fromarray(picture).save(folder / f"{index}.jpg", quality=90)
    config = RunConfig(
        data=DataConfig(str(tmp_path / "photos"), validation_fraction=0.5),
        plan=api.freeze_plan("efficientnet-lite0", train_last=1),
        head=PhaseConfig(10, 1e-2),
        fine_tune=PhaseConfig(1, None),
    )
    run = api.train(config, tmp_path / "run")
    found = export_code(workspace(), run, tmp_path / "taken.zip")
    assert found["beside"] == []
    with zipfile.ZipFile(tmp_path / "taken.zip") as archive:
        assert sorted(archive.namelist()) == ["taken-base.keras", "taken-photos.csv", "taken.ipynb", "taken.py"]
        archive.extractall(tmp_path / "elsewhere")
    text = (tmp_path / "elsewhere" / "taken.py").read_text("utf-8")
    check_readable(text)
    assert text.count("\n") <= 110
    report = run.report() or {}
    (accuracy,) = accuracies(tmp_path / "elsewhere" / "taken.py")
    assert report["val_interval"][0] - 5e-5 <= accuracy <= report["val_interval"][1] + 5e-5


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch", "lite"])
def test_scripts_scale_as_thaw_does(mode: Any) -> None:
    import keras

    from transfer_core.nn.backbones.preprocessing import scale

    photo = keras.Input((8, 8, 3))
    names: dict[str, Any] = {"keras": keras, "layers": keras.layers, "np": np, "photo": photo}
    exec(code_of._read()[f"scale-{mode}"], names)
    photos = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    here, there = keras.Model(photo, scale(mode, photo)), keras.Model(photo, names["scaled"])
    np.testing.assert_allclose(there.predict(photos, verbose=0), here.predict(photos, verbose=0), atol=2e-5)


@pytest.mark.parametrize("name", [base.name for base in catalog.BASES if base.scaling == "torch"])
def test_a_base_that_scales_by_itself_scales_as_thaw_does(name: str, thaw_home: Path) -> None:
    import keras

    from transfer_core.nn.backbones.build import build_base, preprocessing

    spec, size = catalog.get_base(name), 32
    photo = keras.Input((size, size, 3))
    here = build_base(workspace(), name, "none", size)
    there = getattr(keras.applications, spec.builder.removeprefix("keras:"))(
        include_top=False, weights=None, input_shape=(size, size, 3)
    )
    there.set_weights([*there.get_weights()[: len(there.weights) - len(here.weights)], *here.get_weights()])
    photos = np.random.default_rng(0).integers(0, 256, (2, size, size, 3)).astype(np.float32)
    expected = keras.Model(photo, here(preprocessing(name, photo)))(photos)
    np.testing.assert_allclose(there(photos), expected, atol=1e-4)


def test_the_notebook_is_the_script_with_words_between(toy_run: Callable[..., Run], last_toy_block: FreezePlan) -> None:
    code = script(trained(toy_run(plan=last_toy_block)))
    made = json.loads(notebook(code))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    cells = made["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all(
        set(cell)
        == {"cell_type", "id", "metadata", "source"} | ({"outputs", "execution_count"} if code_cell else set())
        for cell in cells
        for code_cell in [cell["cell_type"] == "code"]
    )
    joined = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert ast.dump(ast.parse(joined)) == ast.dump(ast.parse(code))
    words = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert [text.split(":")[0] for text in words[2:7]] == [f"## Step {number}" for number in range(1, 6)]
    said = {line.lstrip("# ") for text in [*words, joined] for line in text.splitlines()}
    assert {line.lstrip("# ") for line in code.splitlines()} <= said, "no comment is lost"


@settings(max_examples=60)
@given(st.lists(st.text(min_size=1), min_size=2, max_size=4, unique=True), st.text(), st.text(min_size=1))
def test_no_name_breaks_out_of_the_script(classes: list[str], folder: str, stem: str) -> None:
    for text in [*classes, folder, stem, "'\"\\", '"""\n', "'''", "\u2028\r\n# 🐈"]:
        literal = code_of._literal(text)
        assert ast.literal_eval(literal) == text and len(literal.splitlines()) == 1
    assert ast.literal_eval(code_of._listed("CLASSES = ", classes)) == classes


def test_odd_names_are_found_again(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    classes = ('a "quoted" \\ one', "cat's\n🐈 ${FOLDER} $x {y}")
    path = tmp_path / 'odd, "folder"' / "it's\n1.png"
    photos = tuple(
        ManifestPhoto(f"{split}{label}", str(path.with_name(f"{split}{label}{path.name}")), "x.png", label, split)
        for split in ("train", "validation")
        for label in (0, 1)
    )
    run = trained(toy_run(Manifest(classes, photos)))
    texts = code_files(run, 'it\'s "it"')
    tree = ast.parse(texts['it\'s "it".py'])
    given = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(given["CLASSES"]) == list(classes)
    assert ast.literal_eval(given["FOLDER"].args[0]) == str(path.parent)
    rows = list(csv.DictReader(texts['it\'s "it"-photos.csv'].splitlines(keepends=True)))
    assert [(row["label"], row["split"]) for row in rows] == [(classes[one.label], one.split) for one in photos]
    assert [str(path.parent / row["file"]) for row in rows] == [one.path for one in photos]
    assert "RGBA" in texts['it\'s "it".py'], "what is no JPEG may be transparent"


def test_photos_that_training_left_out_are_left_out(toy_run: Callable[..., Run]) -> None:
    run = toy_run()
    broken = run.manifest().of("train")[3]
    Path(broken.path).write_bytes(b"no photo")
    finished(run)
    table = code_files(run, "a")["a-photos.csv"]
    assert broken.name not in table and table.count("\n") == len(run.manifest().photos)


def test_what_is_set_is_in_the_script(toy_run: Callable[..., Run]) -> None:
    many = FitConfig("sgd", 4, 0.35, 0, augment="live")
    run = trained(toy_run(fit=many, augmentation=AugmentConfig("any-way-up"), tuning=TuningConfig(label_smoothing=0.2)))
    text = script(run)
    for piece in (
        "SIZE, BATCH = 16, 4",
        "layers.Dropout(0.35)",
        "SGD(0.01, momentum=0.9)",
        "patience=4",
        'RandomFlip("horizontal_and_vertical")',
        "RandomRotation(0.5)",
        "label_smoothing=0.2",
        "How good is it?",
    ):
        assert piece in text, piece
    for name in PRESETS:
        compile(script(trained(toy_run(fit=many, augmentation=AugmentConfig(name)))), name, "exec")


def test_photos_on_several_drives_are_named_in_full() -> None:
    photos = [ManifestPhoto("0", path, "a", 0, "train") for path in ("/a/x/1.jpg", "/a/y/2.jpg", "/a/z/deep/3.jpg")]
    assert code_of.photo_folder(photos) == Path("/a")
    apart = ManifestPhoto("0", "elsewhere/1.jpg", "a", 0, "train")
    assert code_of.photo_folder([*photos, apart]) == Path()


def test_the_command_tells_what_it_wrote(
    toy_run: Callable[..., Run], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, out = trained(toy_run()), tmp_path / "out" / "again.ipynb"
    code, text, _ = thaw(capfd, "export", run.path, "--format", "code", "--out", out, "--json")
    assert code == 0
    found = json.loads(text)
    assert set(found) == {"format", "path", "bytes", "beside"} and found["bytes"] == out.stat().st_size
    assert json.loads(out.read_text("utf-8"))["cells"]
    code, text, _ = thaw(capfd, "export", run.path, "--format", "code", "--out", out)
    assert code == 0 and "again-base.keras" in text
    code, text, _ = thaw(capfd, "export", run.path, "--format", "code", "--out", tmp_path / "all.zip")
    assert code == 0 and "all it reads" in text
    code, _, error = thaw(capfd, "export", run.path, "--format", "code", "--out", tmp_path / "again.txt")
    assert code == 2 and ".ipynb" in error


def test_the_worker_writes_it_for_the_page(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    request = {"id": "1", "kind": "code", "args": {"run": str(trained(toy_run()).path), "out": str(tmp_path / "a.zip")}}
    answer_lines(workspace(), [json.dumps(request)])
    told = json.loads((workspace().queries_dir / "1.json").read_text("utf-8"))
    assert told["ok"] and zipfile.is_zipfile(told["result"]["path"])


def test_what_cannot_be_written_is_refused(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no trained model"):
        export_code(workspace(), toy_run(), tmp_path / "a.py")
    with pytest.raises(ConfigError, match=r"ends in \.py, in"):
        export_code(workspace(), trained(toy_run()), tmp_path / "a.txt")
