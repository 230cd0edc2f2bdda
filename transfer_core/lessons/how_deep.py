"""Thaw's own lesson, "How deep?": saved features against a frozen base, and how deep to fine-tune.

After F. Chollet, Deep Learning with Python, first edition (2017), chapter 5.3. With the sample Shapes its experiments
take 6 minutes in all on two cores: their settings are small.
"""

from transfer_core.lessons.lesson import Lesson, Step
from transfer_core.text import Sentence

__all__ = ["HOW_DEEP"]

_EPOCHS = 10

_KNOWS = Step(
    title=Sentence("What does the base know already?"),
    minutes=7,
    ask=Sentence(
        "The base is a network that has learned from a million photos, none of them yours. It is built of blocks, one "
        "after the other. After which part of it can your classes be told apart as well as anywhere?"
    ),
    choices=(
        Sentence("After the first third: colors and edges are enough"),
        Sentence("After the middle third: it takes patterns and parts of things"),
        Sentence("Only in the last third: it takes whole things"),
    ),
    right="probe.third",
    lab="probe",
    look_for=Sentence(
        "Where does the curve rise, and where is it flat? Find the last block that matters, and the range around its "
        "figure."
    ),
    explain=Sentence("Which blocks would you freeze, so that training can't change them, and why?"),
    answer=Sentence(
        "The blocks up to the last one that matters hold what these photos need, so they stay frozen. Those after it "
        "are made for the thousand classes of ImageNet: they are the first ones worth training again. With the sample "
        "Shapes that is block6a, in the last third: after it 98% of the photos are told apart, with no fine-tuning at "
        "all."
    ),
    trouble=Sentence(
        "With few photos the range is wide, and the lab says that its figure is a hint only. That is a good thing to "
        "talk about: what would make it surer?"
    ),
)

_SAME = Step(
    title=Sentence("Saved features or a frozen base?"),
    minutes=7,
    ask=Sentence(
        "Way A: send each photo through the base once, save what comes out (its features), and train a new layer on "
        "that. Way B: put the new layer on top of the base, freeze the base, and train the whole network, photo by "
        "photo. Will both learn the same?"
    ),
    choices=(
        Sentence("Yes: every loss and every answer will be the same"),
        Sentence("No: the curves will part, because in way B the whole network takes part"),
    ),
    right="sanity.same",
    lab="sanity",
    settings={"mistakes": [], "photos": 24, "validation": 12, "epochs": _EPOCHS},
    look_for=Sentence(
        "Do the two curves lie over each other? How large is the largest difference, and which way was faster?"
    ),
    explain=Sentence("Why must both ways learn the same, and what is the one thing in which they differ?"),
    answer=Sentence(
        "A frozen base is a fixed calculation: the same photo gives the same features in every epoch. Whether it is "
        "done once or ten times makes no difference but for the time. This holds as long as nothing in the base is "
        "random or depends on the other photos of a batch: no dropout, BatchNormalization on its stored averages, and "
        "the same photos in every epoch. With augmentation every epoch has new photos, so the features must be made "
        "anew."
    ),
    trouble=Sentence(
        "A difference in the sixth digit or later is rounding: numbers were added up in another order. The lab then "
        "says so, and counts it as the same."
    ),
)

_BREAKS = Step(
    title=Sentence("What breaks it?"),
    minutes=8,
    ask=Sentence(
        "Many people try both ways and get different figures. Here way B is done with one classic mistake at a time. "
        "Which one moves the loss furthest from where it should be?"
    ),
    choices=(
        Sentence("Dropout before the new layer: while it learns, parts of the features are thrown away at random"),
        Sentence(
            "BatchNormalization in training mode: it evens out by the photos of the batch, not by what it learned"
        ),
        Sentence("Wrong scaling: the base gets its colors in another range than it was trained on"),
        Sentence("The softmax taken for the features: the new layer sees the base's answers instead"),
    ),
    right="sanity.worst",
    lab="sanity",
    settings={
        "mistakes": ["dropout", "batch_norm", "scaling", "softmax"],
        "photos": 24,
        "validation": 12,
        "epochs": _EPOCHS,
    },
    look_for=Sentence(
        "Which curves of the new photos leave the others, and how soon? Below them stands, for each mistake, the line "
        "of code that mends it."
    ),
    explain=Sentence("Why is it not enough that the optimizer leaves the weights of the base alone?"),
    answer=Sentence(
        "BatchNormalization in training mode evens out by the mean and spread of the photos at hand and changes its "
        "stored averages, though no weight is trained. So the new layer learns from one kind of features and is asked "
        "about another: with the sample Shapes 3 of 12 new photos are right instead of 11. To freeze means to set "
        "base.trainable = False before compile. Dropout is no mistake in itself, but then it belongs in both ways. "
        "Wrong scaling and the softmax give poorer features, and no error tells of it."
    ),
    trouble=Sentence(
        "A base without BatchNormalization, such as VGG16, can't suffer from that mistake: then another one is the "
        "worst. The guess is held against what was measured here."
    ),
)

