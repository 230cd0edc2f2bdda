"""The recipe's page: settings, results complete or not, and the photos behind a rising loss."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.labs.recipe.chart import COLORS, drift_figure, losses_figure, variants_figure
from pages.labs.recipe.loss_vs_accuracy import rising_words
from pages.ui import services
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import BASE, toy_experiment, toy_project, words
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config, list_experiments
from transfer_core.labs.recipe.settings import BOOK, LEAST_EPOCHS, VARIANTS, Settings
from transfer_core.labs.recipe.wording import conclude, findings, how_sure
from transfer_core.runs.config import fine_tuning_rate
from transfer_core.runs.folder import Run, State

Open = Callable[[str, str], AppTest]


@pytest.fixture
def project(app: AppTest, engine: FakeEngine, jpeg: Callable[[int], bytes]) -> Project:
    """Sixty photos: enough to compare."""
    made = toy_project(jpeg)
    services.store(made).import_files(
        [(f"{name}/more{n}.jpg", jpeg(n + at)) for at, name in ((30, "cat"), (140, "dog")) for n in range(20)]
    )
    return made


def epoch(number: int, val_loss: float, drift: float = 0.0) -> dict[str, float]:
    return {"epoch": number, "loss": 0.1, "accuracy": 1.0, "val_loss": val_loss, "val_accuracy": 0.5, "drift": drift}


def variant(name: str) -> dict[str, Any]:
    drift = 0.0 if not VARIANTS[name].rate else 0.00093
    value = {
        "val_accuracy": 0.5,
        "interval": [0.2, 0.8],
        "val_loss": 1.1,
        "base_drift": drift,
        "start": {"val_loss": 30.0, "val_accuracy": 0.1},
        "epochs": [epoch(1, 0.9), epoch(2, 1.1, drift)],
        "diverged": name == "skipped_fast",
        "right": [1, 0, 1, 0],
        "seconds": 48.9,
        "learning_rate": 1e-5,
    }
    return value if not VARIANTS[name].rate else value | {"first_gradient": 2.0, "base_parameters": 10}


RISING: dict[str, Any] = {
    "variant": "fine_tuned",
    "accuracy_gain": 0.25,
    "loss_gain": 0.2,
    "earlier": epoch(1, 0.9),
    "later": epoch(2, 1.1) | {"val_accuracy": 0.75},
    "before": [0.1, 0.2, 0.1, 3.2],
    "after": [0.0, 0.1, 0.0, 4.3],
    "needed": 1,
    "rest": [0.133, 0.033],
    "photos": [
        {"photo": "cat/[x]*1.jpg", "path": "/gone.jpg", "sha256": "0" * 64, "truth": "cat", "answer": "a" * 60}
        | {"certainty": 0.99, "before": 3.2, "after": 4.3}
    ],
}


def recipe_of(project: Project, state: State, names: tuple[str, ...], rising: dict[str, Any] | None = RISING) -> Run:
    """A recipe on disk, as it stands in `state`."""
    variants = {name: variant(name) for name in names}
    result = {
        "variants": variants,
        "stages": {},
        "reused": ["features"],
        "rising": rising,
        "photos": {"train": 16, "validation": 4, "classes": 2},
        "unfrozen": ["block2a", "block2b"],
        "book": BOOK,
        "findings": findings(variants),
        "conclusion": conclude(variants),
        "how_sure": how_sure(variants),
    }
    message = "The disk is full." * (state == "FAILED")
    return toy_experiment(project, "recipe", Settings(), result if names else None, state, message)


def shown(open_page: Open, project: Project) -> AppTest:
    page = open_page("recipe", project.id)
    assert not page.exception
    return page


def test_it_starts_with_the_settings_given(open_page: Open, project: Project) -> None:
    page = shown(open_page, project)
    assert "Nothing has been tried here yet." in words(page) and "Takes about" in words(page)
    page.multiselect(key="recipe_variants").set_value(["augmented", "skipped"])
    page.number_input(key="recipe_head_epochs").set_value(7)
    page.selectbox(key=f"recipe_block_{BASE}").set_value("block2b").run()
    page.button(key="start_lab").click().run()
    assert not page.exception
    (run,) = list_experiments(project.experiments_dir, "recipe")
    settings = experiment_config(run).settings
    rate = fine_tuning_rate(len(run.manifest().of("train")))
    assert settings == Settings(("augmented", "skipped"), 7, fine_tune_rate=rate, train_from="block2b")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [("recipe_variants", [], "Choose at least one"), ("recipe_batch_size", 5000, "5000 came")],
)
def test_bad_settings_are_told_beside_the_button(
    open_page: Open, project: Project, key: str, value: Any, expected: str
) -> None:
    page = shown(open_page, project)
    kind = page.multiselect if isinstance(value, list) else page.number_input
    kind(key=key).set_value(value).run()
    assert expected in words(page) and page.button(key="start_lab").disabled


def test_no_fewer_epochs_can_be_chosen_than_make_a_curve(open_page: Open, project: Project) -> None:
    page = shown(open_page, project)
    for phase in ("head", "fine_tune", "scratch"):
        assert page.number_input(key=f"recipe_{phase}_epochs").min == LEAST_EPOCHS


def test_the_drift_has_figures_at_its_axis_and_begins_before_the_first_epoch() -> None:
    layout = drift_figure({"fine_tuned": variant("fine_tuned")}, "run")["layout"]
    assert layout["yaxis"]["type"] == "log" and layout["yaxis"]["dtick"] == "D2", "several figures within a decade"
    assert layout["xaxis"]["range"][0] < 0 < layout["xaxis"]["range"][1]


@pytest.mark.parametrize("drifts", [(0.00030, 0.00037), (0.0006, 0.04), (0.05, 0.05), (0.0, 0.0)])
def test_a_figure_stands_at_both_ends_of_the_drift(drifts: tuple[float, float]) -> None:
    moved = variant("fine_tuned") | {"epochs": [epoch(1, 0.9, drifts[0]), epoch(2, 1.1, drifts[1])]}
    low, high = drift_figure({"fine_tuned": moved}, "run")["layout"]["yaxis"]["range"]
    ticks = [step * 10.0**power for power in range(-6, 1) for step in (1, 2, 5)]
    assert sum(low <= math.log10(tick) <= high for tick in ticks) >= 1 + (drifts[0] < drifts[1])
    assert all(low <= math.log10(drift) <= high for drift in drifts if drift)


def test_too_few_photos_are_told(
    app: AppTest, engine: FakeEngine, open_page: Open, jpeg: Callable[[int], bytes]
) -> None:
    page = shown(open_page, toy_project(jpeg))
    assert "at least 10 photos to check, and there are 4" in words(page) and page.button(key="start_lab").disabled


def test_a_complete_result_stands_side_by_side(open_page: Open, project: Project) -> None:
    recipe_of(project, "FINISHED", tuple(VARIANTS))
    page = shown(open_page, project)
    said = words(page)
    assert all(f"**{one.title}**" in said for one in VARIANTS.values())
    assert "49 s · base moved 0.093%" in said and "base unchanged" in said
    assert "96.8% in Chollet's book" in said and "Chollet's own" in said
    assert "Some features lay ready" in said and "no longer a number" in said
    assert "Without this photo (of 4) it would not have" in said
    assert "cat/\\[x\\]\\*1.jpg" in said and "99% sure" in said
    assert "How sure is that?" in said and "Right on new photos" in said
    assert "right before" in page.success[0].value


@pytest.mark.parametrize("state", ["RUNNING", "STOPPED", "INTERRUPTED", "FAILED"])
@pytest.mark.parametrize("names", [(), ("feature_extraction",), ("skipped", "from_scratch")])
def test_what_was_found_so_far_is_shown(open_page: Open, project: Project, state: str, names: tuple[str, ...]) -> None:
    recipe_of(project, state, names, rising=None)
    said = words(shown(open_page, project))
    assert ("did not happen in this experiment" in said) is bool(names)
    assert ("The disk is full." in said) is (state == "FAILED")


def test_the_words_of_a_rise_do_not_blame_few_photos_when_it_was_many() -> None:
    assert "not just a few: 3 of 4" in rising_words(RISING | {"needed": 3})
    assert "stayed as it was" in rising_words(RISING | {"accuracy_gain": 0.0})


def test_charts_start_before_the_first_step_and_lines_differ() -> None:
    figure = variants_figure({name: variant(name) for name in VARIANTS}, "val_loss", "run")
    assert all(line["y"] == [30.0, 0.9, 1.1] for line in figure["data"])
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert len(set(COLORS.values())) == len(COLORS) == len(VARIANTS)
    drift = variants_figure({"skipped": variant("skipped")}, "drift", "run")
    assert drift["data"][0]["y"] == [None, None, 0.00093]


@pytest.mark.parametrize("losses", [[0.0, 0.0], [87.3, 0.2], [0.25, 0.5]])
def test_every_photo_is_in_a_bar(losses: list[float]) -> None:
    bars = losses_figure(RISING | {"before": losses, "after": losses[::-1]}, "run")["data"]
    assert [sum(bar["y"]) for bar in bars] == [2, 2]
    assert all(a < b for a, b in itertools.pairwise(bars[0]["x"]))
