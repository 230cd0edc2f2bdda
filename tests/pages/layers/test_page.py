"""Layers: slider, tree, presets and undo are views of one plan; what it costs is said beside them."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Slider

from pages.components.layer_tree import apply, ranges
from pages.jobs.describe import PlanEditor
from tests.pages.component import fire, given
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import BASE, toy_project, toy_tree
from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan, everything, from_block
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Project
from transfer_core.errors import StorageError

Open = Callable[[str, str], AppTest]


@pytest.fixture
def project(app: AppTest, jpeg: Callable[[int], bytes]) -> Project:
    """A project with ten photos of each of two classes, and a base whose tree is the toy."""
    return toy_project(jpeg)


@pytest.fixture
def page(recent_apptest: None, project: Project, open_page: Open) -> AppTest:
    opened = open_page("layers", project.id)
    assert not opened.exception
    return opened


def plan(project: Project) -> list[str] | None:
    return workspace().open_project(project.id).choices.get("trainable")


def cut(page: AppTest) -> Slider:
    """The slider; it has another key after something else has moved it."""
    return next(slider for slider in page.slider if slider.key.startswith("cut"))


def edit(page: AppTest, *edits: list[int], sig: str | None = None) -> AppTest:
    """What the tree sends: number, first layer, layer behind the last, 1 to train or 0 to freeze."""
    message = {"sig": sig or given(page, "layer_tree")["sig"], "edits": list(edits)}
    return fire(page, "layer_tree", "edit", message)


def test_the_slider_moves_the_tree_and_is_kept(page: AppTest, project: Project) -> None:
    assert cut(page).value == 0
    assert given(page, "layer_tree")["on"] == []
    cut(page).set_value(2).run()
    # The two blocks of the last stage: layers 12 to 17, of which the activations hold nothing to train.
    assert given(page, "layer_tree")["on"] == [[12, 14], [15, 17]]
    assert plan(project) == sorted(from_block(toy_tree(), "block2a").trainable)


def test_the_tree_moves_the_slider(page: AppTest, project: Project) -> None:
    edit(page, [1, 15, 18, 1])
    assert cut(page).value == 1
    assert plan(project) == ["block2b_batchnormalization", "block2b_conv2d"]
    assert given(page, "layer_tree")["ack"] == 1


def test_a_click_whose_run_the_next_one_ends_is_not_lost(
    recent_apptest: None, project: Project, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit ends a run for the next click wherever it looks into the session, in a callback too."""
    change, ended = PlanEditor.change, []

    def interrupted(desk: PlanEditor, plan: FreezePlan) -> None:
        if not ended:
            ended.append(plan)
            raise RerunException(RerunData())
        change(desk, plan)

    monkeypatch.setattr(PlanEditor, "change", interrupted)
    page = open_page("layers", project.id)
    edit(page, [1, 15, 18, 1])
    page = open_page("layers", project.id)
    assert ended and given(page, "layer_tree")["ack"] == 0
    edit(page, [1, 15, 18, 1], [2, 12, 15, 1])  # what is not acknowledged comes again with the next
    assert given(page, "layer_tree")["ack"] == 2
    assert plan(project) == sorted(from_block(toy_tree(), "block2a").trainable)


def test_a_plan_of_no_last_blocks_is_custom_until_snapped(page: AppTest, project: Project) -> None:
    edit(page, [1, 6, 7, 1], [2, 15, 18, 1])
    assert "a choice of your own" in cut(page).label
    assert any("3 layers in 2 blocks" in text.value for text in page.markdown)
    page.button(key="snap").click().run()
    assert cut(page).value == 4
    assert "a choice of your own" not in cut(page).label
    assert plan(project) == sorted(from_block(toy_tree(), "block1a").trainable)


