"""Evaluate: choosing run and photos, a result drawn, the photos behind a cell, and correcting them right there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs import where
from pages.labs.evaluate import chart, matrix
from pages.ui import services
from tests.pages.fake_engine import FakeEngine
from tests.pages.labs.test_compare import train
from tests.pages.toys import toy_experiment, words
from transfer_core.disk.files import write_json
from transfer_core.disk.workspace import Project
from transfer_core.labs.evaluate.settings import Settings
from transfer_core.labs.evaluate.verdict import FOLDS, conclude, how_sure, judge
from transfer_core.labs.experiment import experiment_config
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.folder import Recorder, Run, list_runs

OpenPage = Callable[[str, str], AppTest]


def result_of(project: Project, wrong: int = 3, **parts: Any) -> dict[str, Any]:
    """An evaluation over the project's photos, whose first `wrong` cats are taken for dogs."""
    photos = services.store(project).manifest().photos
    cats = [one for one in photos if one.label == 0][:wrong]
    rows = np.array([[0.3, 0.7] if (one in cats) != bool(one.label) else [0.9, 0.1] for one in photos], np.float32)
    found = judge(rows, photos, ("cat", "dog"))
    words = {"conclusion": conclude(found), "how_sure": how_sure(found, "test")}
    return {
        "run": "/gone",
        "base": "efficientnet-lite0",
        "on": "test",
        "folds": 0,
        "skipped": 0,
        **found,
        **words,
        **parts,
    }


def shown(project: Project, result: dict[str, Any]) -> None:
    toy_experiment(project, "evaluate", Settings("/runs/a", "test"), result)


def test_a_trained_classifier_is_needed(open_page: OpenPage, project: Project) -> None:
    page = open_page("evaluate", project.id)
    assert not page.exception
    assert page.button(key="start_lab").disabled and "Train one first" in words(page)


def test_the_run_and_its_photos_are_chosen(open_page: OpenPage, project: Project, engine: FakeEngine) -> None:
    run = train(project, "20260101-000000-aaaa", photos=8, classes=("cat",))
    page = open_page("evaluate", project.id)
    assert not page.exception
    on = page.segmented_control(key=f"evaluate_on_{run.id}")
    assert on.options == ["Every photo, out of fold", "Validation photos"] and on.value == "folds"
    assert "All 8 photos: 10 classifiers" in words(page) and "Takes about" in words(page)
    on.set_value("validation").run()
    assert "8 photos by which the best epoch was chosen" in words(page)
    page.button(key="start_lab").click().run()
    (started,) = engine.started
    assert experiment_config(started).settings == Settings(str(run.path), "validation")


