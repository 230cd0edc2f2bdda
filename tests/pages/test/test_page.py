"""Test: photos in, answers out, from a classifier that was trained; and taking it away."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.jobs import where
from pages.jobs.trained_runs import best_run, chosen_run, trained_runs
from pages.test import answers, making, many
from pages.test import ask as test_photos
from pages.ui import tasks
from pages.ui.paths import page_path
from tests.pages.component import fire, given
from tests.pages.conftest import APP
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.files import write_bytes, write_json
from transfer_core.disk.formats import write_current
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.exports import formats
from transfer_core.exports.formats import get_format
from transfer_core.exports.parity import Parity
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import BaseConfig, RunConfig
from transfer_core.runs.figure import keep_out_of_fold
from transfer_core.runs.folder import Run, create_run
from transfer_core.runs.known import Known, write_known
from transfer_core.stats.abstention import KnownPhotos
from transfer_core.text import Sentence

Jpeg = Callable[[int], bytes]


class FakeWorker(FakeEngine):
    """Answers like the query worker: the first file's first byte tells a photo from anything else."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.looked: list[dict[str, Any]] = []
        self.silent = ""
        self.likeness: dict[str, Any] = {}
        """What it adds to an answer where it knows what it learned from."""

    def ask(self, kind: str, args: dict[str, Any], timeout: float = 60.0) -> dict[str, Any]:
        if kind == "where":
            self.looked.append(args)
            if self.refusal:
                raise TransferError(self.refusal)
            assert all(Path(path).read_bytes().startswith(b"\xff\xd8") for path in args["images"])
            return {"maps": [[[1.0, 0.0], [-2.0, 0.0]] for _ in args["images"]]}
        assert kind == "predict"
        if self.silent:
            raise TransferError(self.silent)
        self.asked.append(args)
        return {"predictions": [self._answer(Path(path)) for path in args["images"]]}

    def _answer(self, path: Path) -> dict[str, Any]:
        if not path.read_bytes().startswith(b"\xff\xd8"):
            return {"image": str(path), "error": "This is no picture."}
        shares = {"cat": 0.912, "dog": 0.08, "bird": 0.008}
        return {
            "image": str(path), "label": "cat", "probability": 0.912, "probabilities": shares, "milliseconds": 12.3,
            **self.likeness,
        }  # fmt: skip


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fake = FakeWorker()
    monkeypatch.setattr(test_photos, "engine", lambda: fake)
    monkeypatch.setattr(many, "engine", lambda: fake)
    monkeypatch.setattr(where, "engine", lambda: fake)
    return fake


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Pets")


def train(
    project: Project, name: str, accuracy: float, weights: str = "imagenet", base: str = "efficientnet-lite0"
) -> Run:
    """A run that looks trained."""
    config = RunConfig(base=BaseConfig(base, weights))
    run = create_run(project.runs_dir / name, config, Manifest(("cat", "dog"), ()))
    write_bytes(run.model_path, b"the model of " + name.encode())
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 224, "base": "efficientnet-lite0"})
    write_json(run.path / "report.json", {"val_accuracy": accuracy, "val_interval": [accuracy - 0.05, accuracy + 0.02]})
    run.write_status(replace(run.status(), state="FINISHED", ended=1_760_000_000.0))
    return run


@pytest.fixture
def page(open_page: Callable[[str, str], AppTest], project: Project, worker: FakeWorker) -> AppTest:
    train(project, "20260101-000000-aaaa", 0.96)
    train(project, "20260102-000000-bbbb", 0.91)
    return open_page("test", project.id)


def drawn(app: AppTest) -> str:
    return "".join(html.proto.body for html in app.get("html"))


def drop(app: AppTest, files: list[tuple[str, bytes]], taken: int = 0) -> AppTest:
    app.file_uploader(key=f"test_images_{taken}").set_value([(name, data, "") for name, data in files]).run()
    assert not app.exception
    return app


