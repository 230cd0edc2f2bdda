"""What was found of photos, as findings with an advice each, and the sentence to remember."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.photos.health.quality import QUALITY
from transfer_core.photos.health.shortcuts import FACTS, Shortcut
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.stats.confident import Doubts
from transfer_core.text import Sentence, all_of, plural

__all__ = [
    "FACT_NAMES",
    "TITLES",
    "advice",
    "alike_classes",
    "conclude",
    "copies",
    "doubts",
    "few_photos",
    "how_sure",
    "named",
    "poor",
    "told_by",
]

FACT_NAMES: dict[str, Sentence] = {
    "average_color": Sentence("average color"),
    "brightness": Sentence("brightness"),
    "border": Sentence("border"),
    "sharpness": Sentence("sharpness"),
    "shape": Sentence("shape"),
    "resolution": Sentence("resolution"),
    "file_type": Sentence("file type"),
}
"""The names of `shortcuts.FACTS`."""

TITLES: dict[str, Sentence] = {
    "conflict": Sentence("One photo, two classes"),
    "copies_in_two_classes": Sentence("Nearly the same photo in two classes"),
    "wrong_label": Sentence("Perhaps in the wrong class"),
    "near_copies": Sentence("Nearly the same photos"),
    "one_color": Sentence("Nearly one color"),
    "dark": Sentence("Very dark"),
    "bright": Sentence("Washed out"),
    "blurred": Sentence("Blurred"),
    "tiny": Sentence("Very small"),
    "narrow": Sentence("Long and narrow"),
    "few_photos": Sentence("Few photos"),
    "alike_classes": Sentence("Classes that look alike"),
}
"""Of each kind of finding."""

_ADVICE = {
    "conflict": Sentence(
        "The same picture is in several classes, so it is left out of training. Choose where it belongs."
    ),
    "copies_in_two_classes": Sentence("Nearly the same picture is in several classes. Keep it where it belongs."),
    "near_copies": Sentence(
        "Nearly the same picture several times. Where one is learned from and another checks, the figure is too good: "
        "keep one of each."
    ),
    "wrong_label": Sentence("A classifier that had not seen these photos takes them for another class. Look at each."),
    "one_color": Sentence("Nearly one color: there is nothing to learn from. Remove them."),
    "dark": Sentence("Very dark. Remove them, unless what you will show it later is as dark."),
    "bright": Sentence("Washed out. Remove them, unless what you will show it later is as bright."),
    "blurred": Sentence("Blurred. Remove them, unless what you will show it later is as blurred."),
    "tiny": Sentence("Smaller than half of what the network sees. Use larger versions, if you have them."),
    "narrow": Sentence("Long and narrow: the network sees only the square in the middle. Crop them to what matters."),
    "few_photos": Sentence("Far fewer photos than the largest class has. Add more of them."),
    "alike_classes": Sentence(
        "The base can hardly tell these classes apart. Show it photos that show the difference, or put the classes "
        "together."
    ),
}

_FEW = 5.0  # times as many photos in the largest class
_ALIKE = 0.25  # share of the photos of two classes that are taken for the other of the two
_ALIKE_PHOTOS = 10  # of each, for that share to mean something


def named(photo: ManifestPhoto, classes: Sequence[str], **more: Any) -> dict[str, Any]:
    """A photo as results hold it."""
    return {"photo": photo.name, "path": photo.path, "sha256": photo.sha256, "truth": classes[photo.label], **more}


def advice(kind: str) -> Sentence:
    """What to do about findings of a kind."""
    return _ADVICE[kind]


def _finding(kind: str, groups: Sequence[Sequence[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    names = [one["photo"] for group in groups for one in group]
    return {"kind": kind, "photos": names, "advice": advice(kind), "groups": [list(group) for group in groups], **more}


def copies(
    groups: Sequence[Sequence[int]], photos: Sequence[ManifestPhoto], classes: Sequence[str], conflicts: Sequence[str]
) -> list[dict[str, Any]]:
    """Photos that are the same, or nearly so, in several classes or in one.

    Args:
        groups: rows of `photos` that are nearly the same.
        photos: that were looked at.
        classes: names by label.
        conflicts: names of photos left out because one picture stands under several classes.
    """
    found = []
    if conflicts:
        found.append({"kind": "conflict", "photos": list(conflicts), "advice": advice("conflict"), "groups": []})
    shown = [[named(photos[row], classes) for row in group] for group in groups]
    apart = [group for group in shown if len({one["truth"] for one in group}) > 1]
    alike = [group for group in shown if len({one["truth"] for one in group}) == 1]
    for kind, some in (("copies_in_two_classes", apart), ("near_copies", alike)):
        if some:
            found.append(_finding(kind, some))
    return found


def poor(
    rows: Mapping[str, Sequence[int]], photos: Sequence[ManifestPhoto], classes: Sequence[str]
) -> list[dict[str, Any]]:
    """Photos from which little can be learned, by kind; see `quality.poor_photos`."""
    return [_finding(kind, [[named(photos[row], classes)] for row in rows[kind]]) for kind in QUALITY if rows.get(kind)]


def few_photos(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Classes with far fewer photos than the largest has."""
    most = max(counts.values())
    few = [name for name, count in counts.items() if _FEW * count <= most]
    if not few:
        return []
    return [{"kind": "few_photos", "photos": [], "advice": advice("few_photos"), "groups": [], "classes": few}]


