"""What a base already knows: which classes ImageNet's own answers tell apart, and which it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.imagenet_classes import imagenet_names, names_like
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS, TOLD
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence, Value, all_of, joined, plural

__all__ = ["NAMED", "SURE", "certainty", "conclude", "how_sure", "judge", "regroup"]

SURE = 0.6
"""And ImageNet holds the class when, besides, half of its photos get so much of the probability on five of the 1000
names. Answers to something strange are spread over many names. Measured on EfficientNet-Lite0: cats 0.70, dogs 0.78;
photos of rubbish 0.46 to 0.55; drawn patterns, which the answers tell apart all the same, and shapes 0.26 to 0.59."""

NAMED = 0.2
"""Or when ImageNet has a name like the class's, and gives it to so many of its photos first: a thousand names compete
for each, so that one in five is no chance."""

CALLED = 0.5
"""A class that ImageNet does not hold, and to so many of whose photos it gives one and the same name, is told by it."""

_SURE_NAMES = 5

_NAMES = 5  # told of a class

_EXAMPLES = 6  # photos shown of a class

_EXAMPLE_NAMES = 3

_LISTED = 5  # classes named in a sentence


def regroup(probabilities: NDArray[np.float32], labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """The project's class that ImageNet's answer to each photo means, told by all the other photos.

    Every ImageNet name goes to the class whose photos get the most of it on average, the photo itself left out; the
    photo's answer is the class whose names have the most probability together. So a breed that only one of the photos
    shows still counts as a dog by the other breeds it resembles.

    Args:
        probabilities: (photos, names), rows add up to 1.
        labels: (photos,) the truth.
        classes: their number.

    Returns:
        (photos,) the class that the answer means; -1 where the photo is the only one of its class.
    """
    sums = np.zeros((classes, probabilities.shape[1]))
    np.add.at(sums, labels, probabilities)
    counts = np.bincount(labels, minlength=classes)
    means = sums / np.maximum(counts, 1)[:, None]
    meant = np.full(len(labels), -1, np.int64)
    for photo, (shares, label) in enumerate(zip(probabilities, labels, strict=True)):
        if counts[label] > 1:
            others = means.copy()
            others[label] = (sums[label] - shares) / (counts[label] - 1)
            groups = others.argmax(0)
            meant[photo] = np.bincount(groups, shares, minlength=classes).argmax()
    return meant


def certainty(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much of each answer lies on its five likeliest names together, 0..1: (photos,)."""
    largest = np.sort(probabilities, axis=1)[:, -_SURE_NAMES:]
    return np.asarray(largest.sum(1, dtype=np.float64))


def judge(
    probabilities: NDArray[np.float32], photos: Sequence[ManifestPhoto], classes: Sequence[str]
) -> dict[str, Any]:
    """Say of each class whether ImageNet holds it already.

    Args:
        probabilities: (photos, 1000) of the ImageNet names.
        photos: one a row, with the truth.
        classes: of the project.

    Returns:
        `photos` (their number), `conclusion`, `how_sure` (that is), and `classes` by name: `known`, `told` (its photos
        are told from those of the other classes), `unsure` (they may be, but there are too few), `photos`, `share` and
        `interval` (of photos told right), `certainty` (median), `imagenet` [[name, share of the photos that get it as
        their first answer]], `by_name` (names in ImageNet alike), `named` (share of the photos that get one of those
        as their first answer) and `examples` (photos with their answers).
    """
    labels = np.array([photo.label for photo in photos], np.int64)
    right = regroup(probabilities, labels, len(classes)) == labels
    sure = certainty(probabilities)
    found = {
        name: _class(name, np.flatnonzero(labels == label), probabilities, right, sure, photos)
        for label, name in enumerate(classes)
    }
    return {"photos": len(photos), "classes": found, "conclusion": conclude(found), "how_sure": how_sure(found)}


def _class(
    name: str,
    rows: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    right: NDArray[np.bool_],
    sure: NDArray[np.float64],
    photos: Sequence[ManifestPhoto],
) -> dict[str, Any]:
    low, high = wilson(int(right[rows].sum()), len(rows))
    told = low >= TOLD and len(rows) > 0
    median = float(np.median(sure[rows])) if len(rows) else 0.0
    first = np.bincount(probabilities[rows].argmax(1), minlength=probabilities.shape[1])
    alike = names_like(name)
    named = float(first[list(alike)].sum() / len(rows)) if len(rows) else 0.0
    most = [index for index in np.argsort(-first, kind="stable")[:_NAMES] if first[index]]
    share = float(right[rows].mean()) if len(rows) else 0.0
    known = bool((told and median >= SURE) or (named >= NAMED and len(rows) >= LEAST_PHOTOS))
    return {
        "known": known,
        "told": bool(told),
        "unsure": not known and not told and share >= TOLD,
        "photos": len(rows),
        "share": share,
        "interval": [low, high],
        "certainty": median,
        "imagenet": [[imagenet_names()[index], float(first[index] / len(rows))] for index in most],
        "by_name": list(alike.values()),
        "named": named,
        "examples": [_example(photos[row], probabilities[row]) for row in rows[:_EXAMPLES]],
    }


