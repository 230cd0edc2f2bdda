"""Photos: every way in, what is refused and why, edits with undo, conflicts, and the split."""

import io
import threading
import zipfile
from pathlib import Path

import pytest

from pages.home.new_project import photos_task
from pages.photos import edits
from pages.photos import grid as photo_grid
from pages.ui.steps import done_steps
from tests.pages.photos.photos_page import Finish, Jpeg, Photos
from tests.pages.toys import words
from tests.photos.test_heic import HEIC
from tests.support import workspace
from transfer_core.errors import DataError
from transfer_core.photos.importer import Cancelled, Progress
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.hints import GOOD_START


def test_an_empty_project_says_what_to_do_and_leads_nowhere_yet(page: Photos) -> None:
    assert not page.app.exception
    assert "folder for each class" in page.app.info[0].value
    assert page.app.button(key="next_base").disabled


def test_a_dropped_folder_becomes_classes(pets: Photos) -> None:
    assert pets.store.classes() == {"cat": 4, "dog": 3}
    assert "7 photos of 2 classes added" in pets.app.success[0].value
    assert not pets.app.button(key="next_base").disabled
    assert pets.press("dismiss_report").success == []


def test_an_import_is_told_until_the_photos_are_changed(pets: Photos) -> None:
    assert "7 photos of 2 classes added" in pets.app.success[0].value
    pets.app.run()
    assert len(pets.app.success) == 1
    pets.store.rename_class("cat", "kitten")
    pets.app.run()
    assert not pets.app.success, "what it brought may have gone meanwhile"
    pets.press("undo_edit")
    assert "7 photos of 2 classes added" in pets.app.success[0].value


def test_files_that_are_no_photos_are_listed_with_reasons(page: Photos, jpeg: Jpeg) -> None:
    app = page.add(
        "upload_folder",
        [("p/cat/1.jpg", jpeg(1)), ("p/cat/2.jpg", jpeg(2)), ("p/cat/empty.jpg", b""), ("p/dog/notes.txt", b"woof")],
    )
    assert "2 files could not be used" in app.warning[0].value
    assert any("2 refused files" in expander.label for expander in app.expander)
    table = app.table[0].value
    assert set(table["File"]) == {r"cat/empty.jpg", r"dog/notes.txt"}
    assert all(table["Why"])
    assert app.button(key="next_base").disabled
    assert any("only one class" in warning.value for warning in app.warning)


def test_a_zip_and_what_is_none(page: Photos, jpeg: Jpeg) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(4):
            archive.writestr(f"pets/{'cat' if number % 2 else 'dog'}/{number}.jpg", jpeg(number))
    app = page.add("upload_zip", [("not.zip", b"no zip at all")])
    assert "is not a zip" in app.error[0].value
    page.press(f"dismiss_{photos_task(page.project)}")
    page.add("upload_zip", [("pets.zip", buffer.getvalue())], taken=1)
    assert page.store.classes() == {"cat": 2, "dog": 2}


def test_single_photos_go_to_a_class_old_or_new(pets: Photos, jpeg: Jpeg) -> None:
    assert pets.app.file_uploader(key="upload_files_0").disabled
    pets.app.text_input(key="new_class").set_value("bird")
    pets.press("add_class")
    pets.app.selectbox(key="upload_class").set_value("bird").run()
    pets.add("upload_files", [("a.jpg", jpeg(20)), ("b.jpg", jpeg(21))])
    assert pets.store.classes() == {"bird": 2, "cat": 4, "dog": 3}


def test_a_folder_on_this_computer_and_one_that_is_not(
    page: Photos, jpeg: Jpeg, finish: Finish, tmp_path: Path
) -> None:
    for number in range(4):
        path = tmp_path / "pets" / ("cat" if number % 2 else "dog") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(number))
    # In quotes, as Windows' "Copy as path" gives it.
    nowhere, pets = f"'{tmp_path}/nowhere'", f' "{tmp_path}/pets"'
    for name, expected in ((nowhere, "There is no folder"), (pets, "4 photos of 2 classes")):
        page.app.text_input(key="folder_path").set_value(name)
        page.app.button(key="import_path").click().run()
        app = finish(page.app, photos_task(page.project))
        assert expected in [*app.error, *app.success][0].value
    assert page.store.classes() == {"cat": 2, "dog": 2}


