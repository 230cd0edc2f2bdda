"""The photos that the heading counts are all told of: in the bars, or beside them."""

import pytest

from tests.pages.photos.photos_page import Jpeg, Photos
from tests.photos.groups.test_bursts import moved
from tests.photos.groups.test_looking import FILES
from tests.photos.groups.test_looking import jpeg as written
from tests.photos.groups.test_near_copies import scene
from tests.support import workspace


def in_splits(jpeg: Jpeg, **counts: int) -> list[tuple[str, bytes]]:
    """So many photos of each of two classes in each split."""
    return [
        (f"d/{split}/{name}/{number}.jpg", jpeg(number + 10 * at_class + 20 * at_split))
        for at_split, (split, count) in enumerate(counts.items())
        for at_class, name in enumerate(("cat", "dog"))
        for number in range(count)
    ]


def bars(page: Photos) -> str:
    return "".join(
        html.proto.body for html in page.app.get("html") if html.proto.body.startswith('<div class="thaw-legend')
    )


def said(page: Photos) -> list[str]:
    return [caption.value for caption in page.app.caption]


def test_test_photos_are_named_beside_the_bars(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", in_splits(jpeg, train=6, test=3))
    assert "18 photos, 2 classes" in [header.value for header in page.app.header]
    assert "test 6" in bars(page) and "5 + 1 + 3" in bars(page)
    words = "The folders say what is for what: 12 photos to learn from and to check on, and 6 for a test at the end."
    assert words in said(page)


def test_without_test_photos_nothing_is_said_of_them(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", in_splits(jpeg, train=4, valid=2))
    assert "test" not in bars(page)
    assert any("8 photos to learn from, 4 to check on" in text for text in said(page))


def test_photos_of_two_classes_are_not_counted_where_no_training_can_start(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", [("d/cat/1.jpg", jpeg(1)), ("d/dog/2.jpg", jpeg(1))])
    assert "training 0" in "".join(html.proto.body for html in page.app.get("html"))
    assert any("in more than one class do not count until you choose" in text for text in said(page))
    assert page.app.button(key="next_base").disabled


def test_test_photos_are_no_training_photos_where_no_training_can_start(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", in_splits(jpeg, train=1, test=3))
    assert any("has a single photo" in warning.value for warning in page.app.warning)
    assert "1 + 0 + 3" in bars(page)
    assert "training 2" in "".join(html.proto.body for html in page.app.get("html"))


def test_with_enough_photos_some_are_kept_for_a_test_until_a_person_chooses(
    page: Photos, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.add("upload_folder", [(f"d/{name}/{n}.jpg", jpeg(n)) for name, n in zip("ab" * 20, range(40), strict=True)])
    assert "test" not in bars(page) and page.app.slider(key="split_test_0%").value == 0
    monkeypatch.setattr("transfer_core.photos.split._TEST_PHOTOS", 6)
    monkeypatch.setattr("transfer_core.photos.split._TEST_PHOTOS_OF_EACH", 3)
    page.app.run()
    assert page.app.slider(key="split_test_15%").value == 15 and "test 6" in bars(page)
    page.app.slider(key="split_share").set_value(30).run()
    assert "test_fraction" not in workspace().open_project(page.project.id).choices["split"]
    page.app.slider(key="split_test_15%").set_value(30).run()
    assert "test 12" in bars(page)
    page.app.slider(key="split_test_15%").set_value(0).run()
    assert "test" not in bars(page), "none, because a person said so"
    assert workspace().open_project(page.project.id).choices["split"]["test_fraction"] == 0


def warned(page: Photos) -> str:
    return "".join(warning.value for warning in page.app.warning)


def test_what_is_kept_on_one_side_is_told_with_how_many_photos_that_moved(page: Photos) -> None:
    page.add("upload_folder", [(f"d/{name}", data) for name, data in FILES.items()])
    (words,) = [text for text in said(page) if "stay on one side" in text]
    assert words.startswith("Photos that belong together stay on one side: 1 group of nearly the same photos (")
    assert "change sides) and 1 series taken in one go (" in words or "for it) and 1 series taken in one go (" in words
    assert not page.app.warning


def test_a_class_that_is_one_series_is_warned_of(page: Photos) -> None:
    series = [(f"d/ant/{n}.jpg", written(moved(0, n / 40), f"2026:01:31 14:25:0{n}")) for n in range(1, 7)]
    page.add("upload_folder", [*series, *((f"d/bee/{n}.jpg", written(scene(n))) for n in range(10, 16))])
    assert "Nearly all photos of ant belong to one series" in warned(page) and "another day" in warned(page)


def test_folders_that_part_what_belongs_together_are_kept_and_warned_of(page: Photos) -> None:
    files = [(f"d/train/{name}", data) for name, data in FILES.items() if "again" not in name]
    files += [("d/test/ant/again.jpg", FILES["ant/again.jpg"]), ("d/test/bee/9.jpg", written(scene(9)))]
    page.add("upload_folder", files)
    assert "1 group of photos that belong together is in several splits" in warned(page)
    assert "ant/again.jpg" in warned(page)
