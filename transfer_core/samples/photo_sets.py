"""Sample sets of real photos on the internet: where they are, how large, and under which license."""

from dataclasses import dataclass

from transfer_core.errors import ConfigError
from transfer_core.text import Sentence, any_of

__all__ = ["PHOTO_SETS", "PhotoSet", "get_photo_set"]


@dataclass(frozen=True)
class PhotoSet:
    """A set of photos on the internet: a row adds one.

    Addresses, sizes and digests are those that TensorFlow Datasets 4.9.10 pins (its `checksums.tsv`).
    """

    name: str
    title: Sentence
    description: Sentence
    """One sentence for people."""
    url: str
    bytes: int
    sha256: str
    photos: int
    folder: str
    """In the archive; it holds the folders of the classes."""
    license: Sentence
    page: str
    """Where the set is described."""

    @property
    def filename(self) -> str:
        """Of what is fetched."""
        return self.url.rpartition("/")[2]


PHOTO_SETS: tuple[PhotoSet, ...] = (
    PhotoSet(
        "rock-paper-scissors",
        Sentence("Rock, paper, scissors"),
        Sentence("Hands of many kinds before white that show rock, paper or scissors, made by a computer."),
        "https://storage.googleapis.com/download.tensorflow.org/data/rps-test-set.zip",
        29_516_758,
        "c27ab9fa43ce40b2e453de711365b477f4424586edf0388116674fd320f07503",
        372,
        "rps-test-set",
        Sentence("CC BY 2.0, Laurence Moroney"),
        "https://www.tensorflow.org/datasets/catalog/rock_paper_scissors",
    ),
    PhotoSet(
        "flowers",
        Sentence("Flowers"),
        Sentence("Daisies, dandelions, roses, sunflowers and tulips, as people photographed them."),
        "https://download.tensorflow.org/example_images/flower_photos.tgz",
        228_813_984,
        "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
        3670,
        "flower_photos",
        Sentence("CC BY, the photographers are named in its LICENSE.txt"),
        "https://www.tensorflow.org/datasets/catalog/tf_flowers",
    ),
    PhotoSet(
        "cats-and-dogs",
        Sentence("Cats and dogs"),
        Sentence("Cats and dogs in every pose and place, 12,500 of each. A few of its files are broken."),
        "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip",
        824_887_076,
        "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
        25_000,
        "PetImages",
        Sentence("CDLA-Permissive 2.0, Microsoft Research"),
        "https://www.microsoft.com/en-us/download/details.aspx?id=54765",
    ),
)


def get_photo_set(name: str) -> PhotoSet:
    """Give the set of this name.

    Raises:
        ConfigError: there is none.
    """
    for row in PHOTO_SETS:
        if row.name == name:
            return row
    raise ConfigError(
        "There is no sample set {name!r}: choose {names}.", name=name, names=any_of([row.name for row in PHOTO_SETS])
    )
