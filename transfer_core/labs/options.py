"""Fields of a lab's `Settings` that the command line offers: written once, as the field's default and these words."""

from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Option", "argument", "arguments", "option", "options"]

_KEY = "option"


@dataclass(frozen=True)
class Option:
    """How the command line takes one field."""

    flag: str
    """Such as `--epochs`; of an argument its name in capitals."""
    help: str = ""
    """English, as click's own words around it are."""
    many: bool = False
    """Of a tuple: whether the option is given again for each value; else one value, with commas in it."""
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    """The values it may have; empty: any."""


def option(
    flag: str,
    default: Any,
    help: str,
    /,
    *,
    many: bool = False,
    metavar: str | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field with this default, offered as an option. A default that is a tuple stands for "not given"."""
    return field(default=default, metadata={_KEY: Option(flag, help, many, metavar, choices)})


def argument(name: str) -> Any:
    """A field that must be given, the path of something that is there, by its place on the command line."""
    return field(metadata={_KEY: Option(name)})


def options(settings: Any) -> dict[str, Option]:
    """The options of a class of `Settings`, by field."""
    return {name: found for name, found in _found(settings) if found.flag.startswith("--")}


def arguments(settings: Any) -> dict[str, Option]:
    """Its arguments; a lab without one takes photos."""
    return {name: found for name, found in _found(settings) if not found.flag.startswith("--")}


def _found(settings: Any) -> list[tuple[str, Option]]:
    return [(item.name, item.metadata[_KEY]) for item in fields(settings) if _KEY in item.metadata]
