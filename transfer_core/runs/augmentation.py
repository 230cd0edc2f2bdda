"""The kinds of augmentation there are: how far each may turn, move and recolor a photo."""

from dataclasses import dataclass

from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["MODE_NAMES", "PRESETS", "Preset", "get_preset"]

MODE_NAMES: dict[str, Sentence] = {
    "none": Sentence("Off"),
    "cached": Sentence("A few variants of each photo"),
    "live": Sentence("New variants in every epoch"),
}
"""What people read for each `config.Augmentation`."""


@dataclass(frozen=True)
class Preset:
    """Limits of random change. Each variant draws its values evenly from within them; 0 everywhere: no change."""

    name: str
    title: Sentence
    description: Sentence
    flip: bool = False
    """Mirror left to right, every second time."""
    flip_vertical: bool = False
    """Mirror top to bottom, every second time."""
    rotation: float = 0.0
    """Degrees, to either side."""
    zoom: float = 0.0
    """0.1: from 1.1 times smaller to 1.1 times larger."""
    shift: float = 0.0
    """Share of the side, in each direction."""
    brightness: float = 0.0
    """Share of the full range, darker or brighter."""
    contrast: float = 0.0
    """0.1: distances from the photo's mean between 0.9 and 1.1 of what they were."""


_ALL = (
    Preset(
        "gentle",
        Sentence("Gentle"),
        Sentence(
            "Tiny turns and shifts, a little darker or brighter, never mirrored. For letters, signs, screens, and "
            "whatever means something else in a mirror."
        ),
        rotation=4,
        zoom=0.05,
        shift=0.04,
        brightness=0.06,
        contrast=0.1,
    ),
    Preset(
        "photos",
        Sentence("Everyday photos"),
        Sentence(
            "Mirrored left to right, turned and moved a little, lighter and darker. Right for most things in front of "
            "a camera: animals, plants, objects, rooms."
        ),
        flip=True,
        rotation=12,
        zoom=0.15,
        shift=0.08,
        brightness=0.12,
        contrast=0.2,
    ),
    Preset(
        "strong",
        Sentence("Strong"),
        Sentence(
            "The same, but farther. For very few photos, or where light, distance and angle differ much from photo to "
            "photo."
        ),
        flip=True,
        rotation=30,
        zoom=0.35,
        shift=0.15,
        brightness=0.25,
        contrast=0.4,
    ),
    Preset(
        "any-way-up",
        Sentence("Any way up"),
        Sentence(
            "Turned all the way round and mirrored both ways. For what has no top: seen from above, through a "
            "microscope, or lying on a table."
        ),
        flip=True,
        flip_vertical=True,
        rotation=180,
        zoom=0.15,
        shift=0.08,
        brightness=0.12,
        contrast=0.2,
    ),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def get_preset(name: str) -> Preset:
    """A preset by name.

    Raises:
        ConfigError: there is no such preset; the message lists those there are.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError(
            "The augmentation preset must be one of {presets}; {name!r} came.", presets=list(PRESETS), name=name
        )
    return PRESETS[name]
