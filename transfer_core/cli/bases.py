"""`thaw bases` and `thaw layers`: the pretrained networks and what they are made of."""

from typing import Any

import click

from transfer_core import api
from transfer_core.backbones.catalog import BASES, get_base
from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.backbones.weights import weights_state
from transfer_core.cli.output import json_option, load_tensorflow, result, stdout_kept_clean
from transfer_core.disk.workspace import Workspace

__all__ = ["bases", "layers"]


@click.command()
@json_option
def bases(as_json: bool) -> None:
    """List the pretrained networks, and whether their weights are here."""
    workspace = Workspace.from_environment()
    rows = [
        {
            "name": base.name,
            "title": base.title,
            "parameters": base.parameters,
            "input_size": base.input_size,
            "imagenet_top1": base.top1,
            "imagenet_top5": base.top5,
            "source": base.source,
            "weights": (state := weights_state(workspace, base)),
            "install": base.weights.install if state == "file" else "",
        }
        for base in BASES
    ]
    result({"bases": rows}, as_json, _bases_words)


def _bases_words(value: dict[str, Any]) -> str:
    lines = [f"{'name':22}{'parameters':>12}{'input':>7}{'top-1':>7}  weights"]
    for row in value["bases"]:
        size, top1 = f"{row['input_size']} px", f"{row['imagenet_top1']:.1%}"
        where = row["install"] or row["weights"]
        lines.append(f"{row['name']:22}{row['parameters']:>12,}{size:>7}{top1:>7}  {where}")
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