def test_without_a_trained_run_the_page_leads_to_train(
    open_page: Callable[[str, str], AppTest], project: Project
) -> None:
    page = open_page("test", project.id)
    assert not page.exception
    assert "no trained classifier" in page.info[0].value
    assert "go_train" in {button.key for button in page.button}


def test_photos_are_answered_with_sorted_bars(page: AppTest, jpeg: Jpeg, project: Project) -> None:
    drop(page, [("felix.jpg", jpeg(1)), ("notes.txt", b"no photo")])
    html = drawn(page)
    assert "91.2%" in html
    assert html.index("91.2%") < html.index("8.0%") < html.index("0.8%")
    assert any("felix" in caption.value and "12 ms" in caption.value for caption in page.caption)
    assert "notes" in page.warning[0].value
    assert "no picture" in page.warning[0].value
    assert workspace().open_project(project.id).choices["tested"]


def test_many_at_once_are_counted_looked_through_and_taken_away(
    page: AppTest, jpeg: Jpeg, project: Project, finish: Callable[[AppTest, str], AppTest], worker: FakeWorker
) -> None:
    files = [(f"new/deep/{n:02}.jpg", jpeg(n)) for n in reversed(range(70))] + [
        (f"new/{n}.txt", b"milk") for n in range(12)
    ]
    page.file_uploader(key="many_folder_0").set_value([(name, data, "") for name, data in files]).run()
    page = finish(page, f"many:{project.id}")
    assert not page.exception
    assert [len(asked["images"]) for asked in worker.asked] == [20, 32, 18], "twelve files are no photos"
    listed = [answer.name for answer in tasks.find(f"many:{project.id}").result]  # type: ignore[union-attr]
    assert listed == sorted(name for name, _ in files), "by name, however the browser sent them"
    assert page.pills(key="many_answer_82_cat").options == ["cat · 70"]
    assert "12 files could not be read." in page.warning[0].value and "and 2 more" in page.warning[0].value
    labels = {str(one.proto.label) for one in page.get("download_button")}  # type: ignore[attr-defined]
    assert {"As a table", "As a contact sheet"} <= labels
    page.button(key="many_clear").click().run()
    assert "many_clear" not in {button.key for button in page.button}


def test_a_zip_at_once_and_one_that_is_none(
    page: AppTest, jpeg: Jpeg, project: Project, finish: Callable[[AppTest, str], AppTest], worker: FakeWorker
) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("inner/a.jpg", jpeg(1))
    page.file_uploader(key="many_zip_0").set_value(("new.zip", data.getvalue(), "")).run()
    page = finish(page, f"many:{project.id}")
    assert page.pills(key="many_answer_1_cat").options == ["cat · 1"]
    page.file_uploader(key="many_zip_1").set_value(("broken.zip", data.getvalue()[:30], "")).run()
    page = finish(page, f"many:{project.id}")
    assert "1 file could not be read." in page.warning[0].value and "damaged" in page.warning[0].value


def test_a_worker_that_refuses_many_is_heard(
    page: AppTest, jpeg: Jpeg, project: Project, finish: Callable[[AppTest, str], AppTest], worker: FakeWorker
) -> None:
    worker.silent = "The classifier is gone."
    page.file_uploader(key="many_folder_0").set_value([("new/1.jpg", jpeg(1), "")]).run()
    page = finish(page, f"many:{project.id}")
    assert any("The classifier is gone." in error.value for error in page.error)


def test_the_answers_come_as_a_table(page: AppTest, jpeg: Jpeg, project: Project) -> None:
    drop(page, [("felix.jpg", jpeg(1)), ("notes.txt", b"no photo")])
    assert "As a table" in [str(one.proto.label) for one in page.get("download_button")]  # type: ignore[attr-defined]
    kept = [answered(project)]
    kept.append(replace(kept[0], name="n.txt", label="", probabilities={}, error=Sentence("No photo.")))
    lines = answers.table(kept, project, 1.0).decode("utf-8-sig").splitlines()
    assert lines[0] == "image,label,probability,none,error,classifier,cat,dog"
    assert lines[1:] == ['"f, 1.jpg",cat,0.9,False,,A,0.9,0.1', "n.txt,,,,No photo.,A,,"]


