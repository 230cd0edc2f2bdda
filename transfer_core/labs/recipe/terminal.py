"""Compare feature extraction, augmentation, fine-tuning, fine-tuning with step 3 skipped, and from scratch.

DATA is a folder of class folders, a zip of one, or a project's name.
"""

from typing import Any

from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.text import t

__all__ = ["table"]


def table(found: dict[str, Any]) -> str:
    """What was found, for a terminal."""
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
