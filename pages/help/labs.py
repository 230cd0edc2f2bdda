"""The help of the labs and of the lesson."""

from pages.help.part import page_part
from transfer_core.text import Sentence

__all__ = ["LABS"]

LABS = (
    page_part(
        "labs",
        Sentence("Labs"),
        Sentence(
            "Each lab answers one question by an experiment with your photos. None changes anything until you click "
            "for it."
        ),
        do=(
            Sentence("With a class, begin with *The lesson*. It leads through four of the labs."),
            Sentence("Alone, begin with *Health* before you train, and with *Evaluate* when you have."),
            Sentence("In a lab, leave the settings and start. You may leave the page; it goes on."),
            Sentence("Read the one sentence first, then how sure it is. The figures below are for the curious."),
        ),
        trouble=(
            Sentence("**A lab can't be started.** The reason stands beside the button, and says what is missing."),
            Sentence("**It takes too long.** Stop it: what was found so far stays. Then set fewer photos or epochs."),
            Sentence("**It waits.** Something else is being computed here. It begins by itself when that has ended."),
        ),
    ),
    page_part(
        "lesson",
        Sentence("The lesson"),
        Sentence("Five steps for a class: guess, try it out, explain what happened."),
        do=(
            Sentence("Open a project with photos. The sample *Shapes* is what the lesson was written for."),
            Sentence("In each step choose a guess, run the experiment, and hold the two against each other."),
            Sentence("Write one sentence of your own on why. It is kept with your guess."),
        ),
        trouble=(
            Sentence("**The experiment can't be started.** Guess first."),
            Sentence(
                "**An experiment takes too long.** Each step says how long it takes here. With many photos of your own "
                "take the sample *Shapes* instead."
            ),
            Sentence("**The next group begins.** Give each a project of its own, or click *Start the lesson again*."),
        ),
    ),
    page_part(
        "probe",
        Sentence("Depth probe"),
        Sentence("Before you train: how much of the base do your photos need? Takes one look at them."),
        do=(
            Sentence("Start the probe."),
            Sentence(
                "Follow the curve from left to right, block by block. Where it stops rising, it has what it needs."
            ),
            Sentence("The button below sets the layers to what was found."),
        ),
        trouble=(
            Sentence(
                "**The curve jumps up and down.** With few photos that is chance. Look at the ranges, not the line."
            ),
            Sentence(
                "**It is high from the beginning.** Something simple tells your classes apart, such as a color. If "
                "that is not what you want to teach, ask the lab *Health* about shortcuts."
            ),
        ),
    ),
    page_part(
        "sweep",
        Sentence("Depth sweep"),
        Sentence("Is fine-tuning worth its time with your photos, and how deep? Thaw really tries."),
        do=(
            Sentence("Set the minutes that you can spare. Below stands what probably fits in."),
            Sentence("Start the sweep and do something else."),
            Sentence(
                "Look for the star: the shallowest depth that is not worse than the best. *Use it* sets the layers."
            ),
        ),
        trouble=(
            Sentence("**All depths are within noise.** That is an answer, too: the head alone will do."),
            Sentence("**Hardly any depth was tried.** Give it more minutes, or choose the depths in the settings."),
        ),
    ),
    page_part(
        "sanity",
        Sentence("Frozen or not?"),
        Sentence(
            "For those who program, and those who wonder: two ways of training the head that must give the same, and "
            "the mistakes by which they do not."
        ),
        do=(
            Sentence("Compare. A few photos are enough, for the question is only whether it is the same."),
            Sentence("See the first two curves lie over each other."),
            Sentence("Then see each mistake part from them, and read the line of code that mends it."),
        ),
        trouble=(
            Sentence("**The last digits differ.** That is rounding, and counts as equal."),
            Sentence("**It takes long.** Each mistake is one more training: choose fewer of them."),
        ),
    ),
    page_part(
        "recipe",
        Sentence("The recipe"),
        Sentence("Why does Thaw train the head first and fine-tune slowly? See what happens to those who do not."),
        do=(
            Sentence("Choose what to compare, and start."),
            Sentence("Compare the accuracies with their ranges, then how far each way moved the base."),
            Sentence("Look at the photos that explain why loss and accuracy can part."),
        ),
        trouble=(
            Sentence("**All do equally well.** The task is too easy. Take classes that are harder to tell apart."),
            Sentence("**A loss is no longer a number.** The steps were too big. That is what there is to see there."),
        ),
    ),
    page_part(
        "compare",
        Sentence("What changed"),
        Sentence("You have trained twice. Is the second really better, or was it luck?"),
        do=(
            Sentence("Choose the earlier run under *From* and the later one under *To*, and compare."),
            Sentence("Look at the photos under *Fixed* and *Broken*. What do they have in common?"),
            Sentence("Under *What was set differently* you see what the reason can be."),
        ),
        trouble=(
            Sentence("**The difference is not real.** Take the run that is quicker, or test on more photos."),
            Sentence("**It can't be started.** It takes two trained classifiers: change one thing and train again."),
        ),
    ),
    page_part(
        "knowledge",
        Sentence("What it knows"),
        Sentence("If the base knew your classes before, a good result is no wonder. Find out before you train."),
        do=(
            Sentence("Ask about your classes."),
            Sentence("Read beside each class whether its base knew it."),
            Sentence("Then show it any photo, and see which names it finds."),
        ),
        trouble=(
            Sentence(
                "**It says absurd names.** It has 1000 of them and no others, so it takes the one that is nearest."
            ),
            Sentence("**Too few photos, it says.** Add photos, or let it look at more of each class."),
        ),
    ),
    page_part(
        "health",
        Sentence("Health"),
        Sentence("Bad photos spoil what is learned, and nobody sees it in a figure. Look for them before you train."),
        do=(
            Sentence("Check the photos."),
            Sentence("Go through what was found. For each, choose: move it, remove it, or *It is fine*."),
            Sentence("Check once more, then train."),
        ),
        trouble=(
            Sentence("**It suspects photos that are right.** Many of them are. Say so with *It is right*, and go on."),
            Sentence(
                "**It has found a shortcut**, such as a background that only one class has. Add photos of that class "
                "with another one."
            ),
        ),
    ),
    page_part(
        "stress",
        Sentence("Stress test"),
        Sentence("How much blur, darkness or turning does the classifier bear before it is of no use?"),
        do=(
            Sentence("Choose a trained classifier and put it to the test."),
            Sentence("Go along each row: at which strength do its answers break down?"),
            Sentence("Ask which of that will really happen to your photos. Only that needs mending."),
        ),
        trouble=(
            Sentence("**It can't be started.** Train a classifier first."),
            Sentence("**It breaks down early.** Add photos like that, or the augmentation it names, and train again."),
        ),
    ),
    page_part(
        "evaluate",
        Sentence("Evaluate"),
        Sentence("What does the classifier get wrong, and how good is it in all honesty?"),
        do=(
            Sentence("Choose a trained classifier and the photos it is to answer, and evaluate it."),
            Sentence("Click an orange cell of the table: it opens the photos behind it."),
            Sentence("Is a photo in the wrong class? Put it right where you are, then train again."),
        ),
        trouble=(
            Sentence(
                "**There are no test photos.** With few photos all of them learn. Choose *Every photo, out of fold*: "
                "it takes longer, and is as honest."
            ),
            Sentence("**One class does badly.** Look at its photos: are they few, or is another class mixed in?"),
        ),
    ),
)
