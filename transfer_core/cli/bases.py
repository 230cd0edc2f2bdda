"""`thaw bases`, `thaw layers` and `thaw open`: the networks there are, what they are made of, and one of your own."""

from pathlib import Path
from typing import Any, cast

import click

from transfer_core import api
from transfer_core.backbones.catalog import BASES, Base, Scaling, get_base
from transfer_core.backbones.own import list_own
from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.backbones.weights import weights_state
from transfer_core.cli.output import json_option, load_tensorflow, result, stdout_kept_clean
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.opening.open import SCALINGS, open_base, open_classifier
from transfer_core.text import Sentence, t

__all__ = ["bases", "layers", "open_file"]


@click.command()
@json_option
def bases(as_json: bool) -> None:
    """List the pretrained networks, and whether their weights are here."""
    workspace = Workspace.from_environment()
    rows = [
        {
            "name": base.name,
            "title": base.title,
            "parameters": base.parameters or _counted(workspace, base),
            "input_size": base.input_size,
            "imagenet_top1": base.top1 or None,
            "imagenet_top5": base.top5,
            "source": base.source,
            "weights": (state := weights_state(workspace, base)),
            "install": base.weights.install if state == "file" else "",
        }
        for base in (*BASES, *list_own(workspace))
    ]
    result({"bases": rows}, as_json, _bases_words)


def _counted(workspace: Workspace, base: Base) -> int | None:
    tree = stored_tree(workspace, base.name)
    return tree.root.parameters if tree else None


def _bases_words(value: dict[str, Any]) -> str:
    lines = [f"{'name':22}{'parameters':>12}{'input':>7}{'top-1':>7}  weights"]
    for row in value["bases"]:
        size, top1 = f"{row['input_size']} px", f"{row['imagenet_top1']:.1%}" if row["imagenet_top1"] else ""
        parameters = f"{row['parameters']:,}" if row["parameters"] else ""
        where = row["install"] or row["weights"]
        lines.append(f"{row['name']:22}{parameters:>12}{size:>7}{top1:>7}  {where}")
    return "\n".join(lines)


@click.command()
@click.argument("base")
@json_option
def layers(base: str, as_json: bool) -> None:
    """Print the tree of BASE: stages, blocks and layers. Block names are what `train --train-from` takes."""
    get_base(base)  # refuse an unknown name before the seconds TensorFlow takes to load
    workspace = Workspace.from_environment()
    with stdout_kept_clean(as_json):
        if stored_tree(workspace, base) is None:
            load_tensorflow()
        tree = api.layers(base, workspace)
    result({"tree": tree.root.to_dict()}, as_json, _tree_words)


def _tree_words(value: dict[str, Any]) -> str:
    def lines(node: dict[str, Any], depth: int) -> list[str]:
        shape = "x".join(str(side) for side in node["shape"])
        label = f"{'  ' * depth}{node['name']}"
        line = f"{label:44}{node.get('type', node['kind']):24}{shape:>14}{node['parameters']:>14,}"
        return [line] + [text for child in node["children"] for text in lines(child, depth + 1)]

    return "\n".join(lines(value["tree"], 0))


@click.command("open")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Open it as a classifier: a new folder, which `predict` and `serve` take. Without, it is opened as a base.",
)
@click.option("--title", default="", help="Of a base: what it is called. The name of the file, if not given.")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME",
    help="Of a classifier: the names of its classes, in the order of its outputs; once for each. Files of Thaw name "
    "them.",
)
@click.option(
    "--scaling",
    type=click.Choice(list(SCALINGS)),
    help="How it wants photos scaled, where the network does not tell: none (0 to 255), unit (0 to 1), tf (-1 to 1), "
    "torch or caffe (as ImageNet's).",
)
@json_option
def open_file(
    file: Path, out: Path | None, title: str, classes: tuple[str, ...], scaling: str | None, as_json: bool
) -> None:
    """Open a .keras FILE of your own: as a base to train from, or with --out as a classifier to ask.

    It may come from anywhere: it is read by a process that can write one folder and reach no network, and a model that
    brings code with it is refused.
    """
    workspace, chosen = Workspace.from_environment(), cast("Scaling | None", scaling)
    if out is None:
        if classes:
            raise ConfigError("A base has no classes: leave --class out, or give --out to open it as a classifier.")
        opened = open_base(workspace, file, title, chosen)
        found = {
            "base": opened.base.name,
            "title": opened.base.title,
            "input_size": opened.base.input_size,
            "parameters": opened.tree.root.parameters,
            "blocks": [block.name for block in opened.tree.blocks],
            "scaling": opened.scaling,
        }
    else:
        run = open_classifier(workspace, file, out, classes or None, chosen)
        found = {"run": str(run.path), **{name: run.labels()[name] for name in ("classes", "input_size")}}
    result(found, as_json, _opened_words)


def _opened_words(value: dict[str, Any]) -> str:
    if "run" in value:
        return t(Sentence("{run}: a classifier of {classes}. Ask it with `thaw predict`.", **value))
    return t(
        Sentence(
            "{title}: {parameters:,} parameters in {count} blocks, photos of {input_size} pixels a side. Train from it "
            "with --base {base}.",
            count=len(value["blocks"]),
            **value,
        )
    )
