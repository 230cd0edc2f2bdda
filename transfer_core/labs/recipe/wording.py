"""What the recipe lab found, in words that follow from its figures alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.stats.intervals import share_words
from transfer_core.stats.paired import SIGNIFICANT, fixed_and_broken, mcnemar

__all__ = ["Comparison", "compare", "conclude", "findings"]

Found = Mapping[str, Mapping[str, Any]]

_APART = 0.05  # shares of photos that differ by more look different, whatever the test says
_ALIKE = 1.25  # ratios up to this are called the same
_FALLING = 0.98  # of the loss an epoch before: one that still falls by more than a fiftieth is going on


@dataclass(frozen=True)
class Comparison:
    """Two variants on the same photos."""

    fixed: int
    """Photos the first gets wrong and the second right."""
    broken: int
    """The other way round."""

    @property
    def p_value(self) -> float:
        """Exact McNemar test."""
        return mcnemar(self.fixed, self.broken)

    @property
    def real(self) -> bool:
        """Whether chance is an unlikely explanation."""
        return self.p_value < SIGNIFICANT

    @property
    def words(self) -> str:
        """`a real gain (12 photos fixed, 2 broken)`, `within noise (3 photos fixed, 2 broken)`."""
        counts = f"{self.fixed} {'photo' if self.fixed == 1 else 'photos'} fixed, {self.broken} broken"
        if not self.real:
            return f"within noise ({counts})"
        return f"a real {'gain' if self.fixed > self.broken else 'loss'} ({counts})"


def compare(first: Sequence[int], second: Sequence[int]) -> Comparison:
    """From one variant to another: 1 for each photo answered rightly, the same photos in the same order."""
    return Comparison(*fixed_and_broken(first, second))


def conclude(variants: Found) -> str:
    """The whole lab in one or two sentences; for whatever variants there are."""
    if not variants:
        return "Nothing has been measured yet."
    gains = [name for name in ("feature_extraction", "augmented", "fine_tuned") if name in variants]
    parts = [f"{_NAMES[name]} {_share(variants[name])}" for name in gains]
    words = f"Right on new photos: {', '.join(parts)}" if parts else ""
    if len(gains) > 1:
        change = compare(variants[gains[0]]["right"], variants[gains[-1]]["right"])
        words += f"; from the first to the last of them that is {change.words}"
    others = [
        f"{_NAMES[name]} {variants[name]['val_accuracy']:.0%}{_against(variants, gains, name)}"
        for name in ("skipped", "fine_tuned_fast", "skipped_fast", "from_scratch")
        if name in variants
    ]
    if others:
        rest = ", ".join(others)
        words = f"{words}. {rest[0].upper()}{rest[1:]}" if words else f"Right on new photos: {rest}"
    return words + "."


_NAMES = {
    "feature_extraction": "feature extraction",
    "augmented": "with augmentation",
    "fine_tuned": "fine-tuned",
    "skipped": "with step 3 skipped",
    "fine_tuned_fast": "fine-tuned too fast",
    "skipped_fast": "step 3 skipped and too fast",
    "from_scratch": "from scratch",
}


def _against(variants: Found, gains: Sequence[str], name: str) -> str:
    """How a variant stands beside the recipe as it should be, or what of it there is."""
    if not gains:
        return ""
    change = compare(variants[gains[-1]]["right"], variants[name]["right"])
    if not change.real:
        apart = abs(change.fixed - change.broken) / len(variants[name]["right"])
        return " (too few photos to be sure)" if apart > _APART else " (no real difference)"
    return " (really worse)" if change.broken > change.fixed else " (really better)"


def findings(variants: Found) -> list[str]:
    """A sentence for each comparison the lab is made for."""
    found = []
    for first, second in (("feature_extraction", "augmented"), ("augmented", "fine_tuned")):
        if first in variants and second in variants:
            found.append(_gain(variants, first, second))
    for first, second, rate in (("fine_tuned", "skipped", "low"), ("fine_tuned_fast", "skipped_fast", "high")):
        if first in variants and second in variants:
            found.append(_skip(variants, first, second, rate))
    if "fine_tuned" in variants and "fine_tuned_fast" in variants:
        found.append(_rates(variants))
    if "from_scratch" in variants:
        found.append(_scratch(variants))
    return found


def _gain(variants: Found, first: str, second: str) -> str:
    change = compare(variants[first]["right"], variants[second]["right"])
    seconds = variants[second]["seconds"] - variants[first]["seconds"]
    what = "Augmentation" if second == "augmented" else "Fine-tuning after the head was trained"
    cost = f", for {seconds:.0f} more seconds" if seconds >= 1 else ", in no more time"
    return f"{what} took {_share(variants[first])} to {_share(variants[second])}: {change.words}{cost}."


def _skip(variants: Found, first: str, second: str, rate: str) -> str:
    """Step 3 taken and skipped at the same rate: where the loss began, its peak, how far the base moved."""
    kept, left = variants[first], variants[second]
    words = (
        f"At the {rate} rate ({_rate(kept)}), the loss on new photos began at {kept['start']['val_loss']:.2f} after "
        f"step 3 and at {left['start']['val_loss']:.2f} without it, rose to at most {_peak(kept):.2f} and "
        f"{_peak(left):.2f}, and ended at {kept['val_loss']:.2f} and {left['val_loss']:.2f}. "
    )
    gradients = [item.get("first_gradient") or 0.0 for item in (kept, left)]
    if min(gradients) > 0:
        words += f"The first gradient that reached the base was {_times(gradients[1] / gradients[0])} without step 3. "
    moved = [kept["base_drift"], left["base_drift"]]
    words += f"The base moved by {_part(moved[0])} of its length after step 3 and by {_part(moved[1])} without it. "
    change = compare(kept["right"], left["right"])
    words += f"In accuracy, skipping it was {change.words}."
    if change.broken > change.fixed and _falling(left):
        words += " Its loss was still falling at the last epoch, so with more of them it may catch up."
    return words


def _rates(variants: Found) -> str:
    gentle, fast = variants["fine_tuned"], variants["fine_tuned_fast"]
    change = compare(gentle["right"], fast["right"])
    words = f"With all five steps, but the base at {_rate(fast)} instead of {_rate(gentle)}, "
    if gentle["base_drift"] > 0:
        words += f"the base moved {_times(fast['base_drift'] / gentle['base_drift'], 'as far')}; "
    return words + f"in accuracy that was {change.words}."


def _scratch(variants: Found) -> str:
    scratch = variants["from_scratch"]
    rivals = [name for name in ("fine_tuned", "augmented", "feature_extraction") if name in variants]
    words = f"From random weights the same network got to {_share(scratch)} in {scratch['seconds']:.0f} seconds"
    if not rivals:
        return words + "."
    change = compare(variants[rivals[0]]["right"], scratch["right"])
    return f"{words}: against {_NAMES[rivals[0]]}, {change.words}."


def _share(found: Mapping[str, Any]) -> str:
    return share_words(found["val_accuracy"], found["interval"])


def _peak(found: Mapping[str, Any]) -> float:
    return max(float(step["val_loss"]) for step in (found["start"], *found["epochs"]))


def _falling(found: Mapping[str, Any]) -> bool:
    losses = [float(epoch["val_loss"]) for epoch in found["epochs"]]
    return len(losses) > 1 and losses[-1] == min(losses) < _FALLING * losses[-2]


def _rate(found: Mapping[str, Any]) -> str:
    return f"{found['learning_rate']:.12f}".rstrip("0").rstrip(".")


def _part(drift: float) -> str:
    """A drift in percent, to two digits."""
    return "nothing" if drift == 0 else f"{float(f'{100 * drift:.2g}'):g}%"


def _times(ratio: float, what: str = "as long") -> str:
    """`7.4 times as long`, `about as long`."""
    if 1 / _ALIKE < ratio < _ALIKE:
        return f"about {what}"
    return f"{float(f'{ratio:.2g}'):g} times {what}"


assert set(_NAMES) == set(VARIANTS)
