"""The 1000 classes of ImageNet by name, as a network's outputs are ordered; read from a file of the package."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

__all__ = ["ANSWERING_BASE", "imagenet_names", "names_like"]

ANSWERING_BASE = "efficientnet-lite0"
"""The base of the catalog whose weights file holds the ImageNet answer layer; all others come without theirs."""

_FILE = Path(__file__).with_suffix(".txt")  # its head says where it is from, and under which license
_WORD = re.compile(r"[^\W_]+")


@cache
def imagenet_names() -> tuple[str, ...]:
    """One name a class, each another: the first lemma that no other class has too, or else the first."""
    lemmas = _lemmas()
    common = Counter(lemma for known in lemmas for lemma in known)
    return tuple(next((lemma for lemma in known if common[lemma] == 1), known[0]) for known in lemmas)


def names_like(class_name: str) -> dict[int, str]:
    """The names in ImageNet that say the same as a class's name, or a kind of it by their last word (`tabby cat`).

    By letters alone: a hot dog comes up for `dog`, and no beagle does.

    Args:
        class_name: of a project; case, `_`, `-` and a plural's s don't count.

    Returns:
        The lemma that fits by the index of its class of ImageNet, in their order.
    """
    wanted = _words(class_name)
    if not wanted:
        return {}
    fits = ([lemma for lemma in known if _words(lemma)[-len(wanted) :] == wanted] for known in _lemmas())
    return {index: found[0] for index, found in enumerate(fits) if found}


@cache
def _lemmas() -> tuple[tuple[str, ...], ...]:
    lines = [line for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(tuple(line.partition(" ")[2].split(", ")) for line in lines)


@cache
def _words(text: str) -> tuple[str, ...]:
    words = [word.casefold() for word in _WORD.findall(text)]
    if words and len(words[-1]) > 3 and words[-1].endswith("s") and not words[-1].endswith("ss"):
        words[-1] = words[-1][:-1]
    return tuple(words)
