"""InceptionV4 in Keras (Szegedy et al. 2016, arXiv:1602.07261), laid out so that the published Keras weights load.

The weights were ported from TensorFlow-Slim by kentsommer/keras-inceptionV4 for a network whose layers bear Keras' own
names: conv2d_1 ... conv2d_149 and batch_normalization_1 ... 149, counted in the order of creation. Here the same
convolutions are created in the same order, and the number at the end of a layer's name is that count:
`inception_a1_conv_12` is conv2d_12. A file may list them in one of two orders, and `load_weights` takes both:

- the order of `model.layers`, as Keras saves a model;
- sorted by name, all batch normalizations before all convolutions. The script that made the published file sorted
  `model.layers` in place before it saved, which is why its authors load it by name.

Batch normalizations have no scale, so 149 kernels and 149 times (beta, moving mean, moving variance) make 596 arrays.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import keras
from keras import KerasTensor as Tensor
from keras import layers

from transfer_core.nn.backbones import weights_file
from transfer_core.nn.backbones.weights_file import SavedLayer

__all__ = ["build", "load_weights"]


def build(input_size: int) -> keras.Model:
    """The network without its top, with random weights: 41,174,400 parameters.

    Args:
        input_size: side of the photo in pixels, at least 75.

    Returns:
        A model from float32 (batch, input_size, input_size, 3), scaled to -1..1, to float32 (batch, h, w, 1536);
        h = w = 8 for 299.
    """
    inputs = keras.Input((input_size, input_size, 3), name="input_layer")
    net = _Builder()
    x = net.stem(inputs)
    for number in range(1, 5):
        x = net.inception_a(x, f"inception_a{number}")
    x = net.reduction_a(x, "reduction_a")
    for number in range(1, 8):
        x = net.inception_b(x, f"inception_b{number}")
    x = net.reduction_b(x, "reduction_b")
    for number in range(1, 4):
        x = net.inception_c(x, f"inception_c{number}")
    return keras.Model(inputs, x, name="inception-v4")


def load_weights(model: keras.Model, path: Path) -> None:
    """Fill a model of `build` from the published file, or from any that Keras saved of it.

    Raises:
        WeightsError: the file is damaged or belongs to another network.
    """
    weights_file.load_weights(model, path, reorder=_by_number)


def _by_number(ours: Sequence[layers.Layer], saved: Sequence[SavedLayer]) -> list[SavedLayer]:
    """The file's layers in our order, matched by kind and by the rank of the number in their names."""
    kinds: dict[str, list[tuple[int, SavedLayer]]] = {"conv2d": [], "batch_normalization": []}
    for layer in saved:
        match = re.fullmatch(r"(conv2d|batch_normalization)(?:_(\d+))?", layer.name)
        if match:
            kinds[match[1]].append((int(match[2] or 0), layer))
    ranked = {kind: [layer for _, layer in sorted(found, key=lambda pair: pair[0])] for kind, found in kinds.items()}
    ordered = []
    for layer in ours:
        kind = "conv2d" if isinstance(layer, layers.Conv2D) else "batch_normalization"
        number = int(layer.name.rpartition("_")[2])
        ordered += ranked[kind][number - 1 : number]
    return ordered