@pytest.mark.parametrize(("preset", "blocks"), [("head", 0), ("last_block", 1), ("last_stage", 2), ("everything", 6)])
def test_presets(page: AppTest, preset: str, blocks: int) -> None:
    cut(page).set_value(3).run()
    page.button(key=f"preset_{preset}").click().run()
    assert cut(page).value == blocks
    assert not blocks or "Here: the " in page.button(key=f"preset_{preset}").help


def test_a_click_before_the_browser_has_drawn_a_preset_does_not_undo_it(page: AppTest, project: Project) -> None:
    cut(page).set_value(2).run()
    before = page._tree.get_widget_states()  # what a browser sends that still shows the slider at 2
    page.button(key="preset_last_block").click().run()
    page._run(before)
    assert cut(page).value == 1
    assert plan(project) == sorted(from_block(toy_tree(), "block2b").trainable)


def test_undo_takes_back_one_change_after_the_other(page: AppTest, project: Project) -> None:
    assert page.button(key="undo_plan").disabled
    cut(page).set_value(1).run()
    edit(page, [1, 0, 1, 1])
    page.button(key="undo_plan").click().run()
    assert cut(page).value == 1
    page.button(key="undo_plan").click().run()
    assert cut(page).value == 0
    assert plan(project) == []
    assert page.button(key="undo_plan").disabled


def test_rows_cross_once_and_again_when_the_browser_lacks_them(page: AppTest) -> None:
    first = given(page, "layer_tree")["rows"]
    assert len(first) == 1 + 3 + 6 + 18
    assert first[4] == [3, "block0a_batchnormalization", "BatchNormalization", "8 × 8 × 10", 40, 20]
    cut(page).set_value(2).run()
    assert given(page, "layer_tree")["rows"] is None
    fire(page, "layer_tree", "missing", "any")
    assert given(page, "layer_tree")["rows"] == first


def test_an_edit_of_another_tree_changes_nothing(page: AppTest, project: Project) -> None:
    edit(page, [7, 0, 5, 1], sig="Another-224-10-10")
    assert cut(page).value == 0
    assert plan(project) is None
    assert given(page, "layer_tree")["ack"] == 7


def test_the_plan_of_another_base_is_not_taken_over(project: Project, open_page: Open) -> None:
    project.choose(trainable=["block2b_conv2d"], trainable_of="vgg16")
    assert cut(open_page("layers", project.id)).value == 0


def test_a_change_made_elsewhere_shows(page: AppTest, project: Project) -> None:
    project.choose(trainable=list(from_block(toy_tree(), "block2b").trainable), trainable_of=BASE)
    assert cut(page.run()).value == 1


def test_the_space_on_disk_follows_the_precision_chosen_on_train(page: AppTest, project: Project) -> None:
    def told() -> str:
        page.run()
        assert not page.exception
        return next(text.value for text in page.markdown if "on disk for" in text.value)

    cut(page).set_value(2).run()
    exact = told()
    workspace().open_project(project.id).choose(train={"tuning": {"cache_precision": "float16"}})
    halved = told()
    assert halved != exact
    workspace().open_project(project.id).choose(train={"tuning": {"cache_precision": "float32"}})
    assert told() == exact


def test_a_full_disk_loses_no_choice(page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Project, **choices: object) -> Project:
        raise StorageError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(Project, "choose", full)
        cut(page).set_value(2).run()
        assert [error.value for error in page.error] == ["The disk is full."]
        assert cut(page).value == 2
    cut(page).set_value(3).run()
    assert not page.error
    assert plan(project) == sorted(from_block(toy_tree(), "block1b").trainable)


def test_a_project_deleted_in_another_tab_is_said(page: AppTest, project: Project) -> None:
    workspace().delete_project(project.id)
    page.button(key="preset_last_block").click().run()
    assert not page.exception
    assert page.title[0].value == "No project is open"