def doubts(
    found: Doubts, probabilities: NDArray[np.float64], photos: Sequence[ManifestPhoto], classes: Sequence[str]
) -> list[dict[str, Any]]:
    """Photos whose label is likely wrong, the likeliest first; each with what it more likely shows (`instead`) and how
    sure of that the classifier is (`probability`)."""
    if not len(found.rows):
        return []
    groups = [
        [named(photos[row], classes, instead=classes[label], probability=float(probabilities[row, label]))]
        for row, label in zip(found.rows.tolist(), found.instead.tolist(), strict=True)
    ]
    return [_finding("wrong_label", groups)]


def alike_classes(
    answers: NDArray[np.int64], labels: NDArray[np.int64], classes: Sequence[str]
) -> list[dict[str, Any]]:
    """Pairs of classes of which many photos are taken for the other, the most alike first."""
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (labels, answers), 1)
    there = counts.sum(1)
    pairs = []
    for one in range(len(classes)):
        for other in range(one + 1, len(classes)):
            share = (counts[one, other] + counts[other, one]) / max(int(there[one] + there[other]), 1)
            if min(there[one], there[other]) >= _ALIKE_PHOTOS and share >= _ALIKE:
                pairs.append((float(share), [classes[one], classes[other]]))
    return [
        {
            "kind": "alike_classes",
            "photos": [],
            "advice": advice("alike_classes"),
            "groups": [],
            "classes": pair,
            "share": share,
        }
        for share, pair in sorted(pairs, key=lambda found: -found[0])
    ]


def told_by(shortcuts: Sequence[Shortcut], classes: Sequence[str], chance: float) -> list[dict[str, Any]]:
    """The facts that give a class away, first those that have least to do with what photos show: a frame changes the
    average color, too, but what a photo shows does not change its frame."""
    return [
        {
            "fact": found.fact,
            "accuracy": found.accuracy,
            "chance": chance,
            "classes": [classes[label] for label in found.told],
        }
        for found in sorted(shortcuts, key=lambda found: FACTS.index(found.fact))
        if found.told
    ]


def conclude(
    photos: int,
    findings: Sequence[Mapping[str, Any]],
    shortcuts: Sequence[Mapping[str, Any]],
    *,
    labels: bool = True,
) -> Sentence:
    """One sentence to remember; `labels`: whether wrong labels were looked for."""
    if shortcuts:
        worst = shortcuts[0]
        return plural(
            "The {fact} alone gives {classes} away: a classifier may learn that, and not what the photos show.",
            "The {fact} alone gives {n} classes away: a classifier may learn that, and not what the photos show.",
            len(worst["classes"]),
            fact=FACT_NAMES[worst["fact"]],
            classes=worst["classes"][0],
        )
    named_photos = {name for found in findings for name in found["photos"]}
    if named_photos:
        return plural(
            "{n:,} of {photos:,} photos deserves a second look before anything learns from it.",
            "{n:,} of {photos:,} photos deserve a second look before anything learns from them.",
            len(named_photos),
            photos=photos,
        )
    if not labels:
        return plural(
            "Nothing was found wrong with your {n:,} photo, but wrong labels were not looked for.",
            "Nothing was found wrong with your {n:,} photos, but wrong labels were not looked for.",
            photos,
        )
    if findings:
        first = findings[0]
        if first["kind"] == "few_photos":
            return Sentence(
                "Each photo is fine, but there are far fewer of {classes}.", classes=all_of(first["classes"][:3])
            )
        return Sentence("Each photo is fine, but {classes} look much alike.", classes=all_of(first["classes"]))
    return plural(
        "Nothing is wrong with your {n:,} photo as far as can be seen.",
        "Nothing is wrong with your {n:,} photos as far as can be seen.",
        photos,
    )


def how_sure(base: str, *, labels: bool) -> Sentence:
    """How far the findings can be trusted.

    Args:
        base: title of the base.
        labels: whether wrong labels were looked for.
    """
    if not labels:
        return Sentence("Look at each before you mend it: what is named here is likely, not certain.")
    return Sentence(
        "Look at each before you mend it: what is named here is likely, not certain. A wrong class is what a "
        "classifier on {base} says of photos that it had not seen. Tried on clothes where one label in 20 had been "
        "made wrong, it found two in three of those, and of the photos that it named about half were among them. Of "
        "few photos, or of classes that are hard to tell apart, it names more that are right after all.",
        base=base,
    )
