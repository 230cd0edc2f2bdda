"""The terms of the field that Thaw uses, each explained once, in the same words everywhere."""

from __future__ import annotations

import streamlit as st

from transfer_core.text import Sentence, t

__all__ = ["explain", "matching", "word_list"]

_MEANINGS = {
    "base": Sentence(
        "A network that was trained on over a million photos. It already sees edges, textures and parts of things."
    ),
    "head": Sentence("The small new part on top of the base. It learns to tell your classes apart."),
    "freeze": Sentence("A frozen layer keeps what it knows: training does not change it."),
    "fine-tune": Sentence("After the head has learned, the layers you unfreeze go on learning, in very small steps."),
    "epoch": Sentence("One pass over all training photos."),
    "class": Sentence("One kind of thing the classifier can answer with, such as cat or dog."),
    "validation": Sentence("Photos it never learns from. They show how well it does on photos it has not seen."),
    "test": Sentence(
        "Photos kept for the very end. Nothing is learned from them and no choice is made by them, so they show most "
        "honestly how good the classifier is."
    ),
    "weights": Sentence("The numbers inside a network: what it has learned."),
    "parameters": Sentence(
        "How many numbers the network holds. More can learn more, but take longer and need more photos."
    ),
    "imagenet": (
        Sentence(
            "How often its first guess was right on the ImageNet test photos, with 1000 classes to choose from, as its "
            "authors published. It says how well the network sees in general."
        )
    ),
    "seed": Sentence(
        "Which shuffle of the photos it is; programs call it the seed. The same number always gives the same split of "
        "the photos and the same training; another number gives another."
    ),
    "transfer-learning": (
        Sentence(
            "Using what a network learned on one task, such as a million photos of all kinds, for another: your "
            "classes."
        )
    ),
    "feature-extraction": Sentence("Training the head alone, on what the frozen base sees in each photo."),
    "features": Sentence("What the base makes of a photo: a list of numbers that say which patterns are in it."),
    "layer": Sentence("One step of the computation in a network. A base has dozens to hundreds, one after the other."),
    "block": Sentence(
        "A few layers that belong together. A network is a chain of blocks, several alike making a stage."
    ),
    "stage": Sentence(
        "Several blocks of a network, one after the other. The first stages see edges and colors, the last ones whole "
        "things."
    ),
    "accuracy": Sentence(
        "The share of photos answered rightly: of those learned from (training), or of others (validation)."
    ),
    "loss": (
        Sentence(
            "How wrong the answers are, and how surely so. Training makes it small. A photo that is "
            "answered wrongly and surely costs far more than one answered wrongly in doubt."
        )
    ),
    "interval": (
        Sentence(
            "The range in which the true accuracy probably lies (95% confidence). The fewer photos it was measured "
            "on, the wider. Figures whose ranges overlap widely may differ by chance alone."
        )
    ),
    "out-of-fold": Sentence(
        "Measured on every photo without any being learned from: the photos are dealt into parts, the folds, and each "
        "part is answered by a classifier that was trained on the other parts."
    ),
    "within-noise": Sentence(
        "A difference so small that chance alone would often bring it: do not read anything into it."
    ),
    "p": Sentence(
        "How often chance alone would make a difference as large as this one or larger. Below 0.05, one time in "
        "twenty, a difference is called real."
    ),
    "learning-rate": (
        Sentence(
            "How big a step the weights take after each batch. Too low: it learns slowly. Too high: it overshoots, and "
            "fine-tuning spoils what the base knows."
        )
    ),
    "batch": Sentence("The photos looked at together before each step, such as 32."),
    "gradient": Sentence(
        "The correction that an error sends back through the network: which way each weight should move."
    ),
    "over-fitting": (
        Sentence(
            "Learning the training photos by heart instead of what they have in common: ever better on them, no better "
            "or worse on new ones. More photos help most."
        )
    ),
    "augmentation": Sentence(
        "Learning from changed copies of each photo: turned, mirrored, a little lighter or darker."
    ),
    "dropout": Sentence("Switching off a random share of the features at each step, so that none is relied on alone."),
    "batch-normalization": (
        Sentence(
            "A layer that brings numbers to a common scale, using averages from its training. While "
            "fine-tuning, Thaw keeps those averages as they are: a few photos would spoil them."
        )
    ),
    "early-stopping": Sentence(
        "Ending the training when nothing has got better on the validation photos for some epochs; the best is kept."
    ),
    "drift": Sentence("How far weights moved in training: the length of the change as a share of their length before."),
    "optimizer": Sentence("The rule that turns gradients into steps, such as Adam."),
    "channel": Sentence(
        "One detector in a layer. Where in a photo it finds its pattern, such as stripes or an eye, it answers "
        "strongly."
    ),
    "classifier": Sentence("What you train here: a network that says which of your classes a photo shows."),
    "cosine": Sentence(
        "A curve by which the learning rate may fall: slowly at first, then quickly, and at the end hardly any more, "
        "to nothing."
    ),
    "csv": Sentence("A table as plain text, a row a line, with commas between. Any spreadsheet program opens it."),
    "keras": Sentence("The program library for networks that Thaw is built on. Its files end in `.keras`."),
    "label": Sentence("Which class a photo belongs to, as a person says, or as the classifier answers."),
    "network": Sentence(
        "A long calculation, inspired by nerve cells, that turns a photo into an answer. Its numbers are not written "
        "by anybody but learned from examples."
    ),
    "random-weights": Sentence("Numbers drawn by lot. A network with such weights knows nothing yet."),
    "run": Sentence("One training with all that came of it: its settings, its curves and the classifier."),
    "shortcut": Sentence(
        "Something that gives the class away but is not what you mean, such as a background that only one class has."
    ),
    "split": Sentence("How the photos are shared out: to learn from, for validation, and for the test."),
    "sure": Sentence(
        "How a classifier weighs its classes against each other, as shares that add up to 100%. Being sure is not yet "
        "being right."
    ),
}
_NAMES = {
    "accuracy": Sentence("Accuracy"),
    "augmentation": Sentence("Augmentation"),
    "base": Sentence("Base"),
    "batch": Sentence("Batch"),
    "batch-normalization": Sentence("BatchNormalization"),
    "block": Sentence("Block"),
    "channel": Sentence("Channel"),
    "class": Sentence("Class"),
    "classifier": Sentence("Classifier"),
    "cosine": Sentence("Cosine"),
    "csv": Sentence("CSV"),
    "drift": Sentence("Drift"),
    "dropout": Sentence("Dropout"),
    "early-stopping": Sentence("Early stopping"),
    "epoch": Sentence("Epoch"),
    "feature-extraction": Sentence("Feature extraction"),
    "features": Sentence("Features"),
    "fine-tune": Sentence("Fine-tuning"),
    "freeze": Sentence("Frozen"),
    "gradient": Sentence("Gradient"),
    "head": Sentence("Head"),
    "imagenet": Sentence("ImageNet accuracy"),
    "interval": Sentence("Interval"),
    "keras": Sentence("Keras"),
    "label": Sentence("Label"),
    "layer": Sentence("Layer"),
    "learning-rate": Sentence("Learning rate"),
    "loss": Sentence("Loss"),
    "network": Sentence("Network"),
    "optimizer": Sentence("Optimizer"),
    "out-of-fold": Sentence("Out of fold"),
    "over-fitting": Sentence("Over-fitting"),
    "p": Sentence("p (beside a difference)"),
    "parameters": Sentence("Parameters"),
    "random-weights": Sentence("Random weights"),
    "run": Sentence("Run"),
    "seed": Sentence("Shuffle number"),
    "shortcut": Sentence("Shortcut"),
    "split": Sentence("Split"),
    "stage": Sentence("Stage"),
    "sure": Sentence("Sure"),
    "test": Sentence("Test photos"),
    "transfer-learning": Sentence("Transfer learning"),
    "validation": Sentence("Validation photos"),
    "weights": Sentence("Weights"),
    "within-noise": Sentence("Within noise"),
}


def explain(term: str) -> str:
    """What a term means, in the reader's language."""
    return t(_MEANINGS[term])


def word_list() -> None:
    """A button that opens the list, by the alphabet, with a field to find a word."""
    with st.popover(t("Words"), icon=":material/dictionary:", type="tertiary", key="words"):
        wanted = st.text_input(t("Find a word"), key="words_find", placeholder=t("epoch"))
        found = [f"**{name}**  \n{text}" for name, text in matching(wanted).items()]
        st.markdown("\n\n".join(found) or t("No word here matches that."))


def matching(wanted: str) -> dict[str, str]:
    """The terms whose name or explanation holds `wanted`, by the alphabet; all for nothing."""
    wanted = wanted.strip().lower()
    terms = {t(_NAMES[term]): t(text) for term, text in _MEANINGS.items()}
    return {
        name: terms[name]
        for name in sorted(terms, key=str.lower)
        if wanted in name.lower() or wanted in terms[name].lower()
    }
