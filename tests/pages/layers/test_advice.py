"""A recommendation on Layers: what a lab found for these photos, one click to take it, never taken unasked."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs.describe import stored_plan
from pages.layers import advice
from pages.ui import services
from tests.pages.fake_engine import FakeEngine
from tests.pages.labs.test_probe import probe_of, result_of
from tests.pages.test.test_page import train
from tests.pages.toys import BASE, toy_experiment, toy_project, toy_tree, words
from tests.support import workspace
from transfer_core.backbones.cost import estimate
from transfer_core.backbones.freeze_plan import FreezePlan, from_block
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config, list_experiments
from transfer_core.labs.probe.settings import Settings
from transfer_core.labs.sweep.settings import Settings as Sweep

Open = Callable[[str, str], AppTest]


def plan(project: Project) -> FreezePlan:
    return stored_plan(workspace().open_project(project.id), BASE, toy_tree())


@pytest.fixture
def layers(recent_apptest: None, open_page: Open, project: Project) -> Callable[[], AppTest]:
    def opened() -> AppTest:
        page = open_page("layers", project.id)
        assert not page.exception and not page.error
        return page

    return opened


def test_without_a_finding_a_look_is_offered_with_its_time(
    layers: Callable[[], AppTest], project: Project, engine: FakeEngine
) -> None:
    page = layers()
    assert "Not sure how deep to go?" in words(page) and "That takes about" in words(page)
    assert list_experiments(project.experiments_dir, "probe") == []  # nothing begins unasked
    page.button(key="look").click().run()
    (run,) = list_experiments(project.experiments_dir, "probe")
    assert engine.started == [run] and experiment_config(run).settings == Settings()
    (bar,) = page.main.get("progress")
    assert "Looking where your photos can be told apart: Waiting" in bar.proto.text
    page.button(key="stop_look").click().run()
    assert run.stop_requested


def test_what_was_found_is_recommended_and_taken_with_one_click(
    layers: Callable[[], AppTest], project: Project
) -> None:
    probe_of(project, result=result_of((60, 90, 190, 150, 150, 150)))  # the end of the base has lost some of it
    before = plan(project)
    page = layers()
    said = words(page)
    assert "For these photos: train from block1b on." in said and "Up to block1a" in said
    assert plan(project) == before == FreezePlan()
    page.button(key="use_advice").click().run()
    assert plan(project) == from_block(toy_tree(), "block1b")
    assert page.button(key="use_advice").disabled and page.button(key="use_advice").label == "In use"
    page.button(key="undo_plan").click().run()
    assert plan(project) == FreezePlan()
    assert not layers().button(key="use_advice").disabled


def test_what_was_trained_since_stands_beside_the_recommendation(
    layers: Callable[[], AppTest], project: Project
) -> None:
    probe_of(project, result=result_of())
    assert "Trained so far" not in words(layers())
    train(project, "20260101-000000-aaaa", 0.85, base=BASE)
    train(project, "20260102-000000-bbbb", 0.91, base=BASE)
    train(project, "20260103-000000-cccc", 0.99, base="resnet50")
    said = words(layers())
    assert "with this base: trains the head only, 91% (86 to 93%) right on validation photos." in said
    assert "85%" not in said, "one for each choice of what trains"


def test_where_the_end_of_the_base_is_as_good_the_head_comes_first(
    layers: Callable[[], AppTest], project: Project
) -> None:
    probe_of(project, result=result_of())
    page = layers()
    assert "For these photos: first the head alone, then perhaps from block1b on." in words(page)
    assert page.button(key="use_advice").disabled  # as it is
    page.button(key="use_later").click().run()
    assert plan(project) == from_block(toy_tree(), "block1b")
    assert page.button(key="use_advice").label == "Use it", "and the way back"
    assert "use_later" not in [button.key for button in page.button]


def test_what_so_few_photos_would_be_learned_by_heart_with_is_not_offered(
    layers: Callable[[], AppTest], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe_of(project, result=result_of())
    likely = replace(estimate(workspace(), toy_tree(), FreezePlan(), 2, 16, 4), overfitting="likely")
    monkeypatch.setattr(advice, "estimate", lambda *args: likely)
    page = layers()
    said = "For these photos: the head alone, and with many more photos perhaps from block1b on."
    assert said in words(page) and page.button(key="use_advice").disabled
    assert "use_later" not in [button.key for button in page.button]


def test_the_advice_knows_what_trains_now(layers: Callable[[], AppTest], project: Project) -> None:
    probe_of(project, result=result_of())
    page = layers()
    next(slider for slider in page.slider if slider.key.startswith("cut")).set_value(2).run()
    assert page.button(key="use_advice").label == "Use it" and not page.button(key="use_advice").disabled
    page.button(key="preset_head").click().run()
    assert page.button(key="use_advice").label == "In use" and page.button(key="use_advice").disabled


def test_a_sweep_says_more_than_a_probe_and_other_bases_say_nothing(
    layers: Callable[[], AppTest], project: Project
) -> None:
    probe_of(project, result=result_of())
    found = {"depths": [{}], "recommended": "block2b", "conclusion": "Fine-tune from block2b on."}
    toy_experiment(project, "sweep", Sweep(), found)
    assert "**For these photos:** Fine-tune from block2b on." in words(layers())
    project.choose(base={"name": BASE, "weights": "none"})
    assert "Not sure how deep to go?" in words(layers())


def test_where_every_block_helps_the_head_alone_is_recommended(layers: Callable[[], AppTest], project: Project) -> None:
    probe_of(project, result=result_of((60, 80, 100, 120, 150, 190)))
    page = layers()
    assert "For these photos: the head alone." in words(page) and page.button(key="use_advice").disabled


def test_other_photos_since_are_told_and_looked_at_again(
    layers: Callable[[], AppTest], project: Project, jpeg: Callable[[int], bytes]
) -> None:
    before = probe_of(project, result=result_of())
    before.write_status(replace(before.status(), created=before.status().created - 60))  # no click of just now
    assert "have changed since" not in words(layers())
    services.store(project).import_files([("cat/new.jpg", jpeg(77))])
    page = layers()
    assert "Your photos have changed since this was found." in words(page)
    page.button(key="look").click().run()
    assert "Looking where your photos" in page.main.get("progress")[0].proto.text


def test_too_few_photos_and_none_are_said(
    recent_apptest: None, app: AppTest, engine: FakeEngine, open_page: Open, jpeg: Callable[[int], bytes]
) -> None:
    few = open_page("layers", toy_project(jpeg, photos=3).id)
    assert "at least 5 photos of each class" in words(few) and "look" not in {button.key for button in few.button}
    empty = workspace().create_project("Empty").choose(base={"name": BASE, "weights": "imagenet"})
    none = open_page("layers", empty.id)
    assert not none.exception and "First it needs photos of at least two classes." in words(none)


def test_a_probe_that_ended_badly_is_no_advice(layers: Callable[[], AppTest], project: Project) -> None:
    run = probe_of(project, "FAILED", result_of(complete=False))
    assert "Not sure how deep to go?" in words(layers())
    run.write_status(replace(run.status(), state="RUNNING"))
    assert "Looking where your photos" in layers().main.get("progress")[0].proto.text
