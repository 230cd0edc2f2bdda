"""What the changes did to the answers, in words."""

from collections.abc import Mapping
from typing import Any

from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence, all_of, joined

__all__ = ["HELPS", "NAMES", "conclude", "how_sure", "measured", "suffers"]

NAMES: dict[str, Sentence] = {
    "blurred": Sentence("blurred"),
    "dark": Sentence("dark"),
    "bright": Sentence("bright"),
    "noisy": Sentence("noisy"),
    "turned": Sentence("turned"),
    "cropped": Sentence("cropped"),
    "compressed": Sentence("compressed"),
}
"""The names of `photos.changes.CHANGES`, as they end "photos are ..."."""

HELPS: dict[str, Sentence] = {
    "dark": Sentence("augmentation that makes photos lighter and darker (Strong)"),
    "bright": Sentence("augmentation that makes photos lighter and darker (Strong)"),
    "turned": Sentence("augmentation that turns photos (Strong, or Any way up)"),
    "cropped": Sentence("augmentation that brings photos closer (Strong)"),
}
"""What augmentation there is against a change."""

_MIDDLE = 3


def measured(strength: int, right: int, photos: int) -> dict[str, Any]:
    """One strength of one change; 0: as the photos are."""
    return {
        "strength": strength,
        "right": right,
        "accuracy": right / photos,
        "interval": list(wilson(right, photos)),
    }


def suffers(found: Mapping[str, Any]) -> list[str]:
    """The changes that cost more than chance may explain at the middle strength, the worst first."""
    low = found["as_they_are"]["interval"][0]
    middle = {
        name: next((one["accuracy"] for one in steps if one["strength"] == _MIDDLE), 1.0)
        for name, steps in found["changes"].items()
    }
    return sorted((name for name, accuracy in middle.items() if accuracy < low), key=lambda name: middle[name])


def conclude(found: Mapping[str, Any]) -> Sentence:
    """One sentence to remember."""
    worst = suffers(found)
    before = found["as_they_are"]["accuracy"]
    if not worst:
        return Sentence(
            "It withstands what was tried: of photos changed a good deal it gets about as many right, {before:.0%}.",
            before=before,
        )
    after = next(one["accuracy"] for one in found["changes"][worst[0]] if one["strength"] == _MIDDLE)
    return Sentence(
        "It suffers most when photos are {name}: at the middle strength {after:.0%} are right, before {before:.0%}.",
        name=NAMES[worst[0]],
        after=after,
        before=before,
    )


def how_sure(found: Mapping[str, Any]) -> Sentence:
    """How far the figures can be trusted, and what would help."""
    low, high = found["as_they_are"]["interval"]
    words = [
        Sentence(
            "On {photos:,} photos each figure may be off by some {spread:.0%} either way.",
            photos=found["photos"],
            spread=(high - low) / 2,
        )
    ]
    helps = list(dict.fromkeys(HELPS[name].id for name in suffers(found) if name in HELPS))
    if helps:
        words.append(
            Sentence("What would help, on the page Train: {helps}.", helps=all_of([Sentence(one) for one in helps]))
        )
    beyond = [NAMES[name] for name in suffers(found) if name not in HELPS]
    if beyond:
        words.append(
            Sentence(
                "If the photos it will be shown are {names}, have it learn from some like that.", names=all_of(beyond)
            )
        )
    return joined(words)
