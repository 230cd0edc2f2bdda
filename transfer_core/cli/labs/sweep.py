"""`thaw sweep`: how deep is worth fine-tuning, within a budget of minutes."""

from typing import Any

import click

from transfer_core import api
from transfer_core.cli.labs.experiment import do_experiment, photo_options
from transfer_core.labs.sweep.settings import HEAD, Settings, depth_words
from transfer_core.text import t

__all__ = ["sweep"]


@click.command()
@photo_options
@click.option("--budget", type=float, default=Settings.budget, show_default=True, help="Minutes, all included.")
@click.option("--cut", "cuts", multiple=True, metavar="BLOCK", help="Try this block instead of a choice of depths.")
@click.option("--rate", "rates", type=float, multiple=True, help="Learning rate of fine-tuning; may be repeated.")
@click.option("--repeats", type=int, default=Settings.repeats, show_default=True, help="Trials of a depth, at most.")
@click.option("--epochs", type=int, default=Settings.epochs, show_default=True, help="Of fine-tuning, at most.")
def sweep(
    budget: float, cuts: tuple[str, ...], rates: tuple[float, ...], repeats: int, epochs: int, **options: Any
) -> None:
    """Fine-tune at several depths of the base on the photos in DATA, and say how deep is worth it."""
    settings = Settings(budget, cuts, rates or Settings.rates, repeats, epochs=epochs)
    for name in cuts:
        if name != HEAD:
            api.freeze_plan(options["base"], train_from=name)  # refused now, not after the photos have been read
    do_experiment("sweep", settings, _words, **options)


def _words(value: dict[str, Any]) -> str:
    """A line a depth."""
    lines = [
        f"{t('trains'):<24} {t('parameters'):>12} {t('seconds'):>8} {t('photos'):>7}  {t('accuracy (95% interval)')}"
    ]
    for row in value.get("depths", []):
        name = t(depth_words(row["train_from"]))
        mark = t("  <- recommended") if row["train_from"] == value["recommended"] else ""
        accuracy = t(
            "{accuracy:.1%} ({low:.1%} to {high:.1%})",
            accuracy=row["accuracy"],
            low=row["interval"][0],
            high=row["interval"][1],
        )
        lines.append(
            f"{name:<24} {row['trainable_parameters']:>12,} {row['seconds']:>8.1f} {row['photos']:>7,}  {accuracy}"
            f"{mark}"
        )
    return "\n".join(lines)
