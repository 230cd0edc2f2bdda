"""From a folder of photos to a trained head: `thaw train` against the recipe of Keras' guide (`keras_guide`).

Each is a process of its own that starts with nothing but the photos: imports, decoding, conversion, training and saving
all count. Both train for the same number of epochs on the same photos and validate after each. The note gives the ratio
to the same recipe without XLA, which `fit` uses unless it is told not to.
"""

import tempfile
from pathlib import Path

from tests.benchmarks.material import photo_folder, say, thaw_train, weights
from tests.benchmarks.outside import Measured, measure
from tests.benchmarks.table import Row

TARGETS = {200: 8.0, 1400: 20.0}
"""Photos, and how many times as fast Thaw should be."""
EPOCHS = 20
QUICK_TARGETS, QUICK_EPOCHS = {16: 8.0}, 2


def run(quick: bool = False) -> list[Row]:
    """Measure every number of photos; `quick` only shows that it works."""
    epochs = QUICK_EPOCHS if quick else EPOCHS
    return [_case(count, target, epochs) for count, target in (QUICK_TARGETS if quick else TARGETS).items()]


def _case(count: int, target: float, epochs: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        kind = photo_folder(work / "photos", count)
        say(f"{count} {kind}, {epochs} epochs: Thaw")
        ours = thaw_train(work / "photos", work, epochs)
        say(f"{ours.seconds:.1f} s; Keras' guide")
        guide = _guide(work, epochs)
        say(f"{guide.seconds:.1f} s; Keras' guide without XLA")
        plain = _guide(work, epochs, "--without-xla")
        say(f"{plain.seconds:.1f} s")
    accuracies = " and ".join(f"{one.answer['val_accuracy']:.3f}" for one in (ours, guide))
    note = (
        f"{plain.seconds / ours.seconds:.1f} times against the recipe without XLA, "
        f"{plain.seconds:.3g} s; validation accuracy {accuracies}; Thaw's seconds: {_spent(ours)}"
    )
    case = f"{count} {kind}, {epochs} epochs"
    ratio = guide.seconds / ours.seconds
    return Row("head", case, ours.seconds, guide.seconds, "s", "Keras' guide", ratio, ">=", target, note)


def _spent(ours: Measured) -> str:
    """Where the time went: by phase, and what is left for starting Python and TensorFlow and ending them."""
    phases: dict[str, float] = ours.answer["seconds"]
    parts = [f"{name} {seconds:.1f}" for name, seconds in phases.items()]
    return ", ".join([*parts, f"the rest {ours.seconds - sum(phases.values()):.1f}"])


def _guide(work: Path, epochs: int, *options: str) -> Measured:
    command = ["-m", "tests.benchmarks.keras_guide", work / "photos", work / "guide.keras"]
    return measure([*command, "--epochs", str(epochs), "--weights", weights(), *options], work / "home")
