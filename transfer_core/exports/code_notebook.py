"""The code of a run as a notebook: the same, with words between the steps."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["notebook"]

_HEADING = re.compile(r"# (The photos:|Steps? \d|How good)")


def notebook(code: str) -> str:
    """The same as a Jupyter notebook: each heading comment of what `script` gave becomes a cell of words before its
    code."""
    cells: list[dict[str, Any]] = []
    for number, (words, lines) in enumerate(_sections(code)):
        if words:
            heading = "#" if number == 0 else "##"
            first, rest = words[0], words[1:]
            cells.append(_cell("markdown", [f"{heading} {first}", *(["", *rest] if rest else [])]))
        if lines:
            cells.append(_cell("code", lines) | {"execution_count": None, "outputs": []})
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _sections(code: str) -> Iterator[tuple[list[str], list[str]]]:
    """The words of each heading and the lines of code below it."""
    lines = code.splitlines()
    starts = [0, *(place for place, line in enumerate(lines) if _HEADING.match(line)), len(lines)]
    for start, end in pairwise(starts):
        part = lines[start:end]
        count = next((place for place, line in enumerate(part) if not line.startswith("# ")), len(part))
        text = "\n".join(part[count:]).strip("\n")
        yield [line.removeprefix("# ") for line in part[:count]], text.split("\n") if text else []


def _cell(kind: str, lines: Sequence[str]) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": "\n".join(lines).splitlines(keepends=True)}
