"""What an import understood, in words that the app, `check` and `train` share."""

from transfer_core.photos.importer import ImportReport
from transfer_core.text import Sentence, all_of, plural

__all__ = ["lost", "understood"]


def understood(report: ImportReport, *, checked_elsewhere: bool = False) -> list[Sentence]:
    """Say what a person may not expect: splits taken from folders, photos in two of them, and names in doubt.

    Args:
        report: of the import.
        checked_elsewhere: whether other photos than these will check what is learned.
    """
    said = []
    if report.table:
        words = Sentence("{table} says what each photo shows.", table=report.table)
        if report.splits is not None:
            words = Sentence(
                "{table} says what each photo shows and what is for what: {train:,} to learn from, {validation:,} to "
                "check on and {test:,} for a test at the end.",
                table=report.table,
                **report.splits,
            )
        said.append(words)
        if report.rows_without_photo:
            said.append(
                plural(
                    "{n:,} row of {table} names no photo that is here.",
                    "{n:,} rows of {table} name no photo that is here.",
                    report.rows_without_photo,
                    table=report.table,
                )
            )
    elif report.splits is not None:
        train = plural("{n:,} photo", "{n:,} photos", report.splits["train"])
        test = Sentence("{n:,} for a test at the end", n=report.splits["test"])
        if report.splits["validation"]:
            validation = Sentence("{n:,} to check on", n=report.splits["validation"])
            splits = Sentence(
                "The folders say what is for what: {train} to learn from, {validation} and {test}.",
                train=train,
                validation=validation,
                test=test,
            )
        else:
            splits = Sentence(
                "The folders say what is for what: {train} to learn from, and {test}."
                if checked_elsewhere
                else "The folders say what is for what: {train} to learn from and to check on, and {test}.",
                train=train,
                test=test,
            )
        said.append(splits)
    if report.crossing:
        said.append(
            plural(
                "{n:,} photo lies in more than one split; it is not learned from.",
                "{n:,} photos lie in more than one split; they are not learned from.",
                len(report.crossing),
            )
        )
    said += [
        Sentence(
            "{names} look alike but are classes of their own: put them together if they are one.",
            names=all_of(group),
        )
        for group in report.alike
    ]
    if not report.sure_names:
        said.append(
            Sentence(
                "The names in this zip do not say how they are written, so the classes may be misspelled: rename them, "
                "or make the zip anew."
            )
        )
    return said


def lost(report: ImportReport) -> Sentence | None:
    """How many files could not be used, and why the first of them; None if all could."""
    if not report.refused:
        return None
    return plural(
        "{n:,} file could not be used, such as {name}. {reason} `thaw check` lists them all.",
        "{n:,} files could not be used, such as {name}. {reason} `thaw check` lists them all.",
        len(report.refused),
        name=report.refused[0].name,
        reason=report.refused[0].reason,
    )
