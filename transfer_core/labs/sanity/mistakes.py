"""The classic mistakes of training on a frozen base: what is done wrong, why it matters, and the line that mends it."""

from dataclasses import dataclass

from transfer_core.backbones.catalog import Scaling
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence, Value, all_of, plural

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
    """One mistake; the texts have places for what `_values` gives."""

    name: str
    title: Sentence
    done: Sentence
    """What was done."""
    cause: Sentence
    """Why it differs."""
    harmless: Sentence
    """Why nothing changed, where it agrees."""
    mend: Sentence
    """Keras code that does it right; its comments are for people."""


MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "dropout",
        Sentence("dropout left before the new layer"),
        done=Sentence("While it learns, dropout throws away {rate} of the features before the new layer."),
        cause=Sentence(
            "At every step another random {rate} of the features are missing, so the new layer never sees what was "
            "saved. Dropout is no mistake in itself, for it guards against learning by heart; but then it belongs into "
            "both trainings or into neither."
        ),
        harmless=Sentence("Dropout threw away nothing that mattered in these few steps."),
        mend=Sentence("outputs = keras.layers.Dense(classes)(features)  # no Dropout in between, or in both"),
    ),
    Mistake(
        "batch_norm",
        Sentence("BatchNormalization in training mode"),
        done=Sentence(
            "The optimizer leaves the base alone, but nobody froze it: while the new layer learns, BatchNormalization "
            "goes on as in training."
        ),
        cause=Sentence(
            "Each of its {norms} BatchNormalization layers evens out by the mean and spread {of_batch}, and moves "
            "those it learned from a million photos, which it uses again when it is asked. So the new layer learns "
            "from one kind of features and is asked about another."
        ),
        harmless=Sentence("This base has {norm_words}, so nothing changes."),
        mend=Sentence("base.trainable = False  # before compile: BatchNormalization then keeps what it learned"),
    ),
    Mistake(
        "scaling",
        Sentence("wrong scaling of the input"),
        done=Sentence("{base} was trained on colors {trained} and is given colors {given}."),
        cause=Sentence(
            "The base learned from another range of colors, so every photo looks strange to it and its features are "
            "not the saved ones. No error tells of it; the new layer learns as well as it can."
        ),
        harmless=Sentence("The base gives the same features with either scaling; it may be untrained."),
        mend=Sentence("{scaling_line}"),
    ),
    Mistake(
        "no_shuffle",
        Sentence("no shuffling, classes in order"),
        done=Sentence("In every epoch the photos come sorted: all of the first class, then all of the next."),
        cause=Sentence(
            "Only the order of the photos differs. For many steps in a row there is one right answer, and the new "
            "layer leans to it; then comes the next class and pulls it over. What came last weighs most. (Any other "
            "order gives other losses too, but a random one leans to no class.)"
        ),
        harmless=Sentence("The order made no difference in these few steps."),
        mend=Sentence("dataset = dataset.shuffle(number_of_photos, seed=0)  # before .batch(); anew in every epoch"),
    ),
    Mistake(
        "softmax",
        Sentence("the softmax taken for the features"),
        done=Sentence("{softmax_done}"),
        cause=Sentence(
            "A softmax squeezes everything into shares that add up to 1: a few large numbers and many close to 0. "
            "Much of what tells your classes apart is gone, and what is left is so small that the new layer learns "
            "slowly."
        ),
        harmless=Sentence("The features were such shares already."),
        mend=Sentence(
            "features = keras.layers.GlobalAveragePooling2D()(base.output)  # of a base with include_top=False"
        ),
    ),
    Mistake(
        "training_true",
        Sentence("the base called with training=True"),
        done=Sentence(
            "Every layer of the base hears that it is being trained, when it learns and when it is asked. Nobody "
            "froze it; the optimizer just leaves its weights as they are."
        ),
        cause=Sentence("training=True tells every layer of the base that it is being trained: {awake}."),
        harmless=Sentence(
            "This base has {inside}: its layers do the same whether they train or not, so nothing changes."
        ),
        mend=Sentence("base.trainable = False\nfeatures = base(photos, training=False)"),
    ),
    Mistake(
        "overruled",
        Sentence("fit overrules training=False"),
        done=Sentence(
            "As guides have it: base.trainable = False, and base(x, training=False) inside a larger model, which is "
            "then trained with fit."
        ),
        cause=Sentence(
            "In Keras 3 the training=True with which fit calls the outer model overrules the training=False written "
            "inside it. So the {dropouts} dropout layers of the base throw parts away while the new layer learns. "
            "Frozen BatchNormalization is safe: base.trainable = False is enough for it."
        ),
        harmless=Sentence("{overruled_harmless}"),
        mend=Sentence(
            "for layer in base.layers:  # only this puts dropout inside the base to sleep under fit\n"
            "    if isinstance(layer, keras.layers.Dropout):\n"
            "        layer.rate = 0.0"
        ),
    ),
)

