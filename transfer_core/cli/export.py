"""`thaw export`: the classifier of a run, for use elsewhere."""

from pathlib import Path
from typing import Any

import click

from transfer_core.cli.output import json_option, load_tensorflow, result, say, stdout_kept_clean
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.exports.code_files import CODE, export_code
from transfer_core.exports.formats import FORMATS, get_format
from transfer_core.exports.make import export as make
from transfer_core.exports.parity import apart
from transfer_core.runs.folder import open_run
from transfer_core.text import Sentence, t

__all__ = ["export"]

_ALL, _BUNDLE = "all", "bundle"
_NAMES = [row.name for row in FORMATS]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "name",
    required=True,
    type=click.Choice([*_NAMES, CODE, _BUNDLE, _ALL]),
    help="`bundle`: Keras, with a program that asks it, in one zip; any other format is one too where PATH ends in "
    ".zip. `code`: a Keras script (.py) or notebook (.ipynb) that trains the same again. `all`: every format that is "
    "installed, in the folder PATH.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="PATH", help="What to write.")
@click.option("--with-photos", is_flag=True, help="Put two of the run's photos into the zip, as they are.")
@json_option
def export(run: Path, name: str, out: Path, with_photos: bool, as_json: bool) -> None:
    """Write the classifier of RUN for use elsewhere, and compare its answers with those given here."""
    with stdout_kept_clean(as_json):
        opened = open_run(run)
        opened.labels()  # refuse a run without a model before the seconds that TensorFlow takes to load
        if name == _ALL:
            found = _all(opened.path, out)
        elif name == CODE:
            load_tensorflow()
            found = export_code(Workspace.from_environment(), opened, out)
        else:
            if name == _BUNDLE:
                name = "keras"
                if out.suffix != ".zip":
                    raise ConfigError("A bundle is a zip: give --out a name that ends in .zip; {out} came.", out=out)
            get_format(name).check_installed()
            load_tensorflow()
            found = make(opened, name, out, with_photos=with_photos, say=lambda words: say(t(words)))
    result(found, as_json, _words)


def _all(run: Path, out: Path) -> dict[str, Any]:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError("{out} is there already. Name a folder that is new.", out=out)
    load_tensorflow()
    exports, left = [], {}
    for row in FORMATS:
        try:
            row.check_installed()
        except ConfigError as error:
            left[row.name] = str(error)
            say(str(error))
            continue
        name = Path(row.model).with_stem(row.name) if not row.is_folder else Path(row.name)
        exports.append(make(run, row.name, out / name, say=lambda words: say(t(words))))
    return {"path": str(out), "exports": exports, "left_out": left}


def _words(value: dict[str, Any]) -> str:
    if "exports" in value:
        return "\n".join(_words(one) for one in value["exports"])
    if value["format"] == CODE:
        return t(_code_words(value))
    parity = value["parity"]
    return t(
        Sentence(
            "{path}: {megabytes:.1f} MB, {milliseconds:.0f} ms a photo. {same} of {photos} answers are those of the "
            "app; probabilities differ by {apart}.",
            apart=apart(parity["max_difference"]),
            path=value["path"],
            megabytes=value["bytes"] / 1e6,
            same=parity["photos"] - parity["changed"],
            **parity,
        )
    )


def _code_words(value: dict[str, Any]) -> Sentence:
    if value["beside"]:
        return Sentence(
            "{path}: the code that trains the same again, with Keras alone. It reads {beside}, which lie beside it.",
            path=value["path"],
            beside=[Path(path).name for path in value["beside"]],
        )
    return Sentence("{path}: the code that trains the same again, with Keras alone, and all it reads.", **value)
