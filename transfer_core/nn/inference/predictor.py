"""A network that answers about photos, decoded exactly as in training: above all a trained classifier."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.errors import PhotoError, RunError
from transfer_core.nn.export.classifier import POOLING
from transfer_core.nn.inference.channels import Channels
from transfer_core.nn.inference.class_maps import ClassMaps
from transfer_core.photos.decode import decode
from transfer_core.photos.sources.found import PhotoFile
from transfer_core.runs.folder import Run
from transfer_core.runs.known import Known, read_known

__all__ = ["Classifier", "Predictor"]

_BATCH = 32
Item = Path | str | bytes | PhotoFile
Each = Callable[[dict[str, Any], NDArray[np.uint8] | None], None]
"""Called with each answer and what the network saw, uint8 (size, size, 3), or None where it saw nothing."""


class Predictor:
    """A model from photos to probabilities, asked about decoded photos or about files."""

    def __init__(self, model: keras.Model, classes: Sequence[str], size: int, known: Known | None = None) -> None:
        """Call the model once, so that every answer takes its usual time.

        Args:
            model: from RGB 0..255, float32 (batch, size, size, 3), to probabilities (batch, classes).
            classes: names in the order of the model's outputs.
            size: side of the photos in pixels.
            known: what it learned from; its layer `pooling` then gives the features. None: it answers whatever it sees.
        """
        self.model, self.classes, self.size, self.known = model, tuple(classes), size, known
        # Whatever is asked for, the answer comes from the same graph.
        pooled = model.get_layer(POOLING).output if known else model.outputs[0]
        both = keras.Model(model.inputs, [model.outputs[0], pooled])
        self._answer = tf.function(
            lambda photos: both(tf.cast(photos, tf.float32), training=False),
            input_signature=[tf.TensorSpec((None, self.size, self.size, 3), tf.uint8)],
            autograph=False,
        )
        # The first call traces the graph and sets up memory, which takes seconds; a photo's time must not hold that.
        self.probabilities(np.zeros((1, self.size, self.size, 3), np.uint8))

    def probabilities(self, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Answers for decoded photos (n, size, size, 3), RGB: (n, classes), each row adds up to 1."""
        return self.answers(photos)[0]

    def answers(self, photos: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As `probabilities`, and the pooled features (n, channels) where it is told what the model learned from."""
        parts = [self._answer(tf.constant(photos[start : start + _BATCH])) for start in range(0, len(photos), _BATCH)]
        if not parts:
            return np.zeros((0, len(self.classes)), np.float32), np.zeros((0, 0), np.float32)
        shares, pooled = (np.concatenate([part[at].numpy() for part in parts]) for at in (0, 1))
        return shares, pooled

    def describe(self, photos: NDArray[np.uint8]) -> list[dict[str, Any]]:
        """As `predict` of decoded photos (n, size, size, 3), RGB: the same dicts without `image` and `milliseconds`."""
        shares, pooled = self.answers(photos)
        return [self._described(row) | like for row, like in zip(shares, self._likeness(pooled), strict=True)]

    def predict(self, images: Iterable[Item], each: Each = lambda answer, photo: None) -> list[dict[str, Any]]:
        """Ask about files or the bytes of files; one bad file does not spoil the rest.

        Args:
            images: what to ask about.
            each: told of each answer, in order, a few at a time.

        Returns:
            One dict a photo, in order: `image` (the path, or `image 1` for the first bytes), `label`, `probability`
            (0..1, of the label), `probabilities` {class: 0..1} and `milliseconds` (decoding, and its share of the
            network); or `image` and `error`. Where it is known what the model learned from, also `none` (whether the
            photo looks too new to be one of the classes, see `stats.abstention`), `alike` (its likeness, -1 to 1) and
            `nearest` (SHA-256 of the photos learned from that look most alike, the nearest first).
        """
        numbered = ((_name(item, index), item) for index, item in enumerate(images, 1))
        answers = []
        for group in _groups(numbered):
            for answer, photo in self._predict_group(group):
                answers.append(answer)
                each(answer, photo)
        return answers

    def _predict_group(
        self, group: Sequence[tuple[str, Item]]
    ) -> list[tuple[dict[str, Any], NDArray[np.uint8] | None]]:
        answers: list[dict[str, Any]] = []
        decoded: list[NDArray[np.uint8]] = []
        for name, item in group:
            began = time.perf_counter()
            try:
                data = item.read() if isinstance(item, PhotoFile) and item.path is None else item
                decoded.append(decode(data if isinstance(data, bytes) else _path(data), self.size))
            except PhotoError as error:
                answers.append({"image": name, "error": error.sentence})
            else:
                answers.append({"image": name, "milliseconds": 1000 * (time.perf_counter() - began)})
        if not decoded:
            return [(answer, None) for answer in answers]
        began = time.perf_counter()
        said = iter(self.describe(np.stack(decoded)))
        share = 1000 * (time.perf_counter() - began) / len(decoded)
        photos = iter(decoded)
        return [
            (answer, None)
            if "error" in answer
            else (answer | next(said) | {"milliseconds": round(answer["milliseconds"] + share, 2)}, next(photos))
            for answer in answers
        ]

    def _likeness(self, pooled: NDArray[np.float32]) -> list[dict[str, Any]]:
        """`none`, `alike` and `nearest` of each photo; nothing where it is not known what was learned from."""
        if self.known is None:
            return [{}] * len(pooled)
        alike, nearest = self.known.photos.compare(pooled)
        threshold = self.known.threshold()
        return [
            {
                "none": bool(value < threshold),
                "alike": float(value),
                "nearest": list(dict.fromkeys(self.known.sha256[row] for row in rows)),
            }
            for value, rows in zip(alike, nearest, strict=True)
        ]

    def _described(self, row: NDArray[np.float32]) -> dict[str, Any]:
        best = int(row.argmax())
        return {
            "label": self.classes[best],
            "probability": float(row[best]),
            "probabilities": {name: float(value) for name, value in zip(self.classes, row, strict=True)},
        }


class Classifier(Predictor):
    """The model of a run, loaded once."""

    def __init__(self, run: Run) -> None:
        """Load the model.

        Raises:
            RunError: the run has no trained model, or its file is damaged.
        """
        labels = run.labels()
        try:
            model = keras.models.load_model(run.model_path, compile=False)
        except (ValueError, OSError, KeyError) as error:
            raise RunError(
                "{model_path} can't be loaded ({error}). Train again or restore a copy.",
                model_path=run.model_path,
                error=error,
            ) from error
        super().__init__(model, labels["classes"], labels["input_size"], read_known(run.known_path))
        self.base: str = labels["base"]

    @cached_property
    def class_maps(self) -> ClassMaps:
        """Where in a photo it finds a class."""
        return ClassMaps(self.model, self.base)

    @cached_property
    def channels(self) -> Channels:
        """What the channels of its base answer to."""
        return Channels(self.model, self.base)


def _name(item: Item, index: int) -> str:
    if isinstance(item, PhotoFile):
        return item.name
    return f"image {index}" if isinstance(item, bytes) else str(item)


def _path(item: Path | str | PhotoFile) -> Path:
    return Path(item) if isinstance(item, Path | str) else Path(item.path or item.name)


def _groups(items: Iterable[tuple[str, Item]]) -> Iterator[list[tuple[str, Item]]]:
    iterator = iter(items)
    while group := list(islice(iterator, _BATCH)):
        yield group
