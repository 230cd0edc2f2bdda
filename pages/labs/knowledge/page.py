"""What it already knows: the base's ImageNet answers, and which classes of the project ImageNet holds already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.knowledge.ask_imagenet import tool
from pages.labs.knowledge.card import CARD
from pages.labs.knowledge.result import draw
from pages.labs.lab import Lab, lab_page
from pages.labs.start import lab_base
from pages.ui.html import sentence
from pages.ui.services import engine
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS, TOLD, Settings, base_note
from transfer_core.labs.knowledge.verdict import NAMED, SURE
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t(
    """
A base has learned to name 1000 kinds of things in the photos of *ImageNet*: breeds of dogs, tools, fruit, vehicles. If
your classes are among them, transfer learning has an easy task, and **results will look better than they would for
things the base has never seen**. This lab finds out before you train.

It asks the base for its ImageNet answer to photos of each class. Each of the 1000 names is then given to the class
whose photos get the most of it, the photo in question always left out.

- **Told right**: how many photos of a class are told from the others by these names alone, with no training. The range
  behind it is where the true share most likely lies (95% interval).
- **Known from ImageNet**: even the low end of that range is {told:.0%} or more, and the answers are sure: half of them
  put at least {sure:.0%} on five of the 1000 names. Answers to things it has never seen scatter over many more. Or it
  has the class's own name and gives it to {named:.0%} of the photos or more.
- **Told apart, but hesitantly**: the answers fit, but are unsure. Most likely the base knows something that looks
  alike: round things may all be "ping-pong ball".

It takes at least {least_photos} photos of a class to tell. Where {told:.0%} or more are told right but the low end of
the range is below, there are **too few photos to be sure**.
""",
    told=TOLD,
    sure=SURE,
    named=NAMED,
    least_photos=LEAST_PHOTOS,
)


def form(project: Project, manifest: Manifest | None) -> Settings:
    """How many photos to ask about."""
    photos = st.number_input(
        t("Photos of each class"),
        LEAST_PHOTOS,
        1000,
        Settings.photos,
        key="knowledge_photos",
        help=t("Drawn at random, the same ones each time. More photos give narrower ranges and take longer."),
        width=220,
    )
    if note := base_note(lab_base(project)):
        st.caption(f":material/info: {sentence(note)}")
    return Settings(int(photos))


def ask(project: Project) -> None:
    """The field for any photo; the worker that answers gets ready meanwhile."""
    engine().warm("question")
    tool(project)


lab_page(
    Lab(
        card=CARD,
        about=ABOUT,
        form=form,
        draw=draw,
        start=t("Ask about my classes"),
        tool=ask,
    )
)
