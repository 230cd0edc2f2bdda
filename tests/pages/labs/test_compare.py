"""What changed: choosing two runs, what can't be compared, and a result drawn, whole or in part."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs.trained_runs import run_names, trained_runs
from pages.labs.compare import chart as compare_curves
from pages.labs.compare.result import drift_values
from tests.pages.component import given
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_experiment, words
from tests.support import workspace
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.disk.files import write_bytes, write_json
from transfer_core.disk.workspace import Project
from transfer_core.labs.compare.settings import Settings
from transfer_core.labs.experiment import experiment_config
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run, State, create_run
from transfer_core.text import Sentence

OpenPage = Callable[[str, str], AppTest]


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Pets")


def train(project: Project, name: str, photos: int = 8, classes: tuple[str, ...] = ("cat", "dog")) -> Run:
    """A run that looks trained, checked on so many photos."""
    listed = [ManifestPhoto(f"{n:064}", f"/gone/{n}.jpg", f"cat/{n}.jpg", 0, "validation") for n in range(photos)]
    run = create_run(project.runs_dir / name, RunConfig(), Manifest(classes, tuple(listed)))
    write_bytes(run.model_path, b"model")
    write_json(run.labels_path, {"classes": list(classes), "input_size": 224, "base": "efficientnet-lite0"})
    write_json(run.path / "report.json", {"val_accuracy": 0.9, "val_interval": [0.8, 0.95]})
    run.write_status(replace(run.status(), state="FINISHED", ended=1_760_000_000.0))
    return run


def result_of(first: Run, second: Run, fixed: int = 2, broken: int = 1, **parts: Any) -> dict[str, Any]:
    changed = [
        {
            "photo": f"cat/a *very* long_name_{number}.jpg",
            "path": f"/gone/{number}.jpg",
            "sha256": f"{number:064}",
            "truth": "cat",
            "fixed": number < fixed,
            "answers": ["dog", "cat"] if number < fixed else ["cat", "dog"],
            "probabilities": [0.6, 0.8],
        }
        for number in range(fixed + broken)
    ]
    epoch = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.1, "val_accuracy": 0.45}
    curves = [[{"epoch": n, "phase": "head" if n < 3 else "fine-tune", **epoch} for n in (1, 2, 3)]] * 2
    base = {"base": "efficientnet-lite0", "weights": "imagenet", "seed": 0}
    return {
        "runs": [{"folder": str(run.path), **base} for run in (first, second)],
        "settings": [Sentence("{name}: 50 → 5", name=Sentence("Epochs of the head, at most")).to_json()],
        "curves": curves,
        "fixed": [item["photo"] for item in changed if item["fixed"]],
        "broken": [item["photo"] for item in changed if not item["fixed"]],
        "changed": changed,
        "p_value": 1.0,
        "photos": 8,
        "both_right": 4,
        "both_wrong": 1,
        "accuracies": [0.625, 0.75],
        "intervals": [[0.31, 0.86], [0.41, 0.93]],
        "drift": {"one": 0.0, "two": 0.02},
        "drift_note": "",
        "drift_words": "1 of 2 layers with weights differ, most of all two.",
        "drift_from_base": [{"one": 0.0, "two": 0.0}, {"one": 0.0, "two": 0.02}],
        "conclusion": "2 fixed, 1 broken: no real difference.",
        **parts,
    }


def experiment(project: Project, result: dict[str, Any] | None, state: State = "FINISHED", message: str = "") -> Run:
    return toy_experiment(project, "compare", Settings("/runs/a", "/runs/b"), result, state, message)


def tree() -> LayerTree:
    def layer(name: str) -> Node:
        return Node(name, "layer", 10, (7, 7, 3), (), LayerFacts("Conv2D", ("image",), 10, 1))

    block = Node("block", "block", 20, (7, 7, 3), (layer("one"), layer("two"), layer("act")))
    stage = Node("stage", "stage", 20, (7, 7, 3), (block,))
    return LayerTree(Node("Lite", "model", 20, (7, 7, 3), (stage,)), 224)


def test_two_trained_runs_are_needed(open_page: OpenPage, project: Project) -> None:
    page = open_page("compare", project.id)
    assert page.button(key="start_lab").disabled
    assert "Two trained classifiers are needed, and this project has none yet" in words(page)
    train(project, "20260101-000000-aaaa")
    assert "this project has one" in words(page.run())
    assert not page.exception


def test_the_two_newest_are_offered_and_compared(open_page: OpenPage, project: Project, engine: FakeEngine) -> None:
    older, newer = train(project, "20260101-000000-aaaa"), train(project, "20260102-000000-bbbb")
    page = open_page("compare", project.id)
    assert page.selectbox(key="compare_first").value == older.id
    assert page.selectbox(key="compare_second").value == newer.id
    assert "8 photos that both were checked on" in words(page)
    page.button(key="start_lab").click().run()
    assert not page.exception
    (started,) = engine.started
    assert experiment_config(started).settings == Settings(str(older.path), str(newer.path))


@pytest.mark.parametrize(
    ("photos", "classes", "expected"),
    [(5, ("cat", "dog"), "Only 5 photos are new to both"), (8, ("bird", "cat"), "only the first knows bird")],
)
def test_what_can_not_be_compared_says_why(
    open_page: OpenPage, project: Project, photos: int, classes: tuple[str, ...], expected: str
) -> None:
    train(project, "20260101-000000-aaaa", photos, classes)
    train(project, "20260102-000000-bbbb")
    page = open_page("compare", project.id)
    assert page.button(key="start_lab").disabled and expected in words(page)
    page.selectbox(key="compare_second").set_value("20260101-000000-aaaa").run()
    assert "one and the same" in words(page)


def test_a_result_is_drawn(open_page: OpenPage, project: Project, recent_apptest: None) -> None:
    store_tree(workspace(), "efficientnet-lite0", tree())
    runs = train(project, "20260101-000000-aaaa"), train(project, "20260102-000000-bbbb")
    experiment(project, result_of(*runs))
    page = open_page("compare", project.id)
    assert not page.exception
    said = words(page)
    assert "2 fixed, 1 broken" in said and "Fixed: 2 photos" in said and "Broken: 1 photo" in said
    assert "62% (31 to 86%)" in said and "75% (41 to 93%)" in said
    assert "dog 60% → cat 80%" in said
    assert "- Epochs of the head, at most: 50 → 5" in said and "settings are the same" not in said
    assert given(page, "drift_values")["label"] == "weights moved"
    page.segmented_control(key="drift_view").set_value("First, since its base").run()
    assert "only its head was trained" in words(page) and not page.exception


def test_what_is_not_there_yet_is_left_out(open_page: OpenPage, project: Project) -> None:
    first, second = train(project, "20260101-000000-aaaa"), train(project, "20260102-000000-bbbb")
    whole = result_of(first, second)
    experiment(project, {name: whole[name] for name in ("runs", "curves")}, "STOPPED", "Stopped.")
    page = open_page("compare", project.id)
    assert not page.exception
    assert "Curves" in words(page) and "Fixed: " not in words(page)
    assert "continue_lab" in {button.key for button in page.button}


def test_deleted_runs_and_other_bases_are_told(open_page: OpenPage, project: Project) -> None:
    first, second = Run(Path("/gone/a")), Run(Path("/gone/b"))
    note = "The two stand on different bases."
    result = result_of(
        first,
        second,
        0,
        0,
        settings=[],
        drift={},
        drift_note=note,
        drift_words="",
        drift_from_base=[None, None],
        curves=[[], []],
    )
    experiment(project, result)
    page = open_page("compare", project.id)
    assert not page.exception
    said = words(page)
    assert "The settings are the same." in said
    assert "deleted since" in said and note in said and "nothing to compare the weights with" in said
    assert said.count("None.") == 2


def test_a_failure_is_shown_with_its_sentence(open_page: OpenPage, project: Project) -> None:
    experiment(project, None, "FAILED", "The model can't be loaded. Train again.")
    page = open_page("compare", project.id)
    assert not page.exception
    assert "Train again" in page.error[0].value


def test_many_changed_photos_come_in_pages(open_page: OpenPage, project: Project, recent_apptest: None) -> None:
    runs = train(project, "20260101-000000-aaaa"), train(project, "20260102-000000-bbbb")
    experiment(project, result_of(*runs, fixed=30, drift={}, drift_from_base=[None, None]))
    page = open_page("compare", project.id)
    assert not page.exception
    assert words(page).count("→ cat 80%") == 12


def test_the_tree_shows_the_largest_drift_inside() -> None:
    values = drift_values(tree(), {"one": 0.0, "two": 0.5})
    assert values["layer/two"].text == "50%" and values["layer/one"].text == "0%" and "layer/act" not in values
    assert values["block/block"].share == values["stage/stage"].share == 1.0
    assert [name for name, value in values.items() if value.best] == ["block/block"]


def test_curves_tell_runs_by_color_and_phases_by_a_line() -> None:
    curves = result_of(Run(Path("a")), Run(Path("b")))["curves"]
    figure = compare_curves.figure([curves[0], []], key="x")
    assert len(figure["data"]) == 8 and len(figure["layout"]["shapes"]) == 2
    assert figure["layout"]["shapes"][0]["x0"] == 2.5
    assert len({trace["line"]["color"] for trace in figure["data"]}) == 2
    assert "first trained for 3 epochs" in compare_curves.alternative([curves[0], []])


def test_runs_that_read_alike_are_told_apart(open_page: OpenPage, project: Project, engine: FakeEngine) -> None:
    for name in ("20260101-000000-aaaa", "20260102-000000-bbbb"):
        train(project, name)
    names = run_names(trained_runs(project))
    assert len(set(names.values())) == 2
    assert all(name.endswith(run[-4:]) for run, name in names.items())
