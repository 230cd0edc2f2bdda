"""The parts of the help that belong to no page: how Thaw measures, what teachers need, and the words."""

from pages.help.part import Part, Section
from transfer_core.text import Sentence

__all__ = ["MEASURES", "TEACHERS", "WORDS"]

MEASURES = Part(
    "measures",
    Sentence("How Thaw measures"),
    Sentence("Why a figure comes with a range, and which photos it comes from."),
    (
        Section(
            Sentence("Why a range?"),
            (
                Sentence(
                    "36 of 40 new photos are right: that makes 90%. With 40 others it might have been 34 or 39. So "
                    "Thaw also says where the true figure most likely lies: here between 77% and 96%."
                ),
                Sentence(
                    "Of a hundred such ranges some 95 hold the true figure (*95% confidence*). Four times as many "
                    "photos make it about half as wide."
                ),
                Sentence("Where the ranges of two classifiers overlap widely, the better one may just have had luck."),
            ),
        ),
        Section(
            Sentence("Why not learn from all photos?"),
            (
                Sentence(
                    "Whoever has seen the questions proves nothing in the exam. So some photos are set aside, and "
                    "nothing is learned from them."
                ),
                Sentence(
                    "**Validation photos** choose the best moment of the training. That is a small help, so a figure "
                    "from them is a little too good, and Thaw says that it comes from them."
                ),
                Sentence(
                    "**Test photos** have no say in anything, so theirs is the honest figure. Thaw sets 15% aside for "
                    "it where there are 400 photos and more."
                ),
                Sentence(
                    "**Out of fold**: with fewer photos all should learn. The lab *Evaluate* then trains several "
                    "times, each time without some of the photos, and asks about those."
                ),
            ),
        ),
        Section(
            Sentence("What else keeps it honest"),
            (
                Sentence(
                    "Nearly the same photos, and those taken in one go, stay on one side: else it would be asked about "
                    "what it has as good as seen."
                ),
                Sentence("A run has one figure, the same on every page."),
                Sentence(
                    "What no figure tells is how it does elsewhere, with another camera or light. For that there is "
                    "the page Test."
                ),
            ),
        ),
    ),
)

TEACHERS = Part(
    "teachers",
    Sentence("For teachers"),
    Sentence("Before the lesson, in the lesson, and what goes wrong in a room full of computers."),
    (
        Section(
            Sentence("Before the lesson"),
            (
                Sentence("Install Thaw on each computer, as the file README.md says. After that it needs no network."),
                Sentence("Type `thaw doctor` on each: it says whether all is well, and if not, what to do."),
                Sentence(
                    "Bases marked *installed* work at once. For another one, type `thaw weights fetch resnet50` where "
                    "there is a network: it prints where the file lies."
                ),
                Sentence(
                    "For a room without a network, copy such files to a memory stick, and type `thaw weights import` "
                    "and the name of its folder on each computer."
                ),
                Sentence("On one of them, go once through all five pages with the sample *Shapes*."),
            ),
            numbered=True,
        ),
        Section(
            Sentence("The lesson “How deep?”"),
            (
                Sentence("It takes 40 minutes with the sample *Shapes*; the computer needs about six of them."),
                Sentence(
                    "Print *Pupil's sheet* and *Teacher's sheet* on its page. The teacher's has the aims, the answers "
                    "and what may go wrong."
                ),
                Sentence("Two or three pupils to a computer is best: they have to agree on a guess."),
                Sentence(
                    "For a lesson of your own, choose *Your own lesson*, save Thaw's as a file, change it in any "
                    "editor, and open it there. README.md names its fields."
                ),
            ),
        ),
        Section(
            Sentence("In the room"),
            (
                Sentence(
                    "**Languages**: pages follow the browser. *Language* in the sidebar chooses English or Chinese, "
                    "Simplified or Traditional; sheets come in the language of the page."
                ),
                Sentence("**Projector**: on the page Train, *For the whole room* shows a training in large letters."),
                Sentence(
                    "**Several groups at one computer**: a project for each. Trainings for which there is no room yet "
                    "wait by themselves."
                ),
                Sentence(
                    "**Photos of pupils** stay on the computer. A deleted project lies in the folder `trash` for 30 "
                    "days; *Disk space* in the sidebar says where. A project saved as a zip holds its photos."
                ),
            ),
        ),
        Section(
            Sentence("If something goes wrong"),
            (
                Sentence(
                    "**The page is gone.** Open the same address again, or type `thaw app`: trainings go on without "
                    "the page, and all is kept."
                ),
                Sentence("**A computer was switched off.** Start Thaw again: what trained goes on where it was."),
                Sentence(
                    "**Nobody else can open the page.** That is on purpose: Thaw answers only the computer it runs on. "
                    "Install it on each, or let one serve the whole room: `thaw classroom`."
                ),
                Sentence("**All is slow.** Close other programs, take the sample *Shapes*, and train the head only."),
            ),
        ),
    ),
)

WORDS = Part("words", Sentence("Words"), Sentence("The terms of the field, each explained once."), ())
"""Its list is drawn from the glossary."""
