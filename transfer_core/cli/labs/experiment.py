"""What the commands of all labs share: their options, the work, and how the result is printed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from transfer_core import api
from transfer_core.cli.interrupt import stop_on_interrupt
from transfer_core.cli.output import json_option, load_tensorflow, result, stdout_kept_clean
from transfer_core.cli.progress import EventPrinter
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.text import t

__all__ = ["do_experiment", "experiment_options", "experiment_words", "photo_options"]

F = TypeVar("F", bound=Callable[..., Any])
Words = Callable[[dict[str, Any]], str]


def experiment_options(command: F) -> F:
    """Add `--out`, `--seed` and `--json`, which every lab takes."""
    out = click.option("--out", type=click.Path(path_type=Path), help="Folder to make for what is found.")
    seed = click.option("--seed", type=int, default=0, help="Same seed, same photos, same machine: same result.")
    return out(seed(json_option(command)))


def photo_options(command: F) -> F:
    """Add DATA, `--base` and `--weights`, for labs that work on photos; and what `experiment_options` adds."""
    data = click.argument("data")
    base = click.option("--base", default="efficientnet-lite0", show_default=True, help="Pretrained network.")
    weights = click.option("--weights", default="imagenet", help="A weights file, or `none` for random weights.")
    return data(base(weights(experiment_options(command))))


def do_experiment(kind: str, settings: Any, words: Words | None = None, **options: Any) -> None:
    """Do an experiment and print what was found.

    Args:
        kind: one of `labs.KINDS`.
        settings: `Settings` of that lab.
        words: lines to print for people above the conclusion.
        options: what `photo_options` or `experiment_options` gave.
    """
    config = ExperimentConfig(
        kind,
        settings,
        DataConfig(options.get("data", "")),
        BaseConfig(options.get("base", BaseConfig.name), options.get("weights", BaseConfig.weights)),
        options["seed"],
    )
    with stdout_kept_clean(options["as_json"]), EventPrinter() as printer:
        run = api.prepare_experiment(config, options["out"], printer)
        with stop_on_interrupt(run):
            load_tensorflow()
            found = api.execute_experiment(run, printer)
    result(found, options["as_json"], lambda value: _lines(value, words))


def experiment_words(value: dict[str, Any]) -> str:
    """The conclusion, and where everything else is kept."""
    words = value.get("conclusion") or t("Stopped before there was anything to conclude.")
    return words + "\n" + t("Kept in {folder}.", folder=value["folder"])


def _lines(value: dict[str, Any], words: Words | None) -> str:
    return (f"{words(value)}\n\n" if words else "") + experiment_words(value)
