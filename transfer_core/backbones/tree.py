"""The tree of a network as plain data: model > stage > block > layer, and the graph between layers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from transfer_core.disk.files import read_json, write_json
from transfer_core.errors import StorageError

__all__ = ["Kind", "LayerFacts", "LayerTree", "Node"]

Kind = Literal["model", "stage", "block", "layer"]

FORMAT = 1  # raised whenever a stored tree can no longer be read as it is


@dataclass(frozen=True)
class LayerFacts:
    """What the graph needs to know of one layer."""

    type: str
    """Keras class name, e.g. `Conv2D`."""
    inputs: tuple[str, ...]
    """Names of the layers whose outputs it takes, in order; a name that is not in the tree is the network's input."""
    trainable_parameters: int
    """Parameters that training may change when the layer is trainable: all but moving statistics."""
    flops: int
    """Floating-point operations for one photo; a multiply-add counts as two."""

    @property
    def batch_normalization(self) -> bool:
        """Whether the layer keeps moving statistics."""
        return self.type == "BatchNormalization"


@dataclass(frozen=True)
class Node:
    """One line of the tree. `parameters` counts everything below it; `shape` is the output's, without the batch."""

    name: str
    kind: Kind
    parameters: int
    shape: tuple[int, ...]
    children: tuple["Node", ...] = ()
    facts: LayerFacts | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form: `name`, `kind`, `parameters`, `shape`, `children`, and for a layer the fields of `LayerFacts`."""
        value: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "parameters": self.parameters,
            "shape": list(self.shape),
            "children": [child.to_dict() for child in self.children],
        }
        if self.facts is not None:
            value |= {
                "type": self.facts.type,
                "inputs": list(self.facts.inputs),
                "trainable_parameters": self.facts.trainable_parameters,
                "flops": self.facts.flops,
            }
        return value

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Node":
        """Inverse of `to_dict`."""
        facts = None
        if value["kind"] == "layer":
            facts = LayerFacts(value["type"], tuple(value["inputs"]), value["trainable_parameters"], value["flops"])
        children = tuple(cls.from_dict(child) for child in value["children"])
        return cls(value["name"], value["kind"], value["parameters"], tuple(value["shape"]), children, facts)


@dataclass(frozen=True)
class LayerTree:
    """The tree of one base. Layers stand in an order in which every layer follows its inputs."""

    root: Node
    input_size: int
    """Side of the square photo the shapes were worked out for, in pixels."""

    @cached_property
    def stages(self) -> tuple[Node, ...]:
        """Stages from the input towards the output."""
        return self.root.children

    @cached_property
    def blocks(self) -> tuple[Node, ...]:
        """Blocks from the input towards the output; what a cut snaps to."""
        return tuple(block for stage in self.stages for block in stage.children)

    @cached_property
    def layers(self) -> dict[str, Node]:
        """Every layer by name, in graph order within its block."""
        return {layer.name: layer for block in self.blocks for layer in block.children}

    @cached_property
    def weighted(self) -> frozenset[str]:
        """Names of the layers that training could change."""
        return frozenset(name for name, node in self.layers.items() if node.facts and node.facts.trainable_parameters)

    def walk(self) -> Iterator[tuple[Node, int]]:
        """Every node with its depth (model 0 ... layer 3), a parent before its children."""
        pending = [(self.root, 0)]
        while pending:
            node, depth = pending.pop()
            yield node, depth
            pending.extend((child, depth + 1) for child in reversed(node.children))

    def to_dict(self) -> dict[str, Any]:
        """JSON form, with a format number."""
        return {"format": FORMAT, "input_size": self.input_size, "tree": self.root.to_dict()}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "LayerTree":
        """Inverse of `to_dict`.

        Raises:
            StorageError: the value is of another format or incomplete.
        """
        try:
            if value["format"] != FORMAT:
                raise StorageError(
                    "The stored layer tree has format {format}; this Thaw reads {known}.",
                    format=value["format"],
                    known=FORMAT,
                )
            return cls(Node.from_dict(value["tree"]), value["input_size"])
        except (KeyError, TypeError) as error:
            raise StorageError(
                "The stored layer tree is incomplete ({error}); delete it to make it anew.", error=repr(error)
            ) from error

    def write(self, path: Path) -> None:
        """Store the tree at `path`, atomically."""
        write_json(path, self.to_dict())

    @classmethod
    def read(cls, path: Path) -> "LayerTree":
        """Read a tree that `write` stored.

        Raises:
            StorageError: missing, damaged or of another format.
        """
        return cls.from_dict(read_json(path))
