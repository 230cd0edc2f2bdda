"""Health: which photos deserve a look before anything learns from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.labs.health.card import CARD
from pages.labs.health.result import draw
from pages.labs.lab import Lab, lab_page
from pages.labs.start import lab_base
from pages.ui.format import photo_count
from transfer_core.backbones.catalog import get_base
from transfer_core.labs.health.settings import Settings
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t(
    """
A classifier is as good as its photos. This looks for what most often spoils them.

- **Nearly the same photos**: one made smaller, saved anew, cropped a little or mirrored. If it learns from one and is
  checked on the other, the figure is too good.
- **Perhaps in the wrong class**: classifiers on the base answer photos they have not seen. Where the answer is another
  class, and they are as sure of it as they usually are of that class, the label may be wrong (*confident learning*).
- **Poor photos**: dark, washed out, blurred, tiny, or of one color.
- **Shortcuts**: if all photos of one class have a border, a frame or a light of their own, a classifier learns that,
  and fails on photos without it. So each such fact is asked how far it alone tells the classes apart.

Nothing is changed unless you click, and every change can be undone.
"""
)


def form(project: Project, manifest: Manifest | None) -> Settings:
    """There is nothing to set; say what will be looked at."""
    if manifest is not None:
        st.caption(
            t(
                "Looks at all {photos}, also with {base}.",
                photos=photo_count(len(manifest.photos) + len(manifest.set_aside)),
                base=get_base(lab_base(project).name).title,
            )
        )
    return Settings()


def worries(result: dict[str, Any]) -> bool:
    """Whether anything was found."""
    return bool(result["findings"] or result["shortcuts"])


lab_page(Lab(card=CARD, about=ABOUT, form=form, draw=draw, start=t("Check the photos"), worries=worries))