def answered(project: Project) -> answers.Answer:
    return answers.Answer(
        project.id, "20260101-000000-aaaa", "A", "f, 1.jpg", b"", "cat", {"cat": 0.9, "dog": 0.1}, 1, Sentence("")
    )


def test_a_table_gives_the_guess_and_says_beside_it_that_it_is_none(
    page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers.strangers, "least_alike", lambda run, coverage: 0.5)
    (line,) = answers.table([replace(answered(project), alike=0.1)], project, 0.95).decode().splitlines()[1:]
    assert line == '"f, 1.jpg",cat,0.9,True,,A,0.9,0.1', "as `thaw predict --csv` writes it"


def test_what_goes_into_files_names_the_classifier_with_its_full_date(project: Project) -> None:
    run = train(project, "20260101-000000-aaaa", 0.96)
    run.write_status(replace(run.status(), created=datetime(2026, 11, 30, 4, 12).timestamp()))
    (trained,) = trained_runs(project)
    assert answers.Asked.of(project, trained).name.endswith("· 2026-11-30 04:12")


def test_where_it_looked_is_shown_when_asked_for(page: AppTest, jpeg: Jpeg, worker: FakeWorker) -> None:
    drop(page, [("felix.jpg", jpeg(1)), ("notes.txt", b"no photo"), ("tom.jpg", jpeg(2))])
    assert not worker.looked, "nobody asked for it"
    page.toggle(key="where_on").set_value(True).run()
    assert not page.exception
    (asked,) = worker.looked
    assert asked["labels"] == ["cat", "cat"] and asked["layer"] == ""
    assert "Bright: what spoke for the answer" in " ".join(caption.value for caption in page.caption)
    # Another layer is another question; what was answered before is not asked again.
    tree = given(page, "where_tree")
    layers = [name for depth, name, *_ in tree["rows"] if depth == 3]
    assert tree["chosen"] == len(layers) - 1
    for layer in (layers[4], layers[-1]):
        fire(page, "where_tree", "edit", {"sig": tree["sig"], "layer": layer})
        assert layers[given(page, "where_tree")["chosen"]] == layer
    assert [asked["layer"] for asked in worker.looked] == ["", layers[4]]
    assert not page.exception
    drop(page, [("third.jpg", jpeg(3))], taken=1)
    assert len(worker.looked[-1]["images"]) == 1
    page.toggle(key="where_on").set_value(False).run()
    assert "Bright" not in " ".join(caption.value for caption in page.caption)


def test_where_no_map_comes_the_answers_stay(page: AppTest, jpeg: Jpeg, worker: FakeWorker) -> None:
    worker.refusal = "The worker is busy."
    drop(page, [("felix.jpg", jpeg(1))])
    page.toggle(key="where_on").set_value(True).run()
    assert not page.exception and "The worker is busy" in page.warning[0].value
    assert "91.2%" in drawn(page)


def test_a_spotlight_is_as_bright_as_the_map(jpeg: Jpeg) -> None:
    grey = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 200, 200)).save(grey, "PNG")
    lit = np.asarray(Image.open(io.BytesIO(where.spotlight(grey.getvalue(), [[4.0, 0.0], [-9.0, 0.0]]))))
    assert lit.shape == (64, 64, 3)
    assert lit[:8, :8].mean() > 190 and lit[-8:, :].mean() < 100 and lit[:, -8:].mean() < 100
    nothing = np.asarray(Image.open(io.BytesIO(where.spotlight(grey.getvalue(), [[-1.0, -2.0]]))))
    assert nothing.min() > 60 and nothing.max() < 100, "where nothing speaks for the class, nothing is lit"


def test_a_name_that_browsers_escape_is_shown_as_it_is(page: AppTest, jpeg: Jpeg) -> None:
    drop(page, [("say %22cheese%22.jpg", jpeg(1))])
    assert any('say "cheese"' in caption.value for caption in page.caption)


