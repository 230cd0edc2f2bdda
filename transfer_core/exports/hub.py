"""The folder that a model repository of the Hugging Face Hub is: nothing is uploaded from here."""

import json
import zipfile
from pathlib import Path
from typing import Any

from transfer_core.runs.figure import run_figure
from transfer_core.runs.folder import Run

__all__ = ["hub_header", "unpack_model"]

_PARTS = ("config.json", "metadata.json", "model.weights.h5")


def hub_header(run: Run, title: str) -> str:
    """The metadata at the head of the model card (https://huggingface.co/docs/hub/model-cards), as YAML.

    The license is left to whoever uploads it: `other` asks for it.
    """
    figure = run_figure(run, run.report())
    facts: dict[str, Any] = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "transfer-learning", "keras", "thaw"],
        "license": "other",
    }
    if figure is not None:
        measured = {"type": "accuracy", "value": round(figure.share, 4), "name": f"accuracy ({figure.on})"}
        facts["model-index"] = [
            {
                "name": title,
                "results": [
                    {
                        "task": {"type": "image-classification"},
                        "dataset": {"type": "photos", "name": f"{figure.photos} photos"},
                        "metrics": [measured],
                    }
                ],
            }
        ]
    # JSON is YAML, and lets no name break out of its place.
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()]
    return "\n".join(["---", *lines, "---", "", ""])


def unpack_model(folder: Path) -> None:
    """Lay the parts of model.keras beside it, as `keras.saving.load_model("hf://...")` looks for them."""
    with zipfile.ZipFile(folder / "model.keras") as packed:
        for name in _PARTS:
            (folder / name).write_bytes(packed.read(name))
