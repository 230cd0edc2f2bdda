"""The network of each training of the sanity check: frozen end to end as it should be, and with each mistake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core import bases
from transfer_core.assembly import photo_input, pooled
from transfer_core.batch_norm import normalize_by_batch
from transfer_core.batches import Rows
from transfer_core.catalog import get_base
from transfer_core.imagenet_names import ANSWERING_BASE
from transfer_core.labs.sanity_mistakes import BaseFacts
from transfer_core.network import Network, build_head

__all__ = ["EndToEnd", "base_facts", "end_to_end", "features_of", "restored"]

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


@contextmanager
def restored(base: keras.Model) -> Iterator[None]:
    """Leave the base as it was: frozen, with its weights, statistics and the state of its dropout."""
    kept = [np.array(variable.value) for variable in base.variables]
    try:
        yield
    finally:
        base.trainable = False
        for variable, value in zip(base.variables, kept, strict=True):
            variable.assign(value)


def end_to_end(
    base: keras.Model, facts: BaseFacts, mistake: str | None, classes: int, dropout: float, seed: int
) -> EndToEnd:
    """A new head on the whole frozen base.

    Marks the base as frozen or not, as the mistake has it: use it within `restored`, before another one is made.

    Args:
        base: without its top.
        facts: of the base.
        mistake: a name of `MISTAKES`, or None for how it should be.
        classes: number of logits.
        dropout: its rate, for the mistake of that name.
        seed: of the head's weights, the same for all.
    """
    base.trainable = mistake in ("batch_norm", "training_true")
    forward, channels = _forward(base, facts, mistake)
    layer = keras.layers.Dropout(dropout if mistake == "dropout" else 0.0, seed=seed + 1)
    return EndToEnd(None, layer, build_head(channels, classes, seed), forward=forward)


def _forward(base: keras.Model, facts: BaseFacts, mistake: str | None) -> tuple[Forward, int]:
    """How the features come about, and their number."""
    photo, scaled = photo_input(base.name, base.inputs[0].shape[1])
    body = keras.Model(photo, pooled(base(scaled, training=False)))
    channels = int(base.outputs[0].shape[-1])

    def compiled(features: Callable[[Any], Any]) -> Any:
        # Traced once for learning, checking and answering: tracing takes longer than some photos do to run through.
        return tf.function(features, input_signature=[tf.TensorSpec(photo.shape, tf.float32)])

    asleep = compiled(lambda photos: body(photos, training=False))
    awake = compiled(lambda photos: body(photos, training=True))
    match mistake:
        case "batch_norm":
            by_batch = keras.Model(photo, pooled(normalize_by_batch(base)(scaled)))
            learning = compiled(lambda photos: by_batch(photos))  # without `training`, see `normalize_by_batch`
            return lambda photos, training: (learning if training else asleep)(photos), channels
        case "training_true":
            return lambda photos, training: awake(photos), channels
        case "overruled":
            # What `fit` does with the model of the guides: it calls it with training=True.
            return lambda photos, training: (awake if training else asleep)(photos), channels
        case "scaling":
            wrong = keras.Model(photo, pooled(base(_wrongly_scaled(facts, photo), training=False)))
            strange = compiled(lambda photos: wrong(photos, training=False))
            return lambda photos, training: strange(photos), channels
        case "softmax" if facts.top:
            top = bases.build_with_top(base.name).get_layer("predictions")
            return lambda photos, training: tf.nn.softmax(top(asleep(photos))), int(top.units)
        case "softmax":
            return lambda photos, training: tf.nn.softmax(asleep(photos)), channels
        case _:
            return lambda photos, training: asleep(photos), channels


def _wrongly_scaled(facts: BaseFacts, photo: Any) -> Any:
    """0..1 for a network that was trained on anything else, -1..1 for one that was trained on 0..1."""
    if facts.scaling == "torch":
        return keras.layers.Rescaling(1 / 127.5, -1.0)(photo)
    return keras.layers.Rescaling(1 / 255)(photo)


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
