"""How data sets are laid out: which folder of a path names the class, which the split, and what lies beside both."""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from transfer_core.errors import DataError
from transfer_core.text import Sentence, all_of

__all__ = ["Layout", "Parts", "SplitName", "find_layout", "is_picture_name", "split_of"]

SplitName = Literal["train", "validation", "test"]

Parts = tuple[str, ...]
"""Folders and the file's name, from the outermost in."""

_MOST_AROUND = 3  # folders around the splits that are looked through
_SPLIT = re.compile(r"(?:(train|training)|(val|valid|validation|dev)|(test|testing))(?:set|data|images|photos|split)?")
_FILLERS = {"", "set", "data", "dataset", "images", "image", "imgs", "photos", "split", "folder", "the"}


def split_of(folder: str) -> tuple[SplitName, str] | None:
    """Read a split in a folder's name, such as `train`, `valid`, `testset`, `training_set` or `flowers-test`.

    Returns:
        The split, and what else the name holds (`flowers`), which is the same for the splits of one data set.
    """
    rest: list[str] = []
    found: list[SplitName] = []
    for word in re.split(r"[\s_.-]+", folder.casefold()):
        if match := _SPLIT.fullmatch(word):
            found.append("train" if match[1] else "validation" if match[2] else "test")
        elif word not in _FILLERS:
            rest.append(word)
    return (found[0], " ".join(rest)) if len(found) == 1 else None


def is_picture_name(name: str) -> bool:
    """Tell by its ending whether a file may be a picture."""
    return (mimetypes.guess_type(name)[0] or "").startswith("image/")


@dataclass(frozen=True)
class Layout:
    """Where in a path the class and the split stand."""

    around: Parts = ()
    """Folders around everything, which name neither."""
    splits: dict[str, SplitName] = field(default_factory=dict)
    """The split each folder under `around` names; empty: no folder does."""
    split_first: bool = True
    """Whether the split's folder holds those of the classes, or lies in each of them."""
    repeated: frozenset[str] = frozenset()
    """Split folders that hold nothing but a folder of the same name, which holds the classes."""

    def inner(self, parts: Parts) -> Parts | None:
        """The path without what lies around; None where it lies beside."""
        depth = len(self.around)
        return parts[depth:] if parts[:depth] == self.around and len(parts) > depth else None

    def class_at(self, inner: Parts) -> int:
        """Where in an inner path the class folder stands."""
        if not self.splits or not self.split_first:
            return 0
        return 2 if inner[0] in self.repeated else 1

    def split(self, inner: Parts) -> SplitName | None:
        """The split that an inner path names."""
        at = 0 if self.split_first else 1
        return self.splits.get(inner[at]) if len(inner) > at + 1 else None

    def beside(self, inner: Parts | None) -> Sentence | None:
        """Why a file can't belong to a class: it lies beside the splits, or in none of their class folders."""
        if not self.splits or not self.split_first:
            return None
        folders = all_of(sorted(self.splits))
        if inner is None or len(inner) == 1 or inner[0] not in self.splits:
            return Sentence(
                "It lies beside {folders}, which hold the photos of each split: move it into the class folder it "
                "belongs to.",
                folders=folders,
            )
        return None


def find_layout(paths: Sequence[Parts], title: str | Sentence, unwrap: bool) -> Layout:
    """Find out how files are laid out.

    Known are class folders; folders of splits that hold class folders, whatever lies beside them and around them; and
    class folders that each hold folders of splits.

    Args:
        paths: of files.
        title: what holds them, for a refusal.
        unwrap: look through one folder around the class folders, as zips and uploads have it.

    Raises:
        DataError: there are folders of splits but no classes in them, or two data sets side by side.
    """
    for depth in range(_MOST_AROUND + 1):
        found = [
            (around, splits)
            for around in dict.fromkeys(parts[:depth] for parts in paths if len(parts) > depth + 1)
            if (splits := _splits_in(_inside(paths, around)))
        ]
        if len(found) > 1:
            raise DataError(
                "{title} holds several sets of photos with splits ({folders}): choose one of them.",
                title=title,
                folders=all_of(["/".join(around) for around, _ in found]),
            )
        if found:
            around, splits = found[0]
            return Layout(around, splits, repeated=_repeated(_inside(paths, around), splits))
    around = _around(paths, unwrap)
    inside = _inside(paths, around)
    if splits := _splits_in_classes(inside):
        return Layout(around, splits, split_first=False)
    flat = {parts[0]: split for parts in inside if len(parts) > 1 and (split := split_of(parts[0]))}
    if len({kind for kind, _ in flat.values()}) > 1:
        raise DataError(
            "{title} holds {folders}, which are splits, not classes, and there are no class folders in them: put the "
            "photos of each class into a folder of its own there, such as {example}.",
            title=title,
            folders=all_of(sorted(flat)),
            example=f"{min(flat)}/cat",
        )
    return Layout(around)


def _inside(paths: Sequence[Parts], around: Parts) -> list[Parts]:
    """The paths in a folder; a zip may also hold a file that is called as the folder is, which is not in it."""
    depth = len(around)
    return [parts[depth:] for parts in paths if parts[:depth] == around and len(parts) > depth]


def _splits_in(paths: Sequence[Parts]) -> dict[str, SplitName]:
    """The folders among these paths that name the splits of one set and hold its class folders, if there are any."""
    named = {parts[0]: split for parts in paths if len(parts) > 1 and (split := split_of(parts[0]))}
    deep = {parts[0] for parts in paths if len(parts) > 2 and is_picture_name(parts[-1])}
    for rest in dict.fromkeys(rest for _, rest in named.values()):
        splits = {folder: kind for folder, (kind, other) in named.items() if other == rest}
        if len(set(splits.values())) > 1 and deep & splits.keys():
            return splits
    return {}


def _splits_in_classes(paths: Sequence[Parts]) -> dict[str, SplitName]:
    """The folders of splits that lie in each class folder, if they do."""
    pictures = [parts for parts in paths if is_picture_name(parts[-1])]
    if not pictures or any(len(parts) < 3 for parts in pictures):
        return {}
    named = {parts[1]: split_of(parts[1]) for parts in pictures}
    splits = {folder: split[0] for folder, split in named.items() if split is not None}
    return splits if len(splits) == len(named) and len(set(splits.values())) > 1 else {}


def _repeated(paths: Iterable[Parts], splits: dict[str, SplitName]) -> frozenset[str]:
    """Folders of splits such as `training_set/training_set/cats`."""
    within: dict[str, set[str]] = {}
    for parts in paths:
        if len(parts) > 2 and parts[0] in splits:
            within.setdefault(parts[0], set()).add(parts[1] if len(parts) > 3 else "")
    return frozenset(folder for folder, inner in within.items() if inner == {folder})


def _around(paths: Sequence[Parts], unwrap: bool) -> Parts:
    """The one folder around the class folders, if there is one that may be looked through."""
    outer = {parts[0] for parts in paths if len(parts) > 1}
    holds_classes = any(len(parts) > 2 for parts in paths)
    if unwrap:
        return paths[0][:1] if holds_classes and len({parts[0] for parts in paths}) == 1 else ()
    # Nobody means a class by a folder of class folders that is called "train" and stands alone.
    only = next(iter(outer)) if len(outer) == 1 else ""
    flat = any(len(parts) == 2 and is_picture_name(parts[-1]) for parts in paths)
    return (only,) if split_of(only) == ("train", "") and holds_classes and not flat else ()
