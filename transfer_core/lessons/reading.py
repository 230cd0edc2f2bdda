"""Reading a lesson that somebody wrote: everything is looked at, and what does not fit is named by step and field."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from transfer_core.disk.files import disk_errors
from transfer_core.errors import ConfigError, StorageError
from transfer_core.lessons.lesson import FORMAT, Lesson, Step, lab_settings, lesson_labs
from transfer_core.lessons.outcomes import OUTCOMES
from transfer_core.text import Sentence, any_of

__all__ = ["MOST_BYTES", "parse_lesson", "read_lesson"]

MOST_BYTES = 200_000
_TITLE, _TEXT = 100, 3000  # characters
_STEPS, _CHOICES, _LIST = 20, 6, 12
_MINUTES = 600


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file.

    Raises:
        StorageError: there is no such file, or it can't be read.
        ConfigError: it is no lesson; says what came where, and what is expected.
    """
    if not path.is_file():
        raise StorageError("{path} does not exist.", path=path)
    with disk_errors(path), path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    return parse_lesson(data)


def parse_lesson(data: bytes) -> Lesson:
    """The lesson in the bytes of a file.

    Raises:
        ConfigError: as `read_lesson`.
    """
    if len(data) > MOST_BYTES:
        raise ConfigError(
            "This file is larger than {most:,} bytes, too large for a lesson. A lesson is a JSON file of a few pages: "
            "save Thaw's own as a file and begin from that.",
            most=MOST_BYTES,
        )
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            "This file is no lesson: it is not readable JSON ({error}). Look there for a comma, a quote or a bracket "
            "too many or too few.",
            error=error,
        ) from error
    return _lesson(value)


def _lesson(value: Any) -> Lesson:
    known = ("format", "title", "minutes", "about", "aims", "prepare", "steps")
    fields = _Fields(Sentence("The lesson"), value, known)
    found = fields.value.get("format")
    if type(found) is int and found > FORMAT:
        raise ConfigError(
            "This lesson was written for a newer version of Thaw (format {found}; this one reads up to {known}). "
            "Update Thaw, then open it again.",
            found=found,
            known=FORMAT,
        )
    if type(found) is not int or found != FORMAT:  # true is 1 too
        fields.refuse("format", Sentence("the number {known}", known=FORMAT))
    steps = fields.value.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= _STEPS:
        fields.refuse("steps", Sentence("a list of 1 to {most} steps", most=_STEPS))
    return Lesson(
        title=fields.words("title", _TITLE),
        minutes=fields.whole("minutes", _MINUTES),
        about=fields.words("about"),
        steps=tuple(_step(number, step) for number, step in enumerate(steps, 1)),
        aims=fields.texts("aims", 0, _LIST) if "aims" in fields.value else (),
        prepare=fields.texts("prepare", 0, _LIST) if "prepare" in fields.value else (),
    )


def _step(number: int, value: Any) -> Step:
    known = ("title", "minutes", "ask", "choices", "right", "lab", "settings", "look_for", "explain", "answer")
    fields = _Fields(Sentence("Step {number}", number=number), value, (*known, "trouble"))
    given = fields.value
    lab = given.get("lab")
    if lab is not None and lab not in lesson_labs():
        fields.refuse("lab", Sentence("{labs}, or null for a step without one", labs=any_of(lesson_labs())))
    settings = given.get("settings", {})
    if not isinstance(settings, dict) or (lab is None and settings):
        fields.refuse(
            "settings",
            Sentence("an object with settings of the lab, such as {example}", example='{"epochs": 5}')
            if lab is not None
            else Sentence("nothing, as the step has no lab"),
        )
    step = Step(
        title=fields.words("title", _TITLE),
        ask=fields.words("ask"),
        choices=fields.texts("choices", 2, _CHOICES),
        look_for=fields.words("look_for"),
        explain=fields.words("explain"),
        answer=fields.words("answer"),
        lab=lab,
        settings=settings,
        right=given.get("right"),
        minutes=None if given.get("minutes") is None else fields.whole("minutes", _MINUTES),
        trouble=fields.words("trouble", least=0) if "trouble" in given else "",
    )
    if lab is not None:
        try:
            lab_settings(step)
        except ConfigError as error:
            raise ConfigError(
                '{where}, field "settings": {reason}', where=fields.where, reason=error.sentence
            ) from error
    _check_right(fields, step)
    return step


