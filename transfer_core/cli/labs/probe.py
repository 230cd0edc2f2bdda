"""thaw probe: where in the base is what the photos need?"""

from typing import Any

import click

from transfer_core.cli.labs.experiment import do_experiment, photo_options
from transfer_core.labs.probe.settings import Settings
from transfer_core.text import t

__all__ = ["probe"]


@click.command()
@photo_options
@click.option("--folds", type=int, default=5, show_default=True, help="Parts for cross-validation.")
@click.option("--photos", type=int, default=2000, show_default=True, help="Look at no more than so many.")
def probe(folds: int, photos: int, **options: Any) -> None:
    """Say after which block of a base the classes of DATA can be told apart: no fine-tuning, one pass.

    A linear classifier on what leaves each block answers for photos it has not seen. The last block that matters is
    the first one after which it does as well as anywhere.
    """
    do_experiment("probe", Settings(folds=folds, photos=photos), _words, **options)


def _words(found: dict[str, Any]) -> str:
    best, depths = found.get("best"), found["depths"]
    width = max(len(depth["block"]) for depth in depths)
    lines = [
        t(
            "{photos} photos in {folds} folds; always naming the largest class would be right for {chance:.0%}.",
            photos=found["photos"],
            folds=found["folds"],
            chance=found["chance"],
        ),
        "",
    ]
    for depth in depths:
        low, high = depth["interval"]
        mark = t("  <- the last block that matters") if depth["block"] == best else ""
        interval = t("({low:.0%} to {high:.0%})", low=low, high=high)
        lines.append(f"{depth['block']:{width}}  {depth['accuracy']:6.1%}  {interval}{mark}")
    return "\n".join([*lines, *(f"\n{point}" for point in found.get("points", ()))])
