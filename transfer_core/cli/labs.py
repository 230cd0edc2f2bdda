"""The labs as commands, each made from its lab's `Settings`; `terminal` says the help and prints the result."""

from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from transfer_core import api
from transfer_core.cli.interrupt import stop_on_interrupt
from transfer_core.cli.output import json_option, load_tensorflow, result, stdout_kept_clean
from transfer_core.cli.progress import EventPrinter
from transfer_core.labs import KINDS
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.labs.options import Option, arguments, options
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.text import t

__all__ = ["commands", "experiment_words"]


def commands() -> tuple[click.Command, ...]:
    """One for each lab."""
    return tuple(_command(kind) for kind in KINDS)


def experiment_words(value: dict[str, Any]) -> str:
    """The conclusion, and where everything else is kept."""
    words = [value.get("conclusion") or t("Stopped before there was anything to conclude.")]
    if value.get("how_sure"):
        words.append(t("How sure is that? {figures}", figures=value["how_sure"]))
    return "\n".join([*words, t("Kept in {folder}.", folder=value["folder"])])


def _command(kind: str) -> click.Command:
    lab = import_module(f"transfer_core.labs.{kind}.settings")
    settings: Any = lab.Settings
    terminal = import_module(f"transfer_core.labs.{kind}.terminal")
    named = arguments(settings)

    def do(out: Path | None, seed: int, as_json: bool, **given: Any) -> None:
        photos = {name: given.pop(name) for name in ("data", "test", "base", "weights") if name in given}
        values = {name: value for name, value in given.items() if value not in (None, ())}
        values |= {name: str(value.absolute()) for name, value in values.items() if isinstance(value, Path)}
        config = ExperimentConfig(
            kind,
            settings(**values),
            DataConfig(photos.get("data", ""), test=photos.get("test")),
            BaseConfig(photos.get("base", BaseConfig.name), photos.get("weights", BaseConfig.weights)),
            seed,
        )
        with stdout_kept_clean(as_json), EventPrinter() as printer:
            run = api.prepare_experiment(config, out, printer)
            with stop_on_interrupt(run):
                load_tensorflow()
                found = api.execute_experiment(run, printer)
        result(found, as_json, lambda value: f"{terminal.table(value)}\n\n{experiment_words(value)}")

    parameters: list[click.Parameter] = [
        click.Argument([name], type=click.Path(path_type=Path), metavar=one.flag) for name, one in named.items()
    ]
    if not named:
        parameters.append(click.Argument(["data"]))
    if getattr(lab, "TAKES_TEST_PHOTOS", False):
        parameters.append(click.Argument(["test"], required=False, metavar="[DATA]"))
    defaults = {item.name: item.default for item in fields(settings)}
    parameters += [_option(name, one, defaults[name]) for name, one in options(settings).items()]
    if not named:
        parameters += [
            click.Option(["--base"], default="efficientnet-lite0", show_default=True, help="Pretrained network."),
            click.Option(["--weights"], default="imagenet", help="A weights file, or `none` for random weights."),
        ]
    parameters += [
        click.Option(["--out"], type=click.Path(path_type=Path), help="Folder to make for what is found."),
        click.Option(["--seed"], type=int, default=0, help="Same seed, same photos, same machine: same result."),
    ]
    return json_option(click.Command(kind, params=parameters, callback=do, help=terminal.__doc__))


def _option(name: str, one: Option, default: Any) -> click.Option:
    assert default is not MISSING
    words: dict[str, Any] = {"help": one.help, "metavar": one.metavar}
    if not isinstance(default, tuple):
        kind = click.Choice(one.choices) if one.choices else type(default)
        words["default"] = default or None if one.choices else default
        return click.Option([one.flag, name], type=kind, show_default=default != "", **words)
    if one.many:
        return click.Option([one.flag, name], type=type(default[0]) if default else str, multiple=True, **words)
    return click.Option([one.flag, name], callback=_split, **words)


def _split(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if value else None
