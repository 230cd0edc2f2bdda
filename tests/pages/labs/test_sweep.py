"""Depth sweep: settings, what will probably fit, results complete or not, and the recommendation put to use."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.labs.sweep.chart import alternative, short, sweep_figure
from pages.labs.sweep.form import forecast_words
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import BASE, toy_experiment, toy_project, toy_tree, words
from tests.support import workspace
from transfer_core.backbones.freeze_plan import from_block
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config, list_experiments
from transfer_core.labs.sweep.folds import Counts
from transfer_core.labs.sweep.result import build_result
from transfer_core.labs.sweep.settings import HEAD, Settings, depths
from transfer_core.runs.folder import Run, State

Open = Callable[[str, str], AppTest]


FOUND = depths(workspace(), toy_tree(), Settings(), 2, Counts(14, 2, 4))


def trial(name: str, right: str, repeat: int = 0) -> dict[str, Any]:
    """An entry of `trials`, as the experiment writes it."""
    depth = next(one for one in FOUND if one.name == name)
    return {
        "train_from": name,
        "rate": 2e-3 if name == HEAD else 1e-4,
        "repeat": repeat,
        "seed": repeat,
        "accuracy": right.count("1") / len(right),
        "interval": [0.3, 0.95],
        "photos": len(right),
        "seconds": 10.0 * len(depth.plan.trainable) + 1,
        "fit_seconds": 3.0,
        "epoch_seconds": 0.5,
        "epochs": 4,
        "best_epoch": 0 if repeat else 2,
        "choice_loss": 0.5,
        "ending": "early",
        "trainable_parameters": depth.trainable_parameters,
        "right": right,
    }


TRIALS = [trial(HEAD, "1" * 20 + "0" * 20), trial("block2b", "1" * 39 + "0"), trial("block2a", "1" * 40)]
MORE = {"spent": 42.0, "budget_seconds": 300.0}


def sweep_of(project: Project, state: State = "FINISHED", trials: list[dict[str, Any]] | None = TRIALS) -> Run:
    """A sweep on disk, as it stands in `state`; no `trials`: nothing found yet."""
    complete = state == "FINISHED"
    result = None if trials is None else build_result(FOUND, Settings(), trials, MORE, complete=complete)
    return toy_experiment(project, "sweep", Settings(), result, state, "The disk is full." * (state == "FAILED"))


def shown(open_page: Open, project: Project) -> AppTest:
    page = open_page("sweep", project.id)
    assert not page.exception
    return page


def test_it_starts_with_the_settings_given(open_page: Open, project: Project, engine: FakeEngine) -> None:
    page = shown(open_page, project)
    assert "Nothing has been tried here yet." in words(page) and "Probably fits: the head alone and" in words(page)
    page.number_input(key="sweep_budget").set_value(0.2)
    page.multiselect(key=f"sweep_cuts_{BASE}").set_value(["block2a"])
    page.multiselect(key="sweep_rates").set_value(["0.0003"])
    page.run()
    page.button(key="start_lab").click().run()
    (run,) = list_experiments(project.experiments_dir, "sweep")
    assert engine.started == [run]
    assert experiment_config(run).settings == Settings(0.2, ("block2a",), (3e-4,))
    assert "Waiting" in page.main.get("progress")[0].proto.text or page.button(key="stop_lab")


def test_what_does_not_fit_is_said_beside_the_button(open_page: Open, project: Project) -> None:
    page = shown(open_page, project)
    page.multiselect(key="sweep_rates").set_value([]).run()
    assert "at least one learning rate" in words(page) and page.button(key="start_lab").disabled


def test_a_finished_sweep_shows_depths_and_advice(open_page: Open, project: Project) -> None:
    sweep_of(project)
    page = shown(open_page, project)
    assert "Fine-tune from block2b on" in words(page)
    table = page.dataframe[0].value
    assert list(table["Trains"]) == ["the head alone", "from block2b on", "from block2a on"]
    assert list(table["Best"]) == ["", "★", ""]
    assert list(table["Against the best"]) == [
        "20 fixed, 0 broken (p below 0.01)",
        "1 fixed, 0 broken (p 1.00)",
        "the best",
    ]
    assert list(table["Against the head"]) == ["", "+47.5 points", "+50.0 points"]
    assert "Not tried, for lack of time: from block1a on" in words(page) and "as many photos" not in words(page)
    assert len(page.dataframe[1].value) == 3


def test_depths_measured_on_fewer_photos_are_compared_on_the_same(open_page: Open, project: Project) -> None:
    sweep_of(project, trials=[*TRIALS, trial(HEAD, "1" * 9 + "0", repeat=1)])
    assert "Not all depths were measured on as many photos" in words(shown(open_page, project))


def test_the_recommendation_becomes_the_plan_and_the_rate(open_page: Open, project: Project) -> None:
    sweep_of(project)
    page = shown(open_page, project)
    page.button(key="use_depth").click().run()
    choices = workspace().open_project(project.id).choices
    assert sorted(choices["trainable"]) == sorted(from_block(toy_tree(), "block2b").trainable)
    assert choices["trainable_of"] == BASE and choices["train"]["fine_tune"] == {"epochs": 8, "learning_rate": 1e-4}


def test_the_head_alone_leaves_the_rate_as_it_is(open_page: Open, project: Project) -> None:
    sweep_of(project, trials=[trial(HEAD, "1101"), trial("block2b", "1100")])
    page = shown(open_page, project)
    page.button(key="use_depth").click().run()
    choices = workspace().open_project(project.id).choices
    assert choices["trainable"] == [] and "train" not in choices


def test_a_sweep_of_another_base_is_not_put_to_use(open_page: Open, project: Project) -> None:
    sweep_of(project)
    project.choose(base={"name": "mobilenet", "weights": "none"})
    store_tree(workspace(), "mobilenet", toy_tree())
    page = shown(open_page, project)
    assert page.button(key="use_depth").disabled and "now uses another base" in words(page)


def test_while_it_goes_on_what_there_is_shows_and_can_be_stopped(open_page: Open, project: Project) -> None:
    run = sweep_of(project, "RUNNING", TRIALS[:2])
    page = shown(open_page, project)
    assert "So far:" in words(page) and "Not tried" not in words(page)
    assert "use_depth" not in [button.key for button in page.button]
    page.button(key="stop_lab").click().run()
    assert run.stop_requested


@pytest.mark.parametrize("trials", [None, []])
def test_one_with_nothing_found_yet_shows_how_far_it_is(
    open_page: Open, project: Project, trials: list[dict[str, Any]] | None
) -> None:
    sweep_of(project, "RUNNING", trials)
    page = shown(open_page, project)
    assert not page.dataframe and page.button(key="stop_lab")
    assert ("first figures come when the head has been trained" in words(page)) == (trials == [])


@pytest.mark.parametrize("state", ["INTERRUPTED", "STOPPED"])
def test_one_that_was_broken_off_can_go_on(open_page: Open, project: Project, engine: FakeEngine, state: str) -> None:
    run = sweep_of(project, state, TRIALS[:1])
    page = shown(open_page, project)
    page.button(key="continue_lab").click().run()
    assert engine.started == [run]


def test_a_failed_one_says_why(open_page: Open, project: Project) -> None:
    sweep_of(project, "FAILED", None)
    assert "The disk is full." in words(shown(open_page, project))


def test_too_few_photos_are_said_before_anything_starts(
    app: AppTest, engine: FakeEngine, open_page: Open, jpeg: Callable[[int], bytes]
) -> None:
    made = toy_project(jpeg, photos=2)
    page = shown(open_page, made)
    assert page.button(key="start_lab").disabled
    assert "a sweep needs at least 2 of each class" in words(page)


def test_the_chart_has_a_front_and_marks_the_recommendation() -> None:
    result = build_result(FOUND, Settings(), TRIALS, MORE)
    figure = sweep_figure(result, "trainable_parameters", "run")
    line, others, front, star = figure["data"]
    assert line["x"] == sorted(line["x"]) and len(line["x"]) == 3 and others["x"] == []
    assert star["text"] == ["block2b"] and front["text"] == ["head", "block2a"]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 0.5 and high > 1
    assert sweep_figure(result, "seconds", "run")["layout"]["xaxis"]["title"]["text"] == "seconds of training"
    assert "block2b: 98%" in alternative(result)
    assert short("a-very-long-block-name") == "a-very-long…"


def test_the_forecast_says_what_fits_and_what_would() -> None:
    few = depths(workspace(), toy_tree(), Settings(0.02), 2, Counts(14, 2, 4))
    assert "just enough for the head alone. To try from block2b on too takes about" in forecast_words(
        few, Settings(0.02), 5
    )
    assert forecast_words(few[:1], Settings(), 5) == "Probably fits: the head alone."
    words = forecast_words(FOUND, Settings(60), 5)
    assert "down to block0a, in 5 rounds" in words and "Besides, stage0 alone and stage1 alone." in words
    assert "Probably not: " in forecast_words(FOUND, Settings(0.1), 5)
