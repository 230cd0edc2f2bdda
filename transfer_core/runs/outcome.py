"""What a phase of training led to, in sentences that a run tells: why it ended, and which weights are kept."""

from collections.abc import Mapping, Sequence

from transfer_core.runs.events import Phase, judged_loss
from transfer_core.text import Sentence, plural

__all__ = ["UNTUNED", "blended", "ended_early", "head_kept"]

UNTUNED = Sentence("Stopped before fine-tuning had changed anything: the classifier is the head on the base as it was.")
"""What a run tells that was stopped between the head and the end of the first epoch of fine-tuning."""

_PHASES = {"head": Sentence("Training the head"), "fine-tune": Sentence("Fine-tuning")}


def head_kept(before: Mapping[str, float], tuned: Sequence[Mapping[str, float]], photos: int) -> Sentence:
    """Why fine-tuning changed nothing: what was compared, so that no accuracy that rose for an epoch stays a riddle.

    Args:
        before: metrics as fine-tuning began.
        tuned: those of its epochs; at least one.
        photos: on which they were measured.
    """
    best = min(tuned, key=judged_loss)
    return Sentence(
        "Fine-tuning made nothing better on the {photos:,} validation photos, so the classifier is the head on the "
        "base as it was. Before it {before:.1%} were right with a loss of {loss:.3f}, in its best epoch {after:.1%} "
        "with {lowest:.3f}; a loss that only being too sure or too unsure makes is left out of both. More photos, "
        "fewer layers or a lower rate may help.",
        photos=photos,
        before=before["val_accuracy"],
        loss=judged_loss(before),
        after=best["val_accuracy"],
        lowest=judged_loss(best),
    )


def blended(share: float) -> Sentence:
    """That the weights lie between those before fine-tuning and those after it.

    Args:
        share: of the way, above 0 and below 1.
    """
    return Sentence(
        "The classifier's weights lie {share:.0%} of the way from those before fine-tuning to those after it. Such a "
        "mixture often answers better than either end, and the validation photos speak for none more clearly.",
        share=share,
    )


def ended_early(phase: Phase, patience: int) -> Sentence:
    """That a phase ended by itself.

    Args:
        phase: which.
        patience: epochs in which nothing got better.
    """
    return plural(
        "{phase} ended early: nothing had got better on the validation photos for {n} epoch.",
        "{phase} ended early: nothing had got better on the validation photos for {n} epochs.",
        patience,
        phase=_PHASES[phase],
    )