def test_risk_and_cut_are_said(page: AppTest) -> None:
    def said() -> str:
        return " ".join(text.value for text in (*page.markdown, *page.warning))

    def captions() -> str:
        return " ".join(text.value for text in page.caption)

    assert "after the whole base" in said()
    cut(page).set_value(2).run()
    assert "The cut lies after **block1b**" in said()
    assert "**16 photos**" in said()
    assert "for what stays frozen" in said() and "averages" not in captions()
    page.button(key="preset_everything").click().run()
    assert "no frozen part" in said()
    assert "first the head learns, on the base as it is" in said() and "for what stays frozen" not in said()
    assert "averages that BatchNormalization took" in captions()


def test_no_base_has_to_be_built_before_it_is_shown(project: Project, open_page: Open, engine: FakeEngine) -> None:
    project.choose(base={"name": "inception-resnet-v2", "weights": "none"}, trainable=None, trainable_of=None)
    page = open_page("layers", project.id)
    assert not page.exception and not page.error and engine.questions == []
    assert page.slider[0].max == 45


@pytest.mark.usefixtures("recent_apptest")
def test_many_parameters_for_few_photos_warn(app: AppTest, project: Project, open_page: Open) -> None:
    tree = toy_tree().to_dict()
    layer = tree["tree"]["children"][2]["children"][1]["children"][0]
    layer["parameters"] = layer["trainable_parameters"] = 5_000_000
    store_tree(workspace(), BASE, LayerTree.from_dict(tree))
    page = open_page("layers", project.id)
    assert not page.warning
    cut(page).set_value(1).run()
    assert "Over-fitting is likely" in page.warning[0].value


def test_going_on_keeps_the_plan_that_was_seen(page: AppTest, project: Project) -> None:
    assert plan(project) is None
    page.button(key="next_train").click().run()
    assert page.title[0].value == "Train"
    assert plan(project) == []


def test_without_a_base_it_shows_the_way(app: AppTest, open_page: Open) -> None:
    page = open_page("layers", workspace().create_project("Nothing yet").id)
    assert "Choose a base first" in page.info[0].value
    page.button(key="next_base").click().run()
    assert page.title[0].value == "Base"


@pytest.mark.usefixtures("recent_apptest")
def test_without_photos_the_tree_still_shows(app: AppTest, open_page: Open) -> None:
    store_tree(workspace(), BASE, toy_tree())
    made = workspace().create_project("No photos").choose(base={"name": BASE, "weights": "imagenet"})
    page = open_page("layers", made.id)
    assert not page.exception
    assert given(page, "layer_tree")["rows"]
    assert "once there are photos" in page.info[0].value


def test_edits_sent_again_count_once(page: AppTest, project: Project) -> None:
    edit(page, [1, 15, 18, 1])
    cut(page).set_value(0).run()
    # The browser had not heard of the first one's arrival when it sent the second, nor of the slider.
    edit(page, [1, 15, 18, 1], [2, 12, 13, 1])
    assert plan(project) == ["block2a_conv2d"]
    edit(page, [2, 12, 13, 1])
    assert plan(project) == ["block2a_conv2d"]


def test_an_edit_counts_on_top_of_what_changed_meanwhile(page: AppTest, project: Project) -> None:
    cut(page).set_value(1).run()
    edit(page, [1, 12, 15, 1])
    assert cut(page).value == 2
    edit(page, [2, 12, 18, 0])
    assert plan(project) == []


@examples(st.sets(st.integers(0, 400)))
def test_ranges_hold_exactly_the_numbers(numbers: set[int]) -> None:
    spans = ranges(sorted(numbers))
    assert {number for start, stop in spans for number in range(start, stop)} == numbers
    assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))


@examples(st.lists(st.tuples(st.just(1), st.integers(-30, 40), st.integers(-30, 40), st.integers(0, 1)), max_size=5))
def test_edits_from_a_browser_can_not_leave_the_tree(edits: list[tuple[int, int, int, int]]) -> None:
    tree = toy_tree()
    assert set(apply(tree, FreezePlan(), edits).trainable) <= tree.weighted
    assert apply(tree, FreezePlan(), [*edits, (2, -30, 40, 1)]) == everything(tree)
