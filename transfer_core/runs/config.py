"""What a run is asked to do: frozen dataclasses, checked when they are made; unknown keys are refused."""

from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError
from transfer_core.runs.augmentation import get_preset
from transfer_core.runs.checks import check_choice, check_number, plain_number
from transfer_core.text import Sentence

__all__ = [
    "OPTIMIZER_NAMES",
    "PRECISION_NAMES",
    "SCHEDULE_NAMES",
    "AugmentConfig",
    "Augmentation",
    "BaseConfig",
    "CachePrecision",
    "DataConfig",
    "FitConfig",
    "Optimizer",
    "PhaseConfig",
    "RunConfig",
    "ScheduleName",
    "TuningConfig",
    "fine_tuning_rate",
]

Optimizer = Literal["adam", "rmsprop", "sgd"]
Augmentation = Literal["none", "cached", "live"]
ScheduleName = Literal["automatic", "constant", "cosine", "plateau"]
CachePrecision = Literal["float32", "float16"]

# What people read for each of them; those of `Augmentation` stand beside its presets.
OPTIMIZER_NAMES: dict[str, Sentence] = {
    "adam": Sentence("Adam"),
    "rmsprop": Sentence("RMSprop"),
    "sgd": Sentence("SGD"),
}
SCHEDULE_NAMES: dict[str, Sentence] = {
    "automatic": Sentence("the same for the head, then sinking"),
    "constant": Sentence("stays the same"),
    "cosine": Sentence("sinks to nothing along a cosine"),
    "plateau": Sentence("is cut to a fifth when learning stalls"),
}
PRECISION_NAMES: dict[str, Sentence] = {
    "float32": Sentence("as it is (float32)"),
    "float16": Sentence("rounded, in half the space (float16)"),
}

T = TypeVar("T")

_HEAD_RATE = 2e-3
_FULL_RATE, _FULL_RATE_PHOTOS = 3e-4, 500


def fine_tuning_rate(photos: int) -> float:
    """The learning rate of fine-tuning that goes with so many photos to learn from: a peak, for Adam, that then falls.

    Steps that are right for many photos make a network learn few by heart, so it is 0.0003 for 500 photos and more, and
    in proportion for fewer, to two digits. Chosen with `python -m tests.benchmarks recipe`.
    """
    return float(f"{_FULL_RATE * min(1.0, max(photos, 1) / _FULL_RATE_PHOTOS):.1e}")


@dataclass(frozen=True)
class DataConfig:
    """Where the photos come from. Paths are as given; `source` may be a project's name."""

    source: str = ""
    validation: str | None = None
    """A folder of class folders to validate on instead of a split of `source`."""
    test: str | None = None
    """A folder of class folders never seen in training."""
    validation_fraction: float = 0.2
    """Share of each class kept for validation, when no `validation` is given."""
    test_fraction: float = 0.0
    """Share of each class kept for a test at the end, when no `test` is given."""

    def __post_init__(self) -> None:
        check_number(Sentence("The share of photos for validation"), self.validation_fraction, 0.01, 0.9)
        check_number(Sentence("The share of photos for a test"), self.test_fraction, 0, 0.9)


@dataclass(frozen=True)
class BaseConfig:
    """The pretrained network: a catalog name and where its weights come from."""

    name: str = "efficientnet-lite0"
    weights: str = "imagenet"
    """`imagenet`, `none` (random, for experiments), or the path of a weights file."""


@dataclass(frozen=True)
class PhaseConfig:
    """One phase of training: at most `epochs` passes over the photos at one learning rate."""

    epochs: int
    learning_rate: float | None
    """None, for fine-tuning only: `fine_tuning_rate`, which `RunConfig.for_photos` puts here before a run is made."""

    def __post_init__(self) -> None:
        check_number(Sentence("The number of epochs"), self.epochs, 0, 10_000, whole=True)
        if self.learning_rate is not None:
            check_number(Sentence("The learning rate"), self.learning_rate, 1e-9, 10)

    @property
    def rate(self) -> float:
        """The learning rate as a number.

        Raises:
            ValueError: it goes by the number of photos, which `RunConfig.for_photos` has not been told.
        """
        if self.learning_rate is None:
            raise ValueError("the learning rate goes by the number of photos: ask RunConfig.for_photos first")
        return self.learning_rate


