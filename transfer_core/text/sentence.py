"""A sentence as data: an id, which is its English text with named places as gettext has it, and their values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from string import Formatter
from typing import Any, TypeAlias

from transfer_core.text.catalog import translate
from transfer_core.text.visible import visible

__all__ = ["Sentence", "Value", "all_of", "any_of", "joined", "plural", "restored", "shown", "stored", "t"]

BETWEEN_NAMES, TWO_SENTENCES = ", ", "{s0} {s1}"
"""What stands between the members of a list, and two sentences that follow one another, in English."""
_FOLLOWING = re.compile(r"\{s0\}( \{s\d+\})+")

Value: TypeAlias = "str | int | float | Sentence | list[Value] | None"
"""What stands in a sentence's place: also another sentence (`the last 3 blocks`), or a list, shown with commas."""


class Sentence:
    """A sentence (or a phrase that is shown alone) to be stored, raised or handed on, and shown in any language.

    The id is the English text, so that what was stored can be read even where no catalogue has it any more. A text
    without values is shown as it is, braces and all: results stored as plain strings by earlier versions still show.
    """

    __slots__ = ("id", "many", "values")

    def __init__(self, id: str, /, **values: object) -> None:
        """Make one.

        Args:
            id: English, with a place for each value: `"{name} has {count:,} photos."` Whole sentences, never pieces
                that are put together: other languages order their words differently.
            values: by the names of the places. Paths are kept as text, NumPy's numbers as Python's, tuples as lists.
        """
        self.id = id
        self.many = ""
        self.values: dict[str, Value] = {name: _plain(value) for name, value in values.items()}

    def __str__(self) -> str:
        """In the reader's language."""
        form = translate(self.id, self.many, _number(self.values.get("n", 1)))
        if form == self.id and _FOLLOWING.fullmatch(form):
            form = form.replace(" ", translate(TWO_SENTENCES).removeprefix("{s0}").removesuffix("{s1}"))
        return _FORMATTER.vformat(form, (), self.values) if self.values else form

    def __repr__(self) -> str:
        """For a developer."""
        return f"Sentence({self.id!r}, {self.values!r})"

    def __eq__(self, other: object) -> bool:
        """Whether it says the same, of the same."""
        if not isinstance(other, Sentence):
            return NotImplemented
        return (self.id, self.many, self.values) == (other.id, other.many, other.values)

    def __hash__(self) -> int:
        """As equality needs it."""
        return hash((self.id, self.many))

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.id)

    @property
    def places(self) -> list[str]:
        """Names of the places in the id."""
        return [name for _, name, _, _ in Formatter().parse(self.id) if name]

    def to_json(self) -> dict[str, Any]:
        """`{"id", "values"}`, and `many` (English for other counts) where `n` chooses the form."""
        value: dict[str, Any] = {"id": self.id, "values": stored(self.values)}
        return value | {"many": self.many} if self.many else value

    def dumps(self) -> str:
        """`to_json` as text, for a column of a table."""
        return json.dumps(self.to_json(), ensure_ascii=False)

    @staticmethod
    def loads(text: str) -> Sentence:
        """What `dumps` gave, or the plain words of an earlier version."""
        return Sentence.from_json(json.loads(text) if text.startswith('{"id": ') else text)

    @staticmethod
    def from_json(value: Any) -> Sentence:
        """What `to_json` gave; a plain string, as earlier versions stored it, is a sentence without values.

        Raises:
            TypeError, KeyError: it is neither.
        """
        if isinstance(value, str):
            return Sentence(value)
        sentence = Sentence(value["id"], **restored(value["values"]))
        sentence.many = str(value.get("many", ""))
        return sentence


def plural(one: str, many: str, n: float, /, **values: object) -> Sentence:
    """A sentence whose form depends on a count, which stands in it as `{n}`: `"{n:,} photo"`, `"{n:,} photos"`."""
    sentence = Sentence(one, n=n, **values)
    sentence.many = many
    return sentence


def joined(sentences: Iterable[Sentence | str]) -> Sentence:
    """Whole sentences that follow one another, as one. A string is one said already; empty ones are left out."""
    parts = [one if isinstance(one, Sentence) else Sentence(one) for one in sentences if one]
    if len(parts) == 1:
        return parts[0]
    return Sentence(
        " ".join(f"{{s{number}}}" for number in range(len(parts))), **{f"s{i}": s for i, s in enumerate(parts)}
    )


def all_of(names: Sequence[str | Sentence]) -> Value:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else Sentence("{others} and {last}", others=names[:-1], last=names[-1])


def any_of(names: Sequence[str | Sentence]) -> Value:
    """`a`, `a or b`, `a, b or c`."""
    return names[0] if len(names) == 1 else Sentence("{others} or {last}", others=names[:-1], last=names[-1])


def t(said: str | Sentence, /, **values: object) -> str:
    """A sentence as text in the reader's language, at the moment it is shown.

    Args:
        said: a sentence, or the id of one with `values`.
        values: as of `Sentence`.
    """
    return str(said if isinstance(said, Sentence) else Sentence(said, **values))


def stored(value: Any) -> Any:
    """A result as JSON values: the sentences in it, at any depth, as ids and values."""
    return _each(value, lambda item: item.to_json() if isinstance(item, Sentence) else item)


def restored(value: Any) -> Any:
    """Inverse of `stored`. Texts stay texts: results of earlier versions hold English instead of sentences."""
    if isinstance(value, dict):
        if {"id", "values"} <= value.keys() <= {"id", "values", "many"}:
            return Sentence.from_json(value)
        return {name: restored(item) for name, item in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value


def shown(value: Any) -> Any:
    """A result with the sentences in it as texts in the reader's language."""
    return _each(value, lambda item: str(item) if isinstance(item, Sentence) else item)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _each(item, change) for name, item in value.items()}
    return [_each(item, change) for item in value] if isinstance(value, list | tuple) else change(value)


class _Places(Formatter):
    """Fills places as `str.format` does; sentences in the reader's language, lists with commas."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list):
            return translate(BETWEEN_NAMES).join(self.format_field(item, format_spec) for item in value)
        if isinstance(value, str):
            value = visible(value)
        return format(str(value) if isinstance(value, Sentence) else value, format_spec)

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs[field_name], field_name  # no attributes, no items: a stored file must not reach into objects


_FORMATTER = _Places()


def _plain(value: object) -> Value:
    if value is None or isinstance(value, (bool, int, Sentence)):
        return value
    if isinstance(value, float):
        return float(value)  # NumPy's is one too
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    said = getattr(value, "sentence", None)  # a refusal
    if isinstance(said, Sentence):
        return said
    item = getattr(value, "item", None)  # a NumPy number
    if callable(item):
        return _plain(item())
    return str(value)


def _number(value: object) -> float:
    return value if isinstance(value, (int, float)) else 1
