"""`thaw predict`: what a classifier says of photos, many at once if they are."""

import csv
import os
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from transfer_core import api
from transfer_core.cli.output import json_option, load_tensorflow, progress, result, stdout_kept_clean
from transfer_core.disk.files import atomic_path
from transfer_core.errors import PhotoError
from transfer_core.photos.contact_sheet import Tile, contact_sheet, tile_picture
from transfer_core.photos.sources.loose import loose_files
from transfer_core.runs.folder import open_run
from transfer_core.text import plural, t

__all__ = ["predict"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Also write the answers to this file.")
@click.option(
    "--sheet", type=click.Path(path_type=Path), help="Also write a contact sheet: an HTML file of the photos by answer."
)
@json_option
def predict(run: Path, images: tuple[str, ...], csv_path: Path | None, sheet: Path | None, as_json: bool) -> None:
    """Ask the classifier of RUN about each IMAGE: a file, a folder of photos or a zip."""
    with stdout_kept_clean(as_json), loose_files(images) as files:
        opened = open_run(run)
        classes = opened.labels()["classes"]  # refuse a run without a model before the seconds TensorFlow takes to load
        load_tensorflow()
        pictures: list[bytes | None] = []
        with progress(t(plural("{n:,} file", "{n:,} files", len(files))), len(files)) as show:

            def each(answer: dict[str, Any], photo: NDArray[np.uint8] | None) -> None:
                pictures.append(tile_picture(photo) if sheet and photo is not None else None)
                show(len(pictures))

            answers = api.predict(opened, files, each)
        predictions = [it | {"error": t(it["error"])} if "error" in it else it for it in answers]
        if csv_path:
            _write_csv(csv_path, classes, predictions)
        if sheet:
            with atomic_path(sheet) as temporary:
                temporary.write_text(_sheet(run.name, classes, predictions, pictures), "utf-8")
    result({"predictions": predictions}, as_json, _words)
    if predictions and all("error" in one for one in predictions):
        raise PhotoError("None of the files could be answered: see what was said of each.")


def _write_csv(path: Path, classes: list[str], predictions: list[dict[str, Any]]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["image", "label", "probability", "none", "error", *classes])
        for item in predictions:
            shares = item.get("probabilities", {})
            row = [item["image"], *(item.get(name, "") for name in ("label", "probability", "none", "error"))]
            table.writerow(row + [shares.get(name, "") for name in classes])


def _sheet(name: str, classes: list[str], predictions: list[dict[str, Any]], pictures: list[bytes | None]) -> str:
    """The least sure first: those are the ones to look at."""
    groups: dict[str, list[Tile]] = {name: [] for name in classes}
    none: list[Tile] = []
    shown = [(item, picture) for item, picture in zip(predictions, pictures, strict=True) if picture is not None]
    for item, picture in sorted(shown, key=lambda pair: pair[0]["probability"]):
        tile = Tile(item["image"], _answer(item), picture)
        (none if item.get("none") else groups[item["label"]]).append(tile)
    refused = [(item["image"], item["error"]) for item in predictions if "error" in item]
    about = t(plural("What {name} says of {n:,} photo.", "What {name} says of {n:,} photos.", len(shown), name=name))
    return contact_sheet(
        t("Contact sheet"), about, [*groups.items(), (t("none of these"), none)], (t("Could not be read"), refused)
    )


def _words(value: dict[str, Any]) -> str:
    return os.linesep.join(f"{item['image']}: {_answer(item)}" for item in value["predictions"])


def _answer(item: dict[str, Any]) -> str:
    if "error" in item:
        return str(item["error"])
    said = f"{item['label']} ({item['probability']:.1%})"
    return t("none of these; of its classes most like {said}", said=said) if item.get("none") else said
