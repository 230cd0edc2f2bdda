"""The few terms of the field that Thaw uses, each explained once, in the same words everywhere."""

__all__ = ["HELP"]

HELP = {
    "base": "A network that was trained on over a million photos. It already sees edges, textures and parts of things.",
    "head": "The small new part on top of the base. It learns to tell your classes apart.",
    "freeze": "A frozen layer keeps what it knows: training does not change it.",
    "fine-tune": "After the head has learned, the layers you unfreeze go on learning, in very small steps.",
    "epoch": "One pass over all training photos.",
    "class": "One kind of thing the classifier can answer with, such as cat or dog.",
    "validation": "Photos it never learns from. They show how well it does on photos it has not seen.",
    "weights": "The numbers inside a network: what it has learned.",
    "parameters": "How many numbers the network holds. More can learn more, but take longer and need more photos.",
    "imagenet": (
        "How often its first guess was right on the ImageNet test photos, with 1000 classes to choose from, as its "
        "authors published. It says how well the network sees in general."
    ),
    "seed": "Another number deals the photos out differently; the same number always deals them out the same way.",
}
