"""Where a classifier finds a class: exact after the last block, Grad-CAM before it, for every base."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.support import workspace
from transfer_core.backbones.catalog import BASES, Base
from transfer_core.errors import ConfigError
from transfer_core.nn.backbones.build import build_base
from transfer_core.nn.export.classifier import POOLING, assemble
from transfer_core.nn.inference.channels import Channels
from transfer_core.nn.inference.class_maps import ClassMaps
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.models.describe import load_tree
from transfer_core.nn.training.run import train
from transfer_core.photos.decode import decode
from transfer_core.runs.config import PhaseConfig
from transfer_core.runs.folder import Run
from transfer_core.worker.queries import QueryServer


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def run(toy_run: Callable[..., Run]) -> Run:
    run = toy_run(head=PhaseConfig(10, 3e-2))
    assert train(workspace(), run, lambda event: None)
    return run


def over_mean(model: keras.Model, photos: np.ndarray) -> np.ndarray:
    """Logits less the bias, over their mean, from the pooled features that reach the head."""
    pooled = keras.Model(model.inputs[0], model.get_layer(POOLING).output)(photos.astype(np.float32), training=False)
    kernel, _ = model.get_layer("head").get_weights()
    logits = pooled.numpy() @ kernel
    return np.asarray(logits - logits.mean(1, keepdims=True))


def test_after_the_last_block_a_map_adds_up_to_the_answer(run: Run, photos: np.ndarray) -> None:
    classifier = Classifier(run)
    expected = over_mean(classifier.model, photos)
    for label in range(len(classifier.classes)):
        maps = classifier.class_maps.maps(photos, [label] * len(photos))
        assert maps.shape == (5, 8, 8)
        np.testing.assert_allclose(maps.mean((1, 2)), expected[:, label], atol=1e-5)
    both = [classifier.class_maps.maps(photos, [label] * len(photos)) for label in (0, 1)]
    np.testing.assert_allclose(
        both[0], -both[1], atol=1e-5
    )  # of two classes, what speaks for one speaks against the other


def test_by_the_gradient_the_last_layer_gives_the_same_but_for_its_size(run: Run, photos: np.ndarray) -> None:
    maps = Classifier(run).class_maps
    exact = maps.maps(photos, [1] * len(photos))
    np.testing.assert_allclose(maps.maps(photos, [1] * len(photos), "block2_add") * 64, exact, atol=1e-4)


def test_before_the_end_channels_are_weighed_by_their_mean_gradient(run: Run, photos: np.ndarray) -> None:
    classifier = Classifier(run)
    (found,) = classifier.class_maps.maps(photos[:1], [1], "stem_act")
    assert found.shape == (8, 8)
    base = classifier.model.get_layer(classifier.base)
    stem = keras.Model(base.inputs[0], base.get_layer("stem_act").output)
    rest = keras.Model(base.get_layer("stem_act").output, base.outputs[0])
    scaled = photos[:1].astype(np.float32) / 127.5 - 1
    kernel, _ = classifier.model.get_layer("head").get_weights()
    weights = (kernel - kernel.mean(1, keepdims=True))[:, 1]
    values = stem(scaled, training=False).numpy()

    def over(values: np.ndarray) -> float:
        return float(rest(values, training=False).numpy().mean((1, 2))[0] @ weights)

    gradients = []
    for channel in range(values.shape[-1]):  # all places of a channel moved at once: the sum of its gradients
        step = np.zeros_like(values)
        step[..., channel] = 1e-3
        gradients.append((over(values + step) - over(values - step)) / 2e-3 / 64)
    np.testing.assert_allclose(found, values[0] @ np.array(gradients), atol=2e-3)


def test_a_layer_without_maps_is_refused(run: Run, photos: np.ndarray) -> None:
    maps = Classifier(run).class_maps
    with pytest.raises(ConfigError, match="no layer 'stem'"):
        maps.maps(photos, [0] * 5, "stem")


def test_the_page_asks_by_layer_and_a_bad_file_spoils_nothing(run: Run, tmp_path: Path) -> None:
    server = QueryServer(workspace())
    names = run.labels()["classes"]
    (tmp_path / "bad.jpg").write_text("milk")
    one, other = run.manifest().of("validation")[:2]
    args = {"run": str(run.path), "images": [one.path, str(tmp_path / "bad.jpg"), other.path], "labels": [names[0]] * 3}
    answer = server.answer({"kind": "where", "args": args})
    assert answer["ok"], answer
    first, bad, last = answer["result"]["maps"]
    assert bad is None
    pixels = np.stack([decode(Path(photo.path), 16) for photo in (one, other)])
    expected = Classifier(run).class_maps.maps(pixels, [0, 0])
    np.testing.assert_allclose([first, last], expected, atol=1e-6)
    layers = list(load_tree(workspace(), "toy").layers)
    earlier = server.answer({"kind": "where", "args": args | {"layer": layers[1]}})
    assert earlier["ok"] and earlier["result"]["maps"][0] != first
    by_name = server.answer({"kind": "where", "args": args | {"layer": layers[-1]}})
    assert by_name["result"] == answer["result"], "the last layer by its name"
    for changes, words in (({"layer": "layer9"}, "no layer"), ({"labels": ["bird"] * 3}, "no class")):
        refused = server.answer({"kind": "where", "args": args | changes})
        assert not refused["ok"] and words in str(refused["error"])
    nothing = server.answer(
        {"kind": "where", "args": args | {"images": [str(tmp_path / "gone.png")], "labels": names[:1]}}
    )
    assert nothing["result"] == {"maps": [None]}


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_every_base_can_be_looked_at(thaw_home: Path, base: Base) -> None:
    size = base.minimum_size
    built = build_base(workspace(), base.name, weights="none", input_size=size)
    head = keras.layers.Dense(3)
    head.build((None, built.output_shape[-1]))
    model = assemble(built, head, 0.2, size)
    photos = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    found = ClassMaps(model, base.name)
    blocks = load_tree(workspace(), base.name).blocks
    middle = blocks[len(blocks) // 2].children[-1].name
    maps = found.maps(photos, [2], middle)
    assert maps.ndim == 3 and np.isfinite(maps).all() and maps.std() > 0
    (values,) = Channels(model, base.name).values(photos, middle)
    assert values.shape[:3] == maps.shape and values.std() > 0
    # What leaves the last block is what reaches the head: each place has the same share in the answer.
    maps = found.maps(photos, [2], blocks[-1].children[-1].name)
    np.testing.assert_allclose(maps.sum((1, 2)), over_mean(model, photos)[:, 2], rtol=1e-3, atol=1e-5)
