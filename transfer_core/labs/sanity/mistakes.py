"""The classic mistakes of training on a frozen base: what is done wrong, why it matters, and the line that mends it."""

from dataclasses import dataclass

from transfer_core.backbones.catalog import Scaling
from transfer_core.errors import ConfigError

__all__ = ["MISTAKES", "BaseFacts", "Mistake", "explained", "get_mistake"]


@dataclass(frozen=True)
class BaseFacts:
    """What decides which mistakes a base suffers from."""

    title: str
    scaling: Scaling
    batch_norms: int
    """BatchNormalization layers."""
    dropouts: int
    """Layers that throw parts away at random while training: dropout and stochastic depth."""
    top: bool
    """Whether its ImageNet answer can be had."""


@dataclass(frozen=True)
class Mistake:
    """One mistake; the texts have places for what `_places` gives."""

    name: str
    title: str
    done: str
    """What was done."""
    cause: str
    """Why it differs."""
    harmless: str
    """Why nothing changed, where it agrees."""
    mend: str
    """Keras code that does it right."""


MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "dropout",
        "dropout left before the new layer",
        done="While it learns, dropout throws away {rate} of the features before the new layer.",
        cause="At every step another random {rate} of the features are missing, so the new layer never sees what was "
        "saved. Dropout is no mistake in itself, for it guards against learning by heart; but then it belongs into "
        "both trainings or into neither.",
        harmless="Dropout threw away nothing that mattered in these few steps.",
        mend="outputs = keras.layers.Dense(classes)(features)  # no Dropout in between, or in both",
    ),
    Mistake(
        "batch_norm",
        "BatchNormalization in training mode",
        done="The optimizer leaves the base alone, but nobody froze it: while the new layer learns, BatchNormalization "
        "goes on as in training.",
        cause="Each of its {norms} BatchNormalization layers evens out by the mean and spread {of_batch}, and moves "
        "those it learned from a million photos, which it uses again when it is asked. So the new layer learns from "
        "one kind of features and is asked about another.",
        harmless="This base has {norm_words}, so nothing changes.",
        mend="base.trainable = False  # before compile: BatchNormalization then keeps what it learned",
    ),
    Mistake(
        "scaling",
        "wrong scaling of the input",
        done="{base} was trained on colors {trained} and is given colors {given}.",
        cause="The base learned from another range of colors, so every photo looks strange to it and its features are "
        "not the saved ones. No error tells of it; the new layer learns as well as it can.",
        harmless="The base gives the same features with either scaling; it may be untrained.",
        mend="{scaling_line}",
    ),
    Mistake(
        "no_shuffle",
        "no shuffling, classes in order",
        done="In every epoch the photos come sorted: all of the first class, then all of the next.",
        cause="Only the order of the photos differs. For many steps in a row there is one right answer, and the new "
        "layer leans to it; then comes the next class and pulls it over. What came last weighs most. (Any other order "
        "gives other losses too, but a random one leans to no class.)",
        harmless="The order made no difference in these few steps.",
        mend="dataset = dataset.shuffle(number_of_photos, seed=0)  # before .batch(); anew in every epoch",
    ),
    Mistake(
        "softmax",
        "the softmax taken for the features",
        done="{softmax_done}",
        cause="A softmax squeezes everything into shares that add up to 1: a few large numbers and many close to 0. "
        "Much of what tells your classes apart is gone, and what is left is so small that the new layer learns slowly.",
        harmless="The features were such shares already.",
        mend="features = keras.layers.GlobalAveragePooling2D()(base.output)  # of a base with include_top=False",
    ),
    Mistake(
        "training_true",
        "the base called with training=True",
        done="Every layer of the base hears that it is being trained, when it learns and when it is asked. Nobody "
        "froze it; the optimizer just leaves its weights as they are.",
        cause="training=True tells every layer of the base that it is being trained: {awake}.",
        harmless="This base has {inside}: its layers do the same whether they train or not, so nothing changes.",
        mend="base.trainable = False\nfeatures = base(photos, training=False)",
    ),
    Mistake(
        "overruled",
        "training=False overruled by fit",
        done="As guides have it: base.trainable = False, and base(x, training=False) inside a larger model, which is "
        "then trained with fit.",
        cause="In Keras 3 the training=True with which fit calls the outer model overrules the training=False written "
        "inside it. So the {dropouts} dropout layers of the base throw parts away while the new layer learns. Frozen "
        "BatchNormalization is safe: base.trainable = False is enough for it.",
        harmless="In Keras 3 fit does overrule training=False, but here it does no harm: this base has {inside}"
        "{frozen_norms}.",
        mend="for layer in base.layers:  # only this puts dropout inside the base to sleep under fit\n"
        "    if isinstance(layer, keras.layers.Dropout):\n"
        "        layer.rate = 0.0",
    ),
)

