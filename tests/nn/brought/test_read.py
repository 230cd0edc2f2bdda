"""A network that somebody brings is taken apart into layers without changing what it says, or refused in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from transfer_core.backbones.tree import LayerTree
from transfer_core.errors import ConfigError
from transfer_core.nn.brought.flat import flat
from transfer_core.nn.brought.read import as_base, as_classifier, load

SIZE = 32
PHOTOS = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3)).astype(np.float32)


def block(x: Any, filters: int, name: str) -> Any:
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv")(x)
    return layers.ReLU(name=f"{name}_act")(layers.BatchNormalization(name=f"{name}_bn")(x))


def body(name: str = "body", size: int | None = SIZE) -> keras.Model:
    """Two blocks with a shortcut."""
    photo = keras.Input((size, size, 3))
    x = block(photo, 4, "first")
    return keras.Model(photo, layers.Add(name="sum")([x, block(x, 4, "second")]), name=name)


def nested() -> keras.Model:
    """As the guides make one: augmentation, scaling, a network within, and a new head."""
    photo = keras.Input((SIZE, SIZE, 3))
    x = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)], name="augment")(photo)
    x = body()(layers.Rescaling(1 / 255)(x), training=False)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(photo, layers.Dense(3, activation="softmax")(x))


def sequential() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            keras.Sequential([layers.Conv2D(5, 3), layers.BatchNormalization()], name="deeper"),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(2),
        ]
    )


def of_any_size() -> keras.Model:
    return body(size=None)


def by_operations() -> keras.Model:
    """Scaled by plain arithmetic, as `preprocess_input` does it in a functional model."""
    photo = keras.Input((SIZE, SIZE, 3))
    x = block(keras.applications.mobilenet_v2.preprocess_input(photo), 4, "first")
    return keras.Model(photo, layers.Dense(1, activation="sigmoid")(layers.GlobalMaxPooling2D()(x)))


def in_half_precision() -> keras.Model:
    photo = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(4, 3, dtype="mixed_float16")(layers.Rescaling(1 / 255)(photo))
    return keras.Model(photo, layers.Dense(2, "softmax", dtype="float32")(layers.GlobalAveragePooling2D()(x)))


def attending() -> keras.Model:
    """Layers that hold layers."""
    photo = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(8, 8, strides=8)(layers.Rescaling(1 / 255)(photo))
    seen = layers.Reshape((16, 8))(x)
    seen = layers.MultiHeadAttention(2, 4)(seen, seen)
    x = layers.Add()([x, layers.Reshape((4, 4, 8))(seen)])
    return keras.Model(photo, layers.Dense(2, "softmax")(layers.GlobalAveragePooling2D()(x)))


def awake(model: keras.Model) -> keras.Model:
    """With weights as after training: random ones, statistics too."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        if not str(weight.dtype).startswith("float"):
            continue
        value = random.normal(0, 0.3, weight.shape)
        weight.assign(np.abs(value) + 0.5 if "variance" in weight.name else value)
    return model


@pytest.mark.parametrize("make", [nested, sequential, by_operations, attending, of_any_size])
def test_taken_apart_it_says_the_same(make: Callable[[], keras.Model]) -> None:
    model = awake(make())
    apart = flat(model, "apart", SIZE)
    assert not any(isinstance(layer, keras.Model) for layer in apart.layers)
    assert not any(type(layer).__name__.startswith("Random") for layer in apart.layers)
    np.testing.assert_allclose(apart(PHOTOS, training=False), model(PHOTOS, training=False), rtol=1e-5, atol=1e-6)
    # Its weights are its own: what trains one leaves the other as it is.
    before = np.asarray(model(PHOTOS, training=False))
    for weight in apart.weights:
        weight.assign(np.zeros(weight.shape))
    np.testing.assert_array_equal(before, model(PHOTOS, training=False))


