"""Every sentence a person reads, kept as data until it is shown; and the catalogues that put it into their language.

`Sentence("{name} is damaged.", name=name)` and `plural("{n} photo", "{n} photos", n)` are sentences to store, raise or
hand on; `t(...)` makes one a string, where it is shown. Stands below `errors`, so that refusals are sentences too.
"""

from transfer_core.text.catalog import catalog_of, languages, read_by, speaking, spoken
from transfer_core.text.sentence import (
    Sentence,
    Value,
    all_of,
    any_of,
    joined,
    plural,
    restored,
    shown,
    stored,
    t,
)
from transfer_core.text.visible import visible

__all__ = [
    "Sentence",
    "Value",
    "all_of",
    "any_of",
    "catalog_of",
    "joined",
    "languages",
    "plural",
    "read_by",
    "restored",
    "shown",
    "speaking",
    "spoken",
    "stored",
    "t",
    "visible",
]