def large(app: AppTest) -> list[str]:
    """The answers in large letters."""
    return re.findall(r'class="thaw-answer">([^<]*)<', drawn(app))


def test_a_stranger_is_none_of_the_classes_unless_it_must_answer(
    page: AppTest, jpeg: Jpeg, project: Project, worker: FakeWorker, tmp_path: Path
) -> None:
    assert "It always answers with one of the classes" in " ".join(caption.value for caption in page.caption)
    run = Run(project.runs_dir / "20260101-000000-aaaa")
    learned = tmp_path / "tom.jpg"
    learned.write_bytes(jpeg(9))
    photos = (ManifestPhoto("a" * 64, str(learned), "cat/tom.jpg", 0, "train"),)
    Manifest(("cat", "dog"), photos).write(run.path / "photos.json")
    checked = np.linspace(0.5, 0.9, 41).astype(np.float32)
    write_known(run.known_path, Known(KnownPhotos(np.ones((1, 4), np.float16)), ("a" * 64,), checked))
    worker.likeness = {"none": True, "alike": 0.505, "nearest": ["a" * 64, "gone"]}
    drop(page, [("pizza.jpg", jpeg(1))])
    assert large(page) == ["None of these"]
    said = " ".join(caption.value for caption in page.caption)
    assert "If it had to choose" in said and "About 95% of new photos of your classes" in said
    assert "looks most alike" in said and drawn(page).count('<img src="data:image/jpeg') == 1
    page.toggle(key="where_on").set_value(True).run()
    assert "what spoke for cat, the class it is most like" in " ".join(caption.value for caption in page.caption)
    page.toggle(key="where_on").set_value(False).run()
    page.select_slider(key="how_careful").set_value("always").run()
    assert large(page) == ["cat"] and "whatever a photo shows" in " ".join(caption.value for caption in page.caption)
    worker.likeness = {"none": False, "alike": 0.56, "nearest": []}
    drop(page, [("felix.jpg", jpeg(2))], taken=1)
    page.select_slider(key="how_careful").set_value("usual").run()
    assert large(page) == ["cat", "None of these"]
    page.select_slider(key="how_careful").set_value("careful").run()
    assert large(page) == ["None of these", "None of these"]


def test_answers_stay_until_they_are_cleared(page: AppTest, jpeg: Jpeg) -> None:
    drop(page, [("a.jpg", jpeg(1))])
    drop(page, [("b.jpg", jpeg(2))], taken=1)
    page.run()
    assert page.main.header[0].value == "2 answers"
    page.button(key="clear_answers").click().run()
    assert list(page.main.header) == []


def test_answers_outlive_a_refresh_and_stay_with_their_project(
    page: AppTest, jpeg: Jpeg, project: Project, open_page: Callable[[str, str], AppTest]
) -> None:
    drop(page, [("felix.jpg", jpeg(1))])
    # Another session, as after a refresh.
    fresh = AppTest.from_file(str(APP), default_timeout=60).run()
    fresh.query_params["project"] = project.id
    fresh.switch_page(page_path("test"))
    fresh.query_params["project"] = project.id
    fresh.run()
    assert any("felix" in caption.value for caption in fresh.caption)
    other = workspace().create_project("Others")
    train(other, "20260101-000000-cccc", 0.9)
    assert not any("felix" in caption.value for caption in open_page("test", other.id).caption)


def test_the_best_run_is_asked_until_another_is_chosen(page: AppTest, jpeg: Jpeg, worker: FakeWorker) -> None:
    drop(page, [("a.jpg", jpeg(1))])
    assert worker.asked[-1]["run"].endswith("aaaa")
    page.selectbox(key="test_run").set_value("20260102-000000-bbbb").run()
    drop(page, [("a.jpg", jpeg(1))], taken=1)
    assert worker.asked[-1]["run"].endswith("bbbb")


