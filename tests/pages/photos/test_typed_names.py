"""A class name is checked as soon as it is typed, before files are chosen for it."""

import pytest

from tests.pages.photos.photos_page import Jpeg, Photos
from transfer_core.errors import DataError

pytestmark = pytest.mark.usefixtures("typed_options")


@pytest.mark.parametrize("name", ["tin <i>/can</i>", "a\\b", "   ", "x" * 61, ".."])
def test_a_name_that_can_be_no_class_is_refused_where_it_is_typed(page: Photos, name: str, jpeg: Jpeg) -> None:
    page.app.selectbox(key="upload_class").set_value(name).run()
    with pytest.raises(DataError) as refusal:
        page.store.import_files([("1.jpg", jpeg(1))], name)
    assert [error.value.replace("\\<", "<").replace("\\\\", "\\") for error in page.app.error] == [str(refusal.value)]
    uploader = page.app.file_uploader(key="upload_files_0")
    assert uploader.disabled and uploader.label == "Name the class above first"


def test_the_uploader_opens_for_a_name_that_can_be_used(page: Photos, jpeg: Jpeg) -> None:
    page.app.selectbox(key="upload_class").set_value("a/b").run()
    page.app.selectbox(key="upload_class").set_value("  tin   can ").run()
    assert not page.app.error
    assert page.app.file_uploader(key="upload_files_0").label == "Photos of tin can"
    page.add("upload_files", [("1.jpg", jpeg(1))])
    assert page.store.classes() == {"tin can": 1}


def test_no_camera_is_started_for_a_name_that_can_be_no_class(page: Photos) -> None:
    page.app.toggle(key="use_camera").set_value(True).run()
    page.app.selectbox(key="camera_class").set_value("a/b").run()
    assert "has a slash" in page.app.error[0].value
    assert not page.app.get("camera_input")
