"""Head and base become one Keras model that takes RGB 0..255, is saved, and is checked against what was trained."""

import json
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.files import atomic_path, write_json
from transfer_core.errors import RunError
from transfer_core.nn.backbones import build as bases
from transfer_core.runs.folder import Run

__all__ = [
    "PARITY_LIMIT",
    "POOLING",
    "Parity",
    "assemble",
    "check_parity",
    "photo_input",
    "pooled",
    "save_classifier",
    "versions",
]

PARITY_LIMIT = 1e-3
"""Largest difference in a probability between what was trained and what was saved. Float32 sums taken in another
order differ by about 1e-6; a scaling mistake by about 1."""


POOLING = "pooling"
"""Name of the classifier's layer whose output reaches the head."""
_BATCH = 8  # memory for the activations of 16 takes longer to get than a second call


@dataclass(frozen=True)
class Parity:
    """How the saved model, loaded again, compares with what was trained."""

    photos: int
    max_difference: float
    """In a probability."""


def photo_input(base: str, size: int) -> tuple[Any, Any]:
    """The input of a model that takes photos, RGB 0..255 float32 (batch, size, size, 3), and the same scaled."""
    photo = keras.Input((size, size, 3), dtype="float32", name="photo")
    return photo, bases.preprocessing(base, photo)


def pooled(maps: Any) -> Any:
    """The average of each channel over the last feature maps: (batch, channels)."""
    return keras.layers.GlobalAveragePooling2D(name=POOLING)(maps)


def assemble(
    base: keras.Model, head: keras.layers.Dense, dropout: float, size: int, temperature: float = 1.0
) -> keras.Model:
    """The whole classifier: photo -> scaling -> base -> pooling -> dropout -> softmax.

    Made of built-in Keras layers only, so plain `keras.models.load_model` reads it anywhere. The temperature is in the
    weights of its last layer, so that the answers are as sure as they deserve wherever it goes.

    Returns:
        From RGB 0..255 (batch, size, size, 3) to probabilities (batch, classes), float32.
    """
    photo, scaled = photo_input(base.name, size)
    features = pooled(base(scaled, training=False))
    softmax = keras.layers.Dense(head.units, activation="softmax", name="head")
    answer = softmax(keras.layers.Dropout(dropout, name="dropout")(features))
    softmax.set_weights([weight / np.float32(temperature) for weight in head.get_weights()])
    return keras.Model(photo, answer, name="classifier")


def save_classifier(model: keras.Model, run: Run, classes: tuple[str, ...], base: str) -> keras.Model:
    """Write model.keras and labels.json into the run's folder, atomically, and give the model as loaded back.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    labels = {
        "classes": list(classes),
        "input_size": model.inputs[0].shape[1],
        "base": base,
        "thaw": versions()["thaw"],
    }
    with atomic_path(run.model_path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:  # so that the file alone can be opened again, see `opening`
            archive.writestr(run.labels_path.name, json.dumps(labels))
    write_json(run.labels_path, labels)
    return keras.models.load_model(run.model_path, compile=False)


def check_parity(
    model: keras.Model, photos: NDArray[np.uint8], expected: NDArray[np.float32], limit: float = PARITY_LIMIT
) -> Parity:
    """Ask the saved model about `photos` (n, size, size, 3) and compare with what training says, (n, classes).

    Raises:
        RunError: they differ by more than `limit`.
    """
    difference = 0.0
    for start in range(0, len(photos), _BATCH):
        part = slice(start, start + _BATCH)
        answers = keras.ops.convert_to_numpy(model(photos[part].astype(np.float32), training=False))
        difference = float(np.maximum(difference, np.abs(answers - expected[part]).max()))  # keeps what is no number
    if not difference <= limit:
        raise RunError(
            "The saved model does not answer as the trained one did (probabilities differ by {difference:.2g}), so it "
            "is not kept. Clear Thaw's cache and train again; if it comes back, report it.",
            difference=difference,
        )
    return Parity(len(photos), difference)


def versions() -> dict[str, str]:
    """Versions of what a run depends on."""
    found = {}
    for name in ("thaw", "keras", "tensorflow", "numpy", "pillow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "source"  # run from a checkout that was never installed
    return found