@dataclass(frozen=True)
class FitConfig:
    """How both phases fit."""

    optimizer: Optimizer = "adam"
    batch_size: int = 32
    dropout: float = 0.2
    """Share of the features dropped before the head while training, 0 to 0.95."""
    patience: int = 8
    """Epochs in which nothing gets better on the validation photos before a phase ends early; 0: it never does, nor
    with the schedule `cosine`."""
    class_weights: bool = True
    """Weigh each class by the inverse of its number of photos, so that small classes count as much."""
    augment: Augmentation = "none"
    """`none`: the photos as they are; `cached`: fixed variants of each; `live`: new variants in every epoch."""

    def __post_init__(self) -> None:
        check_choice(Sentence("The optimizer"), self.optimizer, get_args(Optimizer))
        check_choice(Sentence("Augmentation"), self.augment, get_args(Augmentation))
        check_number(Sentence("The batch size"), self.batch_size, 1, 4096, whole=True)
        check_number(Sentence("Dropout"), self.dropout, 0, 0.95)
        check_number(Sentence("Patience"), self.patience, 0, 10_000, whole=True)


@dataclass(frozen=True)
class TuningConfig:
    """Refinements of fitting for those who ask for them; as they stand, none is in use."""

    schedule: ScheduleName = "automatic"
    """How the learning rate of each phase goes on from its peak, see `rates`; `automatic`: the head's stays the
    same, for the head ends early by itself, and that of fine-tuning falls along a cosine."""
    warmup_epochs: int = 0
    """Epochs over which the rate climbs to its peak, in each phase; fewer than the phase has."""
    discriminative: float = 1.0
    """The rate of each block of the base is that of the block after it divided by this; the head has the full rate."""
    label_smoothing: float = 0.0
    """Share of the training target spread evenly over all classes, 0 to 0.5; 0.1 is usual."""
    train_batch_norm: bool = False
    """Whether BatchNormalization layers that are fine-tuned normalize by the batch and move their statistics."""
    cache_precision: CachePrecision = "float32"
    """How activations at the cut are kept on disk: exactly, or as `float16` in half the space, rounded."""

    def __post_init__(self) -> None:
        check_choice(Sentence("The schedule"), self.schedule, get_args(ScheduleName))
        check_number(Sentence("Warm-up"), self.warmup_epochs, 0, 1000, whole=True)
        check_number(Sentence("The factor of discriminative rates"), self.discriminative, 1, 10)
        check_number(Sentence("Label smoothing"), self.label_smoothing, 0, 0.5)
        check_choice(Sentence("The precision of the cache"), self.cache_precision, get_args(CachePrecision))
        if not isinstance(self.train_batch_norm, bool):
            raise ConfigError(
                "Training BatchNormalization must be true or false; {train_batch_norm!r} came.",
                train_batch_norm=self.train_batch_norm,
            )


@dataclass(frozen=True)
class AugmentConfig:
    """How training photos vary, unless `FitConfig.augment` is `none`."""

    preset: str = "photos"
    """A name from `presets.PRESETS`."""
    variants: int = 4
    """Fixed variants of each photo in mode `cached`."""

    def __post_init__(self) -> None:
        get_preset(self.preset)
        check_number(Sentence("The number of variants"), self.variants, 1, 100, whole=True)


