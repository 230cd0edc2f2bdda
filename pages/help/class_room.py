"""The help of the pages that only a classroom has."""

from pages.help.part import page_part
from transfer_core.text import Sentence

__all__ = ["CLASSROOM"]

CLASSROOM = (
    page_part(
        "classroom",
        Sentence("The class"),
        Sentence(
            "The teacher's page, where one computer serves the whole room: type `thaw classroom --name 7b --students "
            "30` to start like this."
        ),
        do=(
            Sentence("Print *The sheet with the codes*, cut it up and hand it out: each code lets in one person."),
            Sentence("Make a project on the home page, and *Hand it out*: everybody starts from a copy of their own."),
            Sentence("See who is where and what runs. *Stop* ends a training that holds up the others."),
            Sentence("At the end, *Put it together* gives one zip of everything; then everything can be deleted."),
        ),
        trouble=(
            Sentence(
                "**A code has been used.** Open it again behind the three dots: it lets in once more. For the next "
                "lesson, open all codes again."
            ),
            Sentence(
                "**Somebody came in by another's code.** *Give a new code* puts them out; what was made waits behind "
                "the new one."
            ),
            Sentence(
                "**The page does not open on their computers.** All need to be in one network, and a firewall may have "
                "to let the port through. Try the address that stands on the sheet."
            ),
            Sentence(
                "**The camera stays dark.** Browsers give it only over https: start with a certificate, `--cert` and "
                "`--key`."
            ),
            Sentence("**The computer was switched off.** Type the same line again: all are in, and trainings go on."),
        ),
    ),
    page_part(
        "board",
        Sentence("The class's board"),
        Sentence("Everybody's best classifier, side by side. Names stand there only where their people want it."),
        do=(
            Sentence(
                "Compare the lines across the ends of the bars: where they overlap, neither is known to be better."
            ),
            Sentence("Open *What they trained* to see which base each took, and how much of it trained."),
        ),
        trouble=(
            Sentence("**Somebody is missing.** Nothing of theirs is trained to the end yet."),
            Sentence(
                "**A name should be there, or should not.** It was chosen at the door: leave the room, and come in "
                "again."
            ),
        ),
    ),
)
