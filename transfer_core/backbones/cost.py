"""What a plan will cost on this machine, before it runs: parameters, seconds, bytes and the risk of over-fitting."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transfer_core.backbones.freeze_plan import FreezePlan, cut
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.files import read_json, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError

__all__ = [
    "READ_A_SECOND",
    "Augmented",
    "Estimate",
    "Overfitting",
    "Speed",
    "estimate",
    "look_seconds",
    "machine_speed",
    "overfitting",
    "record_pass",
    "record_speed",
]

Overfitting = Literal["low", "possible", "likely"]

# Photos per trainable parameter. A rule of thumb of ours, not a theorem: a head on 1280 features (2,562 parameters)
# learns well from 50 photos and up, the last blocks of a base (some million) can from hundreds because they start from
# good values and move little, and a whole base of many millions learns a few hundred photos by heart.
_LOW_RISK = 1e-2
_LIKELY = 1e-4

# Floating-point operations a second in a forward pass and in training (a step counted as three passes): the best of
# several tries on two cores shared with other work, TensorFlow 2.21, rounded. They serve until the first run here.
_DEFAULT = (60e9, 40e9)
_DEFAULTS = {
    "EfficientNet-Lite0": (60e9, 45e9),
    "MobileNet": (80e9, 60e9),
    "MobileNetV2": (35e9, 25e9),
    "EfficientNetV2B0": (70e9, 60e9),
    "ResNet50": (120e9, 90e9),
    "Xception": (40e9, 25e9),
}
_HEAD_SECONDS = 2.5e-5  # a photo and epoch, head on pooled features: overhead of the batch, not arithmetic
_AUGMENT_SECONDS = 5e-8  # a pixel, to make one variant of a photo: measured on the same two cores
READ_A_SECOND = 200.0
"""Photos decoded, to begin with."""
_START_SECONDS = 4.0  # until the first photos are through: TensorFlow, building and converting the base
_FEWEST_PHOTOS = 96  # in a pass; Keras computes whole batches of 32, which distorts what fewer say of a photo
_SMALLEST_TIME = 0.5  # seconds; a shorter measurement says more about start-up than about speed


@dataclass(frozen=True)
class Speed:
    """How fast this machine runs a base."""

    forward_flops_per_s: float
    train_flops_per_s: float
    """A training step counts as three forward passes: one forward, two backward."""
    measured: bool
    """Whether a look at many photos on this machine gave the first figure, or it is that of a like machine."""
    timed: bool
    """Whether anything of this base was timed here; what was not then follows from what was."""


@dataclass(frozen=True)
class Augmented:
    """How the training photos vary: as `FitConfig.augment` and `AugmentConfig.variants`."""

    mode: Literal["none", "cached", "live"] = "none"
    variants: int = 1
    """Of each photo, in mode `cached`."""


@dataclass(frozen=True)
class Estimate:
    """What a plan costs with so many photos."""

    trainable_parameters: int
    """Of base and head."""
    frozen_parameters: int
    head_parameters: int
    photos_per_parameter: float
    overfitting: Overfitting
    seconds_per_epoch: float
    """Of fine-tuning, or of the head where the whole base is frozen; validation included, and with augmentation every
    variant."""
    head_seconds_per_epoch: float
    features_seconds: float
    """Once, if nothing is cached: for all photos, for all their variants, or (live) for those not learned from."""
    cache_bytes: int
    """Pixels of all photos, and the features that are kept, as float32."""
    activation_bytes: int
    """Of `cache_bytes`, what is kept at the cut."""
    frontier: tuple[str, ...]
    """Layers whose outputs are cached."""
    measured: bool
    """Whether the seconds rest on runs on this machine."""

    def disk_bytes(self, halved: bool) -> int:
        """`cache_bytes`; with `halved`, where what is kept at the cut is float16 (`TuningConfig.cache_precision`)."""
        return self.cache_bytes - self.activation_bytes // 2 if halved else self.cache_bytes


def estimate(
    workspace: Workspace,
    tree: LayerTree,
    plan: FreezePlan,
    classes: int,
    train_photos: int,
    validation_photos: int,
    augmented: Augmented = Augmented(),
    *,
    test_photos: int = 0,
) -> Estimate:
    """Work out what `plan` costs; arithmetic on the tree, well under a millisecond a thousand layers.

    Raises:
        ConfigError: the plan names a layer that the base does not have.
    """
    parts = cut(tree, plan)
    channels = tree.root.shape[-1]
    head = (channels + 1) * classes
    trainable = parts.trainable_parameters + head
    speed = machine_speed(workspace, tree.root.name)
    change = _AUGMENT_SECONDS * tree.input_size**2
    live, learned = augmented.mode == "live", train_photos
    if augmented.mode == "cached":
        learned *= augmented.variants
    kept = validation_photos + test_photos + (0 if live else learned)
    head_seconds = seconds = (learned + validation_photos) * _HEAD_SECONDS
    if live:
        whole = parts.prefix_flops + parts.suffix_flops
        head_seconds += train_photos * (whole / speed.forward_flops_per_s + change)
        seconds += train_photos * (parts.prefix_flops / speed.forward_flops_per_s + change)
    if not plan.head_only:
        seconds += learned * 3 * parts.suffix_flops / speed.train_flops_per_s
        seconds += validation_photos * parts.suffix_flops / speed.forward_flops_per_s
    features_seconds = kept * (parts.prefix_flops + parts.suffix_flops) / speed.forward_flops_per_s
    if augmented.mode == "cached":
        features_seconds += learned * change
    activations = kept * _activation_bytes(tree, plan, parts.frontier, parts.frontier_values)
    return Estimate(
        trainable,
        parts.frozen_parameters,
        head,
        train_photos / trainable,
        overfitting(train_photos, trainable),
        seconds,
        head_seconds,
        features_seconds,
        (train_photos + validation_photos + test_photos) * 3 * tree.input_size**2 + kept * 4 * channels + activations,
        activations,
        parts.frontier,
        speed.timed,
    )


def overfitting(photos: int, parameters: int) -> Overfitting:
    """Risk of learning the photos by heart, from photos per trainable parameter (a rule of thumb).

    `low` from one photo a hundred parameters on, `likely` below one photo ten thousand.
    """
    share = photos / parameters
    return "low" if share >= _LOW_RISK else "possible" if share >= _LIKELY else "likely"


def _activation_bytes(tree: LayerTree, plan: FreezePlan, frontier: tuple[str, ...], values: int) -> int:
    """Of one photo or variant, at the cut; pooled features come on top."""
    if plan.head_only:
        return 0
    # The network's input is never cached as floats: the pixels are there already.
    if any(name not in tree.layers for name in frontier):
        values -= 3 * tree.input_size**2
    return 4 * values


def look_seconds(workspace: Workspace, tree: LayerTree, photos: int) -> dict[str, float]:
    """How long one look of a base at so many photos takes here, by its parts.

    Returns:
        Seconds of `photos` (reading them), `start` (TensorFlow, the base and its conversion) and `features`.
    """
    flops = sum(node.facts.flops for node in tree.layers.values() if node.facts)
    speed = machine_speed(workspace, tree.root.name).forward_flops_per_s
    return {"photos": photos / READ_A_SECOND, "start": _START_SECONDS, "features": photos * flops / speed}


def machine_speed(workspace: Workspace, base: str) -> Speed:
    """Speed of a base on this machine.

    As measured by earlier runs of it; else as of a like machine, corrected by how this one did with other bases.

    Args:
        workspace: that remembers earlier runs.
        base: the title of its row, which is the name of its tree.
    """
    measured = _read(workspace)
    default = _default(base)
    own = measured.get(base, {})
    forward, train = own.get("forward"), own.get("train")
    return Speed(
        forward or default[0] * _machine_factor(measured, "forward", 0),
        train or (default[1] * (_machine_factor(measured, "train", 1) if not forward else forward / default[0])),
        bool(forward),
        bool(forward or train),
    )


def record_speed(
    workspace: Workspace, base: str, kind: Literal["forward", "train"], flops: float, seconds: float
) -> None:
    """Note how long `flops` operations took; too short a measurement is left out. The newest counts half.

    Raises:
        StorageError: the cache can't be written.
    """
    if seconds < _SMALLEST_TIME or flops <= 0:
        return
    measured = _read(workspace)
    own = measured.setdefault(base, {})
    own[kind] = (own[kind] + flops / seconds) / 2 if kind in own else flops / seconds
    write_json(_path(workspace), measured)


def record_pass(workspace: Workspace, tree: LayerTree, pace: tuple[int, float]) -> None:
    """Note how fast the whole base ran: so many photos in so many seconds, as `Reporter.pace` gives them.

    Few photos say nothing and are left out.
    """
    photos, seconds = pace
    if photos < _FEWEST_PHOTOS:
        return
    flops = sum(node.facts.flops for node in tree.layers.values() if node.facts)
    record_speed(workspace, tree.root.name, "forward", flops * photos, seconds)


def _default(base: str) -> tuple[float, float]:
    return _DEFAULTS.get(base, _DEFAULT)


def _machine_factor(measured: dict[str, dict[str, float]], kind: str, column: int) -> float:
    ratios = [own[kind] / _default(base)[column] for base, own in measured.items() if kind in own]
    return statistics.median(ratios) if ratios else 1.0


def _path(workspace: Workspace) -> Path:
    return workspace.cache_dir / "speed.json"


def _read(workspace: Workspace) -> dict[str, dict[str, float]]:
    path = _path(workspace)
    if not path.is_file():
        return {}
    try:
        value: Any = read_json(path)
        return {
            str(base): {kind: float(own[kind]) for kind in ("forward", "train") if float(own.get(kind, 0)) > 0}
            for base, own in value.items()
        }
    except (StorageError, AttributeError, TypeError, ValueError):
        return {}  # a cache: measured anew by the next run
