"""Depth probe: settings, results complete or not, the figures on chart and tree, and the plan they lead to."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.layer_tree import Value
from pages.labs.probe.chart import alternative, class_figure, probe_figure
from pages.labs.probe.result import tree_values
from tests.pages.component import fire, given
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import BASE, toy_experiment, toy_project, toy_tree, words
from tests.support import workspace
from transfer_core.backbones.freeze_plan import from_block
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config, list_experiments
from transfer_core.labs.probe.settings import Depth, Settings
from transfer_core.labs.probe.verdict import conclude
from transfer_core.runs.folder import Run, State
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import mcnemar

Open = Callable[[str, str], AppTest]
RIGHT = (60, 90, 178, 181, 182, 180)  # of 200, after the six blocks of the toy tree
LONG = "a class with a name that is much longer than any column"


def result_of(right: tuple[int, ...] = RIGHT, complete: bool = True) -> dict[str, Any]:
    """What a probe of the toy tree writes."""
    found = []
    stages = [(stage.name, block.name) for stage in toy_tree().stages for block in stage.children]
    for at, ((stage, block), hits) in enumerate(zip(stages, right, strict=False)):
        recall = {"cat": hits / 200, LONG: hits / 200}
        p = mcnemar(0, max(right) - hits)
        found.append(
            Depth(block, stage, hits / 200, wilson(hits, 200), hits, 200, p, recall, (1e-3,) * 5, 10, 2040, 99, at / 5)
        )
    facts = {"chance": 0.5, "classes": {"cat": 100, LONG: 100}, "photos": 200, "of": 200, "folds": 5, "blocks": 6}
    result = facts | {"base": BASE, "depths": [depth.to_dict() for depth in found]}
    if complete:
        result |= asdict(conclude(found, 0.5))
    return result


def probe_of(project: Project, state: State = "FINISHED", result: dict[str, Any] | None = None) -> Run:
    """A probe on disk, as it stands in `state`; no `result`: nothing found yet."""
    return toy_experiment(project, "probe", Settings(), result, state, "The disk is full." * (state == "FAILED"))


@pytest.fixture
def shown(recent_apptest: None, open_page: Open, project: Project) -> Callable[[], AppTest]:
    def opened() -> AppTest:
        page = open_page("probe", project.id)
        assert not page.exception
        return page

    return opened


def test_it_starts_with_the_settings_given(open_page: Open, project: Project, engine: FakeEngine) -> None:
    page = open_page("probe", project.id)
    assert "Nothing has been tried here yet." in words(page) and "20 photos" in words(page)
    page.number_input(key="probe_folds").set_value(4).run()
    page.button(key="start_lab").click().run()
    (run,) = list_experiments(project.experiments_dir, "probe")
    assert engine.started == [run]
    assert experiment_config(run).settings == Settings(folds=4)


def test_a_block_after_which_it_may_go_on_is_marked_with_a_perhaps() -> None:
    sure = result_of((60, 90, 190, 190, 190, 190))
    assert alternative(sure).endswith(" The last block that matters is block1a.")
    open_end = result_of((60, 90, 170, 190, 190, 190))  # as far apart as can be seen, and yet perhaps by chance
    open_end |= {"best": "block1a", "depths": [depth | {"p_value": 0.2} for depth in open_end["depths"]]}
    assert alternative(open_end).endswith(" Perhaps the last block that matters is block1a.")
    names = [trace.get("name") for trace in probe_figure(open_end, "run")["data"]]
    assert "perhaps the last block that matters" in names and "the last block that matters" not in names
    assert tree_values(open_end)["block/block1a"].title.startswith("Perhaps the last block that matters: 170 of 200")


def test_folds_of_more_than_a_class_are_refused_beside_the_button(
    open_page: Open, project: Project, engine: FakeEngine
) -> None:
    page = open_page("probe", project.id)
    page.number_input(key="probe_folds").set_value(12).run()
    assert page.button(key="start_lab").disabled
    assert "at least 12 photos of each class" in words(page) and "or choose 10 folds" in words(page)


def test_too_few_photos_say_how_many_are_needed(
    app: AppTest, engine: FakeEngine, open_page: Open, jpeg: Callable[[int], bytes]
) -> None:
    made = toy_project(jpeg, photos=2)
    page = open_page("probe", made.id)
    assert page.button(key="start_lab").disabled
    assert "needs at least 5 photos of each class" in words(page) and "at least 3 more" in words(page)


def test_a_finished_probe_shows_what_it_found(shown: Callable[[], AppTest], project: Project) -> None:
    run = probe_of(project, result=result_of())
    page = shown()
    assert "block1a is the last block that matters" in words(page)
    assert "Cuts that unfreeze any of the 3 blocks" in words(page) and "200 photos (100 of each class)" in words(page)
    table = page.dataframe[0].value
    assert table["After"].iloc[0] == "block0a" and list(table["Best"]).index("★") == 2
    data = given(page, f"probe_tree_{run.id}")
    rows = {row[1]: at for at, row in enumerate(data["rows"])}
    marked = [value for value in data["values"] if value[5]]
    assert [value[:2] for value in marked] == [[rows["block1a"], "89%"]]
    assert len(data["values"]) == 9 and data["mark"] == 0.5


def test_the_tree_sends_its_rows_once(shown: Callable[[], AppTest], project: Project) -> None:
    run = probe_of(project, result=result_of())
    key = f"probe_tree_{run.id}"
    page = shown()
    assert given(page, key)["rows"] is not None
    page.run()
    assert given(page, key)["rows"] is None
    fire(page, key, "missing", "any")
    assert given(page, key)["rows"] is not None


def test_what_follows_becomes_the_plan(shown: Callable[[], AppTest], project: Project) -> None:
    probe_of(project, result=result_of())
    page = shown()
    assert page.button(key="use_depth").label == "Train from block1b on"
    page.button(key="use_depth").click().run()
    choices = workspace().open_project(project.id).choices
    assert sorted(choices["trainable"]) == sorted(from_block(toy_tree(), "block1b").trainable)
    assert choices["trainable_of"] == BASE


def test_a_best_depth_at_the_end_means_the_head_alone(shown: Callable[[], AppTest], project: Project) -> None:
    project.choose(trainable=["block2b_conv2d"], trainable_of=BASE)
    probe_of(project, result=result_of((60, 80, 100, 120, 140, 180)))
    page = shown()
    assert page.button(key="use_depth").label == "Train the head alone"
    page.button(key="use_depth").click().run()
    assert workspace().open_project(project.id).choices["trainable"] == []


def test_a_probe_of_another_base_is_not_put_to_use(shown: Callable[[], AppTest], project: Project) -> None:
    probe_of(project, result=result_of())
    project.choose(base={"name": "mobilenet", "weights": "none"})
    store_tree(workspace(), "mobilenet", toy_tree())
    page = shown()
    assert page.button(key="use_depth").disabled and "now uses another base" in words(page)


def test_without_a_best_depth_there_is_nothing_to_use(shown: Callable[[], AppTest], project: Project) -> None:
    probe_of(project, result=result_of((100, 101, 99, 102, 98, 103)))
    page = shown()
    assert "by guessing" in words(page)
    assert "use_depth" not in [button.key for button in page.button]


def test_while_it_goes_on_what_there_is_shows_and_can_be_stopped(
    shown: Callable[[], AppTest], project: Project
) -> None:
    run = probe_of(project, "RUNNING", result_of(RIGHT[:2], complete=False))
    page = shown()
    assert len(page.dataframe[0].value) == 2
    assert "use_depth" not in [button.key for button in page.button]
    page.button(key="stop_lab").click().run()
    assert run.stop_requested


def test_one_with_nothing_found_yet_shows_how_far_it_is(open_page: Open, project: Project) -> None:
    probe_of(project, "RUNNING")
    page = open_page("probe", project.id)
    assert not page.exception and not page.dataframe and page.button(key="stop_lab")


def test_a_stopped_one_can_go_on(shown: Callable[[], AppTest], project: Project, engine: FakeEngine) -> None:
    run = probe_of(project, "STOPPED", result_of(RIGHT[:1], complete=False))
    shown().button(key="continue_lab").click().run()
    assert engine.started == [run]


def test_a_failed_one_says_why(open_page: Open, project: Project) -> None:
    probe_of(project, "FAILED")
    assert "The disk is full." in words(open_page("probe", project.id))


def test_the_curve_has_its_band_the_chance_and_the_best() -> None:
    result = result_of()
    figure = probe_figure(result, "run")
    upper, band, guess, curve, star = figure["data"]
    assert all(low < y < high for low, y, high in zip(band["y"], curve["y"], upper["y"], strict=True))
    assert guess["y"] == [0.5, 0.5] and star["x"] == [2]
    assert figure["layout"]["xaxis"]["ticktext"] == [depth["block"] for depth in result["depths"]]
    assert [name["text"] for name in figure["layout"]["annotations"]] == ["stage0", "stage1", "stage2"]
    assert "no real difference" in curve["customdata"][3][4] and "really less" in curve["customdata"][0][4]
    assert "30% after block0a, at most 91% after block2a" in alternative(result)
    partial = result_of(RIGHT[:2], complete=False)
    assert probe_figure(partial, "run")["layout"]["xaxis"]["range"] == figure["layout"]["xaxis"]["range"]
    assert probe_figure(partial, "run")["data"][4]["x"] == []


def test_long_class_names_are_cut_and_many_blocks_named_in_part() -> None:
    result = result_of()
    figure = class_figure(result, "run")
    assert figure["layout"]["yaxis"]["ticktext"] == ["a class with a …", "cat"]
    assert figure["data"][0]["customdata"][0][0][0] == LONG
    many = replace(Depth.from_dict(result["depths"][0]))
    crowd = result | {"blocks": 45, "depths": [replace(many, block=f"b{at}").to_dict() for at in range(45)]}
    assert len(probe_figure(crowd, "run")["layout"]["xaxis"]["ticktext"]) == 23


def test_stages_carry_the_figure_of_their_end() -> None:
    values = tree_values(result_of())
    assert values["stage/stage1"] == Value(
        "90%",
        0.905,
        *wilson(181, 200),
        False,
        "181 of 200 photos right after block1b, the end of this stage; probably 86% to 94%",
    )
    assert values["block/block1a"].best and values["block/block1a"].title.startswith("The last block that matters")