def test_one_photo_of_a_class_is_refused_by_the_way_on(page: Photos, jpeg: Jpeg) -> None:
    files = [("p/cat/1.jpg", jpeg(1)), ("p/cat/2.jpg", jpeg(2)), ("p/dog/3.jpg", jpeg(3))]
    app = page.add("upload_folder", files)
    assert app.button(key="next_base").disabled
    assert any('"dog" has a single photo' in caption.value for caption in app.caption)


def test_a_photo_under_two_classes_waits_for_a_choice(pets: Photos, jpeg: Jpeg) -> None:
    pets.add("upload_folder", [("p/dog/again.jpg", jpeg(0))], taken=1)
    (group,) = pets.store.conflicts()
    assert any("2 of them are left out" in caption.value for caption in pets.app.caption)
    as_dog = next(photo for photo in group if photo.class_name == "dog")
    pets.press(f"keep_{as_dog.id}")
    assert pets.store.conflicts() == []
    assert pets.store.classes() == {"cat": 3, "dog": 4}


def test_classes_are_renamed_merged_deleted_and_brought_back(pets: Photos) -> None:
    app = pets.app
    app.selectbox(key="rename_old").set_value("cat")
    app.text_input(key="rename_new").set_value("kitten")
    pets.press("rename_class")
    assert pets.store.classes() == {"dog": 3, "kitten": 4}
    app.multiselect(key="merge_names").set_value(["dog", "kitten"])
    app.text_input(key="merge_into").set_value("pet")
    pets.press("merge_classes")
    assert pets.store.classes() == {"pet": 7}
    app.selectbox(key="delete_name").set_value("pet")
    pets.press("delete_class")
    assert pets.store.classes() == {}
    # Without a class there is no toolbar, so the way back must stand elsewhere.
    for expected in ({"pet": 7}, {"dog": 3, "kitten": 4}, {"cat": 4, "dog": 3}):
        pets.press("undo_edit")
        assert pets.store.classes() == expected


def test_a_name_that_is_taken_is_refused_in_a_sentence(pets: Photos) -> None:
    pets.app.selectbox(key="rename_old").set_value("cat")
    pets.app.text_input(key="rename_new").set_value("dog")
    assert "dog" in pets.press("rename_class").error[0].value
    assert pets.store.classes() == {"cat": 4, "dog": 3}


def test_picked_photos_are_moved_and_removed(pets: Photos) -> None:
    first, second, *_ = pets.store.photos("cat")
    pets.app.checkbox(key=f"pick_{first.id}").check().run()
    pets.app.selectbox(key="move_to").set_value("dog").run()
    pets.press("move_photos")
    assert pets.store.classes() == {"cat": 3, "dog": 4}
    pets.app.checkbox(key=f"pick_{second.id}").check().run()
    pets.press("remove_photos")
    assert pets.store.classes() == {"cat": 2, "dog": 4}


@pytest.mark.usefixtures("recent_apptest")
def test_many_photos_come_a_page_at_a_time(page: Photos, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_grid, "PER_PAGE", 5)
    app = page.add("upload_folder", [(f"p/{'cat' if n < 12 else 'dog'}/{n:02}.jpg", jpeg(n)) for n in range(14)])
    assert len([box for box in app.checkbox if str(box.key).startswith("pick_")]) == 5
    app.get("pagination")[0].set_value(3).run()
    assert len([box for box in app.checkbox if str(box.key).startswith("pick_")]) == 2


def test_the_split_is_kept_and_shown(pets: Photos) -> None:
    pets.app.slider(key="split_share").set_value(50).run()
    pets.app.number_input(key="split_seed").set_value(7).run()
    assert workspace().open_project(pets.project.id).choices["split"] == {"validation_fraction": 0.5, "seed": 7}
    counts = pets.store.manifest(0.5, 7).counts()
    bars = "".join(html.proto.body for html in pets.app.get("html"))
    for name in ("cat", "dog"):
        assert f"{counts['train'][name]} + {counts['validation'][name]}" in bars


