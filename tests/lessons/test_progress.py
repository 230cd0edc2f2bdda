"""How far one is in a lesson: a guess before the outcome, which then stands; and what is read back from disk."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.lessons.test_reading import anything
from transfer_core.errors import ConfigError
from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.progress import MOST_WORDS, Progress, StepState, begun, read_progress


def test_a_step_goes_from_guess_to_done() -> None:
    progress = begun(HOW_DEEP)
    assert progress.untouched and progress.steps[0].stage == "guess"
    progress = progress.guessed(0, 2)
    assert not progress.untouched and progress.steps[0].stage == "ready"
    progress = progress.guessed(0, 1).began(0, "an-experiment")
    assert progress.steps[0] == StepState(1, True, "an-experiment", "") and progress.steps[0].stage == "shown"
    assert progress.said(0, "  ").done == 0
    progress = progress.said(0, "Because.").opened(1)
    assert (progress.done, progress.at) == (1, 1)
    assert progress.steps[1:] == begun(HOW_DEEP).steps[1:]


def test_no_outcome_without_a_guess() -> None:
    with pytest.raises(ConfigError, match="Make a guess first"):
        begun(HOW_DEEP).began(0, "an-experiment")


def test_the_guess_stands_once_the_outcome_may_be_seen() -> None:
    progress = begun(HOW_DEEP).guessed(0, 2).began(0, "one")
    with pytest.raises(ConfigError, match="the guess stands"):
        progress.guessed(0, 1)
    assert progress.began(0, "another").steps[0] == StepState(2, True, "another", "")


def test_a_sentence_is_kept_as_far_as_there_is_room() -> None:
    assert len(begun(HOW_DEEP).said(0, "a" * 5000).steps[0].sentence) == MOST_WORDS


def test_only_a_step_that_there_is_can_be_open() -> None:
    assert [begun(HOW_DEEP).opened(step).at for step in (-3, 2, 99)] == [0, 2, 4]


def test_what_is_written_is_read() -> None:
    progress = begun(HOW_DEEP).guessed(3, 0).began(3, "x").said(3, "Why not?").opened(4)
    assert read_progress(HOW_DEEP, json.loads(json.dumps(progress.to_dict()))) == progress


@given(anything, anything, anything)
def test_anything_on_disk_is_read_as_far_as_it_fits(at: Any, step: Any, field: Any) -> None:
    steps = [step, {"guess": field, "shown": field, "experiment": field, "sentence": field}, {}, {"guess": 9}, None]
    found = read_progress(HOW_DEEP, {"at": at, "steps": steps})
    assert isinstance(found, Progress) and len(found.steps) == 5 and 0 <= found.at < 5
    assert all(state.guess is not None or not state.shown for state in found.steps)
    assert found.steps[3].guess is None, "there is no such choice"


def test_the_progress_of_another_lesson_counts_as_none() -> None:
    assert read_progress(HOW_DEEP, {"at": 1, "steps": [{"guess": 0}]}) == begun(HOW_DEEP)
    assert read_progress(HOW_DEEP, None) == begun(HOW_DEEP)
