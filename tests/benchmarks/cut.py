"""An epoch of fine-tuning: the suffix on cached activations against Keras' fit through the whole network.

The model of cost: a training step counts as three passes over what trains, one forward and two backward (gradients of
the activations and of the weights; the rule of `estimates`, exact for dense layers and convolutions, and a little too
much for the first layer that trains, which needs no gradient of its input). Through the frozen part only the forward
pass runs, in both Keras and TensorFlow. With F the operations of the frozen prefix and S those of the rest, both from
the layer tree, an epoch through the whole network costs F + 3 S and one on cached activations 3 S, so the operations
promise a ratio of (F + 3 S) / 3 S. Operations are not time: layers bound by memory, and what an epoch costs beside
arithmetic, move the measured ratio either way. What the cache costs once is in the note.

Both train the same layers of the same base on the same photos, decoded and in memory for Keras, in batches of 32 with
Adam, without XLA and without validation. Rounds alternate; figures are medians.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from tests.benchmarks.material import BASE, photo_folder, say, weights
from tests.benchmarks.table import Row
from tests.support import workspace
from transfer_core import api
from transfer_core.backbones.freeze_plan import FreezePlan, cut, from_block, last_block, last_stage
from transfer_core.runs.config import BaseConfig, DataConfig, RunConfig
from transfer_core.runs.progress import Reporter

PHOTOS, ROUNDS = 320, 5
QUICK_PHOTOS, QUICK_ROUNDS = 16, 1
TARGET = 0.9  # of the ratio that the operations promise


def run(quick: bool = False) -> list[Row]:
    """Measure every cut; `quick` only shows that it works."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        photos = Path(folder) / "photos"
        photo_folder(photos, QUICK_PHOTOS if quick else PHOTOS)
        tree = api.layers(BASE)
        half = tree.stages[-(len(tree.stages) // 2)]
        plans = {
            "last block": last_block(tree),
            "last stage": last_stage(tree),
            "half the stages": from_block(tree, half.children[0].name),
        }
        rounds = QUICK_ROUNDS if quick else ROUNDS
        return [_case(photos, Path(folder) / title, title, plan, rounds) for title, plan in plans.items()]


def _case(photos: Path, out: Path, title: str, plan: FreezePlan, rounds: int) -> Row:
    from transfer_core.nn.training.session import prepare

    config = RunConfig(data=DataConfig(source=str(photos)), base=BaseConfig(BASE, weights()), plan=plan)
    reporter = Reporter(lambda event: None)
    reporter.start("prepare")
    made = api.prepare(config, out)  # settles the rates by the number of photos
    session = prepare(workspace(), made.config(), made.manifest(), reporter)
    session.partition  # noqa: B018 - builds the base, which whoever trains through it needs as well
    reporter.start("features")
    began = time.perf_counter()
    sources = session.frontier_sources()
    cached = time.perf_counter() - began
    learned = len(session.photos("train"))
    epochs = {"ours": _thaw(session, sources), "Keras": _keras(session)}
    for epoch in epochs.values():
        epoch(0)  # traces
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for number in range(1, rounds + 1):
        for name, epoch in epochs.items():
            began = time.perf_counter()
            epoch(number)
            seconds[name].append(time.perf_counter() - began)
    ours, rival = (statistics.median(times) for times in seconds.values())
    tree = session.tree
    assert tree is not None  # building the base stored it
    parts = cut(tree, plan)
    promised = (parts.prefix_flops + 3 * parts.suffix_flops) / (3 * parts.suffix_flops)
    size = sum(source.nbytes for source in sources)
    note = (
        f"{rival / ours:.2f} times as fast, {promised:.2f} promised by {parts.prefix_flops / 1e6:.0f} M frozen and "
        f"{parts.suffix_flops / 1e6:.0f} M other operations; cached once in {cached:.1f} s, {size / 1e6:.0f} MB"
    )
    say(f"{title}: {note}")
    case = f"{title}, an epoch of {learned} photos"
    return Row("cut", case, ours, rival, "s", "Keras fit, whole network", rival / ours / promised, ">=", TARGET, note)


def _thaw(session: Any, sources: Any) -> Callable[[int], None]:
    """An epoch as `fitting.fit` runs it."""
    from transfer_core.nn.training.classifier import head_network
    from transfer_core.nn.training.optimizer import LayerwiseOptimizer
    from transfer_core.nn.training.steps import train_step

    config, channels = session.config, session.backbone.output_shape[-1]
    head = head_network(channels, len(session.manifest.classes), config.fit.dropout, config.seed)
    network = session.suffix_network(head)
    scales = network.scales(config.tuning.discriminative)
    optimizer = LayerwiseOptimizer(config.fit.optimizer, config.fine_tune.learning_rate, network.variables, scales)
    batches = session.training_batches(sources, head_only=False)
    step = train_step(network, optimizer, batches)

    def epoch(number: int) -> None:
        for batch in batches.epoch(number):
            step(batch, config.fine_tune.learning_rate)

    return epoch


def _keras(session: Any) -> Callable[[int], None]:
    """Keras' guide to fine-tuning: the base, its upper layers unfrozen (`split` has set that), with training=False."""
    import keras
    import numpy as np
    import tensorflow as tf

    from transfer_core.nn.backbones import build as bases

    config = session.config
    photos = session.photos("train")
    pixels = session.pixels.array[[session.pixels.rows[photo.sha256] for photo in photos]]
    labels = np.array([photo.label for photo in photos], np.int32)
    rows = tf.data.Dataset.from_tensor_slices((pixels, labels)).shuffle(len(photos), seed=0)
    dataset = rows.batch(config.fit.batch_size).prefetch(tf.data.AUTOTUNE)
    photo = keras.Input(pixels.shape[1:], dtype="uint8")
    maps = session.partition.base(bases.preprocessing(BASE, photo), training=False)
    features = keras.layers.Dropout(config.fit.dropout)(keras.layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(photo, keras.layers.Dense(len(session.manifest.classes))(features))
    model.compile(
        optimizer=keras.optimizers.Adam(config.fine_tune.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # Thaw runs TensorFlow's own kernels: the same for both
    )
    return lambda number: model.fit(dataset, epochs=1, verbose=0) and None
