"""Writes a classifier in one of the formats."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.nn.export.classifier import POOLING

__all__ = ["EXAMPLES", "write_model"]

EXAMPLES = 60
"""Photos whose ranges of values int8 goes by; more change its answers hardly, and each takes 0.1 s."""


def write_model(
    model: keras.Model, writer: str, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]
) -> None:
    """Write `model`, as `classifier.assemble` builds it, with two named outputs: `probabilities` and `features`.

    Args:
        model: from photos to probabilities.
        writer: a module of `nn.export.formats`.
        path: the file or folder to make.
        examples: photos learned from, uint8 (n, size, size, 3), for int8.
        notes: kept in the file, as text by name.
    """
    outputs = {"probabilities": model.outputs[0], "features": model.get_layer(POOLING).output}
    both = keras.Model(model.inputs[0], outputs)
    both(
        np.zeros((1, *model.inputs[0].shape[1:]), np.float32), training=False
    )  # some exporters refuse one never called
    import_module(f"transfer_core.nn.export.formats.{writer}").write(both, path, examples, notes)