class _Builder:
    """Adds parts of the network one after the other and counts their convolutions."""

    def __init__(self) -> None:
        self._count = 0
        self._block = ""

    def _conv(self, x: Tensor, filters: int, size: tuple[int, int], stride: int = 1, padding: str = "same") -> Tensor:
        """Convolution without bias, batch normalization without scale, ReLU."""
        self._count += 1
        end = f"{self._count}"
        x = layers.Conv2D(filters, size, stride, padding, use_bias=False, name=f"{self._block}_conv_{end}")(x)
        # Slim's decay; epsilon is Keras' 1e-3, which is slim's too.
        x = layers.BatchNormalization(momentum=0.9997, scale=False, name=f"{self._block}_bn_{end}")(x)
        return layers.Activation("relu", name=f"{self._block}_relu_{end}")(x)

    def _halve(self, x: Tensor, name: str = "pool") -> Tensor:
        return layers.MaxPooling2D(3, 2, "valid", name=f"{self._block}_{name}")(x)

    def _pool_branch(self, x: Tensor, filters: int) -> Tensor:
        x = layers.AveragePooling2D(3, 1, "same", name=f"{self._block}_pool")(x)
        return self._conv(x, filters, (1, 1))

    def _join(self, branches: list[Tensor], name: str = "concat") -> Tensor:
        return layers.Concatenate(name=f"{self._block}_{name}")(branches)

    def stem(self, x: Tensor) -> Tensor:
        """Figure 3: 299x299x3 -> 35x35x384."""
        self._block = "stem"
        x = self._conv(x, 32, (3, 3), 2, "valid")
        x = self._conv(x, 32, (3, 3), 1, "valid")
        x = self._conv(x, 64, (3, 3))
        x = self._join([self._halve(x, "pool_1"), self._conv(x, 96, (3, 3), 2, "valid")], "concat_1")

        short = self._conv(x, 64, (1, 1))
        short = self._conv(short, 96, (3, 3), 1, "valid")
        long = self._conv(x, 64, (1, 1))
        long = self._conv(long, 64, (1, 7))
        long = self._conv(long, 64, (7, 1))
        long = self._conv(long, 96, (3, 3), 1, "valid")
        x = self._join([short, long], "concat_2")

        return self._join([self._conv(x, 192, (3, 3), 2, "valid"), self._halve(x, "pool_2")], "concat_3")

    def inception_a(self, x: Tensor, name: str) -> Tensor:
        """Figure 4: 35x35x384 -> the same."""
        self._block = name
        one = self._conv(x, 96, (1, 1))
        three = self._conv(x, 64, (1, 1))
        three = self._conv(three, 96, (3, 3))
        five = self._conv(x, 64, (1, 1))
        five = self._conv(five, 96, (3, 3))
        five = self._conv(five, 96, (3, 3))
        return self._join([one, three, five, self._pool_branch(x, 96)])

    def reduction_a(self, x: Tensor, name: str) -> Tensor:
        """Figure 7 with k=192, l=224, m=256, n=384: 35x35x384 -> 17x17x1024."""
        self._block = name
        three = self._conv(x, 384, (3, 3), 2, "valid")
        five = self._conv(x, 192, (1, 1))
        five = self._conv(five, 224, (3, 3))
        five = self._conv(five, 256, (3, 3), 2, "valid")
        return self._join([three, five, self._halve(x)])

    def inception_b(self, x: Tensor, name: str) -> Tensor:
        """Figure 5: 17x17x1024 -> the same."""
        self._block = name
        one = self._conv(x, 384, (1, 1))
        seven = self._conv(x, 192, (1, 1))
        seven = self._conv(seven, 224, (1, 7))
        seven = self._conv(seven, 256, (7, 1))
        thirteen = self._conv(x, 192, (1, 1))
        thirteen = self._conv(thirteen, 192, (7, 1))
        thirteen = self._conv(thirteen, 224, (1, 7))
        thirteen = self._conv(thirteen, 224, (7, 1))
        thirteen = self._conv(thirteen, 256, (1, 7))
        return self._join([one, seven, thirteen, self._pool_branch(x, 128)])

    def reduction_b(self, x: Tensor, name: str) -> Tensor:
        """Figure 8: 17x17x1024 -> 8x8x1536."""
        self._block = name
        three = self._conv(x, 192, (1, 1))
        three = self._conv(three, 192, (3, 3), 2, "valid")
        seven = self._conv(x, 256, (1, 1))
        seven = self._conv(seven, 256, (1, 7))
        seven = self._conv(seven, 320, (7, 1))
        seven = self._conv(seven, 320, (3, 3), 2, "valid")
        return self._join([three, seven, self._halve(x)])

    def inception_c(self, x: Tensor, name: str) -> Tensor:
        """Figure 6: 8x8x1536 -> the same. The short split is joined on its own first: that is part of the layout."""
        self._block = name
        one = self._conv(x, 256, (1, 1))
        short = self._conv(x, 384, (1, 1))
        short = self._join([self._conv(short, 256, (1, 3)), self._conv(short, 256, (3, 1))], "concat_1")
        long = self._conv(x, 384, (1, 1))
        long = self._conv(long, 448, (3, 1))
        long = self._conv(long, 512, (1, 3))
        split = [self._conv(long, 256, (1, 3)), self._conv(long, 256, (3, 1))]
        return self._join([one, short, *split, self._pool_branch(x, 256)], "concat_2")
