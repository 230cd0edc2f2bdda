"""Stress test: what is said of the figures, which photos are taken, and the lab on a toy run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labs.evaluate.test_evaluate import manifest, photo
from tests.labs.test_conclusions import one_sentence
from tests.support import workspace
from tests.toys import trained
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.errors import ConfigError, RunError
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.labs.stress import terminal
from transfer_core.labs.stress.settings import Settings, drawn, photos_of
from transfer_core.labs.stress.verdict import NAMES, conclude, how_sure, measured, suffers
from transfer_core.nn.training.run import train
from transfer_core.photos.changes import CHANGES, STRENGTHS
from transfer_core.runs.config import PhaseConfig
from transfer_core.runs.folder import Run
from transfer_core.text import stored


def found(before: int, middle: dict[str, int], photos: int = 100) -> dict[str, Any]:
    changes = {
        name: [measured(strength, middle.get(name, before), photos) for strength in range(1, STRENGTHS + 1)]
        for name in CHANGES
    }
    return {"photos": photos, "as_they_are": measured(0, before, photos), "changes": changes}


@given(st.integers(0, 100), st.dictionaries(st.sampled_from(sorted(CHANGES)), st.integers(0, 100)))
def test_what_suffers_is_named_and_only_that(before: int, middle: dict[str, int]) -> None:
    value = found(before, middle)
    worst = suffers(value)
    words = one_sentence(conclude(value))
    assert set(worst) == {name for name, right in middle.items() if right / 100 < value["as_they_are"]["interval"][0]}
    assert ("suffers most" in words) == bool(worst)
    if worst:
        assert middle[worst[0]] == min(middle[name] for name in worst) and str(NAMES[worst[0]]) in words
    json.dumps(stored(value | {"how_sure": how_sure(value)}))


def test_what_would_help_is_said_where_there_is_something() -> None:
    said = str(how_sure(found(90, {"turned": 20, "noisy": 30})))
    assert "augmentation that turns photos" in said and "If the photos it will be shown are noisy" in said
    calm = str(how_sure(found(90, {})))
    assert "would help" not in calm and "either way" in calm
    assert set(NAMES) == set(CHANGES)


def test_test_photos_go_first_and_each_class_has_its_share(toy_run: Callable[..., Run]) -> None:
    ours = [photo(number, "train", number % 2) for number in range(8)]
    checked = [photo(number, "validation", number % 2) for number in range(20, 26)]
    kept = [photo(number, "test", number % 2) for number in range(40, 44)]
    with_test = trained(toy_run(manifest=manifest(*ours, *checked, *kept)))
    assert photos_of(Settings(str(with_test.path))).on == "test"
    assert len(photos_of(Settings(str(with_test.path))).photos) == 4
    new = manifest(*(photo(number, "test", number % 2) for number in range(60, 63)))
    assert len(photos_of(Settings(str(with_test.path)), new).photos) == 3
    many = [photo(number, "test", int(number % 10 == 0)) for number in range(100)]
    some = drawn(many, 20, 0)
    assert [sum(one.label == label for one in some) for label in (0, 1)] == [18, 2]
    assert drawn(many, 100, 0) == many and drawn(many[::-1], 20, 0) == [one for one in many[::-1] if one in some]
    with pytest.raises(ConfigError, match="above 0"):
        Settings("/runs/a", 0)
    with pytest.raises(RunError):
        photos_of(Settings("/runs/none"))


def test_the_lab_and_the_command(toy_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]) -> None:
    run = toy_run(head=PhaseConfig(10, 3e-2))
    assert train(workspace(), run, lambda event: None)
    value = api.experiment(ExperimentConfig("stress", Settings(str(run.path))))
    checked = len(run.manifest().of("validation"))
    assert value["photos"] == checked and value["on"] == "validation" and set(value["changes"]) == set(CHANGES)
    report = run.report()
    assert report is not None and value["as_they_are"]["accuracy"] == report["val_accuracy"]
    for steps in value["changes"].values():
        assert [one["strength"] for one in steps] == [1, 2, 3, 4, 5]
        assert all(one["accuracy"] == one["right"] / checked and len(one["interval"]) == 2 for one in steps)
    assert Path(value["example"]["path"]).is_file() and value["conclusion"] in (str(conclude(value)),)
    main(["stress", str(run.path), "--json"])
    again = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert again["changes"] == value["changes"], "the same photos and seed, the same changes"
    assert "Right at strengths 1 to 5" in terminal.table(value)
