"""`thaw sanity`: frozen or not, and which mistakes make a frozen base differ from saved features."""

from typing import Any

import click

from transfer_core.cli.labs.experiment import do_experiment, photo_options
from transfer_core.labs.sanity.mistakes import MISTAKES
from transfer_core.labs.sanity.settings import Settings
from transfer_core.text import t

__all__ = ["sanity"]


@click.command()
@photo_options
@click.option("--photos", default=Settings.photos, show_default=True, help="Photos to learn from.")
@click.option("--validation-photos", default=Settings.validation, show_default=True, help="Photos to check on.")
@click.option("--epochs", default=Settings.epochs, show_default=True, help="Passes over the photos.")
@click.option("--batch-size", default=Settings.batch_size, show_default=True, help="Photos a step.")
@click.option("--optimizer", default=Settings.optimizer, show_default=True, help="rmsprop, adam or sgd.")
@click.option("--learning-rate", default=Settings.learning_rate, show_default=True, help="Size of the steps.")
@click.option("--dropout", default=Settings.dropout, show_default=True, help="Rate of the mistake `dropout`.")
@click.option(
    "--mistake",
    "mistakes",
    multiple=True,
    help=f"Try this one only; may be given again. {', '.join(mistake.name for mistake in MISTAKES)}.",
)
def sanity(
    photos: int,
    validation_photos: int,
    epochs: int,
    batch_size: int,
    optimizer: Any,
    learning_rate: float,
    dropout: float,
    mistakes: tuple[str, ...],
    **options: Any,
) -> None:
    """Is training on saved features the same as freezing the base? And which mistakes make it differ?

    Trains a new layer on saved bottleneck features of a few photos, then the whole network end to end with its base
    frozen, then with each classic mistake; all from the same weights, with the photos in the same order.
    """
    chosen = mistakes or Settings.mistakes
    settings = Settings(chosen, photos, validation_photos, epochs, batch_size, optimizer, learning_rate, dropout)
    do_experiment("sanity", settings, _table, **options)


def _table(found: dict[str, Any]) -> str:
    """A line a training: how far it is from the one on saved features, and why."""
    lines = []
    for name, words in (("bottleneck", t("saved features")), ("frozen", t("frozen, end to end"))):
        if name in found:
            lines.append(_line(words, found[name]))
    for variant in found.get("variants", {}).values():
        lines += [_line(variant["title"], variant), f"    {variant['cause']}"]
        if not variant["agrees"]:
            lines += [f"      {line}" for line in variant["mend"].splitlines()]
    return "\n".join(lines)


def _line(title: str, found: dict[str, Any]) -> str:
    difference = found["max_loss_difference"]
    if difference is None:
        apart = t("loss lost")
    elif difference == 0:
        apart = t("equal")
    else:
        apart = t("loss up to {difference:.2g} apart", difference=difference)
    return f"{title:42} {apart:24} " + t("{percent:5.1f}% right", percent=100 * found["val_accuracy"])
