"""`thaw train`, `thaw resume` and `thaw predict`: a run from the command line."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from transfer_core import api
from transfer_core.cli.interrupt import stop_on_interrupt
from transfer_core.cli.labs import experiment_words
from transfer_core.cli.output import json_option, load_tensorflow, result, stdout_kept_clean
from transfer_core.cli.progress import EventPrinter
from transfer_core.disk.formats import read_current
from transfer_core.errors import ConfigError
from transfer_core.labs.experiment import is_experiment
from transfer_core.runs.augmentation import PRESETS
from transfer_core.runs.config import RunConfig, TuningConfig
from transfer_core.runs.folder import Run, open_run
from transfer_core.runs.hints import read_run
from transfer_core.text import Sentence, t

__all__ = ["resume", "train"]


@click.command()
@click.argument("data", required=False)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to make for the run.")
@click.option("--base", "base_name", help="Pretrained network, see `thaw bases`.  [default: efficientnet-lite0]")
@click.option("--weights", help="A weights file, or `none` for random weights.")
@click.option("--train-last", type=int, help="Fine-tune the last N blocks.")
@click.option("--train-from", metavar="BLOCK", help="Fine-tune this block and everything after it.")
@click.option("--train-all", is_flag=True, help="Fine-tune the whole base.")
@click.option("--epochs", type=int, help="Most epochs for the head.")
@click.option("--fine-tune-epochs", type=int, help="Most epochs of fine-tuning.")
@click.option("--validation", metavar="DIR", help="Validate on this folder instead of a share of DATA.")
@click.option("--test", metavar="DIR", help="Measure at the end on this folder, never used in training.")
@click.option("--val-split", type=float, help="Share of DATA kept for validation.  [default: 0.2]")
@click.option("--test-split", type=float, help="Share of DATA kept to measure on at the end.  [default: 0]")
@click.option("--optimizer", help="adam, rmsprop or sgd.")
@click.option("--learning-rate", type=float, help="Learning rate of the head.")
@click.option(
    "--fine-tune-learning-rate", type=float, help="Learning rate of fine-tuning.  [default: by the number of photos]"
)
@click.option("--batch-size", type=int, help="Photos a step.")
@click.option("--schedule", help="How the learning rate goes on: automatic, constant, cosine, plateau.")
@click.option("--warmup-epochs", type=int, help="Epochs over which each phase's learning rate climbs to its peak.")
@click.option("--discriminative", type=float, metavar="FACTOR", help="Divide each block's rate by this, from the head.")
@click.option("--label-smoothing", type=float, help="Share of the target spread over all classes, such as 0.1.")
@click.option(
    "--train-batch-norm/--no-train-batch-norm",
    default=None,
    help="Train unfrozen BatchNormalization too; with few photos it usually hurts.",
)
@click.option(
    "--cache-precision",
    help="Keep what the frozen layers give as float32, or as float16: half the disk, inexact.  [default: float32]",
)
@click.option("--augment", help="Vary the photos to learn from: none, cached (fixed variants) or live (new ones).")
@click.option("--augment-preset", help=f"{', '.join(PRESETS)}.  [default: photos]")
@click.option("--augment-variants", type=int, help="Variants of each photo with --augment cached.  [default: 4]")
@click.option("--seed", type=int, help="Same seed, same photos, same machine: same result.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="config.json of an earlier run; options given here win.",
)
@json_option
def train(data: str | None, out: Path, config_file: Path | None, as_json: bool, **options: Any) -> None:
    """Train a classifier on DATA: a folder with one folder of photos a class, a zip of one, or a project's name."""
    with stdout_kept_clean(as_json):
        config = _configure(data, config_file, options)
        with EventPrinter() as printer:
            run = api.prepare(config, out, printer)
            with stop_on_interrupt(run):
                load_tensorflow()
                report = api.execute(run, printer)
    result(summary(run, report), as_json, _train_words)


