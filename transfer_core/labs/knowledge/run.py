"""The lab "What it knows": a base with its ImageNet answer layer is asked about the photos, before any training."""

from typing import Any

from transfer_core.labs.knowledge.settings import base_note, choose
from transfer_core.labs.knowledge.verdict import judge
from transfer_core.labs.run_asking import ask, decode_photos
from transfer_core.labs.run_bench import Bench
from transfer_core.nn.inference.imagenet import ImageNet
from transfer_core.text import Sentence

__all__ = ["run"]

# Shares of the work at which decoding and asking begin: building the network takes about as long as decoding.
_DECODING, _ASKING = 0.2, 0.4


def run(bench: Bench) -> dict[str, Any]:
    """Ask about as many photos of each class as the settings say.

    Returns:
        What `verdict.judge` gives.

    Raises:
        WeightsError: the weights of the base that answers are missing or damaged.
        DataError: no photo could be read.
    """
    if note := base_note(bench.config.base):
        bench.reporter.message(note)
    bench.share(Sentence("Getting the base ready"), 0.0)
    network = ImageNet(bench.workspace)
    chosen = choose(bench.manifest, bench.settings.photos, bench.config.seed)
    pixels, _ = decode_photos(bench, chosen, network.size, (_DECODING, _ASKING))
    photos = [photo for photo in chosen if photo.sha256 in pixels.rows]
    answers, _ = ask(bench, network, pixels, photos, Sentence("Asking the base"), (_ASKING, 1.0))
    return judge(answers, photos, bench.manifest.classes)
