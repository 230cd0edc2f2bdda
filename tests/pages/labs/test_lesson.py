"""The lesson's page: a guess before the experiment, the guess beside the outcome, and what is kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.labs.lesson.running import begin_step
from pages.labs.lesson.state import change, kept
from pages.ui.paths import page_path
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_experiment, words
from tests.support import ROOT, workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError
from transfer_core.labs.experiment import experiment_config, list_experiments, write_result
from transfer_core.labs.probe.settings import Settings as Probe
from transfer_core.labs.sanity.settings import Settings as Sanity
from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.lesson import lesson_text
from transfer_core.lessons.progress import StepState, begun
from transfer_core.runs.folder import Recorder, Run
from transfer_core.text import Sentence

Open = Callable[[str, str], AppTest]
EQUAL = {
    "max_loss_difference": 0.0,
    "max_logit_difference": 0.0,
    "conclusion": Sentence("Saved features and a frozen base learn exactly the same."),
}


def guess_of(page: AppTest, project: Project, step: int) -> Any:
    return page.radio(key=f"lesson_guess_{project.id}_{step}")


def sentence_of(page: AppTest, project: Project, step: int) -> Any:
    return page.text_area(key=f"lesson_sentence_{project.id}_{step}")


def begin(page: AppTest, project: Project, step: int, choice: int) -> Run:
    """Guess and start; the experiment then waits."""
    if step:
        page.button(key=f"open_step_{step}").click().run()
    guess_of(page, project, step).set_value(choice).run()
    page.button(key="start_step").click().run()
    assert not page.exception and not page.error
    return list_experiments(project.experiments_dir)[0]


def end(run: Run, result: dict[str, Any]) -> None:
    write_result(run, result, complete=True)
    Recorder(run, pid=1).end("FINISHED")


def test_a_guess_is_asked_for_before_the_experiment(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    assert not page.exception
    assert page.button(key="start_step").disabled and "Guess first" in words(page)
    assert "Where does the curve rise" not in words(page), "what to look for would tell what comes"
    guess_of(page, project, 0).set_value(2).run()
    assert not page.button(key="start_step").disabled
    page.button(key="start_step").click().run()
    (run,) = engine.started
    config = experiment_config(run)
    assert (config.kind, config.settings, config.data.source) == ("probe", Probe(), project.id)
    assert "Waiting" in words(page) or page.get("progress")
    assert not page.radio and "- **Only in the last third: it takes whole things** (your guess)" in words(page)
    assert kept(project).progress.steps[0] == StepState(2, True, run.id)


def test_settings_are_fitted_to_the_photos(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    run = begin(page, project, 1, 0)
    settings = experiment_config(run).settings
    # Of twenty photos 16 are there to learn from and 4 to check on; the lesson asks for 24 and 12.
    assert settings == Sanity(mistakes=(), photos=16, validation=4, epochs=10)


def test_photos_too_few_for_a_step_are_told_as_its_lab_tells_them(
    project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page("lesson", project.id)
    page.button(key="open_step_4").click().run()
    guess_of(page, project, 4).set_value(1).run()
    assert "The recipe needs at least 10 photos to check, and there are 4" in words(page)
    assert page.button(key="start_step").disabled and not engine.started


def test_the_guess_stands_beside_the_outcome_and_a_sentence_is_kept(
    project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page("lesson", project.id)
    end(begin(page, project, 1, 1), EQUAL)
    page.run()
    said = words(page)
    assert "**No: the curves will part, because in way B the whole network takes part**" in said
    assert "**Saved features and a frozen base learn exactly the same.**" in said
    assert "It came out otherwise: Yes: every loss and every answer will be the same" in said
    assert "Do the two curves lie over each other?" in said
    sentence_of(page, project, 1).set_value("It is one calculation.")
    page.button(key="next_step").click().run()
    assert kept(project).progress.at == 2
    page.button(key="open_step_1").click().run()
    assert sentence_of(page, project, 1).value == "It is one calculation."
    assert "1 of 5 steps done" in page.get("progress")[0].proto.text


def test_a_guess_that_came_true_is_told(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    end(begin(page, project, 1, 0), EQUAL)
    assert "Your guess came true." in words(page.run())


def test_no_way_on_without_a_sentence(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    end(begin(page, project, 1, 0), EQUAL)
    page.run()
    page.button(key="next_step").click().run()
    assert kept(project).progress.at == 1 and "Write your sentence first" in words(page)


def test_a_refresh_finds_it_all(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    end(begin(page, project, 1, 1), EQUAL)
    page.run()
    sentence_of(page, project, 1).set_value("So it is.").run()
    fresh = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    fresh.switch_page(page_path("lesson"))
    fresh.query_params["project"] = project.id
    fresh.run()
    assert not fresh.exception and sentence_of(fresh, project, 1).value == "So it is."
    assert "in way B the whole network takes part** (your guess)" in words(fresh)
    assert "It came out otherwise" in words(fresh)


def test_what_another_tab_has_done_since_counts(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    guess_of(page, project, 0).set_value(0).run()
    change(project, lambda progress: progress.guessed(0, 2).began(0, "gone").said(0, "Elsewhere."))
    page.run()
    assert not page.radio and "- **Only in the last third: it takes whole things** (your guess)" in words(page)
    assert sentence_of(page, project, 0).value == "Elsewhere."


def test_a_deleted_experiment_is_run_again_and_the_guess_stands(
    project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page("lesson", project.id)
    run = begin(page, project, 1, 1)
    end(run, EQUAL)
    project.delete_job(run.path)
    page.run()
    assert not page.exception and "was deleted. Run it again" in words(page)
    page.button(key="start_step").click().run()
    state = kept(project).progress.steps[1]
    assert (state.guess, state.experiment) == (1, engine.started[-1].id) and state.experiment != run.id


def test_one_that_failed_says_why_and_is_tried_again(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    run = begin(page, project, 1, 1)
    Recorder(run, pid=1).update(state="FAILED", message=Sentence("The disk is full."))
    page.run()
    assert "The disk is full." in words(page) and not page.text_area
    begun_at = run.status().created
    Recorder(run, pid=1).update(state="FAILED", created=begun_at - 60)  # not the first click of a pair
    page.run()
    page.button(key="start_step").click().run()
    assert engine.started[-1].id != run.id and kept(project).progress.steps[1].guess == 1


def test_one_that_was_stopped_can_go_on(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    run = begin(page, project, 1, 1)
    Recorder(run, pid=1).end("STOPPED")
    page.run()
    assert "Stopped on request." in words(page)
    page.button(key="continue_lesson").click().run()
    assert engine.started == [run, run]


def test_a_lab_that_is_busy_is_waited_for(project: Project, engine: FakeEngine, open_page: Open) -> None:
    other = toy_experiment(project, "probe", Probe(folds=3), None, "RUNNING")
    page = open_page("lesson", project.id)
    guess_of(page, project, 0).set_value(0).run()
    assert page.button(key="start_step").disabled and "at work on something else" in words(page)
    Recorder(other, pid=1).end("FINISHED")
    page.run()
    assert not page.button(key="start_step").disabled


def test_another_s_experiment_begun_in_the_same_moment_is_not_taken_for_the_step_s(
    project: Project, engine: FakeEngine, app: AppTest
) -> None:
    change(project, lambda progress: progress.guessed(0, 0))
    other = toy_experiment(project, "probe", Probe(folds=3), None, "RUNNING")
    with pytest.raises(ConfigError, match="at work on something else"):
        begin_step(project, 0, HOW_DEEP.steps[0])
    assert other.status().active and not kept(project).progress.steps[0].shown


def test_without_photos_there_are_two_ways_to_some(app: AppTest, engine: FakeEngine, open_page: Open) -> None:
    empty = workspace().create_project("Empty")
    page = open_page("lesson", empty.id)
    assert not page.exception
    assert "experiments of this lesson need photos" in words(page)
    labels = [link.proto.label for link in page.get("page_link")]
    assert "Add photos to this project" in labels and "Or start with a sample" in labels
    guess_of(page, empty, 0).set_value(0).run()
    assert page.button(key="start_step").disabled


def test_starting_again_can_be_undone(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("lesson", project.id)
    assert page.button(key="lesson_again").disabled, "there is nothing to forget"
    guess_of(page, project, 0).set_value(1).run()
    page.button(key="lesson_again").click().run()
    assert kept(project).progress == begun(HOW_DEEP) and guess_of(page, project, 0).value is None
    page.button(key="undo_lesson").click().run()
    assert guess_of(page, project, 0).value == 1 and "begins anew" not in words(page)


def own(**changes: Any) -> tuple[str, bytes, str]:
    """A file of one step without a lab, in a teacher's words."""
    step = replace(HOW_DEEP.steps[0], title="A _question_", ask="# What\nis *this*?", lab=None, settings={}, right=2)
    value = json.loads(lesson_text(replace(HOW_DEEP, title="My <b>lesson</b>", steps=(step,))))
    return ("mine.json", json.dumps({**value, **changes}).encode(), "application/json")


