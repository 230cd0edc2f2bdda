"""A rival of `field`: both phases of the end-to-end example of Keras' guide (https://keras.io/guides/transfer_learning).

Photos flipped and turned at random, the base frozen and called with training=False, pooling, dropout, a Dense layer,
Adam; then the whole base unfrozen at 1e-5. Batches of 32 as everywhere here, where the guide has 64, and without XLA,
which `fit` would use and which takes many times as long on processors. Base and scaling are Thaw's.
"""

import argparse
import json
from pathlib import Path

import keras
import tensorflow as tf

from tests.support import workspace
from transfer_core.backbones.catalog import get_base
from transfer_core.nn.backbones import build as bases


def main() -> None:
    """Train on WORK/train, validate on WORK/validation, print how many of WORK/test are right as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--epochs", type=int, nargs=2, required=True, help="of the head, then of the whole")
    parser.add_argument("--base", required=True)
    parser.add_argument("--weights", required=True)
    arguments = parser.parse_args()
    size = get_base(arguments.base).input_size
    train, validation, test = (
        keras.utils.image_dataset_from_directory(
            arguments.work / part, image_size=(size, size), batch_size=32, seed=0, verbose=False
        )
        for part in ("train", "validation", "test")
    )
    changed = keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.1)])
    classes = len(train.class_names)
    train = train.cache().map(lambda photos, labels: (changed(photos, training=True), labels), tf.data.AUTOTUNE)
    base = bases.build_base(workspace(), arguments.base, arguments.weights)
    base.trainable = False
    photo = keras.Input((size, size, 3))
    maps = base(bases.preprocessing(arguments.base, photo), training=False)
    features = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(photo, keras.layers.Dense(classes)(features))
    for phase, (epochs, rate) in enumerate(zip(arguments.epochs, (1e-3, 1e-5), strict=True)):
        base.trainable = phase == 1
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            jit_compile=False,
        )
        model.fit(train.prefetch(tf.data.AUTOTUNE), epochs=epochs, validation_data=validation.cache(), verbose=0)
    found = model.evaluate(test, verbose=0, return_dict=True)
    tested = sum(len(labels) for _, labels in test)
    print(json.dumps({"right": round(found["accuracy"] * tested)}))


if __name__ == "__main__":
    main()
