"""What one run works with: its photos decoded, its base built when first needed, its features found or computed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.catalog import Base, get_base
from transfer_core.backbones.cost import READ_A_SECOND, Augmented, estimate, record_pass
from transfer_core.backbones.stored_trees import store_tree, stored_tree
from transfer_core.backbones.tree import LayerTree
from transfer_core.backbones.weights import weights_id
from transfer_core.disk.arrays import Stored
from transfer_core.disk.half_precision import Widened
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.data.batches import Batches, Rows, class_weights
from transfer_core.nn.data.live_batches import LiveBatches, LivePhotos
from transfer_core.nn.data.pixels import Pixels, Skipped, load_pixels, without
from transfer_core.nn.data.variants import with_variants
from transfer_core.nn.export.classifier import pooled
from transfer_core.nn.features.extract import Origin, compute_features, feature_forward, find_features
from transfer_core.nn.features.model import POOLED, feature_model
from transfer_core.nn.features.reuse import cached_start
from transfer_core.nn.models.batch_norm import moving_statistics, normalize_by_batch
from transfer_core.nn.models.describe import build_tree
from transfer_core.nn.models.partition import Partition, partition, planned_weights, weight_hashes
from transfer_core.nn.models.rewritten import rewritten
from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.optimizer import block_distances
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.runs.augmentation import get_preset
from transfer_core.runs.config import RunConfig
from transfer_core.runs.progress import Reporter
from transfer_core.text import all_of, plural

__all__ = ["Session", "prepare"]


@dataclass
class Session:
    """A run's material."""

    workspace: Workspace
    config: RunConfig
    spec: Base
    manifest: Manifest
    """The photos in use: what could not be read is not in it."""
    skipped: list[Skipped]
    pixels: Pixels
    """What features are computed of; with augmentation the training photos are variants in it, or left out (live)."""
    decoded: Pixels
    """Every photo as it is."""
    origin: Origin
    reporter: Reporter
    found: dict[str, Stored] = field(default_factory=dict)
    """Features at hand, by layer or POOLED."""
    hashes: dict[str, str] = field(default_factory=dict)
    """Of the base's weights before anything trained; filled when the base is built."""

    @cached_property
    def backbone(self) -> keras.Model:
        """The base with its pretrained weights. Building it takes seconds, so a run on cached features puts it off."""
        base = bases.build_base(
            self.workspace, self.spec.name, self.config.base.weights, self.spec.input_size, self.config.seed
        )
        self.hashes = weight_hashes(base)
        if self.tree is None:
            # For the ETA and speeds of this and later runs.
            store_tree(self.workspace, self.spec.name, build_tree(base, self.spec.title))
        return base

    @cached_property
    def partition(self) -> Partition:
        """The base divided at the plan; freezes what the plan leaves out."""
        return partition(self.backbone, self.config.plan)

    @cached_property
    def planned(self) -> frozenset[str]:
        """Keys of `hashes` that fine-tuning may change."""
        if not self.config.fine_tunes:
            return frozenset()
        return planned_weights(self.partition.base, self.config.plan, self.config.tuning.train_batch_norm)

    @property
    def tree(self) -> LayerTree | None:
        """The base's tree, if the base was ever built on this machine."""
        return stored_tree(self.workspace, self.spec.name)

    def pooled_features(self) -> Stored:
        """Pooled features of every photo; with them, in the same pass, what fine-tuning will need."""
        wanted = [POOLED]
        if self.config.fine_tunes and not find_features(self.workspace, self.origin, wanted):
            wanted = [*self._cached_frontier(), POOLED]
        return self.features(wanted)[POOLED]

    def features(self, names: Sequence[str]) -> dict[str, Stored]:
        """Features of every photo, by name, rows as those of `pixels`: from the cache, or computed now and kept there.

        What is missing is computed in one pass: from the deepest activations on disk from which all of it follows, or
        else from the photos.

        Args:
            names: layers of the base, POOLED, or what `pooled_after` gives.

        Raises:
            StorageError: there is no room.
            Stopped: a stop was asked for.
        """
        self.found |= find_features(self.workspace, self.origin, [name for name in names if name not in self.found])
        if missing := [name for name in names if name not in self.found]:
            start = cached_start(self.workspace, self.backbone, missing, self.origin)
            model = feature_model(self.spec, self.backbone, missing, start.name if start else None)
            self.found |= compute_features(
                self.workspace, model, missing, self.origin, self.pixels, self.reporter, start
            )
            if self.tree is not None and POOLED in missing and start is None:  # a pass through the whole base
                record_pass(self.workspace, self.tree, self.reporter.pace)
        return {name: self.found[name] for name in names}

    @property
    def frontier_at_hand(self) -> bool:
        """Whether `frontier_sources` takes no time: the base is built and its activations are there."""
        return "partition" in vars(self) and all(name in self.found for name in self._cached_frontier())

    def frontier_sources(self) -> tuple[Rows, ...]:
        """What enters the suffix, one array (rows, ...) a frontier tensor: cached activations as float32, or the pixels
        themselves (uint8) where the network's input crosses: scaling them again costs less than storing them scaled.
        """
        cached = self.features(self._cached_frontier())
        return tuple(
            self.pixels.array if self._is_input(name) else _as_float32(cached[name]) for name in self.partition.frontier
        )

    @property
    def rounded(self) -> list[Stored]:
        """The float16 activations among what `frontier_sources` gave."""
        if self.origin.precision == "float32":
            return []
        return [self.found[name] for name in self._cached_frontier()]

    def exact_inputs(self, photos: NDArray[np.uint8]) -> tuple[Any, ...]:
        """What enters the suffix for `photos` (n, size, size, 3), computed now and never rounded."""
        names = self._cached_frontier()
        model = feature_model(self.spec, self.backbone, names) if names else None
        values = model(photos.astype(np.float32), training=False) if model else []
        values = values if isinstance(values, list | tuple) else [values]
        computed = dict(zip(names, values, strict=True))
        return tuple(computed.get(name, photos) for name in self.partition.frontier)

    def suffix_network(self, head: Network) -> Network:
        """The part of the base that trains, with the head of `head` on top; takes `frontier_sources`."""
        assert self.partition.suffix is not None  # a plan that trains nothing of the base has no second phase
        inputs, values = [], []
        for name, shape in zip(self.partition.frontier, self.partition.shapes, strict=True):
            if self._is_input(name):
                photo = keras.Input(shape, dtype="uint8", name="photo")
                inputs.append(photo)
                values.append(bases.preprocessing(self.spec, photo))
            else:
                inputs.append(keras.Input(shape, name=f"frontier_{len(inputs)}"))
                values.append(inputs[-1])
        suffix, entering = self.partition.suffix, values if len(values) > 1 else values[0]
        dropout = keras.layers.Dropout(self.config.fit.dropout, seed=self.config.seed + 2)
        body = keras.Model(inputs, pooled(suffix(entering, training=False)))
        network = Network(body, dropout, head.head, rewritten(body))
        if self.config.tuning.train_batch_norm:
            by_batch = keras.Model(inputs, pooled(normalize_by_batch(suffix)(entering)))
            network = replace(network, training_body=by_batch, statistics=moving_statistics(suffix))
        if self.config.tuning.discriminative > 1:
            tree = self.tree or build_tree(self.backbone, self.spec.title)
            network = replace(network, distances=block_distances(self.backbone, tree, body.trainable_variables))
        return network

    def batches(self, sources: Sequence[Rows], which: SplitName) -> Batches:
        """The photos of one split to be checked, as they are and in their order."""
        photos = self.photos(which)
        labels = np.array([photo.label for photo in photos], np.int32)
        rows = np.array([self.pixels.rows[photo.sha256] for photo in photos], np.int64)
        return Batches(tuple(sources), rows, labels, self.config.fit.batch_size)

    def training_batches(self, sources: Sequence[Rows], *, head_only: bool) -> Batches:
        """The photos to learn from: shuffled by the seed, weighed by class, augmented if asked for.

        Args:
            sources: what `pooled_features` (for the head alone) or `frontier_sources` gave.
            head_only: which of the two.
        """
        fit, seed, photos = self.config.fit, self.config.seed, self.photos("train")
        if fit.augment == "live":
            places = [self.decoded.training_rows(photo.sha256) for photo in photos]
        else:
            places = [self.pixels.training_rows(photo.sha256) for photo in photos]
        rows = np.array([row for rows in places for row in rows], np.int64)
        labels = np.repeat(np.array([photo.label for photo in photos], np.int32), [len(rows) for rows in places])
        weights = class_weights(labels, len(self.manifest.classes)) if fit.class_weights else None
        if fit.augment != "live":
            return Batches(tuple(sources), rows, labels, fit.batch_size, weights, seed)
        forward = self._live_forward([POOLED] if head_only else list(self.partition.frontier))
        shas = tuple(photo.sha256 for photo in photos)
        live = LivePhotos(self.decoded.array, shas, get_preset(self.config.augmentation.preset), seed, forward)
        return LiveBatches(tuple(sources), rows, labels, fit.batch_size, weights, seed, live=live)

    def photos(self, which: SplitName) -> tuple[ManifestPhoto, ...]:
        """The photos of one split, in the order of `batches`."""
        return self.manifest.of(which)

    def _is_input(self, name: str) -> bool:
        return self.partition.is_input(name)

    def _cached_frontier(self) -> list[str]:
        return [name for name in self.partition.frontier if not self._is_input(name)]

    def _live_forward(self, names: list[str]) -> Callable[[NDArray[np.uint8]], tuple[NDArray[Any], ...]]:
        """From photos to what enters the network: POOLED, or the tensors of the frontier."""
        computed = [name for name in names if name == POOLED or not self._is_input(name)]
        if not computed:
            return lambda photos: (photos,)
        model = feature_model(self.spec, self.backbone, computed)
        run = feature_forward(self.workspace, model, computed, self.origin, self.decoded, self.reporter)

        def forward(photos: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
            values = dict(zip(computed, run(photos), strict=True))
            return tuple(values.get(name, photos) for name in names)

        return forward


def prepare(workspace: Workspace, config: RunConfig, manifest: Manifest, reporter: Reporter) -> Session:
    """Check what was asked for and decode the photos.

    Raises:
        TransferError: a base, its weights, the photos or the disk do not allow this run.
        Stopped: a stop was asked for.
    """
    spec = get_base(config.base.name)
    weights = weights_id(workspace, spec, config.base.weights, config.seed)
    without(manifest, [])
    reporter.planned |= _planned_seconds(workspace, config, spec, manifest)
    pixels, skipped = load_pixels(workspace, manifest.photos, spec.input_size, reporter)
    for names in manifest.leaks:
        reporter.message(
            "{names} are the same photo in different splits, which makes the figures look better.",
            names=all_of(names),
            warning=True,
        )
    if near := manifest.near_leaks:
        reporter.message(
            plural(
                "{names} are nearly the same or taken in one go, and in different splits, which makes the figures look "
                "better.",
                "{n:,} groups of photos that are nearly the same or taken in one go, such as {names}, are in different "
                "splits, which makes the figures look better.",
                len(near),
                names=all_of(near[0][:4]),
            ),
            warning=True,
        )
    manifest = without(manifest, skipped)
    views = pixels
    if config.fit.augment != "none":
        preset = get_preset(config.augmentation.preset)
        fixed = config.augmentation.variants if config.fit.augment == "cached" else 0
        views = with_variants(pixels, manifest, preset, fixed, config.seed)
    origin = Origin(spec.name, weights, spec.input_size, views.key, spec.litert, config.tuning.cache_precision)
    return Session(workspace, config, spec, manifest, skipped, views, pixels, origin, reporter)


def _as_float32(stored: Stored) -> Rows:
    return Widened(stored.array) if stored.array.dtype == np.float16 else stored.array


def _planned_seconds(workspace: Workspace, config: RunConfig, spec: Base, manifest: Manifest) -> dict[Any, float]:
    tree = stored_tree(workspace, spec.name)
    if tree is None:
        return {}
    train, validation, test = (len(manifest.of(split)) for split in get_args(SplitName))
    augmented = Augmented(config.fit.augment, config.augmentation.variants)
    classes = len(manifest.classes)
    costs = estimate(workspace, tree, config.plan, classes, train, validation, augmented, test_photos=test)
    planned = {
        "prepare": len(manifest.photos) / READ_A_SECOND,
        "features": costs.features_seconds,
        "head": costs.head_seconds_per_epoch * config.head.epochs,
        "finish": 5.0,
    }
    return planned | ({"fine-tune": costs.seconds_per_epoch * config.fine_tune.epochs} if config.fine_tunes else {})