def test_an_own_file_is_opened_shown_as_written_and_put_away(
    recent_apptest: None, project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page("lesson", project.id)
    guess_of(page, project, 0).set_value(1).run()
    page.file_uploader(key="lesson_file").set_value(own()).run()
    assert not page.exception and not page.error
    assert page.title[0].value == r"My \<b>lesson\</b>".replace(">", r"\>")
    said = words(page)
    assert r"\# What  " in said and r"is \*this\*?" in said and r"A \_question\_" in said
    guess_of(page, project, 0).set_value(1).run()
    page.button(key="start_step").click().run()
    assert engine.started == [] and "Your guess came true." in words(page)
    sentence_of(page, project, 0).set_value("Because.")
    page.button(key="next_step").click().run()
    assert "All steps are done." in words(page)
    page.button(key="thaws_lesson").click().run()
    assert page.title[0].value == "How deep?" and guess_of(page, project, 0).value is None
    page.button(key="undo_lesson").click().run()
    assert "All steps are done." in words(page)
    page.button(key="undo_lesson").click().run()
    assert page.title[0].value == "How deep?" and guess_of(page, project, 0).value == 1


def test_an_own_file_that_does_not_fit_is_refused_and_changes_nothing(
    recent_apptest: None, project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page("lesson", project.id)
    page.file_uploader(key="lesson_file").set_value(own(minutes="long")).run()
    assert 'field "minutes": "long" came; expected is a whole number from 1 to 600.' in page.error[0].value
    assert page.title[0].value == "How deep?" and not kept(project).own
    assert page.file_uploader(key="lesson_file_1") and not page.run().error


def test_one_that_this_version_can_t_read_any_more_leads_back(
    project: Project, engine: FakeEngine, open_page: Open
) -> None:
    project.choose(lesson={"own": "{"})
    page = open_page("lesson", project.id)
    assert not page.exception and "not readable JSON" in page.error[0].value
    page.button(key="thaws_lesson").click().run()
    assert page.title[0].value == "How deep?"


def test_the_overview_leads_to_it_and_says_how_far_it_is(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("labs", project.id)
    labels = [link.proto.label for link in page.get("page_link")]
    assert labels.index("**The lesson**") < labels.index("**Depth probe**")
    change(project, lambda progress: progress.guessed(0, 1).began(0).said(0, "So."))
    assert "1 of 5 steps done" in words(open_page("labs", project.id))
