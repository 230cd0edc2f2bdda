"""What is said of an import that named splits."""

import pytest

from transfer_core.photos.importer import ImportReport
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.understood import understood


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (
            {"train": 28, "validation": 0, "test": 12},
            "The folders say what is for what: 28 photos to learn from and to check on, and 12 for a test at the end.",
        ),
        (
            {"train": 28, "validation": 6, "test": 0},
            "The folders say what is for what: 28 photos to learn from, 6 to check on and 0 for a test at the end.",
        ),
    ],
)
def test_photos_without_any_to_check_on_serve_for_both(splits: dict[SplitName, int], words: str) -> None:
    assert [str(sentence) for sentence in understood(ImportReport(splits=splits))] == [words]


def test_where_other_photos_check_these_only_teach() -> None:
    report = ImportReport(splits={"train": 28, "validation": 0, "test": 12})
    (sentence,) = understood(report, checked_elsewhere=True)
    assert str(sentence) == "The folders say what is for what: 28 photos to learn from, and 12 for a test at the end."