_BY_NAME = {mistake.name: mistake for mistake in MISTAKES}
_RANGES: dict[Scaling, tuple[Sentence, Sentence]] = {
    "none": (Sentence("from 0 to 255"), Sentence("from 0 to 1")),
    "tf": (Sentence("from -1 to 1"), Sentence("from 0 to 1")),
    "lite": (Sentence("from -1 to 1"), Sentence("from 0 to 1")),
    "torch": (Sentence("from 0 to 1 less their mean, over their spread,"), Sentence("from -1 to 1")),
    "caffe": (Sentence("from 0 to 255 less their mean, blue first,"), Sentence("from 0 to 1")),
}
"""What a network of each scaling was trained on, and what the mistake gives it."""


def get_mistake(name: str) -> Mistake:
    """The mistake called `name`.

    Raises:
        ConfigError: there is none; the sentence lists those there are.
    """
    if name not in _BY_NAME:
        raise ConfigError("There is no mistake {name!r}; there are {names}.", name=name, names=list(_BY_NAME))
    return _BY_NAME[name]


def explained(name: str, facts: BaseFacts, *, agrees: bool, dropout: float, batch_size: int) -> dict[str, Sentence]:
    """The words for a mistake on a base: `title`, what was `done`, the `cause` of what came of it, and the `mend`.

    Args:
        name: of the mistake.
        facts: of the base.
        agrees: whether nothing changed; the cause then says why not.
        dropout: its rate, in the mistake of that name.
        batch_size: photos a step.
    """
    mistake, values = get_mistake(name), _values(facts, dropout, batch_size)
    texts = {"done": mistake.done, "cause": mistake.harmless if agrees else mistake.cause, "mend": mistake.mend}
    return {"title": mistake.title} | {
        key: Sentence(text.id, **{place: values[place] for place in text.places}) for key, text in texts.items()
    }


def _values(facts: BaseFacts, dropout: float, batch_size: int) -> dict[str, Value]:
    trained, given = _RANGES[facts.scaling]
    batch = plural("of the one photo at hand", "of the {n} photos that come together", batch_size)
    return {
        "base": facts.title,
        "rate": f"{dropout:.0%}",
        "norms": facts.batch_norms,
        "dropouts": facts.dropouts,
        "of_batch": batch,
        "trained": trained,
        "given": given,
        "scaling_line": _scaling_line(facts.scaling),
        "norm_words": Sentence("BatchNormalization that evens out as before")
        if facts.batch_norms
        else Sentence("no BatchNormalization"),
        "awake": all_of(_awake(facts, batch)) if facts.batch_norms or facts.dropouts else "",
        "inside": _inside(facts),
        "overruled_harmless": Sentence(
            "In Keras 3 fit does overrule training=False, but here it does no harm: this base has {inside}, and "
            "frozen BatchNormalization stays as it is."
            if facts.batch_norms
            else "In Keras 3 fit does overrule training=False, but here it does no harm: this base has {inside}.",
            inside=_inside(facts),
        ),
        "softmax_done": Sentence(
            "The new layer stands on the 1000 probabilities of the ImageNet answer instead of on the features before "
            "it."
            if facts.top
            else "The ImageNet answer of this base is not at hand, so the nearest thing is tried: a softmax over its "
            "features, which makes them add up to 1."
        ),
    }


def _scaling_line(scaling: Scaling) -> Sentence:
    if scaling == "none":
        return Sentence("x = photos  # from 0 to 255: this base scales them itself")
    if scaling == "lite":
        return Sentence("x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(photos)  # photos from 0 to 255")
    return Sentence(
        'x = keras.applications.imagenet_utils.preprocess_input(photos, mode="{mode}")  # photos from 0 to 255',
        mode=scaling,
    )


def _awake(facts: BaseFacts, batch: Sentence) -> list[Sentence]:
    """What the base's layers do when they hear that they are being trained."""
    awake = []
    if facts.batch_norms:
        awake.append(
            Sentence(
                "{norms} layers of BatchNormalization even out by the mean and spread {of_batch} instead of those "
                "learned from a million photos",
                norms=facts.batch_norms,
                of_batch=batch,
            )
        )
    if facts.dropouts:
        awake.append(
            Sentence(
                "{dropouts} layers of dropout throw parts away at random, even when it is asked",
                dropouts=facts.dropouts,
            )
        )
    return awake


def _inside(facts: BaseFacts) -> Sentence:
    if facts.batch_norms and not facts.dropouts:
        return Sentence("no dropout inside")
    if facts.dropouts:
        return Sentence("dropout and BatchNormalization") if facts.batch_norms else Sentence("no BatchNormalization")
    return Sentence("neither dropout nor BatchNormalization")
