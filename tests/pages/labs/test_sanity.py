"""Frozen or not: settings and what is missing for them, and a result drawn, complete or not."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.labs.sanity.chart import STYLES, alternative, legend, sanity_figure
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_experiment, words
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config, list_experiments, write_result
from transfer_core.labs.sanity.mistakes import MISTAKES, BaseFacts, explained
from transfer_core.labs.sanity.settings import Settings, compared
from transfer_core.labs.sanity.wording import conclude, how_sure
from transfer_core.runs.folder import Run, State

Open = Callable[[str, str], AppTest]
FACTS = BaseFacts("EfficientNet-Lite0", "lite", 49, 0, top=True)


def training(loss: float, right: int = 8) -> dict[str, Any]:
    """What a training of three epochs leaves: `right` of eight photos."""
    curves = {"loss": [0.9, 0.7, loss], "val_loss": [0.8, 0.7, loss + 0.1]}
    shares = [0.5, 0.75, right / 8]
    hits = [number < right for number in range(8)]
    logits = [[loss, -loss]] * 8
    found = {"curves": curves | {"accuracy": shares, "val_accuracy": shares}, "logits": logits, "hits": hits}
    return found | {"diverged": False, "seconds": 4.0}


SAVED = training(0.4)


def found(frozen: float = 0.4, **mistakes: dict[str, Any]) -> dict[str, Any]:
    """A result as the experiment keeps it."""
    result: dict[str, Any] = {
        "base": "efficientnet-lite0",
        "facts": FACTS.__dict__,
        "photos": {"train": 8, "validation": 8},
        "epochs": 3,
        "batch_size": 1,
        "optimizer": "rmsprop",
        "bottleneck": SAVED | compared(SAVED, SAVED),
        "frozen": training(frozen) | compared(training(frozen), SAVED),
        "variants": {},
    }
    for name, value in mistakes.items():
        figures = value | compared(value, SAVED)
        because = explained(name, FACTS, agrees=figures["agrees"], dropout=0.8, batch_size=1)
        result["variants"][name] = figures | because
    for key in ("max_loss_difference", "max_logit_difference"):
        result[key] = result["frozen"][key]
    return result | {"conclusion": conclude(result), "how_sure": how_sure(result)}


def experiment(project: Project, result: dict[str, Any], state: State = "FINISHED", message: str = "") -> Run:
    return toy_experiment(project, "sanity", Settings(), result, state, message)


def test_the_settings_fit_the_photos_and_start(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("sanity", project.id)
    assert not page.exception
    assert "Photos go through the base" in words(page)
    page.button(key="start_lab").click().run()
    (run,) = list_experiments(project.experiments_dir)
    settings = experiment_config(run).settings
    # Twenty photos: 16 to learn from, 4 to check on, which is less than is usual.
    assert (settings.photos, settings.validation) == (16, 4) and engine.started == [run]
    assert settings.mistakes == tuple(mistake.name for mistake in MISTAKES)


def test_too_few_photos_are_told_with_how_many_are_needed(project: Project, open_page: Open) -> None:
    page = open_page("sanity", project.id)
    page.number_input(key="sanity_photos").set_value(40).run()
    assert "40 photos to learn from are needed, and there are 16. Add 24, or ask for 16 or fewer." in words(page)
    assert page.button(key="start_lab").disabled
    page.number_input(key="sanity_photos").set_value(1).run()
    assert "at least 2 are needed, one of each class" in words(page)


def test_equality_and_mistakes_are_drawn(project: Project, open_page: Open) -> None:
    result = found(dropout=training(0.65, 3), batch_norm=training(1.4, 0), overruled=SAVED)
    experiment(project, result)
    page = open_page("sanity", project.id)
    assert not page.exception
    assert "Equal to the last bit" in words(page)
    said = words(page)
    assert "is equal to the last bit. 2 of 3 classic mistakes break this" in said
    assert "loss up to 0.25 apart" in said and "loss up to 1 apart" in said and ":green-badge" in said
    assert "no dropout inside, and frozen BatchNormalization stays as it is" in said
    assert "8 more wrong and 0 more right: more than chance would do (p = 0.0078)" in said
    assert "5 more wrong and 0 more right: which may be chance with so few photos" in said
    # The line that mends it, for those that need one.
    assert [code.value for code in page.code] == [str(MISTAKES[0].mend), str(MISTAKES[1].mend)]


def test_what_is_not_equal_is_said_to_be_so(project: Project, open_page: Open) -> None:
    experiment(project, found(frozen=0.6))
    page = open_page("sanity", project.id)
    assert "Not equal" in words(page) and "something in this base depends on more than the photo" in words(page)


def test_a_partial_result_shows_the_training_under_way(project: Project, open_page: Open) -> None:
    part = found()
    running = {"name": "scaling", "title": "wrong scaling of the input", "curves": training(0.5)["curves"]}
    experiment(project, part | {"running": running}, "STOPPED")
    page = open_page("sanity", project.id)
    assert not page.exception and page.button(key="continue_lab")
    assert any("scaling" in part.proto.body for part in page.get("html")) and not page.code  # type: ignore[attr-defined]


def test_nothing_yet_failed_and_lost(project: Project, open_page: Open) -> None:
    run = experiment(
        project, {"variants": {}, "max_loss_difference": None, "max_logit_difference": None}, "FAILED", "No."
    )
    page = open_page("sanity", project.id)
    assert not page.exception and "No." in words(page) and "The first curves come" in words(page)
    lost = training(0.4) | {"diverged": True, "logits": [], "curves": {name: [] for name in SAVED["curves"]}}
    write_result(run, found(softmax=lost), complete=True)
    page.run()
    assert not page.exception and "the loss was lost" in words(page)


def test_every_training_has_a_look_of_its_own() -> None:
    assert set(STYLES) == {"bottleneck", "frozen", *(mistake.name for mistake in MISTAKES)}
    assert len({style.color for style in STYLES.values()}) == len({style.dash for style in STYLES.values()}) == 9


def test_the_figure_draws_what_is_chosen() -> None:
    curves = {"bottleneck": SAVED["curves"], "dropout": training(0.7)["curves"]}
    figure = sanity_figure(curves, "new", epochs=3, key="run")
    assert [(trace["name"], trace["xaxis"], trace["y"][-1]) for trace in figure["data"]] == [
        ("saved features", "x", 0.5),
        ("dropout", "x", pytest.approx(0.8)),
        ("saved features", "x2", 1.0),
        ("dropout", "x2", 1.0),
    ]
    assert figure["data"][1]["line"]["dash"] == "2px,4px" and figure["layout"]["uirevision"] == "run"
    assert "dropout ends at loss 0.70 and accuracy 100%" in alternative(curves, "learned")
    dotted, solid = legend(["dropout"]), legend(["bottleneck"])
    assert "#8e63ce 0px 2px,transparent 2px 6px)" in dotted and "gradient" not in solid
