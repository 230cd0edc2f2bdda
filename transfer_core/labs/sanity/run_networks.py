"""The network of each training of the sanity check: frozen end to end as it should be, and with each mistake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.imagenet_classes import ANSWERING_BASE
from transfer_core.disk.workspace import Workspace
from transfer_core.labs.sanity.mistakes import BaseFacts
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.data.batches import Rows
from transfer_core.nn.export.classifier import photo_input, pooled
from transfer_core.nn.models.batch_norm import normalize_by_batch
from transfer_core.nn.training.classifier import Network, build_head

__all__ = ["BaseAtWork", "EndToEnd", "base_facts", "features_of"]

Forward = Callable[[Any, bool], Any]
"""From RGB 0..255 uint8 (batch, size, size, 3), and whether it learns, to features (batch, channels)."""


@dataclass(frozen=True, kw_only=True)
class EndToEnd(Network):
    """From the photos to logits, through the whole base at every step; the head alone is trained."""

    forward: Forward

    def __call__(self, inputs: Any, training: bool) -> Any:
        """Logits (batch, classes) of a batch of photos."""
        features = self.forward(tf.cast(inputs[0], tf.float32), training)
        return self.head(self.dropout(features, training=training))

    @property
    def variables(self) -> list[keras.Variable]:
        """What the optimizer changes: the head's, whatever the base's layers are marked as."""
        return list(self.head.trainable_variables)


def base_facts(base: keras.Model, weights: str) -> BaseFacts:
    """What decides which mistakes the base suffers from; `weights` as in `BaseConfig`."""
    row = get_base(base.name)
    norms = sum(isinstance(layer, keras.layers.BatchNormalization) for layer in base.layers)
    rates = (getattr(layer, "rate", getattr(layer, "drop_path_rate", 0.0)) for layer in base.layers)
    # The head of random weights answers nothing, and other bases come without theirs.
    top = row.name == ANSWERING_BASE and weights == "imagenet"
    return BaseFacts(row.title, row.scaling, norms, sum(rate > 0 for rate in rates), top)


class BaseAtWork:
    """A base to put new heads on, each in another way. What several networks share is compiled once."""

    def __init__(self, workspace: Workspace, base: keras.Model, weights: str) -> None:
        """Take `base`, without its top, with `weights` as in `BaseConfig`."""
        base.trainable = False
        self.facts = base_facts(base, weights)
        self._workspace, self._base = workspace, base
        self._photo, self._scaled = photo_input(base.name, base.inputs[0].shape[1])
        self._body = keras.Model(self._photo, pooled(base(self._scaled, training=False)))
        self._asleep = self._compiled(lambda photos: self._body(photos, training=False))

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Leave the base as it was: frozen, with its weights, statistics and the state of its dropout."""
        kept = [np.array(variable.value) for variable in self._base.variables]
        try:
            yield
        finally:
            self._base.trainable = False
            for variable, value in zip(self._base.variables, kept, strict=True):
                variable.assign(value)

    def network(self, mistake: str | None, classes: int, dropout: float, seed: int) -> EndToEnd:
        """A new head on the whole base.

        Marks the base as frozen or not, as the mistake has it: use the network within `restored`.

        Args:
            mistake: a name of `MISTAKES`, or None for how it should be.
            classes: number of logits.
            dropout: its rate, for the mistake of that name.
            seed: of the head's weights, the same for all.
        """
        self._base.trainable = mistake in ("batch_norm", "training_true")
        forward, channels = self._forward(mistake)
        layer = keras.layers.Dropout(dropout if mistake == "dropout" else 0.0, seed=seed + 1)
        return EndToEnd(None, layer, build_head(channels, classes, seed), forward=forward)

    def _forward(self, mistake: str | None) -> tuple[Forward, int]:
        """How the features come about, and their number."""
        asleep, channels = self._asleep, int(self._base.outputs[0].shape[-1])
        match mistake:
            case "batch_norm":
                by_batch = keras.Model(self._photo, pooled(normalize_by_batch(self._base)(self._scaled)))
                learning = self._compiled(lambda photos: by_batch(photos))  # no `training`, see `normalize_by_batch`
                return lambda photos, training: (learning if training else asleep)(photos), channels
            case "training_true":
                awake = self._compiled(lambda photos: self._body(photos, training=True))
                return lambda photos, training: awake(photos), channels
            case "overruled":
                # What `fit` does with the model of the guides: it calls it with training=True.
                awake = self._compiled(lambda photos: self._body(photos, training=True))
                return lambda photos, training: (awake if training else asleep)(photos), channels
            case "scaling":
                wrong = keras.Model(self._photo, pooled(self._base(self._wrongly_scaled(), training=False)))
                strange = self._compiled(lambda photos: wrong(photos, training=False))
                return lambda photos, training: strange(photos), channels
            case "softmax" if self.facts.top:
                top = bases.build_with_top(self._workspace, self._base.name).get_layer("predictions")
                return lambda photos, training: tf.nn.softmax(top(asleep(photos))), int(top.units)
            case "softmax":
                return lambda photos, training: tf.nn.softmax(asleep(photos)), channels
            case _:
                return lambda photos, training: asleep(photos), channels

    def _compiled(self, features: Callable[[Any], Any]) -> Any:
        """For any number of photos; tracing takes longer than some photos do to run through."""
        return tf.function(features, input_signature=[tf.TensorSpec(self._photo.shape, tf.float32)])

    def _wrongly_scaled(self) -> Any:
        """0..1 for a network that was trained on anything else, -1..1 for one that was trained on 0..1."""
        if self.facts.scaling == "torch":
            return keras.layers.Rescaling(1 / 127.5, -1.0)(self._photo)
        return keras.layers.Rescaling(1 / 255)(self._photo)


def features_of(network: EndToEnd, photos: Rows, batch_size: int, told: Callable[[int], None]) -> NDArray[np.float32]:
    """Bottleneck features (photos, channels) as the frozen network computes them, once.

    By the same layers in batches of the same size as in training: a convolution adds up in another order in a larger
    batch, which shows in the last bits.

    Args:
        network: without a mistake.
        photos: uint8 (photos, size, size, 3).
        batch_size: of the training.
        told: hears of every batch how many photos it has.
    """
    parts = []
    for start in range(0, len(photos), batch_size):
        batch = photos[start : start + batch_size]
        parts.append(network.forward(tf.constant(batch, tf.float32), False).numpy())
        told(len(batch))
    return np.concatenate(parts)