def test_a_result_is_drawn(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    shown(project, result_of(project))
    page = open_page("evaluate", project.id)
    assert not page.exception
    said = words(page)
    assert "Right on 17 of 20 photos" in said and "It most often takes cat for dog: 3 of 10 photos." in said
    counts = page.dataframe[0].value
    assert counts.to_numpy().tolist() == [[7, 3], [0, 10]] and list(counts.columns) == ["cat", "dog"]
    assert said.count("→ dog, 70% sure") == 3, "all mistakes are shown first"
    (which,) = [box for box in page.selectbox if box.label == "Which photos?"]
    assert which.options[:2] == ["All mistakes, the surest first (3)", "cat taken for dog (3)"]
    which.set_value("1,1").run()
    assert words(page).count("→ dog, 70% sure") == 10
    assert "70% (40 to 89%)" in page.table[0].value.to_string()


def test_a_label_is_corrected_right_there_and_undone(
    recent_apptest: None, open_page: OpenPage, project: Project, engine: FakeEngine
) -> None:
    shown(project, result_of(project))
    page = open_page("evaluate", project.id)
    photos = services.store(project)
    move = next(button for button in page.button if str(button.key).startswith("correct_move_"))
    assert move.label == "Move it to dog"
    move.click().run()
    assert not page.exception
    assert photos.classes() == {"cat": 9, "dog": 11}
    assert "moved to dog" in words(page) and "1 of these photos has been corrected since" in words(page)
    removes = [button for button in page.button if str(button.key).startswith("correct_remove_")]
    removes[1].click().run()  # the first is that of the photo that was moved
    assert photos.classes() == {"cat": 8, "dog": 11} and "removed since" in words(page)
    page.button(key="undo_edit").click().run()
    page.button(key="undo_edit").click().run()
    assert photos.classes() == {"cat": 10, "dog": 10} and "corrected since" not in words(page)
    assert not page.button(key="redo_edit").disabled, "the way back stays"
    assert not page.exception


def test_a_photo_that_was_moved_can_be_moved_again(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    shown(project, result_of(project))
    page = open_page("evaluate", project.id)
    next(button for button in page.button if str(button.key).startswith("correct_move_")).click().run()
    back = next(button for button in page.button if str(button.key).startswith("correct_move_"))
    assert back.label == "Move it", "the classifier's answer is where it is now"
    (to,) = [box for box in page.selectbox if box.key == str(back.key).replace("move", "to")]
    to.set_value("cat").run()
    next(button for button in page.button if button.key == back.key).click().run()
    assert services.store(project).classes() == {"cat": 10, "dog": 10} and "corrected since" not in words(page)


def test_a_renamed_class_is_no_correction(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    shown(project, result_of(project))
    photos = services.store(project)
    photos.rename_class("cat", "pussycat")
    photos.remove_photos([photos.photos("pussycat")[0].id])
    page = open_page("evaluate", project.id)
    assert not page.exception
    assert "1 of these photos has been corrected since" in words(page) and "moved to" not in words(page)
    assert "Move it to dog" in {button.label for button in page.button}


def test_what_was_learned_since_is_not_to_be_trained_again(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    old = train(project, "20260101-000000-aaaa")
    shown(project, result_of(project, run=str(old.path)))
    photos = services.store(project)
    photos.move_photos([photos.photos("cat")[0].id], "dog")
    newer = train(project, "20260102-000000-bbbb")
    photos.manifest().write(newer.path / "photos.json")
    page = open_page("evaluate", project.id)
    assert not page.exception
    assert "a newer classifier has been trained since" in words(page)
    assert "evaluate_train" not in {button.key for button in page.button}
    # And the result says whose it is where another one is chosen above.
    assert (
        "another classifier than the one chosen above" in words(page)
        or page.selectbox(key="evaluate_run").value == old.id
    )
    page.selectbox(key="evaluate_run").set_value(newer.id).run()
    assert "another classifier than the one chosen above" in words(page)
    page.selectbox(key="evaluate_run").set_value(old.id).run()
    assert "another classifier than the one chosen above" not in words(page)


def test_trains_again_with_one_click(
    recent_apptest: None, open_page: OpenPage, project: Project, engine: FakeEngine
) -> None:
    shown(project, result_of(project))
    photos = services.store(project)
    photos.remove_photos([photos.photos("cat")[0].id])
    page = open_page("evaluate", project.id)
    page.button(key="evaluate_train").click().run()
    assert not page.exception
    (run,) = list_runs(project.runs_dir)
    assert [started.id for started in engine.started] == [run.id] and len(run.manifest().photos) == 19


def retrained(open_page: OpenPage, project: Project, **first: Any) -> Run:
    """A photo of the evaluated run was removed and a classifier trained anew from the button; its end."""
    old = train(project, "20260101-000000-aaaa")
    replace(services.store(project).manifest(), **first).write(old.path / "photos.json")
    old.write_status(replace(old.status(), created=1.0))  # not by the same double click
    shown(project, result_of(project, run=str(old.path)))
    photos = services.store(project)
    photos.remove_photos([photos.photos("cat")[0].id])
    open_page("evaluate", project.id).button(key="evaluate_train").click().run()
    run = next(one for one in list_runs(project.runs_dir) if one.id != old.id)
    run.model_path.touch()
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 224, "base": "efficientnet-lite0"})
    report = {"val_accuracy": 1.0, "val_interval": [0.5, 1.0], "seconds": {"head": 1.0}}
    write_json(run.path / "report.json", report)
    Recorder(run, pid=1).end("FINISHED")
    return run


def test_what_the_corrections_changed_opens_by_itself_once(
    recent_apptest: None, open_page: OpenPage, project: Project, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = retrained(open_page, project)
    monkeypatch.setattr("transfer_core.labs.compare.settings.LEAST_PHOTOS", 0)
    page = open_page("train", project.id)
    assert page.title[0].value == "What changed" and not page.exception
    config = experiment_config(engine.started[-1])
    assert (config.kind, Path(config.settings.second)) == ("compare", run.path)
    assert open_page("train", project.id).title[0].value == "Train"


def test_why_what_changed_can_not_be_shown_is_said(
    recent_apptest: None, open_page: OpenPage, project: Project, engine: FakeEngine
) -> None:
    retrained(open_page, project, classes=("cat", "dog", "eel"))
    page = open_page("train", project.id)
    assert page.title[0].value == "Train" and "only the first knows eel" in words(page)
    assert "can't be shown" not in words(open_page("train", project.id))


def test_nothing_is_wrong(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    shown(project, result_of(project, wrong=0, skipped=2))
    page = open_page("evaluate", project.id)
    assert not page.exception
    assert "Nothing is wrong here." in words(page) and "2 photos could not be read" in words(page)


def test_nothing_was_found_before_a_stop(open_page: OpenPage, project: Project) -> None:
    toy_experiment(project, "evaluate", Settings("/runs/a"), None, "STOPPED", "Stopped.")
    page = open_page("evaluate", project.id)
    assert not page.exception and "The table of mistakes" not in words(page)


def test_a_class_whose_name_turns_the_rest_around_is_shown_by_its_escape(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    services.store(project).rename_class("cat", "dog\u202egpj")
    photos = services.store(project).manifest().photos
    rows = np.array([[0.4, 0.6]] * len(photos), np.float32)
    found = judge(rows, photos, ("dog\u202egpj", "dog"))
    words_of = {"conclusion": conclude(found), "how_sure": how_sure(found, "test")}
    shown(project, result_of(project) | found | words_of)
    page = open_page("evaluate", project.id)
    assert not page.exception
    assert list(page.dataframe[0].value.columns) == [r"dog\u202Egpj", "dog"]
    for kind in ("markdown", "caption", "selectbox", "button", "table", "success"):
        assert "\u202e" not in "".join(str(element.proto) for element in page.get(kind))
    assert "\u202e" not in words(page)


@pytest.mark.parametrize("classes", [2, 30])
def test_cells_are_colored_by_their_share_of_the_row(classes: int) -> None:
    names = tuple(f"class *{at}*" for at in range(classes))
    photos = [ManifestPhoto(f"{n:064}", f"/{n}.jpg", f"{n}.jpg", n % classes, "test") for n in range(classes * 4)]
    rows = np.full((len(photos), classes), 0.1 / classes, np.float32)
    rows[np.arange(len(photos)), [photo.label if n % 5 else 0 for n, photo in enumerate(photos)]] += 0.9
    result = judge(rows, photos, names)
    styled = matrix.table(result)
    html = styled.to_html()
    assert html.count("rgba(47,127,209") and html.count("rgba(217,104,12")
    assert chart.figure(result, "x")["data"][1]["x"] and "sure" in chart.alternative(result)


def test_where_it_looked_is_shown_over_the_mistakes(
    recent_apptest: None, open_page: OpenPage, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def ask(kind: str, args: dict[str, Any], timeout: float = 60.0) -> dict[str, Any]:
        asked.append(args)
        return {"maps": [[[1.0, 0.0]]] * len(args["images"])}

    run = train(project, "20260101-000000-aaaa")
    monkeypatch.setattr(where, "engine", lambda: type("Engine", (), {"ask": staticmethod(ask)}))
    shown(project, result_of(project, run=str(run.path)))
    page = open_page("evaluate", project.id)
    page.toggle(key="evaluate_where_on").set_value(True).run()
    assert not page.exception
    (question,) = asked
    assert question["labels"] == ["dog"] * 3 and question["run"] == str(run.path)
    assert all(Path(path).is_file() for path in question["images"])


def test_classifiers_that_answered_out_of_fold_are_gone(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    run = train(project, "20260101-000000-aaaa")
    shown(project, result_of(project, run=str(run.path), on=FOLDS))
    page = open_page("evaluate", project.id)
    assert "evaluate_where_on" not in {toggle.key for toggle in page.toggle}