def test_an_import_can_be_cancelled(page: Photos, jpeg: Jpeg, finish: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(store: PhotoStore, files: object, name: object, *, progress: Progress, cancelled: Cancelled) -> None:
        progress(30, 90, "30.jpg")
        while not cancelled():
            threading.Event().wait(0.01)
        raise DataError("The import was stopped, so nothing was added.")

    monkeypatch.setattr(PhotoStore, "import_files", endless)
    page.app.file_uploader(key="upload_folder_0").set_value([("p/cat/1.jpg", jpeg(1), "")]).run()
    key = photos_task(page.project)
    assert page.app.button(key="cancel_" + key).click().run() is page.app
    app = finish(page.app, key)
    assert "nothing was added" in app.info[0].value
    assert page.store.classes() == {}


def test_the_second_click_of_a_pair_changes_nothing(pets: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "_DOUBLE_CLICK", 60.0)
    pets.app.text_input(key="new_class").set_value("bird")
    pets.press("add_class")
    assert pets.app.text_input(key="new_class").value == ""
    pets.press("add_class")
    assert not pets.app.error
    pets.app.text_input(key="new_class").set_value("bird")
    pets.press("add_class")
    assert not pets.app.error
    assert "bird" in pets.store.classes()


def test_a_single_file_of_another_kind_is_refused_with_its_reason(pets: Photos, jpeg: Jpeg) -> None:
    assert not pets.app.file_uploader(key="upload_files_0").proto.type, "the browser drops others without a word"
    pets.app.selectbox(key="upload_class").set_value("cat").run()
    heic, video = (HEIC / "plain.heic").read_bytes(), b"\0\0\0\x18ftypqt  " + bytes(100)
    pets.add(
        "upload_files", [("a.jpg", jpeg(20)), ("IMG_1.HEIC", heic), ("IMG_1.MOV", video), ("IMG_2.HEIC", heic[:700])]
    )
    assert pets.store.classes() == {"cat": 6, "dog": 3}
    reasons = dict(zip(pets.app.table[0].value["File"], pets.app.table[0].value["Why"], strict=True))
    assert "a video" in reasons["cat/IMG_1.MOV"] and "cut off or damaged" in reasons["cat/IMG_2.HEIC"]


def test_undoing_an_import_says_what_leaves_and_redo_brings_it_back(pets: Photos) -> None:
    pets.app.selectbox(key="delete_name").set_value("dog")
    pets.press("delete_class")
    pets.press("undo_edit")
    assert pets.store.classes() == {"cat": 4, "dog": 3}
    said = [text.value for text in pets.app.markdown if "takes back" in text.value]
    assert said == ["This takes back importing 7 photos: 7 photos leave the project. Redo brings them back."]
    pets.press("undo_edit")
    assert pets.store.classes() == {}
    assert pets.app.button(key="undo_edit").disabled
    assert any("Everything is undone" in caption.value for caption in pets.app.caption)
    pets.press("redo_edit")
    assert pets.store.classes() == {"cat": 4, "dog": 3}
    pets.press("redo_edit")
    assert pets.store.classes() == {"cat": 4}
    assert pets.app.button(key="redo_edit").disabled


def test_a_refused_name_is_explained_where_it_was_typed(pets: Photos) -> None:
    pets.app.text_input(key="new_class").set_value("cat/dog")
    pets.press("add_class")
    (popover,) = [block for block in pets.app.get("popover") if block.proto.popover.label == "Add a class"]
    assert any("has a slash" in error.value for error in popover.error)
    assert len(pets.app.error) == 1


def test_classes_that_look_alike_are_joined_by_a_click_or_left_apart(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", [(f"p/{'AaBb'[n % 4]}/{n}.jpg", jpeg(n)) for n in range(12)] + [("p/A/x.jpg", jpeg(50))])
    assert page.store.classes() == {"A": 4, "B": 3, "a": 3, "b": 3}
    asked = [warning.value for warning in page.app.warning if "look alike" in warning.value]
    assert asked == ["A and a look alike. Are they one class?", "B and b look alike. Are they one class?"]
    page.press("apart_1")
    page.press("join_0")
    assert page.store.classes() == {"A": 7, "B": 3, "b": 3}
    assert not [warning.value for warning in page.app.warning if "look alike" in warning.value]


def test_forty_refusals_of_one_kind_are_one_row(page: Photos, jpeg: Jpeg) -> None:
    files = [(f"p/{name}/{n}.jpg", jpeg(n + 10 * at)) for at, name in enumerate(("cat", "dog")) for n in range(3)]
    app = page.add("upload_folder", files + [(f"p/cat/{n}.txt", b"woof") for n in range(40)] + [("p/dog/e.jpg", b"")])
    table = app.table[0].value
    assert len(table) == 2
    assert table["File"][0] == r"cat/0.txt, cat/1.txt, cat/10.txt and 37 more"
    assert [button.key for button in app.get("download_button")] == ["refused_names"]


def test_splits_of_folders_are_kept_and_can_be_forgotten(page: Photos, jpeg: Jpeg) -> None:
    files = [(f"d/train/{name}/{n}.jpg", jpeg(n + 10 * at)) for at, name in enumerate(("cat", "dog")) for n in range(6)]
    files += [
        (f"d/test/{name}/{n}.jpg", jpeg(n + 50 + 10 * at)) for at, name in enumerate(("cat", "dog")) for n in (1, 2)
    ]
    app = page.add("upload_folder", [*files, ("d/train/labels.csv", b"a,b")])
    assert any(
        "12 photos to learn from and to check on, and 4 for a test at the end" in text.value for text in app.caption
    )
    assert any("4 test photos are kept for the end" in info.value for info in app.info)
    assert page.store.manifest().counts()["test"] == {"cat": 2, "dog": 2}
    page.press("forget_splits")
    assert page.store.manifest().counts()["test"] == {"cat": 0, "dog": 0}
    page.press("undo_edit")
    assert page.store.manifest().counts()["test"] == {"cat": 2, "dog": 2}


def test_a_name_that_turns_the_rest_around_is_shown_by_its_escape(page: Photos, jpeg: Jpeg) -> None:
    names = ("dog\u202egpj", "cat")
    page.add(
        "upload_folder", [(f"p/{name}/{n}.jpg", jpeg(n + 10 * at)) for at, name in enumerate(names) for n in (1, 2)]
    )
    shown = "".join(html.proto.body for html in page.app.get("html"))
    assert "\u202e" not in shown and r"dog\u202Egpj" in shown
    for kind in ("markdown", "caption", "pills", "selectbox", "multiselect", "button"):
        assert "\u202e" not in "".join(str(element.proto) for element in page.app.get(kind) if kind != "pills")


def test_few_photos_are_called_few_until_there_is_a_good_start(page: Photos, jpeg: Jpeg) -> None:
    assert f"{GOOD_START} photos of each are a good start" in words(page.app)
    page.add(
        "upload_folder",
        [(f"p/{name}/{n}.jpg", jpeg(n + at)) for at, name in ((0, "cat"), (100, "dog")) for n in range(GOOD_START - 1)],
    )
    assert f"Few photos of cat, dog: {GOOD_START} or more" in words(page.app)
    page.add("upload_folder", [("p/cat/more.jpg", jpeg(90))], taken=1)
    assert "Few photos of dog:" in words(page.app)
    page.add("upload_folder", [("p/dog/more.jpg", jpeg(190))], taken=2)
    assert "Few photos" not in words(page.app)


def test_long_names_are_cut_where_they_are_alike(page: Photos, jpeg: Jpeg) -> None:
    files = [
        (f"p/{name}/checkerboard_of_the_school_{n:05}.jpg", jpeg(n + at))
        for at, name in ((0, "a"), (50, "b"))
        for n in range(5)
    ]
    page.add("upload_folder", files)
    labels = [box.label for box in page.app.checkbox if str(box.key).startswith("pick_")]
    assert len(labels) == len(set(labels)) == 5
    assert all("…" in label and label.endswith(f"{n}.jpg") for n, label in enumerate(sorted(labels)))


def test_photos_are_not_done_while_a_class_has_a_single_photo(page: Photos, jpeg: Jpeg) -> None:
    files = [("p/cat/1.jpg", jpeg(1)), ("p/cat/2.jpg", jpeg(2)), ("p/dog/3.jpg", jpeg(3))]
    page.add("upload_folder", files)
    assert "photos" not in done_steps(page.project)
    page.add("upload_folder", [("p/dog/4.jpg", jpeg(4))], taken=1)
    assert "photos" in done_steps(page.project)
    page.add("upload_folder", [("p/cat/4.jpg", jpeg(4))], taken=2)  # under two classes: set aside, so one dog is left
    assert "photos" not in done_steps(page.project)