@dataclass(frozen=True)
class RunConfig:
    """Everything a run depends on, besides the photos themselves."""

    data: DataConfig = field(default_factory=DataConfig)
    base: BaseConfig = field(default_factory=BaseConfig)
    plan: FreezePlan = field(default_factory=FreezePlan)
    # Of five settings tried on 294 photos of rubbish and 200 of pets, eight splits each, the quickest that came within
    # 0.01 of the lowest validation loss.
    head: PhaseConfig = field(default_factory=lambda: PhaseConfig(epochs=50, learning_rate=_HEAD_RATE))
    # `python -m tests.benchmarks recipe` compares rates.
    fine_tune: PhaseConfig = field(default_factory=lambda: PhaseConfig(epochs=8, learning_rate=None))
    fit: FitConfig = field(default_factory=FitConfig)
    augmentation: AugmentConfig = field(default_factory=AugmentConfig)
    tuning: TuningConfig = field(default_factory=TuningConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        check_number(Sentence("The shuffle number (seed)"), self.seed, 0, 2**31 - 1, whole=True)
        if self.head.epochs < 1:
            raise ConfigError("The head needs at least 1 epoch; 0 came. An untrained head can only guess.")
        if self.head.learning_rate is None:
            raise ConfigError(
                "The head needs a learning rate such as {usual}; none came. Only that of fine-tuning can go by the "
                "number of photos.",
                usual=plain_number(_HEAD_RATE),
            )
        phases = [
            (Sentence("the head"), self.head),
            *([(Sentence("fine-tuning"), self.fine_tune)] if self.fine_tunes else []),
        ]
        for name, phase in phases:
            if self.tuning.warmup_epochs >= phase.epochs:
                raise ConfigError(
                    "Warm-up must end before the last epoch; {warmup_epochs} epochs of it came for "
                    "{epochs} epochs of {name}. Shorten it, or train for longer.",
                    warmup_epochs=self.tuning.warmup_epochs,
                    epochs=phase.epochs,
                    name=name,
                )

    @property
    def fine_tunes(self) -> bool:
        """Whether there is a second phase: something is unfrozen and has epochs to train."""
        return not self.plan.head_only and self.fine_tune.epochs > 0

    def for_photos(self, photos: int) -> "RunConfig":
        """The same with every number settled, to learn from so many photos."""
        if self.fine_tune.learning_rate is not None:
            return self
        return replace(self, fine_tune=replace(self.fine_tune, learning_rate=fine_tuning_rate(photos)))

    def to_dict(self) -> dict[str, Any]:
        """JSON form: what `json.loads` gives back, lists for tuples.

        `tuning.cache_precision` stands in it only where it is not the default: configurations that do not use it keep
        their hashes, with which runs go on from their checkpoints, and versions that do not know it read them.
        """
        value = asdict(self)
        if self.tuning.cache_precision == "float32":
            del value["tuning"]["cache_precision"]
        value["plan"]["trainable"] = list(self.plan.trainable)
        return value

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "RunConfig":
        """Inverse of `to_dict`; missing keys take their defaults.

        Raises:
            ConfigError: an unknown key, or a value that does not fit.
        """
        if isinstance(value, dict):
            usual = cls()
            for name in ("head", "fine_tune"):  # the phases differ in their defaults, so they have none of their own
                if isinstance(value.get(name), dict):
                    value = {**value, name: asdict(getattr(usual, name)) | value[name]}
        return _build(cls, value, "config")


_PARTS: dict[str, type] = {
    "data": DataConfig,
    "base": BaseConfig,
    "plan": FreezePlan,
    "head": PhaseConfig,
    "fine_tune": PhaseConfig,
    "fit": FitConfig,
    "augmentation": AugmentConfig,
    "tuning": TuningConfig,
}


def _build(cls: type[T], value: Any, where: str) -> T:
    if not isinstance(value, dict):
        raise ConfigError("{where} must be an object with named values; {value!r} came.", where=where, value=value)
    assert is_dataclass(cls)
    known = {item.name for item in fields(cls)}
    if unknown := sorted(set(value) - known):
        raise ConfigError(
            "{where} has an unknown key {unknown!r}; it knows {known}.",
            where=where,
            unknown=unknown[0],
            known=sorted(known),
        )
    parts = {
        name: _build(_PARTS[name], part, f"{where}.{name}") if cls is RunConfig and name in _PARTS else part
        for name, part in value.items()
    }
    if "trainable" in parts and isinstance(parts["trainable"], list):
        parts["trainable"] = tuple(parts["trainable"])
    try:
        return cls(**parts)
    except TypeError as error:
        raise ConfigError("{where} does not fit: {error}.", where=where, error=error) from error
