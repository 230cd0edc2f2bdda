"""A toy tree of layers, a project on it, its experiments as a lab leaves them on disk, and what a page says."""

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.ui import services
from tests.support import workspace
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, write_result
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.runs.folder import Recorder, Run, State
from transfer_core.text import Sentence

BASE = "efficientnet-lite0"


def toy_tree() -> LayerTree:
    """Three stages of two blocks; each block a convolution, a normalization and an activation."""
    stages, source = [], "input"
    for stage in range(3):
        blocks = []
        for letter in "ab":
            name, layers = f"block{stage}{letter}", []
            for kind, count, trainable in (("Conv2D", 2000, 2000), ("BatchNormalization", 40, 20), ("ReLU", 0, 0)):
                layer = f"{name}_{kind.lower()}"
                layers.append(Node(layer, "layer", count, (8, 8, 10), (), LayerFacts(kind, (source,), trainable, 1000)))
                source = layer
            blocks.append(Node(name, "block", 2040, (8, 8, 10), tuple(layers)))
        stages.append(Node(f"stage{stage}", "stage", 4080, (8, 8, 10), tuple(blocks)))
    return LayerTree(Node("Toy", "model", 3 * 4080, (8, 8, 10), tuple(stages)), 16)


def toy_project(jpeg: Callable[[int], bytes], photos: int = 10, **choices: Any) -> Project:
    """A project with `photos` photos of each of two classes, a base whose tree is the toy, and what else is chosen."""
    store_tree(workspace(), BASE, toy_tree())
    made = workspace().create_project("Toys").choose(base={"name": BASE, "weights": "imagenet"}, **choices)
    services.store(made).import_files(
        [(f"{name}/{n}.jpg", jpeg(n + at)) for at, name in ((0, "cat"), (100, "dog")) for n in range(photos)]
    )
    return made


def toy_experiment(
    project: Project,
    kind: str,
    settings: Any,
    result: dict[str, Any] | None,
    state: State = "FINISHED",
    message: str = "",
) -> Run:
    """An experiment of a lab on disk, as it stands in `state`; no `result`: nothing found yet."""
    store = services.store(project)
    config = ExperimentConfig(kind, settings, DataConfig(project.id), BaseConfig(BASE))
    run = create_experiment(project.new_experiment_dir(kind), config, store.manifest() if store.classes() else None)
    recorder = Recorder(run, pid=1)
    if result is not None:
        write_result(run, result, complete=state == "FINISHED")
    if state != "RUNNING":
        recorder.update(state=state, message=Sentence(message))
    return run


def words(page: AppTest) -> str:
    """Everything the page says."""
    kinds = ("markdown", "caption", "header", "success", "info", "warning", "error")
    texts = [str(part.value) for kind in kinds for part in page.get(kind)]
    return "\n".join([*texts, *(part.proto.body for part in page.get("html"))])  # type: ignore[attr-defined]
