"""The rival of `head`: what Keras' guide to transfer learning does, as a script of its own.

https://keras.io/guides/transfer_learning: image_dataset_from_directory (which the guide names for photos of one's own),
kept decoded in memory and prefetched as there; the base frozen and called with training=False; global average pooling,
dropout, a Dense layer; compile and fit as they come, so with XLA; save. Batches of 32, the default of both here, where
the guide has 64; no augmentation. Only the base and its scaling are Thaw's, so that both train on the same network.
"""

import argparse
import json
from pathlib import Path

import keras
import tensorflow as tf

from tests.benchmarks.material import BASE, LEARNING_RATE
from tests.support import workspace
from transfer_core.backbones.catalog import get_base
from transfer_core.nn.backbones import build as bases


def main() -> None:
    """Train on PHOTOS for so many epochs, save to OUT, print the validation accuracy as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--without-xla", action="store_true", help="compile with jit_compile=False")
    arguments = parser.parse_args()
    size = get_base(BASE).input_size
    parts = keras.utils.image_dataset_from_directory(
        arguments.photos,
        validation_split=0.2,
        subset="both",
        seed=0,
        image_size=(size, size),
        batch_size=32,
        verbose=False,
    )
    classes = len(parts[0].class_names)
    train, validation = (part.cache().prefetch(tf.data.AUTOTUNE) for part in parts)
    base = bases.build_base(workspace(), BASE, arguments.weights)
    base.trainable = False
    photo = keras.Input((size, size, 3))
    maps = base(bases.preprocessing(BASE, photo), training=False)
    features = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(photo, keras.layers.Dense(classes)(features))
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False if arguments.without_xla else "auto",
    )
    history = model.fit(train, epochs=arguments.epochs, validation_data=validation, verbose=0)
    model.save(arguments.out)
    print(json.dumps({"val_accuracy": history.history["val_accuracy"][-1]}))


if __name__ == "__main__":
    main()
