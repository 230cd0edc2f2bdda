"""The fair order of waiting runs, and what a worker's end means in words."""

import signal
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.jobs.process import exit_words
from transfer_core.jobs.queue import FairQueue, fair_order, owner
from transfer_core.runs.folder import Run

PROJECTS = "abcde"
waiting_lines = st.text(PROJECTS, max_size=25).map(lambda text: list(zip(text, range(len(text)), strict=True)))
turns = st.text(PROJECTS, max_size=10).map(list)


@given(waiting_lines, turns)
def test_everyone_starts_once_and_in_order_of_arrival_within_a_project(waiting, served):
    order = fair_order(waiting, served)
    assert sorted(order) == [item for _, item in waiting]
    project = {item: name for name, item in waiting}
    for name in PROJECTS:
        own = [item for item in order if project[item] == name]
        assert own == sorted(own)


@given(waiting_lines, turns)
def test_nobody_gets_a_second_turn_before_all_who_wait_had_one(waiting, served):
    project = {item: name for name, item in waiting}
    order = fair_order(waiting, served)
    had: Counter[str] = Counter()
    for number, item in enumerate(order):
        still_waiting = {project[other] for other in order[number:]}
        assert had[project[item]] == min(had[name] for name in still_waiting)
        had[project[item]] += 1


@given(waiting_lines, turns)
def test_taking_the_first_leaves_the_order_of_the_rest(waiting, served):
    order = fair_order(waiting, served)
    for count in range(len(order)):
        assert fair_order(waiting, served) == order[count:]
        first = next(pair for pair in waiting if pair[1] == order[count])
        waiting = [pair for pair in waiting if pair != first]
        served = [*served, first[0]]


def test_who_was_served_last_goes_last():
    waiting = [("a", "a1"), ("a", "a2"), ("b", "b1"), ("c", "c1")]
    assert fair_order(waiting) == ["a1", "b1", "c1", "a2"]
    assert fair_order(waiting, ["c", "b", "a"]) == ["c1", "b1", "a1", "a2"]


def test_queue_tells_places_and_lets_go():
    a1, a2, b1 = (Run(Path("/home") / project / "runs" / name) for project, name in ("a1", "a2", "b1"))
    queue = FairQueue()
    for run in (a1, a2, b1, a1):
        queue.add(run)
    assert [queue.position(run) for run in (a1, b1, a2)] == [1, 2, 3]
    queue.take(a1)
    assert queue.order() == [b1, a2]
    queue.remove(b1)
    assert queue.position(b1) == 0 and b1 not in queue and a2 in queue


def test_people_take_turns_however_many_projects_they_have():
    def run(person: str, project: str, name: str) -> Run:
        return Run(Path("/room/seats") / person / "projects" / project / "runs" / name)

    greedy = [run("001", f"p{project}", f"{project}{turn}") for turn in range(2) for project in range(4)]
    late, later = run("002", "mine", "b"), run("003", "mine", "c")
    queue = FairQueue()
    for one in (*greedy, late, later):
        queue.add(one)
    assert queue.order()[:3] == [greedy[0], late, later]
    assert queue.of(owner(late)) == 1 and queue.of(owner(greedy[0])) == 8
    begun = []
    while queue.order():
        begun.append(queue.order()[0])
        queue.take(begun[-1])
        if len(begun) == 4:
            queue.add(again := run("002", "mine", "b2"))  # whoever comes back waits for one run of the other, not seven
    assert begun[:3] == [greedy[0], late, later] and begun.index(again) <= 5
    assert [one.path.parent.parent.name for one in begun if owner(one).name == "001"][:4] == ["p0", "p1", "p2", "p3"]


def test_exit_words_are_for_the_person_and_name_what_a_report_needs():
    outside, words = exit_words(-signal.SIGKILL)
    assert outside and "memory" in str(words) and "SIG" not in str(words)
    outside, words = exit_words(-signal.SIGTERM)
    assert outside and "shut down" in str(words) and "SIG" not in str(words)
    outside, words = exit_words(-signal.SIGSEGV)
    assert not outside and "crashed" in str(words) and "SIGSEGV" in str(words)
    outside, words = exit_words(3)
    assert not outside and "exit code 3" in str(words)


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [("", 3, ""), ("one\ntwo\n", 3, "one\ntwo"), ("x" * 9999 + "\nzwei ä\ndrei\n", 2, "zwei ä\ndrei")],
)
def test_log_tail(tmp_path, text, lines, expected):
    run = Run(tmp_path)
    assert run.log_tail() == ""
    run.log_path.write_text(text, "utf-8")
    assert run.log_tail(lines) == expected
