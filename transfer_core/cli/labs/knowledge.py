"""`thaw knowledge`: what ImageNet says of the photos, and which of their classes it holds already."""

from typing import Any

import click

from transfer_core.cli.labs.experiment import do_experiment, photo_options
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS, Settings
from transfer_core.text import t

__all__ = ["knowledge"]


@click.command()
@photo_options
@click.option(
    "--photos",
    type=int,
    default=Settings.photos,
    show_default=True,
    help=f"Photos of each class to ask about, at least {LEAST_PHOTOS}.",
)
def knowledge(photos: int, **options: Any) -> None:
    """Ask a base that was trained on ImageNet what it sees in the photos of DATA, before any training on them."""
    do_experiment("knowledge", Settings(photos), _words, **options)


def _words(value: dict[str, Any]) -> str:
    lines = []
    for name, found in value["classes"].items():
        low, high = found["interval"]
        lines.append(
            t(
                "{name}: {share:.1%} of {photos} photos told right by ImageNet's names alone (95% interval {low:.1%} "
                "to {high:.1%}), held by ImageNet"
                if found["known"]
                else "{name}: {share:.1%} of {photos} photos told right by ImageNet's names alone (95% interval "
                "{low:.1%} to {high:.1%})",
                name=name,
                share=found["share"],
                photos=found["photos"],
                low=low,
                high=high,
            )
        )
        names = [f"{answer} {share:.0%}" for answer, share in found["imagenet"]]
        lines.append(t("  most often: {names}", names=names) if names else t("  most often: nothing"))
    return "\n".join(lines)
