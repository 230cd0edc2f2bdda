"""A lesson and its steps, as values; and as the JSON that a teacher writes."""

import json
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

from transfer_core.labs import KINDS
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.labs.options import arguments
from transfer_core.text import Sentence

__all__ = ["FORMAT", "Lesson", "Step", "Text", "lab_settings", "lesson_labs", "lesson_text"]

FORMAT = 1
"""Of the file. One that today's reader would misread has a higher number."""

Text: TypeAlias = "str | Sentence"
"""A sentence of Thaw's own lesson, in the reader's language; or a teacher's words, shown as they were written."""


@dataclass(frozen=True)
class Step:
    """One round of guess, experiment and explanation."""

    title: Text
    ask: Text
    """The question that is answered by a guess, before anything is run."""
    choices: tuple[Text, ...]
    """From 2 to 6 answers to choose from."""
    look_for: Text
    """What to observe while the lab runs and when it has ended."""
    explain: Text
    """The question that is answered in a sentence, afterwards."""
    answer: Text
    """For the teacher: what is right, and why."""
    lab: str | None = None
    """One of `lesson_labs`; None: the step is answered without an experiment."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Fields of the lab's `Settings`, as JSON; what is left out stays as usual."""
    right: int | str | None = None
    """The right choice, counted from 1; or a rule of `OUTCOMES` that reads it from the result; None: nobody can say."""
    minutes: int | None = None
    """Of the lesson's time."""
    trouble: Text = ""
    """For the teacher: what may go wrong, and what to do then."""


@dataclass(frozen=True)
class Lesson:
    """A whole lesson."""

    title: Text
    minutes: int
    about: Text
    """What it is about, one or two sentences for pupils."""
    steps: tuple[Step, ...]
    aims: tuple[Text, ...] = ()
    """For the teacher: what pupils can do or say afterwards."""
    prepare: tuple[Text, ...] = ()
    """For the teacher: what to see to before."""


def lesson_labs() -> tuple[str, ...]:
    """The labs that a step may run: all that work on the photos of a project, none that asks for a trained run."""
    return tuple(kind for kind in KINDS if not arguments(import_module(f"transfer_core.labs.{kind}.settings").Settings))


def lab_settings(step: Step) -> Any:
    """The `Settings` of the step's lab.

    Raises:
        ConfigError: the lab has no such setting, or not such a value.
    """
    return ExperimentConfig.from_dict({"kind": step.lab, "settings": step.settings}).settings


def lesson_text(lesson: Lesson) -> str:
    """The lesson as a file: JSON, its texts in the reader's language. `reading.parse_lesson` reads it."""
    value = {
        "format": FORMAT,
        "title": str(lesson.title),
        "minutes": lesson.minutes,
        "about": str(lesson.about),
        "aims": [str(aim) for aim in lesson.aims],
        "prepare": [str(one) for one in lesson.prepare],
        "steps": [_step(step) for step in lesson.steps],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _step(step: Step) -> dict[str, Any]:
    return {
        "title": str(step.title),
        "minutes": step.minutes,
        "ask": str(step.ask),
        "choices": [str(choice) for choice in step.choices],
        "right": step.right,
        "lab": step.lab,
        "settings": step.settings,
        "look_for": str(step.look_for),
        "explain": str(step.explain),
        "answer": str(step.answer),
        "trouble": str(step.trouble),
    }
