"""The photos that the heading counts are all told of: in the bars, or beside them."""

from tests.pages.photos.photos_page import Jpeg, Photos
from tests.photos.groups.test_bursts import moved
from tests.photos.groups.test_looking import FILES
from tests.photos.groups.test_looking import jpeg as written
from tests.photos.groups.test_near_copies import scene


def in_splits(jpeg: Jpeg, **counts: int) -> list[tuple[str, bytes]]:
    """So many photos of each of two classes in each split."""
    return [
        (f"d/{split}/{name}/{number}.jpg", jpeg(number + 10 * at_class + 20 * at_split))
        for at_split, (split, count) in enumerate(counts.items())
        for at_class, name in enumerate(("cat", "dog"))
        for number in range(count)
    ]


def said(page: Photos) -> list[str]:
    return [caption.value for caption in page.app.caption]


def test_test_photos_are_named_beside_the_bars(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", in_splits(jpeg, train=6, test=3))
    assert "18 photos, 2 classes" in [header.value for header in page.app.header]
    assert "Not in the bars: 6 photos for a test at the end (cat 3, dog 3)." in said(page)
    words = "The folders say what is for what: 12 photos to learn from and to check on, and 6 for a test at the end."
    assert words in said(page)


def test_without_test_photos_nothing_is_said_of_them(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", in_splits(jpeg, train=4, valid=2))
    assert not any("Not in the bars" in text for text in said(page))
    assert any("8 photos to learn from, 4 to check on" in text for text in said(page))


def test_photos_of_two_classes_are_not_counted_where_no_training_can_start(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", [("d/cat/1.jpg", jpeg(1)), ("d/dog/2.jpg", jpeg(1))])
    assert "training 0" in "".join(html.proto.body for html in page.app.get("html"))
    assert any("in more than one class do not count until you choose" in text for text in said(page))
    assert page.app.button(key="next_base").disabled


def test_test_photos_are_no_training_photos_where_no_training_can_start(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", in_splits(jpeg, train=1, test=3))
    assert any("has a single photo" in warning.value for warning in page.app.warning)
    assert "Not in the bars: 6 photos for a test at the end (cat 3, dog 3)." in said(page)
    assert "training 2" in "".join(html.proto.body for html in page.app.get("html"))


def warned(page: Photos) -> str:
    return "".join(warning.value for warning in page.app.warning)


def test_what_is_kept_on_one_side_is_told_with_how_many_photos_that_moved(page: Photos) -> None:
    page.add("upload_folder", [(f"d/{name}", data) for name, data in FILES.items()])
    (words,) = [text for text in said(page) if "stay on one side" in text]
    assert words.startswith("Photos that belong together stay on one side: 1 group of nearly the same photos (")
    assert "changed sides for it) and 1 series taken in one go (" in words
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