def _configure(data: str | None, config_file: Path | None, options: dict[str, Any]) -> RunConfig:
    """Lay the options given over the configuration file, or over the defaults."""
    start = RunConfig.from_dict(read_current(config_file)) if config_file else RunConfig()
    given = {name: value for name, value in options.items() if value is not None}

    def over(part: Any, **names: str) -> Any:
        return replace(part, **{field: given[option] for field, option in names.items() if option in given})

    config: RunConfig = replace(
        over(start, seed="seed"),
        data=over(
            start.data,
            validation="validation",
            test="test",
            validation_fraction="val_split",
            test_fraction="test_split",
        ),
        base=over(start.base, name="base_name", weights="weights"),
        head=over(start.head, epochs="epochs", learning_rate="learning_rate"),
        fine_tune=over(start.fine_tune, epochs="fine_tune_epochs", learning_rate="fine_tune_learning_rate"),
        fit=over(start.fit, optimizer="optimizer", batch_size="batch_size", augment="augment"),
        augmentation=over(start.augmentation, preset="augment_preset", variants="augment_variants"),
        tuning=over(start.tuning, **{item.name: item.name for item in fields(TuningConfig)}),
    )
    if data:
        config = replace(config, data=replace(config.data, source=data))
    if not config.data.source:
        raise ConfigError(
            "No photos were named. Give DATA: a folder of class folders, a zip of one, or a project's name."
        )
    cuts: dict[str, Any] = {name: given[name] for name in ("train_last", "train_from") if name in given}
    if given["train_all"]:
        cuts["train_all"] = True
    if len(cuts) > 1:
        raise ConfigError(
            "--train-last, --train-from and --train-all are three ways to say the same: give one of them."
        )
    return replace(config, plan=api.freeze_plan(config.base.name, **cuts)) if cuts else config


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@json_option
def resume(run: Path, as_json: bool) -> None:
    """Go on with RUN (or an experiment's folder), which was interrupted, stopped or failed, from where it was."""
    with stdout_kept_clean(as_json):
        opened = open_run(run)
        with api.resuming(opened), EventPrinter() as printer, stop_on_interrupt(opened):
            load_tensorflow()
            if is_experiment(opened):
                found = api.execute_experiment(opened, printer)
            else:
                found = summary(opened, api.execute(opened, printer))
    result(found, as_json, experiment_words if is_experiment(opened) else _train_words)


def summary(run: Run, report: dict[str, Any]) -> dict[str, Any]:
    """The JSON of `train` as CLI.md sets it out."""
    names = (
        "val_accuracy",
        "val_interval",
        "test_accuracy",
        "test_interval",
        "classes",
        "trainable_parameters",
        "seconds",
        "freeze_proof",
    )
    return {"run": str(run.path), "state": run.status().state, **{name: report[name] for name in names}}


def _train_words(value: dict[str, Any]) -> str:
    def share(kind: str) -> Sentence:
        low, high = value[f"{kind}_interval"]
        share = value[f"{kind}_accuracy"]
        return Sentence("{share:.1%} (95% interval {low:.1%} to {high:.1%})", share=share, low=low, high=high)

    lines = [t("Validation accuracy {share}", share=share("val"))]
    if value["test_accuracy"] is not None:
        lines.append(t("Test accuracy {share}", share=share("test")))
    unchanged = value["freeze_proof"]["frozen_unchanged"]
    lines.append(
        t(
            "{n:,} parameters trained; every frozen weight is unchanged."
            if unchanged
            else "{n:,} parameters trained; FROZEN WEIGHTS CHANGED.",
            n=value["trainable_parameters"],
        )
    )
    lines += _hint_lines(open_run(Path(value["run"])))
    lines.append(t("The classifier is in {run}: try `thaw predict {run} PHOTO`.", run=value["run"]))
    return "\n".join(lines)


def _hint_lines(run: Run) -> list[str]:
    """What the curves show, a line each."""
    return [
        t("{title}. {sentence} {advice}", title=hint.title, sentence=hint.sentence, advice=hint.advice)
        for hint in read_run(run, run.epochs(), run.report())
    ]
