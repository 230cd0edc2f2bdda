"""How far somebody is in a lesson: the guess, the experiment and the sentence of each step. Pure; JSON goes in and out.

A step goes `guess` -> `ready` -> `shown`: a guess is made, the experiment is begun (or, without a lab, the outcome is
looked at), and from then on the guess stands. A step is done when its sentence is written.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from transfer_core.errors import ConfigError
from transfer_core.lessons.lesson import Lesson

__all__ = ["MOST_WORDS", "Progress", "Stage", "StepState", "begun", "read_progress"]

MOST_WORDS = 2000
"""Characters of a sentence that is kept."""
Stage = Literal["guess", "ready", "shown"]


@dataclass(frozen=True)
class StepState:
    """One step."""

    guess: int | None = None
    """A choice, counted from 0."""
    shown: bool = False
    """Whether the outcome may be seen, so that the guess stands."""
    experiment: str = ""
    """Id of its experiment; it may have been deleted since."""
    sentence: str = ""

    @property
    def stage(self) -> Stage:
        """Where the step stands."""
        return "shown" if self.shown else "guess" if self.guess is None else "ready"

    @property
    def done(self) -> bool:
        """Whether it has been explained."""
        return self.shown and bool(self.sentence.strip())


@dataclass(frozen=True)
class Progress:
    """All steps, and which one is open."""

    steps: tuple[StepState, ...]
    at: int = 0

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.done for step in self.steps)

    @property
    def untouched(self) -> bool:
        """Whether nothing has been done that could be lost."""
        return all(step == StepState() for step in self.steps)

    def guessed(self, step: int, choice: int | None) -> "Progress":
        """With a guess for `step`.

        Raises:
            ConfigError: its outcome has been seen.
        """
        if self.steps[step].shown:
            raise ConfigError("The experiment of this step has begun, so the guess stands as it is.")
        return self._with(step, guess=choice)

    def began(self, step: int, experiment: str = "") -> "Progress":
        """With the experiment of `step` begun, or its outcome shown where it has none.

        Raises:
            ConfigError: there is no guess yet.
        """
        if self.steps[step].guess is None:
            raise ConfigError("Make a guess first: it is what the experiment is held against.")
        return self._with(step, shown=True, experiment=experiment)

    def said(self, step: int, sentence: str) -> "Progress":
        """With the sentence for `step`, as far as it is kept."""
        return self._with(step, sentence=sentence[:MOST_WORDS])

    def opened(self, step: int) -> "Progress":
        """With `step` open, or the nearest there is."""
        return replace(self, at=min(max(step, 0), len(self.steps) - 1))

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"at": self.at, "steps": [asdict(step) for step in self.steps]}

    def _with(self, step: int, **changes: Any) -> "Progress":
        steps = list(self.steps)
        steps[step] = replace(steps[step], **changes)
        return replace(self, steps=tuple(steps))


def begun(lesson: Lesson) -> Progress:
    """The lesson with nothing done."""
    return Progress(tuple(StepState() for _ in lesson.steps))


def read_progress(lesson: Lesson, value: Mapping[str, Any] | None) -> Progress:
    """Inverse of `to_dict`; what does not fit the lesson counts as not done: it may have been another's."""
    progress = begun(lesson)
    steps = value.get("steps") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(steps, list) or len(steps) != len(lesson.steps):
        return progress
    found = [_state(step, len(lesson.steps[number].choices)) for number, step in enumerate(steps)]
    at = value.get("at", 0)
    return Progress(tuple(found)).opened(at if isinstance(at, int) else 0)


def _state(value: Any, choices: int) -> StepState:
    if not isinstance(value, Mapping):
        return StepState()
    guess, sentence, experiment = value.get("guess"), value.get("sentence"), value.get("experiment")
    if not isinstance(guess, int) or not 0 <= guess < choices:
        guess = None
    return StepState(
        guess,
        guess is not None and value.get("shown") is True,
        experiment if isinstance(experiment, str) else "",
        sentence[:MOST_WORDS] if isinstance(sentence, str) else "",
    )
