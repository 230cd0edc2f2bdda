"""The help of the home page, of the five steps and of the page for the whole room."""

from pages.help.part import page_part
from transfer_core.text import Sentence

__all__ = ["STEPS"]

STEPS = (
    page_part(
        "home",
        Sentence("Home"),
        Sentence("Where it begins. Each classifier you make is a project, and all your projects are kept here."),
        do=(
            Sentence("To look around, click *Start with this sample*. Thaw draws the photos itself."),
            Sentence("For photos of your own, type a name and click *Create*. The page Photos then takes them."),
            Sentence("Come back whenever you like: *Open* goes on where the project stands."),
            Sentence(
                "To move a project to another computer, choose *Save as a zip* on its card, and there *Open a project "
                "from a zip*."
            ),
        ),
        trouble=(
            Sentence(
                "**The wrong project is deleted.** Click *Undo* above the list, before you close or reload the page."
            ),
            Sentence(
                "**A ready-made set of pictures does not arrive.** It comes from the internet. Without one, take a "
                "drawn sample; with one again, fetch once more, and it goes on where it broke off."
            ),
            Sentence("**The disk is nearly full.** *Disk space* in the sidebar frees what can be computed again."),
        ),
    ),
    page_part(
        "photos",
        Sentence("Photos"),
        Sentence("A classifier learns from examples. Here you bring them in, sorted into classes, and put them right."),
        do=(
            Sentence("Choose a way in: a folder, a zip, single photos or the camera. Each tab says what it needs."),
            Sentence("Read what was left out and why; it stands at the top after each import."),
            Sentence("Look at the bars. If a class has far fewer photos than the others, add some to it."),
            Sentence("Look through the photos, pick those in the wrong class, and move them."),
            Sentence(
                "Vary what does not matter, such as place, light and side: what all photos of a class share is "
                "learned, even if it is only the table they were taken on."
            ),
        ),
        trouble=(
            Sentence(
                "**Files were left out.** Their reasons are listed. A photo that another program opens can be saved "
                "there as JPEG or PNG and added again."
            ),
            Sentence("**The way on is grey.** The reason stands beside it. Most often there is only one class yet."),
            Sentence(
                "**The camera stays dark.** Allow it beside the page's address, close other programs that use it, and "
                "reload the page."
            ),
            Sentence("**The wrong photos were moved or removed.** *Undo* takes back one change after the other."),
        ),
    ),
    page_part(
        "base",
        Sentence("Base"),
        Sentence("With a few photos nobody learns to see. So you start from a network that has: the base."),
        do=(
            Sentence("In doubt, keep the one marked *Recommended*: it is small, quick, and here already."),
            Sentence("For a better one, compare two figures on the cards: *ImageNet accuracy* and *Time*."),
            Sentence(
                "If its weights are not here, *Fetch weights* brings them from the internet, once for all projects."
            ),
            Sentence("Another base later is no loss: what you have trained stays. Only the layers are chosen again."),
        ),
        trouble=(
            Sentence(
                "**Weights can't be fetched.** Schools often block it. Take a base that says *installed*, or bring the "
                "file on a memory stick: *Use a weights file you have*."
            ),
            Sentence(
                "**Its weights are random.** Such a base has never seen a photo, and its results are poor. Click *Use "
                "this base* on any card to get one that has learned."
            ),
            Sentence("**Training would take very long.** Choose a base with less *Time* on its card."),
        ),
    ),
    page_part(
        "layers",
        Sentence("Layers"),
        Sentence("The one decision that matters: which parts of the base may change to fit your photos."),
        do=(
            Sentence(
                "The first time, change nothing: *Head only* is quick and hard to go wrong with. Go on and train."
            ),
            Sentence(
                "Is the result not good enough? Come back and unfreeze a little: *Last block*, then *Last stage*."
            ),
            Sentence("Before you go on, read beside the tree how long it takes and how great the risk is."),
            Sentence("Rather have it found out? Click *Find out* above the tree, or open the lab *Depth sweep*."),
        ),
        trouble=(
            Sentence("**Over-fitting is likely, it says.** Move the slider to the left, or add photos."),
            Sentence("**An epoch would take minutes.** Move the slider to the left, or choose a smaller base."),
            Sentence("**You have lost your way in the tree.** Click *Head only* and begin again; *Undo* goes back."),
        ),
    ),
    page_part(
        "train",
        Sentence("Train"),
        Sentence("Here the classifier learns from your photos. You start it, and may watch."),
        do=(
            Sentence("Click *Train*. The settings are fine as they are."),
            Sentence(
                "Watch two lines: *training* tells how it does on the photos it learns from, *validation* on photos it "
                "does not learn from. The second one counts."
            ),
            Sentence("Stop whenever you like; the best so far is kept. When it has ended, test it on new photos."),
            Sentence("Change one thing, photos or layers, and train again. Every run stays in the list below."),
        ),
        trouble=(
            Sentence(
                "**Training gets better and validation does not.** It learns your photos by heart. Add photos, freeze "
                "more layers, or switch on *Augmentation* in the settings."
            ),
            Sentence(
                "**Both stay low.** Look whether photos are in the wrong classes, with the lab *Health*. If not, "
                "unfreeze a block or two."
            ),
            Sentence("**It waits.** Something else is being computed here. It begins by itself when that has ended."),
            Sentence("**It was interrupted**, as by a power cut. *Continue* goes on where it was."),
        ),
    ),
    page_part(
        "projector",
        Sentence("How it learns"),
        Sentence("A training in large letters, for a class that watches together."),
        do=(
            Sentence("On the page Train, start a training and click *For the whole room*."),
            Sentence("Before the first bars appear, ask: what will it say of this photo, and how sure will it be?"),
            Sentence("Watch how the answers move from epoch to epoch. It never learns from the photo you see."),
        ),
        trouble=(
            Sentence(
                "**It is over in seconds.** With few photos and the head alone it is that quick. Unfreeze a stage on "
                "the page Layers and train again."
            ),
            Sentence("**The letters are too small.** Enlarge the page: Ctrl and + (⌘ and + on a Mac)."),
        ),
    ),
    page_part(
        "test",
        Sentence("Test"),
        Sentence("The proof: photos that the classifier has never seen."),
        do=(
            Sentence("Drop new photos, or let it look through the camera. The longest bar is its answer."),
            Sentence(
                "Switch on *Show where it looked*. If the background is bright instead of the thing, it has learned "
                "the wrong thing."
            ),
            Sentence("Show it something that belongs to none of your classes. It should say *none of these*."),
            Sentence("Satisfied? *Take it with you* gives you the classifier for other programs."),
        ),
        trouble=(
            Sentence("**It is sure, and wrong.** Add photos of that kind to the right class, and train again."),
            Sentence(
                "**It says *none of these* too often, or too seldom.** Choose otherwise under *How careful should it "
                "be?*"
            ),
            Sentence(
                "**Its figure was good, its answers are not.** The new photos differ from those it learned from: "
                "another light, place or camera. Add some like them, and train again."
            ),
        ),
    ),
)
