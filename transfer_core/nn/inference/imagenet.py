"""A base with its own ImageNet answer layer, asked about photos: what it says before it has seen any of a project's."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.imagenet_classes import ANSWERING_BASE, imagenet_names
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.export.classifier import photo_input
from transfer_core.nn.inference.predictor import Predictor

__all__ = ["NAMES_TOLD", "ImageNet"]

NAMES_TOLD = 5
"""Names in an answer. ImageNet's own second measure, too, is whether the right one is among five."""


class ImageNet(Predictor):
    """The 1000 classes of ImageNet, told by the base whose weights file still holds the layer that answers."""

    def __init__(self, workspace: Workspace) -> None:
        """Build the base with its top, its weights from `workspace`.

        Raises:
            WeightsError: its weights are missing or damaged.
        """
        row = get_base(ANSWERING_BASE)
        photo, scaled = photo_input(row.name, row.input_size)
        logits = bases.build_with_top(workspace, row)(scaled, training=False)
        answer = keras.layers.Softmax(name="answer")(logits)
        super().__init__(keras.Model(photo, answer, name="imagenet"), imagenet_names(), row.input_size)

    def _described(self, row: NDArray[np.float32]) -> dict[str, Any]:
        """As `Predictor.predict` gives it, with `answers` [[name, probability]] in place of every probability."""
        best = row.argsort()[::-1][:NAMES_TOLD]
        return {"answers": [[self.classes[index], float(row[index])] for index in best]}
