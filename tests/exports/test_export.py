"""Exports answer as the app does, from the file's bytes on, or are not made; every format in its own runtime."""

import errno
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.cli.command_line import thaw
from tests.odd import odd_photos
from tests.support import workspace
from transfer_core import api
from transfer_core.errors import ConfigError, DataError, RunError, StorageError
from transfer_core.exports import bundle, formats, make, parity
from transfer_core.exports.formats import FORMATS, get_format
from transfer_core.nn.export import write
from transfer_core.nn.training.run import train
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.folder import Run
from transfer_core.runs.known import read_known


@pytest.fixture
def run(toy_run: Callable[..., Run]) -> Run:
    made = toy_run()
    assert train(workspace(), made, lambda event: None)
    return made


@pytest.fixture
def odd(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The photos that exports are compared on: odd ones, and one of the run's."""
    paths = [*odd_photos(tmp_path / "odd"), Path(run.manifest().photos[0].path)]
    photos = [ManifestPhoto("0" * 64, str(path), path.name, 0, "validation") for path in paths]
    monkeypatch.setattr(make, "_photos", lambda manifest: photos)
    return paths


@pytest.mark.parametrize("name", [row.name for row in FORMATS if row.place != "page"])
def test_every_format_answers_as_the_app_does(run: Run, odd: list[Path], tmp_path: Path, name: str) -> None:
    row, out = get_format(name), tmp_path / "out" / f"{name}.zip"
    found = api.export(run, name, out, title="Blue | red")
    assert found["path"] == str(out) and found["bytes"] == out.stat().st_size
    told = found["parity"]
    assert told["photos"] == len(odd) and told["milliseconds"] > 0
    if row.limit is not None:
        assert told["agreement"] == 1 and told["max_difference"] <= row.limit
    assert [path.name for path in out.parent.iterdir()] == [out.name], "nothing else is left"
    folder = tmp_path / "taken"
    with zipfile.ZipFile(out) as archive:
        archive.extractall(folder)
    # What it says of a photo, it says elsewhere too: also which look like none of the classes.
    said = parity.ask_program(folder, odd)
    expected = api.predict(run, odd)
    assert {answer["none"] for answer in expected} == {True, False}
    if row.limit == 1e-4:
        assert [one["none"] for one in said] == [one["none"] and row.knows for one in expected]
        for one, other in zip(said, expected, strict=True):
            assert one["label"] == other["label"]
            assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-4)
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, path = line.split("  ")
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == digest
    assert (folder / "labels.txt").read_text("utf-8") == "blue\nred\n"
    assert (folder / "requirements.txt").read_text("utf-8").startswith("\n".join(row.needs))
    card = (folder / "README.md").read_text("utf-8")
    assert "# Blue | red" in card and "| blue | 12 | 6 | 0 |" in card and "validation photos" in card