_DEPTH = Step(
    title=Sentence("How deep is worth it?"),
    minutes=8,
    ask=Sentence(
        "To fine-tune means to let the end of the base learn from your photos as well, gently. For two minutes Thaw "
        "tries it at several depths. What will it recommend for your photos?"
    ),
    choices=(
        Sentence("The head alone: nothing of the base needs to learn"),
        Sentence("The last blocks: a little of the base should learn too"),
        Sentence("As deep as it tries: the more learns, the better"),
    ),
    right="sweep.depth",
    lab="sweep",
    settings={"budget": 2.0},
    look_for=Sentence(
        "Does accuracy rise from shallow to deep by more than its range? How many weights does each depth train, and "
        "how long does it take?"
    ),
    explain=Sentence("Why is it not always better to train more layers?"),
    answer=Sentence(
        "The deeper the cut, the more weights must be set by the same few photos: that takes longer, and they can be "
        "learned by heart or spoil what the base knew. Where the difference is within chance, the shallowest depth is "
        "the better choice. With the sample Shapes the head alone gets 99%, and going deeper shows no gain. Photos "
        "that look less like those the base has learned from, and more of them, are reasons to go deeper."
    ),
    trouble=Sentence(
        "On a slow computer two minutes are enough for one or two depths only, and the lab says which ones it left "
        "out. Give it more minutes on its own page if there is time."
    ),
)

_RECIPE = Step(
    title=Sentence("The five steps, and a strange curve"),
    minutes=10,
    ask=Sentence(
        "Fine-tuning has five steps: put a new head on a trained base (1), freeze the base (2), train the head (3), "
        "unfreeze the end of the base (4), train both at a very low rate (5). Four ways are tried; two of them skip "
        "step 3, and one of these is much too fast as well. The loss says how wrong the answers are. Can it rise on "
        "new photos while no fewer of them are right?"
    ),
    choices=(
        Sentence("No: when the loss rises, fewer photos are right"),
        Sentence("Yes: the loss can rise although as many photos or more are right"),
    ),
    right="recipe.rises",
    lab="recipe",
    settings={
        "variants": ["feature_extraction", "fine_tuned", "skipped", "skipped_fast"],
        "fine_tune_epochs": 6,
        "photo_variants": 2,
    },
    look_for=Sentence(
        "First the ways: which is right on most new photos, and how far did the weights of the base move in each? Then "
        "the part about accuracy and loss: two epochs, and the photos that weigh most."
    ),
    explain=Sentence("How can the loss rise while accuracy does not fall? And what does skipping step 3 do?"),
    answer=Sentence(
        "Accuracy counts photos: right or wrong. The loss also asks how sure each answer was, and has no upper end: "
        "one photo that is answered wrongly and very surely can outweigh many that got better. So the loss can rise "
        "while accuracy stays or even rises.\n\nStep 3 comes first because a head that has learned nothing makes "
        "large errors, and the corrections pull at what the base knows. How far they pull is a matter of the rate: "
        "with the sample Shapes, skipping step 3 at the low rate costs nothing that shows, but at the head's high rate "
        "about half of the new photos come out wrong."
    ),
    trouble=Sentence(
        "If nearly all photos are right in every way, the lab says that the differences are within noise: harder "
        "photos show more. If the loss never rose while accuracy held, it says that too: it just did not happen this "
        "time, which is no proof that it can't."
    ),
)

HOW_DEEP = Lesson(
    title=Sentence("How deep?"),
    minutes=40,
    about=Sentence(
        "Five guesses, five experiments with photos: what a trained network knows already, why saving its features is "
        "as good as freezing it, and how much of it is worth training again."
    ),
    steps=(_KNOWS, _SAME, _BREAKS, _DEPTH, _RECIPE),
    aims=(
        Sentence("Say what a base, a head, freezing and fine-tuning are, and why one starts from a trained base."),
        Sentence(
            "Explain why training on saved features and training with a frozen base are the same, and name two "
            "mistakes that make them differ."
        ),
        Sentence("Decide how deep to fine-tune from measured figures, and say when a difference may be chance."),
        Sentence("Name the five steps of fine-tuning, and explain why the loss can rise while accuracy does."),
    ),
    prepare=(
        Sentence(
            "Open Thaw on every computer and start with the sample Shapes, or with photos of your own: two or "
            "more classes, with 40 or more photos each. The sample needs no network."
        ),
        Sentence(
            "Run the lesson once on the slowest computer. With the sample, its experiments take about 6 minutes "
            "in all on two processor cores; the page says how long each takes there."
        ),
        Sentence("Print a pupil's sheet for each pupil. Guesses and sentences are also kept on the page."),
        Sentence(
            "The experiments run while the class talks about its guesses: have each guess defended before you look."
        ),
    ),
)
"""Every text of it is in the catalogues."""