@pytest.mark.parametrize(
    ("make", "scaling", "last"),
    [
        (nested, "none", "sum"),
        (sequential, "none", "batch_normalization"),
        (by_operations, "none", "first_act"),
        (in_half_precision, "none", "conv2d"),
        (attending, "none", "add"),
    ],
)
def test_a_base_ends_where_a_new_head_fits_and_takes_photos_as_they_are(
    make: Callable[[], keras.Model], scaling: str, last: str, tmp_path: Path
) -> None:
    keras.utils.clear_session()
    told = as_base(awake(make()), "Mine", None, tmp_path / "base.keras")
    base = keras.models.load_model(tmp_path / "base.keras", compile=False)
    tree = LayerTree.from_dict(told["tree"])
    assert told["size"] == SIZE and told["scaling"] == scaling and told["found"] and len(told["digest"]) == 64
    assert tree.root.name == "Mine" and next(reversed(tree.layers)) == last == base.layers[-1].name
    assert all(layer.dtype_policy.compute_dtype == "float32" for layer in base.layers)
    assert np.isfinite(np.asarray(base(PHOTOS))).all() and tree.root.parameters == base.count_params()


def test_what_it_is_said_to_want_is_done_inside(tmp_path: Path) -> None:
    plain = awake(body())
    for scaling, scaled in (("unit", PHOTOS / 255), ("tf", PHOTOS / 127.5 - 1), ("none", PHOTOS)):
        told = as_base(plain, "Mine", scaling, tmp_path / "base.keras")  # type: ignore[arg-type]
        base = keras.models.load_model(tmp_path / "base.keras", compile=False)
        assert told["scaling"] == scaling and not told["found"]
        np.testing.assert_allclose(base(PHOTOS), plain(scaled), rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="Nothing in this network says which numbers it expects"):
        as_base(plain, "Mine", None, tmp_path / "base.keras")


def test_networks_of_keras_are_known_by_their_names(tmp_path: Path) -> None:
    network = keras.applications.MobileNetV2(weights=None, input_shape=(SIZE, SIZE, 3), classes=4, alpha=0.35)
    told = as_base(network, "Phone", None, tmp_path / "base.keras")
    tree = LayerTree.from_dict(told["tree"])
    assert told["scaling"] == "tf" and [block.name for block in tree.blocks][1:3] == ["expanded_conv", "block_1"]
    old = keras.applications.MobileNet(weights=None, input_shape=(SIZE, SIZE, 3), classes=4, alpha=0.25)
    tree = LayerTree.from_dict(as_base(old, "Old", "tf", tmp_path / "base.keras")["tree"])
    # Its own top is made of a pooling that keeps the places and a convolution: neither is feature maps any more.
    assert not any("global_average" in name or "conv_preds" in name for name in tree.layers)


def test_the_same_network_is_the_same_again_and_another_is_not(tmp_path: Path) -> None:
    model = awake(nested())
    digests = [as_base(one, "Mine", None, tmp_path / "base.keras")["digest"] for one in (model, model, awake(nested()))]
    model.layers[-4].layers[1].set_weights([one + 1 for one in model.layers[-4].layers[1].get_weights()])
    assert digests[0] == digests[1]
    assert as_base(model, "Mine", None, tmp_path / "base.keras")["digest"] != digests[0]


def twice() -> keras.Model:
    photo = keras.Input((SIZE, SIZE, 3))
    shared = layers.Conv2D(3, 3, padding="same")
    return keras.Model(photo, layers.Add()([shared(photo), shared(layers.Rescaling(1 / 255)(photo))]))


def two_photos() -> keras.Model:
    one, two = keras.Input((SIZE, SIZE, 3)), keras.Input((SIZE, SIZE, 3))
    return keras.Model([one, two], layers.Conv2D(3, 3)(layers.Add()([one, two])))


def of_shape(*shape: int) -> Callable[[], keras.Model]:
    return lambda: keras.Sequential([keras.Input(shape), layers.Conv2D(2, 1), layers.Flatten(), layers.Dense(2)])


