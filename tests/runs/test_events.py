"""Events go to JSON lines and back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.disk.files import append_line
from transfer_core.errors import RunError
from transfer_core.runs import events as log_module
from transfer_core.runs.events import EpochEnded, Event, EventLog, Message, PhaseStarted, Progress, from_dict, to_dict
from transfer_core.runs.folder import Run
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


def test_a_log_is_read_on_from_where_the_last_look_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, parsed = tmp_path / "events.jsonl", []
    lines = [json.dumps(to_dict(Message(Sentence("{n}", n=n)))).encode() + b"\n" for n in range(6)]
    monkeypatch.setattr(log_module, "from_dict", lambda value: parsed.append(value) or from_dict(value))
    log = EventLog(path)

    def said() -> list[str]:
        return [str(event.text) for event in log.read() if isinstance(event, Message)]

    assert said() == []
    path.write_bytes(lines[0] + lines[1] + lines[2][:9])  # the third is still being written
    assert said() == ["0", "1"] and len(parsed) == 2
    assert said() == ["0", "1"] and len(parsed) == 2
    with path.open("ab") as file:
        file.write(lines[2][9:] + b"\n" + lines[3])
    assert said() == ["0", "1", "2", "3"] and len(parsed) == 4


def test_a_log_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    """As a run does that goes on from a checkpoint; the new file may be as long as the old one, or longer."""
    run = Run(tmp_path)
    log = EventLog(run.events_path)
    with run.events_path.open("ab") as file:
        for epoch in (1, 2, 3):
            append_line(file, to_dict(EpochEnded("head", epoch, {}, 1.0, 1.0)))
    assert [event.epoch for event in log.read() if isinstance(event, EpochEnded)] == [1, 2, 3]
    run.rewind(2)
    with run.events_path.open("ab") as file:
        append_line(file, to_dict(EpochEnded("head", 3, {"loss": 0.5}, 1.0, 1.0)))
    again = [event for event in log.read() if isinstance(event, EpochEnded)]
    assert [event.epoch for event in again] == [1, 2, 3] and again[-1].metrics == {"loss": 0.5}
    run.events_path.unlink()
    assert log.read() == []
