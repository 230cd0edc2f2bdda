"""What an import says of itself: as many photos as joined the project, everywhere alike, under the names they had."""

import io
import zipfile

import pytest

from tests.pages.photos.photos_page import Jpeg, Photos

pytestmark = pytest.mark.usefixtures("typed_options")


@pytest.fixture
def mixed(page: Photos, jpeg: Jpeg) -> Photos:
    """Eleven loose files: five photos, a copy of one, and five files that are none."""
    page.app.selectbox(key="upload_class").set_value("tin").run()
    files = [(f"{number}.jpg", jpeg(number)) for number in range(5)] + [("a copy.jpg", jpeg(3))]
    page.add("upload_files", files + [(f"{number}.txt", b"no photo") for number in range(5)])
    return page


def test_as_many_photos_are_told_as_joined_the_project(mixed: Photos) -> None:
    app = mixed.app
    assert mixed.store.classes() == {"tin": 5}
    said = app.warning[0].value
    assert said == "5 photos of 1 class added. 1 copy was left out. 5 files could not be used."
    assert "Last change: importing 5 photos" in [caption.value for caption in app.caption]
    assert any(
        text.value.startswith("This takes back importing 5 photos: 5 photos leave the project") for text in app.markdown
    )
    mixed.press("undo_edit")
    assert app.button(key="redo_edit").proto.help == "Does again: importing 5 photos."


def test_the_table_of_copies_tells_which_photo_is_kept(mixed: Photos) -> None:
    (table,) = [table.value for table in mixed.app.table if "Kept" in table.value]
    assert table.to_dict("list") == {"Kept": ["tin/3.jpg"], "Left out": ["tin/a copy.jpg"]}
    # By name the copy comes first.
    mixed.app.selectbox(key="upload_class").set_value("tin").run()
    mixed.add("upload_files", [("0 again.jpg", mixed.store.photos("tin")[0].path.read_bytes())], taken=1)
    (table,) = [table.value for table in mixed.app.table if "Kept" in table.value]
    assert table.to_dict("list") == {"Kept": ["tin/0.jpg"], "Left out": ["tin/0 again.jpg"]}
    assert mixed.app.warning[0].value == "No new photos. 1 copy was left out."
    assert "Last change: importing photos that were here before" in [caption.value for caption in mixed.app.caption]


def test_what_is_here_already_is_no_new_photo(pets: Photos, jpeg: Jpeg) -> None:
    files = [(f"pets/cat/{number}.jpg", jpeg(number)) for number in range(4)]
    pets.add("upload_folder", [*files, ("pets/cow/1.jpg", jpeg(20))], taken=1)
    assert pets.app.success[0].value == "1 photo of 1 class added. 4 files were here before."
    pets.add("upload_folder", files, taken=2)
    assert pets.app.success[0].value == "No new photos. 4 files were here before."
    assert "Last change: importing 1 photo" in [caption.value for caption in pets.app.caption]


def test_a_quotation_mark_that_the_browser_escaped_is_one_again(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", [("p/the %22best%22 cat/100%25 %41.jpg", jpeg(1)), ("p/dog/a%0D%0Ab.jpg", jpeg(2))])
    assert page.store.classes() == {'the "best" cat': 1, "dog": 1}
    assert page.store.photos('the "best" cat')[0].name == 'the "best" cat/100%25 %41.jpg'  # as it was named
    assert page.store.photos("dog")[0].name == "dog/a__b.jpg"  # line ends can't be shown
    page.app.selectbox(key="upload_class").set_value("dog").run()
    page.add("upload_files", [("6%22 tall.txt", b"no photo")])
    assert page.app.table[0].value["File"][0] == 'dog/6" tall.txt'


def test_an_empty_class_folder_and_names_that_may_be_misspelled_are_told(page: Photos, jpeg: Jpeg) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pets/cow/", b"")
        for number in range(4):
            archive.writestr(f"pets/{('kaatzchen', 'dog')[number % 2]}/{number}.jpg", jpeg(number))
    # As Windows writes an umlaut without saying in which code page.
    data = buffer.getvalue().replace(b"kaatzchen", b"k\xe4\xe4tzchen")
    page.add("upload_zip", [("pets.zip", data)])
    said = "\n".join(caption.value for caption in page.app.caption)
    assert "The folder cow holds no photo, so it became no class." in said
    assert "The names in this zip do not say how they are written" in said
