"""Whether what was exported answers as the app does: its own program is asked, in a process of its own."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transfer_core.errors import RunError
from transfer_core.exports.formats import Format
from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence

__all__ = ["Parity", "apart", "ask_program", "check", "compare"]

_PATIENCE = 300  # seconds; to load TensorFlow and ask about fifty photos takes ten
_AT_ONCE = 50  # photos on a command line
_TINY = 1e-4


@dataclass(frozen=True)
class Parity:
    """How the exported classifier compares with the app on the same files."""

    photos: int
    agreement: float
    """Share of photos with the same answer, 0..1."""
    changed: int
    """Photos with another answer, or that only one of the two could read."""
    changed_interval: tuple[float, float]
    """95 % interval of the share of new photos that would be answered otherwise, 0..1."""
    max_difference: float
    """In a probability."""
    milliseconds: float
    """A photo, decoding included: the median."""
    right: int | None = None
    """Photos whose answer is their class."""
    right_here: int | None = None
    """The same of the app."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self) | {"changed_interval": list(self.changed_interval)}


def ask_program(folder: Path, photos: Sequence[Path], python: str | Path = sys.executable) -> list[dict[str, Any]]:
    """What predict.py in `folder` says of each photo: `label`, `none`, `probabilities`, `milliseconds`; {} of those it
    can't read.

    Raises:
        RunError: the program broke.
    """
    # It must find nothing of ours: what it needs lies beside it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said: dict[str, dict[str, Any]] = {}
    for start in range(0, len(photos), _AT_ONCE):
        names = [str(photo.absolute()) for photo in photos[start : start + _AT_ONCE]]
        try:
            ended = subprocess.run(
                [str(python), "predict.py", "--json", *names],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,  # whoever asks us may be asked there
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise RunError(
                "The exported classifier gave no answer within {seconds} seconds, so it is not kept. Try again when "
                "the computer has less to do.",
                seconds=_PATIENCE,
            ) from error
        if ended.returncode not in (0, 1) or "Traceback" in ended.stderr:
            raise RunError(
                "The exported classifier could not be run, so it is not kept: {reason}",
                reason=(ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1],
            )
        for line in ended.stdout.splitlines():
            if line.startswith("{"):
                answer = json.loads(line)
                said[answer["image"]] = answer
    return [said.get(str(photo.absolute()), {}) for photo in photos]


def compare(
    here: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]], truth: Sequence[str] | None = None
) -> Parity:
    """Compare the app's answers with those of the exported classifier, photo by photo.

    Args:
        here: as `Predictor.predict`.
        there: as `ask_program`.
        truth: the class of each photo, where it is known.
    """
    pairs = list(zip(here, there, strict=True))
    changed = sum(one.get("label") != other.get("label") for one, other in pairs)
    difference = max(
        (
            abs(one["probabilities"][name] - other["probabilities"][name])
            for one, other in pairs
            if "label" in one and "label" in other
            for name in one["probabilities"]
        ),
        default=0.0,
    )
    spent = [other["milliseconds"] for other in there if other]
    # The first photo waits for what a runtime makes ready once.
    usual = statistics.median(spent[1:] or spent or [0.0])
    rights = [
        None if truth is None else sum(one.get("label") == name for one, name in zip(answers, truth, strict=True))
        for answers in (there, here)
    ]
    return Parity(
        len(pairs),
        1 - changed / len(pairs),
        changed,
        wilson(changed, len(pairs)),
        difference,
        round(usual, 2),
        *rights,
    )


def apart(difference: float) -> Sentence:
    """How far probabilities differ, for people."""
    if difference < _TINY:
        return Sentence("less than {points} percentage points", points=f"{100 * _TINY:g}")
    return Sentence("up to {points} percentage points", points=f"{100 * difference:.2g}")


def check(row: Format, parity: Parity) -> None:
    """Refuse what should answer the same and does not.

    Raises:
        RunError: another answer, or a probability that differs by more than the format lets pass.
    """
    if row.limit is None or (not parity.changed and parity.max_difference <= row.limit):
        return
    raise RunError(
        "As {title} it answers {changed} of {photos} photos otherwise than here (probabilities differ by up to "
        "{difference:.2g}), so the file is not kept. Choose another format, and report this one.",
        title=row.title,
        changed=parity.changed,
        photos=parity.photos,
        difference=parity.max_difference,
    )
