"""The query server: quick questions of the pages, answered by one warm process."""

import hashlib
import json
import traceback
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from transfer_core.backbones.stored_trees import tree_path
from transfer_core.disk.files import atomic_path, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, PhotoError, TransferError
from transfer_core.exports.code_files import export_code
from transfer_core.exports.make import export
from transfer_core.nn.backbones.build import build_base
from transfer_core.nn.data.augment import preview
from transfer_core.nn.inference.imagenet import ImageNet
from transfer_core.nn.inference.look_inside import look_inside
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.models.describe import load_tree
from transfer_core.nn.training.lr_finder import TrainedPhase, find_run_rate
from transfer_core.photos.decode import decode
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.augmentation import get_preset
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import open_run
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.text import speaking

__all__ = ["KINDS", "QueryServer", "answer_lines"]

_KEPT = 2  # classifiers kept loaded: the one in use and the one it is compared with
_MOST_VARIANTS = 48  # of a preview


class QueryServer:
    """Answers requests; keeps the last classifiers loaded."""

    def __init__(self, workspace: Workspace) -> None:
        """Start with nothing loaded."""
        self._workspace = workspace
        self._classifiers: OrderedDict[tuple[str, int], Classifier] = OrderedDict()
        self._imagenet: ImageNet | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request {"kind", "args", "language"}; what is written for people is in that language.

        Returns:
            {"ok": true, "result"}, or {"ok": false, "error", "kind"}: `TransferError` with its sentence, or `bug`
            with a sentence that says so; a bug's traceback goes to standard error.
        """
        try:
            kind = request.get("kind")
            if kind not in KINDS:
                raise ConfigError("The query worker answers {kinds}; {kind!r} came.", kinds=list(KINDS), kind=kind)
            with speaking(request.get("language", "")):
                return {"ok": True, "result": KINDS[kind](self, **request.get("args", {}))}
        except TransferError as error:
            return {"ok": False, "error": error.sentence.to_json(), "kind": "TransferError"}
        except Exception as error:
            traceback.print_exc()
            bug = f"Something went wrong inside Thaw: {type(error).__name__}; the worker's log has the details."
            return {"ok": False, "error": bug, "kind": "bug"}

    def tree(self, base: str) -> dict[str, Any]:
        """Make sure the layer tree of `base` is stored; say where."""
        load_tree(self._workspace, base)
        return {"path": str(tree_path(self._workspace, base))}

    def weights(self, base: str, path: str) -> dict[str, Any]:
        """Refuse the file at `path` unless `base` can be filled from it."""
        build_base(self._workspace, base, path)
        return {}

    def predict(self, run: str, images: list[str]) -> dict[str, Any]:
        """Ask the classifier of the run in the folder `run` about files."""
        return {"predictions": _stored(self._classifier(run).predict([Path(image) for image in images]))}

    def where(self, run: str, images: list[str], labels: list[str], layer: str = "") -> dict[str, Any]:
        """Where in each file the classifier of the run in the folder `run` finds the class that `labels` names for it.

        Returns:
            `maps`, one a file, as `ClassMaps.maps`, rows of numbers: after `layer` of the base, or after its last where
            that is empty. None for a file that can't be read.
        """
        classifier = self._classifier(run)
        if not classifier.base:
            raise ConfigError("Where this classifier looked can't be told: it is not built as Thaw builds one.")
        last = next(reversed(load_tree(self._workspace, classifier.base).layers))
        if unknown := sorted(set(labels) - set(classifier.classes)):
            raise ConfigError("The classifier knows no class {name!r}.", name=unknown[0])
        photos: dict[int, Any] = {}
        for number, image in enumerate(images):
            with suppress(PhotoError):  # the page says so of the photo itself
                photos[number] = decode(Path(image), classifier.size)
        if not photos:
            return {"maps": [None] * len(images)}
        asked = [classifier.classes.index(labels[number]) for number in photos]
        pixels = np.stack(list(photos.values()))
        maps = classifier.class_maps.maps(pixels, asked, None if layer in ("", last) else layer)
        made = dict(zip(photos, maps, strict=True))
        return {"maps": [made[number].tolist() if number in made else None for number in range(len(images))]}

    def inside(self, run: str, image: str, layer: str) -> dict[str, Any]:
        """What a layer of the base finds in the file `image`, in the classifier of the run in the folder `run`.

        Returns:
            As `look_inside`.
        """
        classifier = self._classifier(run)
        if not classifier.base:
            raise ConfigError("Nobody can look inside this classifier: it is not built as Thaw builds one.")
        return look_inside(self._workspace, classifier, open_run(Path(run)), Path(image), layer)

    def export(self, run: str, format: str, out: str, title: str, with_photos: bool = False) -> dict[str, Any]:
        """Write the classifier of the run in the folder `run` to the file `out`; see `exports.make.export`."""
        return export(run, format, out, title=title, with_photos=with_photos)

    def code(self, run: str, out: str) -> dict[str, Any]:
        """Write the code that trains the run in the folder `run` again; see `exports.code_files.export_code`."""
        return export_code(self._workspace, open_run(Path(run)), Path(out))

    def imagenet(self, images: list[str]) -> dict[str, Any]:
        """Ask a base with its own ImageNet answer layer about files; see `ImageNet`."""
        self._imagenet = self._imagenet or ImageNet(self._workspace)
        return {"predictions": _stored(self._imagenet.predict([Path(image) for image in images]))}

    def rates(self, config: dict[str, Any], manifest: str, phase: TrainedPhase, stop: str) -> dict[str, Any]:
        """Find a learning rate for a phase of what `config` asks for, on the photos in the file `manifest`.

        A file at the path `stop` ends it: whoever asked can't be heard otherwise.
        """
        reporter = Reporter(lambda event: None, stop=Path(stop).exists)
        try:
            photos = Manifest.read(Path(manifest))
            curve = find_run_rate(self._workspace, RunConfig.from_dict(config), photos, phase, reporter)
        except Stopped as stopped:
            raise TransferError("The search for a rate was stopped; nothing has changed.") from stopped
        return curve.to_dict()

    def augment(self, photo: str, preset: str, count: int, seed: int, size: int) -> dict[str, Any]:
        """Write a photo at `size` pixels and its first `count` variants, as training sees them, as JPEG files.

        Returns:
            `original`, and `paths` of the variants; whoever asked removes the files.
        """
        try:
            data = Path(photo).read_bytes()
        except OSError as error:
            raise PhotoError(
                "The photo can't be read now ({strerror}): {photo}. Import it again.",
                strerror=error.strerror,
                photo=photo,
            ) from error
        limits = get_preset(preset)
        if not (1 <= count <= _MOST_VARIANTS and seed >= 0):
            raise ConfigError(
                "A preview shows 1 to {most_variants} variants for a seed from 0; {count} for seed {seed} came.",
                most_variants=_MOST_VARIANTS,
                count=count,
                seed=seed,
            )
        original = decode(data, size)
        pictures = [original, *preview(original, limits, count, seed, hashlib.sha256(data).hexdigest())]
        name, paths = uuid.uuid4().hex, []
        for number, picture in enumerate(pictures):
            path = self._workspace.queries_dir / f"{name}-{number}.jpg"
            with atomic_path(path) as temporary:
                Image.fromarray(picture).save(temporary, "JPEG", quality=90)
            paths.append(str(path))
        return {"original": paths[0], "paths": paths[1:]}

    def _classifier(self, folder: str) -> Classifier:
        run = open_run(Path(folder))
        run.labels()  # refuses a run without a model
        key = (str(run.model_path), run.model_path.stat().st_mtime_ns)
        if key not in self._classifiers:
            self._classifiers[key] = Classifier(run)
        self._classifiers.move_to_end(key)
        while len(self._classifiers) > _KEPT:
            self._classifiers.popitem(last=False)
        return self._classifiers[key]


def _stored(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers as JSON: why a photo could not be read is a sentence."""
    return [answer | {"error": answer["error"].to_json()} if "error" in answer else answer for answer in answers]


KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "tree": QueryServer.tree,
    "weights": QueryServer.weights,
    "predict": QueryServer.predict,
    "where": QueryServer.where,
    "inside": QueryServer.inside,
    "export": QueryServer.export,
    "code": QueryServer.code,
    "imagenet": QueryServer.imagenet,
    "augment": QueryServer.augment,
    "rates": QueryServer.rates,
}
"""What it can be asked; a method of `QueryServer` by name."""


def answer_lines(workspace: Workspace, lines: Iterable[str]) -> None:
    """Answer requests {"id", "kind", "args"}, one JSON line each, into `queries_dir`/ID.json, until the lines end."""
    answerer = QueryServer(workspace)
    for line in lines:
        if not line.strip():
            continue
        request = json.loads(line)  # from our own parent: anything else is a bug and may end the worker
        write_json(workspace.queries_dir / f"{request['id']}.json", answerer.answer(request))