def without_maps() -> keras.Model:
    return keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), layers.Flatten(), layers.Rescaling(1 / 255), layers.Dense(2)]
    )


def without_weights() -> keras.Model:
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.Rescaling(1 / 255), layers.AveragePooling2D(2)])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (twice, "uses 'conv2d.*' more than once"),
        (two_photos, "takes networks of one input"),
        (of_shape(28, 28, 1), "this one takes 1"),
        (of_shape(32, 48, 3), "32 × 48 pixels"),
        (of_shape(8, 8, 3), "8 × 8 pixels"),
        (without_maps, "No layer of this network gives feature maps"),
        (without_weights, "no layer that can train"),
    ],
)
def test_what_is_no_base_is_refused_in_words(make: Callable[[], keras.Model], words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        as_base(make(), "Mine", None, tmp_path / "base.keras")
    assert not (tmp_path / "base.keras").exists()


def test_a_classifier_gives_probabilities_whatever_it_ended_in(tmp_path: Path) -> None:
    def asked(model: keras.Model, scaling: Any = None) -> Any:
        told = as_classifier(model, scaling, None, tmp_path / "model.keras")
        assert told["size"] == SIZE
        answers = np.asarray(keras.models.load_model(tmp_path / "model.keras", compile=False)(PHOTOS, training=False))
        assert answers.shape == (3, told["classes"])
        return answers

    ready, logits, one = awake(nested()), awake(sequential()), awake(by_operations())
    np.testing.assert_allclose(asked(ready), ready(PHOTOS, training=False), atol=1e-6)
    np.testing.assert_allclose(asked(logits), keras.ops.softmax(logits(PHOTOS)), atol=1e-6)
    yes = np.asarray(one(PHOTOS))
    np.testing.assert_allclose(asked(one), np.concatenate([1 - yes, yes], 1), atol=1e-6)
    photo = keras.Input((SIZE, SIZE, 3))
    bare = awake(keras.Model(photo, layers.Dense(1)(layers.GlobalAveragePooling2D()(body()(photo)))))
    np.testing.assert_allclose(asked(bare, "unit")[:, 1:], keras.ops.sigmoid(bare(PHOTOS / 255)), atol=1e-6)


def test_what_is_no_classifier_is_refused_in_words(tmp_path: Path) -> None:
    out = tmp_path / "model.keras"
    with pytest.raises(ConfigError, match="32 × 32 × 4 numbers, not one a class"):
        as_classifier(body(), "none", None, out)
    with pytest.raises(ConfigError, match="tells 3 classes apart; the number of names that came is 2"):
        as_classifier(nested(), None, 2, out)
    photo = keras.Input((SIZE, SIZE, 3))
    pooled = layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(photo))
    with pytest.raises(ConfigError, match="yes or no for each class"):
        as_classifier(keras.Model(photo, layers.Dense(3, "sigmoid")(pooled)), None, None, out)
    with pytest.raises(ConfigError, match="no probabilities"):
        as_classifier(keras.Model(photo, layers.Dense(3, "relu")(pooled)), None, None, out)
    assert not out.exists()


def test_weights_that_lie_elsewhere_are_not_read(tmp_path: Path) -> None:
    import zipfile

    import h5py

    nested().save(tmp_path / "model.keras")
    secret, weights = tmp_path / "secret.h5", tmp_path / "model.weights.h5"
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        archive.extractall(tmp_path)
    weights.rename(secret)
    with h5py.File(weights, "w") as file:
        file["layers"] = h5py.ExternalLink(str(secret), "/layers")
    with zipfile.ZipFile(tmp_path / "linked.keras", "w") as archive:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            archive.write(tmp_path / name, name)
    assert load(tmp_path / "model.keras").inputs
    with pytest.raises(ConfigError, match="Keras can't read this file"):
        load(tmp_path / "linked.keras")