def _example(photo: ManifestPhoto, shares: NDArray[np.float32]) -> dict[str, Any]:
    best = shares.argsort()[::-1][:_EXAMPLE_NAMES]
    answers = [[imagenet_names()[index], round(float(shares[index]), 4)] for index in best]
    return {"photo": photo.name, "path": photo.path, "sha256": photo.sha256, "answers": answers}


def conclude(classes: Mapping[str, Mapping[str, Any]]) -> Sentence:
    """One sentence to remember of the `classes` of `judge`."""
    enough = [found for found in classes.values() if found["photos"] >= LEAST_PHOTOS]
    known = sum(found["known"] for found in enough)
    if not enough:
        return Sentence("There are too few photos to tell what the base knows of your classes from ImageNet.")
    if known == len(classes):
        return Sentence(
            "The base already knows all your classes from ImageNet, so good results will owe much to that, and less to "
            "your photos."
        )
    unsure = any(found.get("unsure") for found in enough)
    if known and unsure:
        return plural(
            "The base already knows {n} of your {classes} classes from ImageNet, and perhaps more: there are too few "
            "photos to be sure.",
            "The base already knows {n} of your {classes} classes from ImageNet, and perhaps more: there are too few "
            "photos to be sure.",
            known,
            classes=len(classes),
        )
    if unsure:
        return Sentence("There are too few photos to be sure what the base knows of your classes from ImageNet.")
    if known:
        return plural(
            "The base already knows {n} of your {classes} classes from ImageNet, so good results for it will owe much "
            "to that.",
            "The base already knows {n} of your {classes} classes from ImageNet, so good results for them will owe "
            "much to that.",
            known,
            classes=len(classes),
        )
    if all(found["told"] for found in enough):
        return Sentence("The base knows your classes by no name of ImageNet, but its answers already tell them apart.")
    return Sentence(
        "The base can't tell your classes apart by its ImageNet names: good results will be learned from your photos."
    )


def how_sure(classes: Mapping[str, Mapping[str, Any]]) -> Sentence:
    """What the figures say of the `classes` of `judge`."""
    enough = {name: found for name, found in classes.items() if found["photos"] >= LEAST_PHOTOS}
    few = [name for name in classes if name not in enough]
    if not enough:
        return Sentence(
            "Too few photos to tell: at least {least} of a class are needed, and the largest has {largest}. "
            "Add photos and ask again.",
            least=LEAST_PHOTOS,
            largest=max((found["photos"] for found in classes.values()), default=0),
        )
    known = [name for name, found in enough.items() if found["known"]]
    told = [name for name, found in enough.items() if found["told"] and not found["known"]]
    words = []
    # Of a class that ImageNet has a name for nobody may read that it holds none.
    with_name = [name for name, found in enough.items() if found.get("by_name") and not found["known"]]
    if known:
        words.append(_held(known, len(classes)))
        if told:
            words.append(Sentence("Also, its answers, though hesitant, tell {told} from the rest.", told=_listed(told)))
    elif told:
        if not with_name:
            words.append(
                Sentence("The base knows none of the {enough} classes from ImageNet for certain.", enough=len(enough))
            )
        words.append(
            Sentence("Its answers, though hesitant, tell all of them apart.")
            if len(told) == len(classes)
            else Sentence("Its answers, though hesitant, tell {told} from the rest.", told=_listed(told))
        )
    else:
        if not with_name:
            words.append(Sentence("The base knows none of the {enough} classes from ImageNet.", enough=len(enough)))
        words.append(
            Sentence(
                "Its answers do not tell your classes apart reliably: good results will be learned from your photos."
            )
        )
    if with_name:
        words.insert(
            len(words) if known else 0,
            Sentence(
                "ImageNet has names that say {classes}, but few of these photos get one: other names may mean "
                "the same.",
                classes=_listed(with_name),
            ),
        )
    # Else its bars, which show that name, would seem to say the contrary.
    words += [
        Sentence("To most photos of {name} it says {called}.", name=name, called=found["imagenet"][0][0])
        for name, found in enough.items()
        if not found["known"] and found.get("imagenet") and found["imagenet"][0][1] >= CALLED
    ][:_LISTED]
    if few:
        words.append(
            Sentence(
                "For {few} there are too few photos to tell: {least} of a class are needed.",
                few=_listed(few),
                least=LEAST_PHOTOS,
            )
        )
    return joined(words)


def _held(known: Sequence[str], classes: int) -> Sentence:
    if len(known) == classes == 2:
        which = Sentence("The base already knows both classes from ImageNet ({known}).", known=_listed(known))
    elif len(known) == classes > 1:
        which = Sentence(
            "The base already knows all {n} classes from ImageNet ({known}).", n=classes, known=_listed(known)
        )
    else:
        which = Sentence(
            "The base already knows {n} of {classes} classes from ImageNet ({known}).",
            n=len(known),
            classes=classes,
            known=_listed(known),
        )
    better = Sentence("Expect results that look better than they would for things it has never seen.")
    return joined([which, better])


def _listed(names: Sequence[str]) -> Value:
    if len(names) <= _LISTED:
        return all_of(names)
    shown = names[: _LISTED - 1]
    return all_of([*shown, Sentence("{n} more", n=len(names) - len(shown))])