def _check_right(fields: "_Fields", step: Step) -> None:
    right, count = step.right, len(step.choices)
    if right is None:
        return
    if isinstance(right, int) and not isinstance(right, bool):
        if not 1 <= right <= count:
            fields.refuse("right", Sentence("the number of a choice, 1 to {count}", count=count))
        return
    rules = [name for name, rule in OUTCOMES.items() if rule.lab == step.lab]
    if not isinstance(right, str) or right not in rules:
        fields.refuse(
            "right",
            Sentence("the number of a choice, 1 to {count}, or {rules}", count=count, rules=any_of(rules))
            if rules
            else Sentence("the number of a choice, 1 to {count}", count=count),
        )
    needed = OUTCOMES[right].choices or len(lab_settings(step).mistakes)
    if count != needed:
        raise ConfigError(
            '{where}, field "choices": {count} came; the rule {rule} needs {needed}. {words}',
            where=fields.where,
            count=count,
            rule=right,
            needed=needed,
            words=OUTCOMES[right].words,
        )


class _Fields:
    """The fields of the lesson or of a step, each refused in one sentence."""

    def __init__(self, where: Sentence, value: Any, known: Sequence[str]) -> None:
        self.where = where
        if not isinstance(value, dict):
            raise ConfigError(
                "{where} is {came}; an object with the fields {known} is expected.",
                where=where,
                came=_short(value),
                known=list(known),
            )
        self.value: dict[str, Any] = value
        if unknown := sorted(set(value) - set(known)):
            raise ConfigError(
                "{where} has a field {field} that lessons do not have; they have {known}.",
                where=where,
                field=_short(unknown[0]),
                known=list(known),
            )

    def refuse(self, name: str, expected: Sentence) -> NoReturn:
        """Raise the refusal of what stands in the field, or of its absence."""
        if name not in self.value:
            raise ConfigError(
                '{where} has no field "{name}"; expected is {expected}.', where=self.where, name=name, expected=expected
            )
        raise ConfigError(
            '{where}, field "{name}": {came} came; expected is {expected}.',
            where=self.where,
            name=name,
            came=_short(self.value[name]),
            expected=expected,
        )

    def words(self, name: str, most: int = _TEXT, least: int = 1) -> str:
        """A text that is not blank, where `least` is 1, and no longer than `most`."""
        expected = Sentence("a text of {least} to {most:,} characters", least=least, most=most)
        return str(self._fit(name, self.value.get(name), lambda one: _is_text(one, least, most), expected))

    def texts(self, name: str, least: int, most: int) -> tuple[str, ...]:
        """A list of so many different texts."""

        def fits(value: Any) -> bool:
            return (
                isinstance(value, list)
                and least <= len(value) <= most
                and all(_is_text(one, 1, _TEXT) for one in value)
                and len(set(value)) == len(value)
            )

        expected = Sentence("a list of {least} to {most} texts, each another", least=least, most=most)
        return tuple(self._fit(name, self.value.get(name), fits, expected))

    def whole(self, name: str, most: int) -> int:
        """A whole number from 1."""

        def fits(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most

        return int(self._fit(name, self.value.get(name), fits, Sentence("a whole number from 1 to {most}", most=most)))

    def _fit(self, name: str, value: Any, fits: Callable[[Any], bool], expected: Sentence) -> Any:
        if not fits(value):
            self.refuse(name, expected)
        return value


def _is_text(value: Any, least: int, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and len(value.strip()) >= least


def _short(value: Any) -> str:
    """What came, as it stands in the file, so far as it fits into a sentence."""
    text = str(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 60 else f"{text[:59]}…"