def test_the_program_names_in_words_what_it_can_not_read(run: Run, odd: list[Path], tmp_path: Path) -> None:
    api.export(run, "keras", tmp_path / "classifier.zip")
    with zipfile.ZipFile(tmp_path / "classifier.zip") as archive:
        archive.extractall(tmp_path / "taken")
    text, missing = tmp_path / "notes.jpg", tmp_path / "missing.jpg"
    text.write_text("not a photo")
    names = [str(path) for path in (text, missing, odd[0])]
    ran = subprocess.run(
        [sys.executable, "predict.py", *names], cwd=tmp_path / "taken", capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1 and str(odd[0]) in ran.stdout
    assert f"{text}: not a photo that can be read (it is no picture of a known kind" in ran.stderr
    assert f"{missing}: not a photo that can be read (No such file" in ran.stderr and "BytesIO" not in ran.stderr


def test_a_model_alone_is_a_file_or_a_folder(run: Run, odd: list[Path], tmp_path: Path) -> None:
    found = api.export(run, "tflite", tmp_path / "classifier.tflite")
    assert Path(found["path"]).read_bytes()[4:8] == b"TFL3"
    api.export(run, "savedmodel", tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / "saved_model.pb").is_file()
    with pytest.raises(ConfigError, match="is there already"):
        api.export(run, "savedmodel", tmp_path / "new" / "folder")
    for name, out in (("tflite", "model.onnx"), ("keras", "model"), ("keras", "new")):
        with pytest.raises(ConfigError, match="ends in"):
            api.export(run, name, tmp_path / out)


def test_what_answers_otherwise_is_not_kept(
    run: Run, odd: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write.write_model

    def exchanged(model: Any, *args: Any) -> None:
        kernel, bias = model.get_layer("head").get_weights()
        model.get_layer("head").set_weights([kernel[:, ::-1], bias[::-1]])
        whole(model, *args)
        model.get_layer("head").set_weights([kernel, bias])

    monkeypatch.setattr(write, "write_model", exchanged)
    out = tmp_path / "out" / "classifier.tflite"
    with pytest.raises(RunError, match="photos otherwise than here"):
        api.export(run, "tflite", out)
    assert list(out.parent.iterdir()) == []


def test_a_full_disk_leaves_nothing_half_written(
    run: Run, odd: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "out" / "classifier.zip"
    out.parent.mkdir()
    out.write_bytes(b"earlier")
    monkeypatch.setattr(bundle.shutil, "copyfile", full)
    with pytest.raises(StorageError):
        api.export(run, "keras", out)
    assert [path.name for path in out.parent.iterdir()] == [out.name] and out.read_bytes() == b"earlier"


def test_what_can_not_be_exported_is_refused(
    toy_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrained = toy_run()
    with pytest.raises(RunError, match="holds no trained model"):
        api.export(untrained, "keras", tmp_path / "a.zip")
    with pytest.raises(ConfigError, match="There is no format 'pickle'"):
        api.export(untrained, "pickle", tmp_path / "a.zip")
    manifest = untrained.manifest()
    assert len(make._photos(manifest)) == 36 and make._photos(manifest)[0].split == "validation"
    for photo in manifest.photos:
        Path(photo.path).unlink()
    with pytest.raises(DataError, match="None of the photos of this run is where it was"):
        make._photos(manifest)
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'thaw\[onnx\]'"):
        get_format("onnx").check_installed()


def test_photos_are_taken_evenly_and_new_ones_first(toy_run: Callable[..., Run], toy_manifest: Any) -> None:
    manifest = toy_manifest(train=40, validation=10, test=10)
    chosen = make._photos(manifest)
    assert [photo.split for photo in chosen].count("train") == make.PHOTOS - 40
    assert {photo.label for photo in chosen if photo.split == "train"} == {0, 1}


def test_answers_that_differ_are_counted() -> None:
    here = [
        {"label": "a", "probabilities": {"a": 0.9, "b": 0.1}},
        {"label": "b", "probabilities": {"a": 0.4, "b": 0.6}},
    ]
    there = [
        {"label": "a", "probabilities": {"a": 0.8, "b": 0.2}, "milliseconds": 90.0},
        {"label": "a", "probabilities": {"a": 0.6, "b": 0.4}, "milliseconds": 3.0},
    ]
    found = parity.compare(here, there, ["a", "b"])
    assert (found.photos, found.changed, found.agreement) == (2, 1, 0.5)
    assert found.max_difference == pytest.approx(0.2) and found.milliseconds == 3.0
    assert (found.right, found.right_here) == (1, 2)
    unread = parity.compare(here, [there[0], {}])
    assert unread.changed == 1 and unread.right is None


def test_the_command(
    run: Run, odd: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = thaw(capfd, "export", run.path, "--format", "tflite", "--out", tmp_path / "a.tflite", "--json")
    told = json.loads(out)
    assert code == 0 and told["bytes"] == (tmp_path / "a.tflite").stat().st_size
    assert {"agreement", "max_difference", "photos", "milliseconds"} <= set(told["parity"])
    code, _, err = thaw(capfd, "export", run.path, "--format", "bundle", "--out", tmp_path / "bundle")
    assert code == 2 and "ends in .zip" in err
    monkeypatch.setattr("transfer_core.cli.export.FORMATS", (get_format("tflite"), get_format("onnx")))
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    code, out, err = thaw(capfd, "export", run.path, "--format", "all", "--out", tmp_path / "all", "--json")
    told = json.loads(out)
    assert code == 0 and [one["format"] for one in told["exports"]] == ["tflite"] and "onnx" in told["left_out"]
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["tflite.tflite"]
    code, _, err = thaw(capfd, "export", run.path, "--format", "all", "--out", tmp_path / "all")
    assert code == 2 and "is there already" in err


def test_a_hub_repository_is_one_that_keras_loads(run: Run, odd: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "repository"
    api.export(run, "hub", out, title='Red: "or" blue\n---')
    head = (out / "README.md").read_text("utf-8").split("---\n")[1]
    facts = {line.partition(": ")[0]: json.loads(line.partition(": ")[2]) for line in head.splitlines()}
    assert (facts["library_name"], facts["pipeline_tag"]) == ("keras", "image-classification")
    (index,) = facts["model-index"]
    report = run.report() or {}
    assert index["results"][0]["metrics"][0]["value"] == pytest.approx(report["val_accuracy"], abs=1e-3)
    loaded = keras.src.saving.saving_lib.load_model(out)  # as from hf://, once it is fetched
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype(np.float32)
    own = keras.models.load_model(run.model_path, compile=False)
    np.testing.assert_allclose(loaded(pixels), own(pixels), atol=1e-6)


def test_the_model_itself_names_its_classes(run: Run, odd: list[Path], tmp_path: Path) -> None:
    import onnx
    import openvino
    from tensorflow.lite.tools import flatbuffer_utils

    known = read_known(run.known_path)
    assert known is not None
    api.export(run, "onnx", tmp_path / "a.onnx")
    props = {prop.key: prop.value for prop in onnx.load(tmp_path / "a.onnx").metadata_props}
    assert props["labels"] == "blue\nred" and "16 x 16" in props["input"]
    assert float(props["none_threshold"]) == pytest.approx(known.threshold())
    api.export(run, "openvino", tmp_path / "vino")
    model = openvino.Core().read_model(tmp_path / "vino" / "model.xml")
    assert model.get_rt_info(["model_info", "labels"]).value == props["labels"]
    for name in ("tflite", "tflite-int8"):
        api.export(run, name, tmp_path / f"{name}.tflite")
        lite = flatbuffer_utils.read_model(str(tmp_path / f"{name}.tflite"))
        (kept,) = (lite.buffers[one.buffer].data for one in lite.metadata if one.name == b"thaw")
        assert json.loads(bytes(kept)) == props
    api.export(run, "savedmodel", tmp_path / "saved")
    assert json.loads((tmp_path / "saved" / "assets.extra" / "thaw.json").read_text("utf-8")) == props


def test_android_finds_in_the_file_what_it_goes_by(run: Run, odd: list[Path], tmp_path: Path) -> None:
    """Read by the numbers of metadata_schema.fbs; MediaPipe's own ImageClassifier was tried by hand."""
    from flatbuffers import encode, number_types, table
    from tensorflow.lite.tools import flatbuffer_utils

    path = tmp_path / "a.tflite"
    api.export(run, "android", path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["labels.txt"] and archive.read("labels.txt") == b"blue\nred\n"
    lite = flatbuffer_utils.read_model(str(path))
    (kept,) = (bytes(lite.buffers[one.buffer].data) for one in lite.metadata if one.name == b"TFLITE_METADATA")
    assert kept[4:8] == b"M001" and len(lite.subgraphs[0].outputs) == 1

    def at(one: Any, slot: int) -> int:
        return int(one.Offset(4 + 2 * slot))

    def inner(one: Any, slot: int) -> Any:
        return table.Table(kept, one.Indirect(at(one, slot) + one.Pos))

    def each(one: Any, slot: int) -> list[Any]:
        start, count = one.Vector(at(one, slot)), one.VectorLen(at(one, slot))
        return [table.Table(kept, one.Indirect(start + 4 * number)) for number in range(count)]

    def text(one: Any, slot: int) -> str:
        return bytes(one.String(at(one, slot) + one.Pos)).decode()

    def floats(one: Any, slot: int) -> list[float]:
        start, count = one.Vector(at(one, slot)), one.VectorLen(at(one, slot))
        return [one.Get(number_types.Float32Flags, start + 4 * number) for number in range(count)]

    def byte(one: Any, slot: int) -> int:
        return int(one.Get(number_types.Uint8Flags, at(one, slot) + one.Pos))

    root = table.Table(kept, encode.Get(number_types.UOffsetTFlags.packer_type, kept, 0))
    assert text(root, 7) == "1.0.0"
    (graph,) = each(root, 3)
    (photo,), (answer,) = each(graph, 2), each(graph, 3)
    image = inner(inner(photo, 3), 1)
    assert text(photo, 0) == "photo" and byte(inner(photo, 3), 0) == 2 and byte(image, 0) == 1
    size = inner(image, 1)
    assert [int(size.Get(number_types.Uint32Flags, at(size, slot) + size.Pos)) for slot in (0, 1)] == [16, 16]
    (unit,) = each(photo, 4)
    assert byte(unit, 0) == 1 and [floats(inner(unit, 1), slot) for slot in (0, 1)] == [[0.0], [1.0]]
    assert [floats(inner(photo, 5), slot) for slot in (0, 1)] == [[255.0], [0.0]]
    (file,) = each(answer, 6)
    assert text(file, 0) == "labels.txt" and byte(file, 2) == 2


def test_photos_go_along_only_if_they_may(run: Run, odd: list[Path], tmp_path: Path) -> None:
    for name, with_photos in (("without", False), ("with", True)):
        api.export(run, "tflite", tmp_path / f"{name}.zip", with_photos=with_photos)
    with zipfile.ZipFile(tmp_path / "without.zip") as archive:
        before = set(archive.namelist())
        assert not any(member.startswith("photos/") for member in before)
    with zipfile.ZipFile(tmp_path / "with.zip") as archive:
        more = sorted(set(archive.namelist()) - before)
        assert more == [f"photos/photo-{number}{path.suffix}" for number, path in enumerate(odd[:2], 1)]
        assert [archive.read(name) for name in more] == [path.read_bytes() for path in odd[:2]]
        assert more[0] in archive.read("SHA256SUMS").decode()
    with pytest.raises(ConfigError, match="Photos go along in a zip"):
        api.export(run, "tflite", tmp_path / "a.tflite", with_photos=True)


def test_a_program_that_breaks_or_hangs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "predict.py").write_text("raise ImportError('no such library')\n")
    with pytest.raises(RunError, match="could not be run, so it is not kept: ImportError: no such library"):
        parity.ask_program(tmp_path, [tmp_path / "a.jpg"])
    (tmp_path / "predict.py").write_text("while True: pass\n")
    monkeypatch.setattr(parity, "_PATIENCE", 0.2)
    with pytest.raises(RunError, match="gave no answer within"):
        parity.ask_program(tmp_path, [tmp_path / "a.jpg"])


def test_tensorflow_stands_in_for_a_litert_that_is_not_installed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where only what the README's command brings is installed."""
    api.export(run, "tflite", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "taken")
    blocked = "import sys; sys.modules['ai_edge_litert'] = None; import runpy; sys.argv = ['predict.py', *sys.argv[1:]]"
    program = f"{blocked}; sys.path.insert(0, '.'); runpy.run_path('predict.py', run_name='__main__')"
    photo = run.manifest().photos[0].path
    ran = subprocess.run(
        [sys.executable, "-c", program, "--json", photo], cwd=tmp_path / "taken", capture_output=True, text=True
    )
    line = next((line for line in ran.stdout.splitlines() if line.startswith("{")), "")
    assert ran.returncode == 0 and json.loads(line)["label"] in ("blue", "red"), ran.stderr
