"""Events go to JSON lines and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.errors import RunError
from transfer_core.runs.events import EpochEnded, Event, Message, PhaseStarted, Progress, from_dict, to_dict
from transfer_core.text import Sentence

seconds = st.floats(0, 1e9)
sentences = st.builds(lambda text, name: Sentence(text, name=name), st.text(max_size=9), st.text())
phases: Any = st.sampled_from(["prepare", "features", "head", "fine-tune", "finish"])
all_events = st.one_of(
    st.builds(PhaseStarted, phases, st.integers(0, 999), seconds),
    st.builds(Progress, phases, sentences, st.integers(0), st.integers(0), st.none() | seconds, seconds),
    st.builds(
        EpochEnded,
        phases,
        st.integers(1),
        st.dictionaries(st.text(max_size=9), st.floats(allow_nan=False)),
        seconds,
        seconds,
        st.none() | seconds,
        seconds,
    ),
    st.builds(Message, sentences, st.sampled_from(["info", "warning"]), seconds),
)


@given(all_events)
def test_come_back_as_they_went(event: Event) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(event)))) == event


LINES = [{"event": "Unknown"}, {"event": "Message"}, {"text": "x"}, {"event": "Message", "x": 1}]


@pytest.mark.parametrize("line", LINES)
def test_an_unknown_line_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="not a known event"):
        from_dict(line)


def test_words_of_earlier_versions_are_sentences_too() -> None:
    """They stored plain strings, in which a brace is a brace."""
    event = from_dict({"event": "Message", "text": "The set {x} is odd.", "time": 1.0})
    assert isinstance(event, Message) and str(event.text) == "The set {x} is odd."
    assert from_dict(json.loads(json.dumps(to_dict(event)))) == event
