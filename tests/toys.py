"""A toy base and toy photos, so that the whole engine runs in a second."""

import hashlib
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from transfer_core.backbones import catalog
from transfer_core.backbones.catalog import Base
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.files import write_bytes, write_json
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import BaseConfig, FitConfig, PhaseConfig, RunConfig
from transfer_core.runs.folder import Run, create_run

TOY_SIZE = 16


def build_toy(size: int) -> Any:
    """Two residual blocks with BatchNormalization and dropout, 8 channels out."""
    import keras
    from keras import layers

    x = inputs = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", name="stem_conv")(x)
    x = layers.ReLU(name="stem_act")(layers.BatchNormalization(name="stem_bn")(x))
    for block in ("block1", "block2"):
        y = layers.Conv2D(8, 3, padding="same", name=f"{block}_conv")(x)
        y = layers.BatchNormalization(name=f"{block}_bn")(y)
        y = layers.Dropout(0.3, name=f"{block}_drop")(layers.ReLU(name=f"{block}_act")(y))
        x = layers.Add(name=f"{block}_add")([x, y])
    return keras.Model(inputs, x)


@pytest.fixture
def toy_base(monkeypatch: pytest.MonkeyPatch, thaw_home: Path) -> Base:
    """The base `toy` in the catalog, with random weights only."""
    module: Any = types.ModuleType("toy_builder_of_the_tests")
    module.build = build_toy
    monkeypatch.setitem(sys.modules, module.__name__, module)
    row = replace(
        catalog.get_base("mobilenet"),
        name="toy",
        title="Toy",
        builder=f"{module.__name__}:build",
        input_size=TOY_SIZE,
        minimum_size=8,
        scaling="tf",
    )
    monkeypatch.setitem(catalog._BY_NAME, "toy", row)
    return row


@pytest.fixture
def toy_manifest(tmp_path: Path) -> Callable[..., Manifest]:
    """Make photos of two classes, one reddish and one bluish, and their manifest."""

    def make(train: int = 12, validation: int = 6, test: int = 0, seed: int = 0) -> Manifest:
        generator = np.random.default_rng(seed)
        photos = []
        for label, name in enumerate(("blue", "red")):
            for split, count in (("train", train), ("validation", validation), ("test", test)):
                for index in range(count):
                    picture = generator.integers(0, 160, (24, 20, 3), np.uint8)
                    picture[..., 2 - 2 * label] += 60
                    path = tmp_path / "toy-photos" / name / f"{split}{index}-{seed}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(picture).save(path)
                    sha = hashlib.sha256(path.read_bytes()).hexdigest()
                    photos.append(ManifestPhoto(sha, str(path), f"{name}/{path.name}", label, split))
        return Manifest(("blue", "red"), tuple(photos))

    return make


@pytest.fixture
def toy_run(tmp_path: Path, toy_base: Base, toy_manifest: Callable[..., Manifest]) -> Callable[..., Run]:
    """Make a run on the toy base; keywords are those of RunConfig, and `manifest`."""
    made: list[Run] = []

    def make(manifest: Manifest | None = None, **settings: Any) -> Run:
        settings = {
            "base": BaseConfig("toy", "none"),
            "head": PhaseConfig(4, 1e-2),
            "fine_tune": PhaseConfig(3, 1e-3),
            "fit": FitConfig(batch_size=5),
        } | settings
        run = create_run(tmp_path / f"run-{len(made)}", RunConfig(**settings), manifest or toy_manifest())
        made.append(run)
        return run

    return make


def trained(run: Run) -> Run:
    """A run that looks trained."""
    write_bytes(run.model_path, b"model")
    write_json(run.labels_path, {"classes": list(run.manifest().classes), "input_size": 16, "base": "toy"})
    return run


@pytest.fixture
def last_toy_block() -> FreezePlan:
    """Train the last block of the toy base; two tensors cross."""
    return FreezePlan(("block2_bn", "block2_conv"))
