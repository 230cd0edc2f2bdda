"""A run has one figure: the most honest there is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pages.jobs.figure_words import figure_sentence
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig
from transfer_core.runs.figure import Figure, forget_out_of_fold, keep_out_of_fold, run_figure
from transfer_core.runs.folder import Run, create_run


def found(right: int, wrong: int, low: float = 0.5, high: float = 0.9) -> dict[str, Any]:
    confusion = [[right, wrong], [0, 0]]
    return {"accuracy": right / (right + wrong), "interval": [low, high], "confusion": confusion, "folds": 10}


REPORT = {"val_accuracy": 0.8, "val_interval": [0.5, 0.9], "classes": ["blue", "red"], "validation": found(8, 2)}


@pytest.fixture
def run(tmp_path: Path, toy_manifest: Callable[..., Manifest]) -> Run:
    return create_run(tmp_path / "run", RunConfig(), toy_manifest(20, 4))


def test_the_validation_photos_where_there_is_nothing_better(run: Run) -> None:
    figure = run_figure(run, REPORT)
    assert figure == Figure("validation", 0.8, 10, 0.5, 0.9, ("red",))
    assert figure.right == 8 and not figure.honest


def test_what_was_learned_in_other_words_is_told(run: Run) -> None:
    figure = run_figure(run, REPORT | {"test": found(6, 4), "leaked": {"validation": 1, "test": 3}})
    assert figure is not None and figure.leaked == 3
    assert "But 3 of these photos show the same as some it learned from, or nearly" in str(figure_sentence(figure))
    assert "But" not in str(figure_sentence(replace(figure, leaked=0)))


def test_out_of_fold_where_that_was_measured_until_the_run_trains_on(run: Run) -> None:
    keep_out_of_fold(run, found(70, 30) | {"answers": []}, REPORT)
    figure = run_figure(run, REPORT)
    assert figure is not None and (figure.on, figure.right, figure.photos, figure.honest) == ("folds", 70, 100, True)
    forget_out_of_fold(run)
    forget_out_of_fold(run)
    assert run_figure(run, REPORT) == Figure("validation", 0.8, 10, 0.5, 0.9, ("red",))


def test_what_was_measured_before_the_run_trained_on_is_not_its_figure(run: Run) -> None:
    keep_out_of_fold(run, found(70, 30), REPORT | {"history": [{}] * 3})
    later, same = (run_figure(run, REPORT | {"history": [{}] * epochs}) for epochs in (5, 3))
    assert later is not None and same is not None and (later.on, same.on) == ("validation", "folds")


def test_test_photos_before_all(run: Run) -> None:
    keep_out_of_fold(run, found(70, 30), REPORT)
    figure = run_figure(run, REPORT | {"test": found(6, 4)})
    assert figure is not None and (figure.on, figure.right) == ("test", 6)


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"accuracy": 1}'])
def test_a_damaged_measurement_is_none(run: Run, damaged: str) -> None:
    (run.path / "out_of_fold.json").write_text(damaged)
    figure = run_figure(run, REPORT)
    assert figure is not None and figure.on == "validation"


def test_a_run_without_a_model_has_none(run: Run) -> None:
    assert run_figure(run, None) is None and run_figure(run, {"stopped": True}) is None


def test_a_report_of_an_earlier_version_is_read(run: Run) -> None:
    figure = run_figure(run, {"val_accuracy": 0.75})
    assert figure is not None and figure.photos == len(run.manifest().of("validation"))
    assert figure.low < 0.75 < figure.high
