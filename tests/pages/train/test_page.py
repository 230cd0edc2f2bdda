"""Train: one click one run, followed from disk to its end; settings, stop, and the list of runs."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.home.new_project import photos_task
from pages.jobs import launch
from pages.train import run_view
from pages.ui import format as figures
from pages.ui import services, tasks
from pages.ui.paths import page_path
from tests.pages.component import given
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import BASE, toy_experiment, toy_project, toy_tree
from tests.support import workspace
from transfer_core.backbones.freeze_plan import last_blocks
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.disk.files import write_json
from transfer_core.disk.workspace import Project
from transfer_core.errors import StorageError
from transfer_core.jobs.engine import Likely
from transfer_core.labs.experiment import experiment_config
from transfer_core.labs.probe.settings import Settings
from transfer_core.runs.config import fine_tuning_rate
from transfer_core.runs.events import EpochEnded, Message, PhaseStarted, Progress
from transfer_core.runs.figure import keep_out_of_fold
from transfer_core.runs.folder import Recorder, Run, list_runs
from transfer_core.runs.outcome import UNTUNED
from transfer_core.text import Sentence

Open = Callable[[str, str], AppTest]


@pytest.fixture
def project(app: AppTest, engine: FakeEngine, jpeg: Callable[[int], bytes]) -> Project:
    """Ten photos of each of two classes, a base, and its last block to train."""
    plan = last_blocks(toy_tree(), 1)
    return toy_project(jpeg, trainable=list(plan.trainable), trainable_of=BASE)


@pytest.fixture
def page(project: Project, open_page: Open) -> AppTest:
    opened = open_page("train", project.id)
    assert not opened.exception
    return opened


def test_a_worker_gets_ready_for_what_a_click_would_train(
    project: Project, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Likely | None] = []
    monkeypatch.setattr(services, "warm", lambda likely=None: heard.append(likely))
    assert not open_page("train", project.id).exception
    (said,) = [likely for likely in heard if likely]
    assert said == Likely(BASE, "imagenet", 0, head_only=False, photos=20)
    assert said.photos == 20  # which does not count when two are compared


@pytest.fixture
def begun(page: AppTest, project: Project) -> tuple[Run, Recorder]:
    """A run that a worker has taken up."""
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    return run, Recorder(run, pid=1)


def epoch(number: int, phase: Any = "head", accuracy: float = 0.8) -> EpochEnded:
    metrics = {"loss": 1 / number, "accuracy": accuracy, "val_loss": 1.2 / number, "val_accuracy": accuracy - 0.1}
    return EpochEnded(phase, number, metrics, 0.5, 1e-3)


def finish(run: Run, record: Recorder, accuracy: float = 0.75) -> None:
    report = {
        "val_accuracy": accuracy,
        "val_interval": [0.301, 0.954],
        "seconds": {"features": 3.0, "head": 9.0},
        "freeze_proof": {"frozen_unchanged": True, "frozen_arrays": 30},
    }
    write_json(run.path / "report.json", report)
    run.model_path.touch()
    record.end("FINISHED")


def said(page: AppTest) -> str:
    kinds = (page.main.markdown, page.caption, page.info, page.warning, page.error)
    return "\n".join(text.value for kind in kinds for text in kind)


def progress(page: AppTest) -> str:
    return " ".join(bar.proto.text for bar in page.get("progress"))


def figure(page: AppTest) -> dict[str, Any]:
    return json.loads(given(page, "curves")["figure"])


def test_what_will_happen_is_said_before(page: AppTest) -> None:
    assert "**16 photos**" in said(page)
    assert "fine-tuning changes **the last block** as well" in said(page)
    assert not page.button(key="train").disabled


def test_train_starts_one_run_however_often_it_is_clicked(page: AppTest, project: Project, engine: FakeEngine) -> None:
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    assert engine.started == [run]
    assert run.config().plan == last_blocks(toy_tree(), 1)
    assert len(run.manifest().photos) == 20
    assert page.query_params["run"] == [run.id] or page.query_params["run"] == run.id
    assert workspace().open_project(project.id).choices["run"] == run.id
    assert page.button(key="train").disabled
    # The second click of a pair comes from a page that still shows the button.
    assert launch.launch(workspace().open_project(project.id), services.store(project)) == run
    assert engine.started == [run]


def test_a_second_click_after_a_quick_end_starts_nothing(
    page: AppTest, project: Project, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_DOUBLE_CLICK", 60.0)  # a busy machine may take longer than a person does
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    Recorder(run, pid=1).end("FAILED", Sentence("No."))
    assert launch.launch(workspace().open_project(project.id), services.store(project)) == run
    assert engine.started == [run]


@pytest.mark.parametrize(
    ("base", "photos", "reason"),
    [(None, True, "No base is chosen"), (BASE, False, "class"), ("inception-v4", True, "weights")],
)
def test_what_is_missing_is_said(
    app: AppTest,
    engine: FakeEngine,
    open_page: Open,
    jpeg: Callable[[int], bytes],
    base: str | None,
    photos: bool,
    reason: str,
) -> None:
    store_tree(workspace(), BASE, toy_tree())
    made = workspace().create_project("Half")
    if base:
        made.choose(base={"name": base, "weights": "imagenet"})
    if photos:
        services.store(made).import_files(
            [(f"{name}/{n}.jpg", jpeg(10 * int(n) + len(name))) for name in ("a", "bb") for n in "12"]
        )
    page = open_page("train", made.id)
    assert not page.exception
    assert page.button(key="train").disabled
    assert reason in said(page)
    assert "Nothing has been trained" in said(page)


def test_a_full_disk_starts_nothing(page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> Run:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(launch, "create_run", full)
    page.button(key="train").click().run()
    assert "The disk is full." in [error.value for error in page.error]
    assert not page.button(key="train").disabled


@pytest.mark.usefixtures("recent_apptest")
def test_a_run_is_followed_from_disk(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    _, record = begun
    record(PhaseStarted("features"))
    record(Progress("features", Sentence("features"), 12, 20, eta=42.0))
    page.run()
    assert "features 12/20 · about 4" in progress(page)
    assert "features 12/20" in json.dumps(figure(page)["layout"]["annotations"])
    record(PhaseStarted("head", 30))
    record(epoch(1))
    record(epoch(2))
    page.run()
    assert "Training the head: epoch 3 of at most 30" in progress(page)  # status.json lags behind; events tell
    assert {metric.label: metric.value for metric in page.metric}["Validation accuracy"] == "70%"
    lines = [trace["y"] for trace in figure(page)["data"] if trace["name"] == "validation"]
    assert lines == [pytest.approx([1.2, 0.6]), pytest.approx([0.7, 0.7])]
    record(PhaseStarted("features"))
    page.run()
    assert "**Fine-tuning**" in said(page)  # features at the cut are a part of it


@pytest.mark.usefixtures("recent_apptest")
def test_where_fine_tuning_begins_is_marked(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    run, record = begun
    for number in (1, 2, 3):
        record(epoch(number))
    assert not figure(page.run())["layout"]["shapes"]
    record(epoch(4, "fine-tune"))
    layout = figure(page.run())["layout"]
    assert {shape["x0"] for shape in layout["shapes"]} == {3.5}
    assert sum("fine-tuning begins" in note["text"] for note in layout["annotations"]) == 2
    assert layout["uirevision"] == run.id  # what makes zoom last


@pytest.mark.usefixtures("recent_apptest")
def test_smoothing_leaves_the_measured_points_visible(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    for number, accuracy in enumerate((0.5, 0.9, 0.5), 1):
        begun[1](epoch(number, accuracy=accuracy))
    page.run()
    page.slider(key="smoothing").set_value(0.5).run()
    traces = {(trace["name"], trace["yaxis"]): trace for trace in figure(page)["data"]}
    assert traces["training", "y2"]["y"] == pytest.approx([0.5, 0.7, 0.6])
    measured = traces["training, as measured", "y2"]
    assert measured["y"] == [0.5, 0.9, 0.5] and measured["visible"]


def test_the_end_says_what_it_can_do(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    run, record = begun
    record(epoch(1))
    record(Message(Sentence("Ended early.")))
    finish(run, record)
    page.run()
    text = said(page)
    assert "**Right on 3 of 4 validation photos.**" in text
    assert "**between 30 and 95** right" in text
    assert "all 30 frozen weight arrays" in text
    assert "Training took 12 s" in text
    assert "Ended early." in text
    assert not page.button(key="train").disabled
    page.button(key="test_it").click().run()
    assert page.title[0].value == "Test"


def test_an_epoch_that_got_more_right_than_what_was_kept_is_spoken_of(
    page: AppTest, begun: tuple[Run, Recorder]
) -> None:
    run, record = begun
    for number, accuracy in ((1, 0.85), (2, 1.1), (3, 0.85)):
        record(epoch(number, accuracy=accuracy))  # 75, 100 and 75 % of the four photos for validation
    finish(run, record, accuracy=0.75)
    write_json(run.path / "report.json", (run.report() or {}) | {"val_interval": [0.3, 1.0]})
    page.run()
    assert "1 epoch got up to 1 more of the validation photos right. So few can be luck" in said(page)
    write_json(run.path / "report.json", (run.report() or {}) | {"val_interval": [0.3, 0.8]})
    assert "epoch got up to" not in said(page.run()), "so many more that it was no luck"


def test_the_photos_kept_for_a_test_have_the_last_word(
    page: AppTest, begun: tuple[Run, Recorder], project: Project, open_page: Open
) -> None:
    run, record = begun
    for number in (1, 2, 3):
        record(epoch(number))
    report = {
        "val_accuracy": 0.75,
        "val_interval": [0.301, 0.954],
        "seconds": {"head": 9.0},
        "phases": {"head": {"best_epoch": 2}},
        "classes": ["cat", "dog", "*bird*"],
        "test": {"accuracy": 11 / 12, "interval": [0.646, 0.985], "confusion": [[6, 0, 0], [1, 5, 0], [0, 0, 0]]},
    }
    finish(run, record)
    write_json(run.path / "report.json", report)
    page.run()
    words = "On the test photos, by which nothing was chosen: **right on 11 of 12**."
    assert r"Of \*bird\* there was none among them" in said(page)
    assert words in said(page) and "between 65 and 98" in said(page) and "between 30 and 95** right" not in said(page)
    assert "Kept: the weights of epoch 2" in said(page)
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 224, "base": BASE})
    tested = open_page("test", project.id)
    assert words in said(tested)
    # One run has one name and one time, wherever it is told of.
    (name,) = tested.selectbox(key="test_run").options
    assert "trains the last block" in name and figures.when(run.status().created) in name


def test_one_figure_stands_for_a_run_on_every_page(
    page: AppTest, begun: tuple[Run, Recorder], project: Project, open_page: Open, engine: FakeEngine
) -> None:
    run, record = begun
    record(epoch(1))
    finish(run, record)
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 224, "base": BASE})
    page.run()
    assert {metric.label: metric.value for metric in page.metric} == {"Validation accuracy": "75%"}
    page.button(key="measure_every_photo").click().run()
    assert page.title[0].value == "Evaluate" and page.selectbox(key="evaluate_run").value == run.id
    assert page.segmented_control(key=f"evaluate_on_{run.id}").value == "folds"
    config = experiment_config(engine.started[-1])
    assert (config.kind, config.settings.on, Path(config.settings.run)) == ("evaluate", "folds", run.path)
    (name,) = page.selectbox(key="evaluate_run").options
    assert "75% (30 to 95%) right on validation photos" in name

    keep_out_of_fold(run, {"accuracy": 0.8, "interval": [0.58, 0.92], "confusion": [[8, 2], [2, 8]], "folds": 10}, {})
    (name,) = open_page("evaluate", project.id).selectbox(key="evaluate_run").options
    assert "80% (58 to 92%) right on every photo" in name and page.selectbox(key="evaluate_run").value == run.id
    words = "**Right on 16 of 20 photos**, each answered by a classifier trained without it. Of 100 new photos like"
    shown = open_page("train", project.id)
    assert {metric.label: metric.value for metric in shown.metric} == {"Accuracy out of fold": "80%"}
    assert words in said(shown) and "80% (58 to 92%) right on every photo, out of fold" in said(shown)
    assert "On 20 photos, 80% right may stand for anything from 58 to 92 of 100" in said(shown)
    assert "measure_every_photo" not in {button.key for button in shown.button}
    assert words in said(open_page("test", project.id))
    home = open_page("home", project.id)
    assert "80% (58 to 92%) right on every photo, out of fold" in said(home) and "75%" not in said(home)


def test_the_time_left_counts_down_and_goes_when_it_was_wrong(
    page: AppTest, begun: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, record = begun
    record(Progress("features", Sentence("features"), 12, 20, eta=42.0, time=1000.0))
    for now, words in ((1030.0, "about 12 s left"), (1050.0, "")):
        monkeypatch.setattr(run_view, "time", SimpleNamespace(time=lambda now=now: now))
        page.run()
        assert words in progress(page)
    assert " left" not in progress(page)
    monkeypatch.setattr(run_view, "time", SimpleNamespace(time=lambda: 1030.0))
    assert " left" in progress(page.run())
    begun[0].request_stop()
    assert " left" not in progress(page.run()), "it ends at once, not when all is done"


def test_an_epoch_of_the_head_is_none_of_fine_tuning(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    _, record = begun
    record(PhaseStarted("head", 5))
    record(epoch(1))
    page.run()
    assert "Time an epoch" in [metric.label for metric in page.metric]
    record(PhaseStarted("fine-tune", 5))
    page.run()
    assert "Time an epoch" not in [metric.label for metric in page.metric]


def test_a_browser_that_draws_a_setting_anew_finds_its_value(page: AppTest, project: Project) -> None:
    page.number_input(key="batch_size").set_value(16).run()
    for key, value in (("batch_size", 16), ("head_epochs", 50), ("patience", 8), ("seed", 0)):
        assert page.number_input(key=key).proto.default == value
    assert page.selectbox(key="head_rate").proto.default == page.selectbox(key="head_rate").options.index("0.002")


def test_settings_changed_in_another_tab_are_shown_before_they_are_trained_with(
    page: AppTest, project: Project
) -> None:
    page.number_input(key="fine_tune_epochs").set_value(5).run()
    workspace().open_project(project.id).choose(train={"fit": {"batch_size": 4}})  # in another tab: 5 epochs are gone
    page.button(key="train").click().run()
    assert "changed in another tab" in page.error[0].value and list_runs(project.runs_dir) == []
    assert page.number_input(key="fine_tune_epochs_1").value == 8 and page.number_input(key="batch_size_1").value == 4
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    assert (run.config().fine_tune.epochs, run.config().fit.batch_size) == (8, 4)


def test_a_click_while_another_tab_trains_shows_that_training(page: AppTest, project: Project) -> None:
    page.number_input(key="fine_tune_epochs").set_value(5).run()
    current = workspace().open_project(project.id).choose(train={"fit": {"batch_size": 4}})
    run = launch.launch(current, services.store(project))
    page.button(key="train").click().run()
    assert not page.error and list_runs(project.runs_dir) == [run]
    assert "Training is" in said(page) or "A training is waiting" in said(page)
    assert page.query_params["run"] in (run.id, [run.id])


def test_a_run_that_goes_on_counts_the_epochs_of_before(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    _, record = begun
    record(PhaseStarted("head", 50, done=30))
    page.run()
    assert "Training the head: epoch 31 of at most 50" in progress(page)
    record(epoch(31))
    page.run()
    assert "Training the head: epoch 32 of at most 50" in progress(page)
    assert page.get("progress")[0].proto.value == 62  # percent


def test_a_step_that_a_stop_left_out_is_not_ticked(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    _, record = begun
    for phase in ("prepare", "features", "head", "finish"):
        record(PhaseStarted(phase, 5 if phase == "head" else 0))
    page.run()
    assert ":material/check_circle: Head" in said(page)
    assert ":material/block: ~~Fine-tuning~~" in said(page)


def test_a_change_leaves_what_another_tab_has_changed(page: AppTest, project: Project) -> None:
    workspace().open_project(project.id).choose(train={"fit": {"batch_size": 4}})
    page.number_input(key="head_epochs").set_value(7).run()
    chosen = launch.configured(workspace().open_project(project.id))
    assert (chosen.head.epochs, chosen.fit.batch_size) == (7, 4)
    assert page.number_input(key="batch_size_1").value == 4


@pytest.mark.parametrize("click", ["train", "settings"])
def test_a_project_deleted_in_another_tab_is_said_after_a_click(page: AppTest, project: Project, click: str) -> None:
    workspace().delete_project(project.id)
    if click == "train":
        page.button(key="train").click().run()
    else:
        page.number_input(key="head_epochs").set_value(7).run()
    assert not page.exception


def test_a_training_that_begins_no_longer_waits(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    run, _ = begun
    assert "waiting for its turn" in said(page)
    run.write_status(replace(run.status(), state="RUNNING"))
    page.run()
    assert "Training is going on" in said(page) and "waiting for its turn" not in said(page)


def test_stop_is_asked_once_and_said(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    run, _ = begun
    page.run()
    page.button(key="stop").click().run()
    assert run.stop_requested
    assert "Stopping" in said(page)
    assert "stop" not in [button.key for button in page.button]


def test_a_failure_shows_its_reason_and_the_log(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    run, record = begun
    run.log_path.write_text("first\nlast words\n")
    record.end("FAILED", Sentence("The disk is full."))
    page.run()
    assert "The disk is full." in [error.value for error in page.error]
    assert "last words" in page.code[0].value


def test_a_project_that_trains_is_not_deleted(page: AppTest, begun: tuple[Run, Recorder], project: Project) -> None:
    page.switch_page(page_path("home")).run()
    page.button(key=f"delete_{project.id}").click().run()
    assert "Stop the training first" in page.error[0].value
    assert workspace().open_project(project.id).id == project.id
    begun[1].end("STOPPED")
    page.button(key=f"delete_{project.id}").click().run()
    assert not page.error
    assert workspace().list_projects() == []


def test_why_it_was_stopped_is_said_once(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    _, record = begun
    words = "Stopped before the first epoch ended, so there is no classifier."
    record(Message(Sentence(words)))
    record.end("STOPPED", Sentence(words))
    page.run()
    assert said(page).count(words) == 1
    assert not page.get("bidi_component"), "charts without an epoch show nothing"


def test_a_stop_before_fine_tuning_is_said_once_in_the_run_s_words(page: AppTest, begun: tuple[Run, Recorder]) -> None:
    run, record = begun
    record(epoch(1))
    record(Message(UNTUNED))
    finish(run, record)
    record.end("STOPPED", Sentence("Stopped; the best weights so far are kept."))
    page.run()
    assert said(page).count("before fine-tuning had changed anything") == 1
    assert "best weights" not in said(page)


def test_photos_that_come_in_are_waited_for(app: AppTest, engine: FakeEngine, open_page: Open) -> None:
    project, go = workspace().create_project("Drawn"), threading.Event()
    tasks.start(photos_task(project), "Drawing the sample photos", lambda task: go.wait(60))
    try:
        page = open_page("train", project.id)
        assert "There are no photos yet" in said(page)
        assert "Drawing the sample photos" in progress(page)
        store_tree(workspace(), BASE, toy_tree())
        project.choose(base={"name": BASE, "weights": "imagenet"})
        assert "Drawing the sample photos" in progress(open_page("layers", project.id))
    finally:
        go.set()
        assert tasks.find(photos_task(project)).wait(60)
    page.run()
    assert "Drawing" not in progress(page)
    tasks.dismiss(photos_task(project))


def test_the_place_in_the_queue_is_said(page: AppTest, engine: FakeEngine) -> None:
    engine.place = 3
    page.button(key="train").click().run()
    assert "Waiting for a free place. 2 more are before this one." in progress(page)
    assert json.dumps("waiting …")[1:-1] in json.dumps(figure(page))
    assert ":material/check_circle: Photos" not in said(page) and " left" not in progress(page)
    assert "A training is waiting for its turn." in said(page) and ":gray-badge[waiting]" in said(page)
    other = toy_experiment(workspace().create_project("Cats *and* dogs"), "probe", Settings(), {})
    other.write_status(replace(other.status(), state="RUNNING", eta=90.0))
    engine.busy, engine.place = [other], 1
    said_now = progress(page.run())
    assert r"Waiting for an experiment in Cats \*and\* dogs to end, which takes about 90 s more." in said_now


@pytest.mark.usefixtures("recent_apptest")
@pytest.mark.parametrize("wanted", ["no-such-run", "../../other", ""])
def test_a_link_to_no_run_of_this_project_shows_the_newest(
    page: AppTest, begun: tuple[Run, Recorder], wanted: str
) -> None:
    finish(*begun)
    page.query_params["run"] = wanted
    page.run()
    assert begun[0].id in str(page.query_params["run"])
    assert not page.exception


@pytest.mark.usefixtures("recent_apptest")
def test_runs_can_be_chosen_deleted_and_brought_back(
    page: AppTest, begun: tuple[Run, Recorder], project: Project
) -> None:
    first, record = begun
    finish(first, record)
    status = first.status()
    first.write_status(type(status)(**{**status.__dict__, "created": status.created - 60}))
    page.run()
    page.button(key="train").click().run()
    second = next(run for run in list_runs(project.runs_dir) if run != first)
    Recorder(second, pid=1).end("STOPPED")
    page.run()
    page.button(key=f"show_{first.id}").click().run()
    assert "Right on 3 of 4" in said(page)
    assert workspace().open_project(project.id).choices["run"] == first.id

    page.button(key=f"delete_{first.id}").click().run()
    assert list_runs(project.runs_dir) == [second]
    assert "Stopped before the first epoch" in said(page)
    page.button(key="undo_delete").click().run()
    assert set(list_runs(project.runs_dir)) == {first, second}
    assert "Right on 3 of 4" in said(page)


@pytest.mark.usefixtures("recent_apptest")
def test_a_damaged_run_does_not_hide_the_others(page: AppTest, begun: tuple[Run, Recorder], project: Project) -> None:
    finish(*begun)
    broken = project.runs_dir / "20200101-000000-abcd"
    broken.mkdir()
    (broken / "status.json").write_text("{")
    page.run()
    assert not page.exception
    assert "not readable JSON" in said(page)
    assert "Right on 3 of 4" in said(page)


def test_a_rate_far_above_the_default_is_warned_of_before_the_click(
    page: AppTest, project: Project, open_page: Open
) -> None:
    assert not page.warning
    workspace().open_project(project.id).choose(train={"head": {"epochs": 50, "learning_rate": 1.0}})
    page = open_page("train", project.id)
    assert "the head is 1, about 500 times the default of 0.002" in page.warning[0].value
    assert not page.button(key="train").disabled


def test_settings_are_kept_and_used(page: AppTest, project: Project) -> None:
    page.number_input(key="head_epochs").set_value(7).run()
    page.selectbox(key="optimizer").set_value("sgd").run()
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    assert run.config().head.epochs == 7
    assert run.config().fit.optimizer == "sgd"
    assert run.config().fine_tune.learning_rate == fine_tuning_rate(16)


def test_the_rate_of_fine_tuning_goes_by_the_photos_until_one_is_chosen(page: AppTest, project: Project) -> None:
    rate = page.selectbox(key="fine_tune_rate")
    assert rate.options[0] == "by the number of photos: 0.0000096"
    rate.set_value("0.0001").run()
    page.number_input(key="fine_tune_epochs").set_value(4).run()
    chosen = workspace().open_project(project.id).choices["train"]
    assert chosen == {"fine_tune": {"epochs": 4, "learning_rate": 1e-4}}, "what was not chosen stays the default"
    page.selectbox(key="fine_tune_rate").set_value("automatic").run()
    assert launch.configured(workspace().open_project(project.id)).fine_tune.learning_rate is None


@pytest.mark.parametrize(("key", "value"), [("head_epochs", 0), ("batch_size", 0), ("seed", -1), ("patience", -2)])
def test_a_setting_that_does_not_fit_is_refused_and_nothing_else_lost(
    page: AppTest, project: Project, key: str, value: int
) -> None:
    untouched = launch.configured(workspace().open_project(project.id))
    page.number_input(key="fine_tune_epochs").set_value(4).run()
    page.number_input(key=key).set_value(value).run()
    assert page.error
    assert page.number_input(key=key).value == value
    assert launch.configured(workspace().open_project(project.id)).fine_tune.epochs == 4
    before = page._tree.get_widget_states()  # what a browser sends that has not drawn the defaults yet
    page.button(key="reset_settings").click().run()
    assert not page.error
    assert page.number_input(key="fine_tune_epochs_1").value == 8
    assert "train" not in workspace().open_project(project.id).choices
    page._run(before)
    assert page.number_input(key="fine_tune_epochs_1").value == 8
    assert launch.configured(workspace().open_project(project.id)) == untouched


def test_every_setting_that_does_not_fit_is_named_and_the_others_count(page: AppTest, project: Project) -> None:
    page.number_input(key="seed").set_value(-1)
    page.number_input(key="batch_size").set_value(0).run()
    page.number_input(key="fine_tune_epochs").set_value(4).run()
    (error,) = page.error
    assert "The shuffle number (seed) must be" in error.value
    assert "The batch size must be" in error.value
    assert error.value.endswith("Until they are changed, training uses the values before.")
    chosen = workspace().open_project(project.id).choices["train"]
    assert chosen == {"fine_tune": {"epochs": 4}}, "what fits is used, whatever else does not"
    page.number_input(key="fine_tune_epochs").set_value(-4).run()
    assert "Fine-tuning: The number of epochs must be" in page.error[0].value
    page.number_input(key="fine_tune_epochs").set_value(4).run()
    page.number_input(key="seed").set_value(3).run()
    assert page.error[0].value.endswith("Until it is changed, training uses the value before.")
    assert workspace().open_project(project.id).choices["train"]["seed"] == 3


def test_plotly_is_served_from_a_copy_with_its_version(tmp_path: Path) -> None:
    from pages.components.static_files import ensure_plotly

    address = ensure_plotly(tmp_path / "static")
    assert address is not None
    copy = tmp_path / "static" / address.rsplit("/", 1)[1]
    assert copy.stat().st_size > 1_000_000
    copy.write_text("half a copy")
    ensure_plotly(tmp_path / "static")
    assert copy.stat().st_size > 1_000_000
    (tmp_path / "file").touch()
    assert ensure_plotly(tmp_path / "file") is None


def test_an_interrupted_run_can_be_continued(page: AppTest, project: Project, engine: FakeEngine) -> None:
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    Recorder(run, pid=1).end("INTERRUPTED", Sentence("The worker ended."))
    page.run()
    assert not [button for button in page.button if button.key == "continue"]  # no state was kept yet
    run.checkpoint_path.mkdir()
    page.run()
    page.button(key="continue").click().run()
    assert engine.started == [run, run]
    # It had measured a result before the break: while it trains on, that lies ahead again.
    for phase in ("prepare", "features", "head", "fine-tune", "finish", "prepare", "features", "head", "fine-tune"):
        Recorder(run, pid=1)(PhaseStarted(phase))  # type: ignore[arg-type]
    shown = said(page.run())
    assert ":blue[:material/radio_button_checked: **Fine-tuning**]" in shown
    assert ":gray[:material/radio_button_unchecked: Result]" in shown
