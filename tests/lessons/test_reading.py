"""A lesson as a file: what is written is read again, and whatever is spoilt is refused by step and field, in words."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.errors import ConfigError, StorageError, TransferError
from transfer_core.labs import KINDS
from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.lesson import lab_settings, lesson_labs, lesson_text
from transfer_core.lessons.outcomes import OUTCOMES
from transfer_core.lessons.reading import MOST_BYTES, parse_lesson, read_lesson

OWN = json.loads(lesson_text(HOW_DEEP))
Spoil = Callable[[dict[str, Any]], Any]


def spoilt(spoil: Spoil) -> bytes:
    value = copy.deepcopy(OWN)
    spoil(value)
    return json.dumps(value).encode()


def test_thaws_own_lesson_goes_out_and_in_again(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(lesson_text(HOW_DEEP), "utf-8")
    lesson = read_lesson(tmp_path / "mine.json")
    assert lesson_text(lesson) == lesson_text(HOW_DEEP)
    assert [step.lab for step in lesson.steps] == ["probe", "sanity", "sanity", "sweep", "recipe"]
    assert sum(step.minutes or 0 for step in HOW_DEEP.steps) == HOW_DEEP.minutes == 40


def test_every_step_of_it_has_settings_that_its_lab_takes_and_a_rule_that_can_tell() -> None:
    for step in HOW_DEEP.steps:
        assert lab_settings(step)
        assert isinstance(step.right, str) and OUTCOMES[step.right].lab == step.lab


def test_labs_that_ask_for_a_trained_run_are_no_part_of_a_lesson() -> None:
    assert set(KINDS) - set(lesson_labs()) == {"compare", "evaluate", "stress"}


def test_what_may_be_left_out() -> None:
    step = {"title": "Why?", "ask": "Why?", "choices": ["So", "Else"], "look_for": "!", "explain": "?", "answer": "."}
    lesson = parse_lesson(json.dumps({"format": 1, "title": "A", "minutes": 5, "about": "B", "steps": [step]}).encode())
    (only,) = lesson.steps
    assert (only.lab, only.settings, only.right, only.minutes, only.trouble) == (None, {}, None, None, "")
    assert lesson.aims == lesson.prepare == ()


def test_a_byte_order_mark_that_editors_of_windows_write_is_no_matter() -> None:
    assert parse_lesson(b"\xef\xbb\xbf" + lesson_text(HOW_DEEP).encode()).minutes == 40


def put(name: str, value: Any, step: int | None = None) -> Spoil:
    def spoil(lesson: dict[str, Any]) -> None:
        (lesson if step is None else lesson["steps"][step - 1])[name] = value

    return spoil


def without(name: str, step: int | None = None) -> Spoil:
    return lambda lesson: (lesson if step is None else lesson["steps"][step - 1]).pop(name)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (put("format", 2), "newer version of Thaw (format 2; this one reads up to 1)"),
        (put("format", True), 'The lesson, field "format": true came; expected is the number 1.'),
        (without("format"), 'The lesson has no field "format"; expected is the number 1.'),
        (without("title"), 'The lesson has no field "title"; expected is a text of 1 to 100 characters.'),
        (put("title", 7), 'The lesson, field "title": 7 came; expected is a text'),
        (put("minutes", 0), 'field "minutes": 0 came; expected is a whole number from 1 to 600.'),
        (put("minutes", True), 'field "minutes": true came'),
        (put("about", "  "), 'field "about": "  " came'),
        (put("aims", ["a", 3]), 'field "aims": ["a", 3] came; expected is a list of 0 to 12 texts'),
        (put("steps", []), 'field "steps": [] came; expected is a list of 1 to 20 steps.'),
        (put("steps", {"a": 1}), 'field "steps": {"a": 1} came'),
        (put("stepps", []), 'The lesson has a field "stepps" that lessons do not have; they have format, title'),
        (lambda lesson: lesson["steps"].insert(1, "x"), 'Step 2 is "x"; an object with the fields title, minutes'),
        (without("ask", 3), 'Step 3 has no field "ask"; expected is a text of 1 to 3,000 characters.'),
        (put("ask", "?" * 3001, 3), 'Step 3, field "ask": "????'),
        (put("question", "?", 3), 'Step 3 has a field "question" that lessons do not have'),
        (put("choices", ["one"], 2), 'Step 2, field "choices": ["one"] came; expected is a list of 2 to 6 texts'),
        (put("choices", ["one", "one"], 2), "each another"),
        (put("choices", ["a", "b", "c"], 2), 'Step 2, field "choices": 3 came; the rule sanity.same needs 2.'),
        (put("choices", ["a", "b"], 3), "the rule sanity.worst needs 4"),
        (put("lab", "probes", 1), 'Step 1, field "lab": "probes" came; expected is probe, sweep, sanity, recipe'),
        (put("lab", "compare", 1), 'Step 1, field "lab": "compare" came'),
        (put("lab", ["probe"], 1), 'Step 1, field "lab": ["probe"] came'),
        (put("settings", {"fold": 5}, 1), 'Step 1, field "settings": probe.settings has an unknown key'),
        (put("settings", {"folds": 99}, 1), "The number of folds must be a whole number from 3 to 20; 99 came."),
        (put("settings", {"mistakes": ["typo"]}, 3), "Step 3, field \"settings\": There is no mistake 'typo'"),
        (put("settings", [1], 1), 'Step 1, field "settings": [1] came; expected is an object'),
        (put("lab", None, 3), 'Step 3, field "settings": {"mistakes"'),
        (put("right", 0, 1), 'Step 1, field "right": 0 came; expected is the number of a choice, 1 to 3.'),
        (put("right", 4, 1), 'Step 1, field "right": 4 came'),
        (put("right", True, 1), 'Step 1, field "right": true came'),
        (put("right", "sweep.depth", 1), "expected is the number of a choice, 1 to 3, or probe.third."),
        (put("right", ["probe.third"], 1), 'Step 1, field "right": ["probe.third"] came'),
        (put("minutes", "7", 1), 'Step 1, field "minutes": "7" came'),
        (put("trouble", 3, 1), 'Step 1, field "trouble": 3 came'),
    ],
)
def test_what_is_spoilt_is_named(spoil: Spoil, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_lesson(spoilt(spoil))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not readable JSON"),
        (b'{"format": 1,', "not readable JSON"),
        (b"\xff\xfe\x00", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b"[]", "The lesson is []; an object with the fields"),
        (b" " * (MOST_BYTES + 1), "too large for a lesson"),
    ],
)
def test_what_is_no_lesson_at_all(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(ConfigError) as refused:
        read_lesson(tmp_path / "a.json")
    assert said in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        read_lesson(tmp_path / "none.json")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
lesson_fields = [(name, None) for name in OWN]
step_fields = [(name, number) for number in range(5) for name in OWN["steps"][0]]
setting_fields = [(name, number) for number in range(5) for name in OWN["steps"][number]["settings"]]


@given(st.sampled_from(lesson_fields + step_fields), anything)
def test_any_value_in_any_field_is_taken_or_refused_in_words(place: tuple[str, int | None], value: Any) -> None:
    name, step = place
    data = spoilt(put(name, value, None if step is None else step + 1))
    try:
        assert parse_lesson(data).steps
    except TransferError as error:
        assert str(error).endswith((".", ")")) and "Traceback" not in str(error)


@given(st.sampled_from(setting_fields), anything)
def test_any_value_of_any_setting_is_taken_or_refused_in_words(place: tuple[str, int], value: Any) -> None:
    name, step = place
    try:
        parse_lesson(spoilt(lambda lesson: lesson["steps"][step]["settings"].update({name: value})))
    except ConfigError as error:
        assert str(error).startswith(f"Step {step + 1}, field ")
