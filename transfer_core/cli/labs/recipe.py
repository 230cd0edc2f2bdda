"""The command `recipe`: what each step of fine-tuning brings, and what skipping one does."""

from typing import Any

import click

from transfer_core.cli.labs.experiment import do_experiment, photo_options
from transfer_core.labs.recipe.settings import VARIANTS, Settings
from transfer_core.text import t

__all__ = ["recipe"]

_DEFAULT = Settings()


@click.command()
@click.option("--variants", help=f"Names with commas between them, of {', '.join(VARIANTS)}; all if not given.")
@click.option("--train-from", default="", metavar="BLOCK", help="First block that is unfrozen; else the last stage.")
@click.option("--epochs", type=int, default=_DEFAULT.head_epochs, show_default=True, help="Of the head.")
@click.option("--fine-tune-epochs", type=int, default=_DEFAULT.fine_tune_epochs, show_default=True)
@click.option("--scratch-epochs", type=int, default=_DEFAULT.scratch_epochs, show_default=True)
@click.option("--learning-rate", type=float, default=_DEFAULT.head_rate, show_default=True, help="Of the head.")
@click.option("--fine-tune-learning-rate", type=float, default=_DEFAULT.fine_tune_rate, show_default=True)
@click.option("--scratch-learning-rate", type=float, default=_DEFAULT.scratch_rate, show_default=True)
@click.option("--photo-variants", type=int, default=_DEFAULT.photo_variants, show_default=True, help="Changed copies.")
@click.option("--batch-size", type=int, default=_DEFAULT.batch_size, show_default=True)
@photo_options
def recipe(**options: Any) -> None:
    """Compare feature extraction, augmentation, fine-tuning, fine-tuning with step 3 skipped, and from scratch.

    DATA is a folder of class folders, a zip of one, or a project's name.
    """
    names = options["variants"]
    settings = Settings(
        variants=tuple(name.strip() for name in names.split(",") if name.strip()) if names else tuple(VARIANTS),
        head_epochs=options["epochs"],
        fine_tune_epochs=options["fine_tune_epochs"],
        scratch_epochs=options["scratch_epochs"],
        head_rate=options["learning_rate"],
        fine_tune_rate=options["fine_tune_learning_rate"],
        scratch_rate=options["scratch_learning_rate"],
        train_from=options["train_from"],
        photo_variants=options["photo_variants"],
        batch_size=options["batch_size"],
    )
    do_experiment("recipe", settings, _words, **options)


def _words(found: dict[str, Any]) -> str:
    variants = found.get("variants", {})
    titles = {name: t(VARIANTS[name].title) for name in variants}
    width = max(map(len, titles.values()), default=0)
    lines = [f"{'':{width}}  {t('accuracy')}  {t('95% interval')}  {t('seconds')}  {t('base moved')}"]
    for name, values in variants.items():
        low, high = values["interval"]
        interval = t("{low:.0f} to {high:.0%}", low=100 * low, high=high)
        lines.append(
            f"{titles[name]:{width}}  {values['val_accuracy']:8.1%}  {interval:>12}  {values['seconds']:7.0f}  "
            f"{values['base_drift']:10.2%}"
        )
    return "\n".join([*lines, *(f"\n{sentence}" for sentence in found.get("findings", []))])