def test_a_stopped_run_stands_back_and_the_newest_of_equals_comes_first(project: Project) -> None:
    stopped = train(project, "20260103-000000-cccc", 0.99)
    write_json(stopped.path / "report.json", {"val_accuracy": 0.99, "val_interval": [0.9, 1.0], "stopped": True})
    first, second = train(project, "20260101-000000-aaaa", 0.9), train(project, "20260102-000000-bbbb", 0.9)
    assert chosen_run(project, trained_runs(project)).run == second  # type: ignore[union-attr]
    assert chosen_run(project.choose(to_test=first.id), trained_runs(project)).run == first  # type: ignore[union-attr]
    assert chosen_run(project, []) is None
    assert best_run([trained for trained in trained_runs(project) if not trained.ended]).run == stopped  # type: ignore[union-attr]


def test_runs_are_compared_by_what_all_of_them_have(project: Project) -> None:
    names = ("20260101-000000-aaaa", "20260102-000000-bbbb", "20260103-000000-cccc")
    better, measured, lost = (train(project, name, share) for name, share in zip(names, (0.9, 0.8, 0.99), strict=True))
    phases = {"head": {"ending": "diverged", "best_epoch": 1}}
    write_json(lost.path / "report.json", (lost.report() or {}) | {"phases": phases})

    def out_of_fold(run: Run, right: int) -> None:
        counts = [[right, 50 - right], [0, 50]]
        keep_out_of_fold(
            run, {"accuracy": right / 100 + 0.5, "interval": [0.5, 1], "confusion": counts, "folds": 10}, {}
        )

    def best() -> Run:
        found = best_run(trained_runs(project))
        assert found is not None
        return found.run

    assert best() == better, "where the loss got lost stands back"
    out_of_fold(measured, 45)
    assert best() == better, "another kind of figure says nothing of which is better"
    out_of_fold(better, 40)
    assert best() == measured


@pytest.mark.parametrize("damaged", ["report.json", "config.json", "status.json"])
def test_a_damaged_run_leaves_the_others_to_ask(project: Project, damaged: str) -> None:
    sound = train(project, "20260101-000000-aaaa", 0.9)
    broken = train(project, "20260102-000000-bbbb", 0.95)
    (broken.path / damaged).write_text('{"half of')
    assert [trained.run for trained in trained_runs(project)] == [sound]


def test_a_stopped_run_is_named_by_how_far_it_came(project: Project) -> None:
    tuned = RunConfig(plan=FreezePlan(("top_conv",)))
    for name, seconds in (("20260101-000000-aaaa", {"head": 1.0}), ("20260102-000000-bbbb", {"fine-tune": 1.0})):
        run = train(project, name, 0.9)
        write_current(run.path / "config.json", tuned.to_dict())
        write_json(run.path / "report.json", {"val_accuracy": 0.9, "stopped": True, "seconds": seconds})
    during, before = (trained.learned for trained in trained_runs(project))
    assert during == "trains 1 layer in 1 block, stopped"
    assert before == "trains 1 layer in 1 block, stopped before fine-tuning"


def test_runs_are_named_with_their_figures(page: AppTest) -> None:
    newest, best = page.selectbox(key="test_run").options
    assert "91% (86 to 93%)" in newest
    assert "96% (91 to 98%)" in best
    assert best.endswith("best so far")


def test_random_weights_are_marked(page: AppTest, project: Project) -> None:
    train(project, "20260103-000000-cccc", 0.4, weights="none")
    page.run()
    page.selectbox(key="test_run").set_value("20260103-000000-cccc").run()
    assert "random weights" in page.warning[0].value


def test_a_sample_project_draws_new_photos_at_a_click(page: AppTest, project: Project, worker: FakeWorker) -> None:
    project.choose(sample="shapes")
    page.run()
    page.button(key="try_samples").click().run()
    assert not page.exception
    assert len(worker.asked[-1]["images"]) == test_photos.DRAWN
    assert page.header[0].value == f"{test_photos.DRAWN} answers"
    first = {data for _, data in test_photos.drawings("shapes")}
    assert first.isdisjoint(data for _, data in test_photos.drawings("shapes"))