_BY_NAME = {mistake.name: mistake for mistake in MISTAKES}
_RANGES: dict[Scaling, tuple[str, str]] = {
    "tf": ("from -1 to 1", "from 0 to 1"),
    "lite": ("from -1 to 1", "from 0 to 1"),
    "torch": ("from 0 to 1 less their mean, over their spread,", "from -1 to 1"),
    "caffe": ("from 0 to 255 less their mean, blue first,", "from 0 to 1"),
}
"""What a network of each scaling was trained on, and what the mistake gives it."""
_SCALING_LINES: dict[Scaling, str] = {
    mode: f'x = keras.applications.imagenet_utils.preprocess_input(photos, mode="{mode}")  # photos from 0 to 255'
    for mode in ("tf", "torch", "caffe")
} | {"lite": "x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(photos)  # photos from 0 to 255"}


def get_mistake(name: str) -> Mistake:
    """The mistake called `name`.

    Raises:
        ConfigError: there is none; the sentence lists those there are.
    """
    if name not in _BY_NAME:
        raise ConfigError("There is no mistake {name!r}; there are {names}.", name=name, names=list(_BY_NAME))
    return _BY_NAME[name]


def explained(name: str, facts: BaseFacts, *, agrees: bool, dropout: float, batch_size: int) -> dict[str, str]:
    """The words for a mistake on a base: `title`, what was `done`, the `cause` of what came of it, and the `mend`.

    Args:
        name: of the mistake.
        facts: of the base.
        agrees: whether nothing changed; the cause then says why not.
        dropout: its rate, in the mistake of that name.
        batch_size: photos a step.
    """
    mistake, places = get_mistake(name), _places(facts, dropout, batch_size)
    cause = mistake.harmless if agrees else mistake.cause
    texts = {"done": mistake.done, "cause": cause, "mend": mistake.mend}
    return {"title": mistake.title} | {key: text.format(**places) for key, text in texts.items()}


def _places(facts: BaseFacts, dropout: float, batch_size: int) -> dict[str, str]:
    trained, given = _RANGES[facts.scaling]
    batch = "of the one photo at hand" if batch_size == 1 else f"of the {batch_size} photos that come together"
    awake = []
    if facts.batch_norms:
        awake.append(
            f"{facts.batch_norms} layers of BatchNormalization even out by the mean and spread {batch} instead of "
            "those learned from a million photos"
        )
    if facts.dropouts:
        awake.append(f"{facts.dropouts} layers of dropout throw parts away at random, even when it is asked")
    if facts.batch_norms and not facts.dropouts:
        inside = "no dropout inside"
    elif facts.dropouts and not facts.batch_norms:
        inside = "no BatchNormalization"
    else:
        inside = "dropout and BatchNormalization" if facts.dropouts else "neither dropout nor BatchNormalization"
    return {
        "base": facts.title,
        "rate": f"{dropout:.0%}",
        "norms": str(facts.batch_norms),
        "dropouts": str(facts.dropouts),
        "of_batch": batch,
        "trained": trained,
        "given": given,
        "scaling_line": _SCALING_LINES[facts.scaling],
        "norm_words": "BatchNormalization that evens out as before" if facts.batch_norms else "no BatchNormalization",
        "awake": ", and ".join(awake),
        "inside": inside,
        "frozen_norms": ", and frozen BatchNormalization stays as it is" if facts.batch_norms else "",
        "softmax_done": (
            "The new layer stands on the 1000 probabilities of the ImageNet answer instead of on the features before "
            "it."
            if facts.top
            else "The ImageNet answer of this base is not at hand, so the nearest thing is tried: a softmax over its "
            "features, which makes them add up to 1."
        ),
    }
