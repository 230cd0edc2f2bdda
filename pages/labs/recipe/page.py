"""The recipe: the five steps of fine-tuning side by side with leaving one out, on the project's own photos."""

from pages.labs.lab import Lab, lab_page
from pages.labs.recipe.card import CARD
from pages.labs.recipe.form import form
from pages.labs.recipe.result import draw
from transfer_core.text import t

ABOUT = t("""
The recipe for fine-tuning, after François Chollet, *Deep Learning with Python* (first edition, chapter 5.3):

1. **Add your network**, the head, on top of a trained base.
2. **Freeze the base**, so that training does not change it.
3. **Train the head**. Steps 1 to 3 alone are called *feature extraction*.
4. **Unfreeze some layers** at the end of the base.
5. **Train both together**, with a very low learning rate.

Why not unfreeze at once? A new head knows nothing, so its errors are large, and so is the *gradient*, the correction
they send down into the base: it pulls at what the base has learned before the head can make any use of it. Thaw
measures that gradient, and how far the base's weights moved: the length of the change, as a share of the length of all
weights that could change (L2 norms). 0% is a base that stayed as it was.

Two things are often mixed up here: **skipping step 3**, and **too high a rate**. So both are tried, each with and
without the other. The optimizer used (Adam) divides every step by the size of the recent gradients: how *far* the base
moves is decided mostly by the rate, and *where to* by the head. Your figures show which of the two mattered.

All variants learn from the same photos in the same order, and every figure is of the end of the last epoch: none was
picked because it looked good. Variants are compared photo by photo (McNemar's exact test): **within noise** means that
chance alone would often bring such a difference. With several comparisons, about one in twenty will look real by
chance. The time is from decoded photos to the classifier, shared steps counted for each variant.
""")

lab_page(
    Lab(
        card=CARD,
        about=ABOUT,
        form=form,
        draw=draw,
    )
)