def test_a_refusal_of_the_worker_is_one_sentence(page: AppTest, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise TransferError("The model can't be loaded. Train again.")

    monkeypatch.setattr(FakeWorker, "ask", refuse)
    drop(page, [("a.jpg", jpeg(1))])
    assert "Train again" in page.error[0].value


def exported(photos: int = 50, changed: int = 0) -> dict[str, Any]:
    """What the worker says of an export."""
    parity = Parity(photos, 1 - changed / photos, changed, (0.01, 0.1), 2e-6, 12.3, 46, 48)
    return {"format": "tflite", "bytes": 15_800_000, "parity": parity.to_dict()}


def shown_export(page: AppTest, row: str, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose a format, have it made, and say what the page says then."""
    monkeypatch.setattr(FakeWorker, "ask", ask)
    monkeypatch.setattr(making, "engine", FakeWorker)
    page.selectbox(key="export_format").set_value(get_format(row)).run()
    page.button(key="export_make").click().run()
    (task,) = (task for key, task in tasks._tasks()[0].items() if str(workspace().root) in key)
    assert task.wait(20)
    page.run()
    assert not page.exception
    return words(page).replace("**", "")


@pytest.mark.parametrize("changed", [0, 2])
def test_a_format_is_made_compared_and_offered(
    page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch, changed: int
) -> None:
    assert {"download_model", "download_labels"} <= {b.key for b in page.get("download_button")}
    asked: list[dict[str, Any]] = []

    def answer(_: FakeWorker, kind: str, args: dict[str, Any], **__: Any) -> dict[str, Any]:
        asked.append({"kind": kind, **args})
        Path(args["out"]).write_bytes(b"zip")
        return exported(changed=changed) | {"path": args["out"]}

    said = shown_export(page, "tflite", answer, monkeypatch)
    (question,) = asked
    assert question["kind"] == "export" and question["format"] == "tflite" and question["title"] == project.name
    assert question["with_photos"] is False
    assert "15.8 MB" in said and "12 ms a photo" in said
    if changed:
        assert "It answers 2 of 50 photos otherwise than the app: of 100 new ones, expect 1 to 10" in said
        assert "Right are 46 of these photos; in the app it is 48." in said
    else:
        assert "All 50 answers are those of the app" in said
    assert "download_zip" in {b.key for b in page.get("download_button")}
    # Another format is made anew; back again, the first is still there.
    page.selectbox(key="export_format").set_value(get_format("savedmodel")).run()
    assert "download_zip" not in {b.key for b in page.get("download_button")} and page.button(key="export_make")
    page.selectbox(key="export_format").set_value(get_format("tflite")).run()
    assert "download_zip" in {b.key for b in page.get("download_button")} and len(asked) == 1
    # Once there are two, they stand side by side.
    assert "| Format |" not in words(page)
    page.selectbox(key="export_format").set_value(get_format("savedmodel")).run()
    page.button(key="export_make").click().run()
    assert all(task.wait(20) for key, task in tasks._tasks()[0].items() if str(workspace().root) in key)
    said = words(page.run())
    page.checkbox(key="export_photos").check().run()
    assert "download_zip" not in {b.key for b in page.get("download_button")}, "one with photos is another"
    page.button(key="export_make").click().run()
    assert [question["with_photos"] for question in asked] == [False, False, True]
    row = f"15.8 | 12 | {50 - changed}/50 | 0.00 |"
    assert f"| TensorFlow Lite | {row}" in said and f"| SavedModel | {row}" in said


def test_what_answers_otherwise_is_not_offered(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise TransferError("As ONNX it answers 3 of 50 photos otherwise than here.")

    assert "answers 3 of 50 photos otherwise" in shown_export(page, "tflite", refuse, monkeypatch)
    assert "download_zip" not in {b.key for b in page.get("download_button")}


def test_what_must_be_installed_is_said_in_a_line(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    page.selectbox(key="export_format").set_value(get_format("onnx")).run()
    assert page.button(key="export_make").disabled
    assert any("pip install" in info.value and "onnx" in info.value for info in page.info)
