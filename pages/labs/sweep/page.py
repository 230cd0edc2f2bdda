"""Depth sweep: fine-tune at several depths within a budget of minutes, and see how deep is worth it."""

from pages.labs.lab import Lab, lab_page
from pages.labs.sweep.card import CARD
from pages.labs.sweep.form import form
from pages.labs.sweep.result import draw
from transfer_core.text import t

ABOUT = t("""
Fine-tuning deeper layers can help, but it takes longer, and with few photos the network may learn them by heart. How
deep is worth it depends on your photos, so Thaw tries it out:

1. **The head alone** is trained first. Every other training begins with it.
2. **A first look**: from the last block towards the photo, each depth is fine-tuned once, the quickest first.
3. **Rounds**: the depths that are still in the race are trained again, and each round is measured on photos that no
   other round was measured on. So the figures rest on more and more photos, and each counts once.

The photos measured have no say in the training: the best epoch and rate are chosen by others. What is frozen sees each
photo only once for all depths together, which is what makes a sweep quick.

**How to read it.** A dot is a depth; its bar is the 95% interval, in which the true accuracy probably lies. Two depths
are compared photo by photo: which photos did the one *fix* that the other got wrong, and which did it *break*? If as
many are fixed and broken as chance alone would bring (McNemar's exact test, p at 5% or more, corrected for the number
of depths), the difference is **within noise**. Thaw recommends the shallowest depth that is not clearly worse than the
best: less to train, and less to learn by heart.

The line joins the depths that no other one beats in both accuracy and cost, the *Pareto front*.
""")

lab_page(
    Lab(
        card=CARD,
        about=ABOUT,
        form=form,
        draw=draw,
        start=t("Start the sweep"),
    )
)
