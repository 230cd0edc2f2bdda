"""Checks of settings, and numbers as people write them."""

import math
from typing import Any

import numpy as np

from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["check_choice", "check_number", "is_number", "is_whole", "plain_number"]

_SMALL = 1e-6  # a least value below this is mostly zeros: who is far from it need not count them
_LONG = 1e16  # from here on a number with all its zeros is harder to read


def check_number(name: Sentence, value: Any, low: float, high: float, whole: bool = False) -> None:
    """Refuse what is no finite number from `low` to `high`; a truth value is none.

    Args:
        name: what the number is, as a sentence begins with it.
        value: what came.
        low: the least that fits.
        high: the most that fits.
        whole: refuse fractions too.

    Raises:
        ConfigError: says what came and what was expected.
    """
    if (is_whole(value) if whole else is_number(value)) and low <= value <= high:
        return
    far = 0 < low < _SMALL and not (is_number(value) and 0 < value < low)
    raise ConfigError(
        "{name} must be a whole number from {least} to {most}; {value} came."
        if whole
        else "{name} must be a number above 0 and up to {most}; {value} came."
        if far
        else "{name} must be a number from {least} to {most}; {value} came.",
        name=name,
        least=plain_number(low),
        most=plain_number(high),
        value=plain_number(value) if is_number(value) else repr(value),
    )


def is_number(value: Any) -> bool:
    """Whether it is a finite number; a truth value is none."""
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def plain_number(value: float, digits: int | None = None) -> str:
    """A number as people write it: 0.00001 and 100, not 1e-05 and 100.0.

    Args:
        value: finite.
        digits: so many that count, rounded; None: as many as tell it from every other number.
    """
    if is_whole(value) or abs(value) >= _LONG:
        return str(value)
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")


def is_whole(value: Any) -> bool:
    """Whether it is a whole number; a truth value is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_choice(name: Sentence, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse what is none of `choices`.

    Raises:
        ConfigError: says what came and what there is.
    """
    if value not in choices:
        raise ConfigError("{name} must be one of {choices}; {value!r} came.", name=name, choices=choices, value=value)
