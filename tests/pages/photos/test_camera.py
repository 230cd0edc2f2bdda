"""What the camera sends becomes photos of the class that was chosen, and what is no picture is left out."""

import base64
from typing import Any

import pytest

from pages.components.camera import shots
from pages.home.new_project import photos_task
from tests.pages.component import fire
from tests.pages.photos.photos_page import Finish, Jpeg, Photos

NOON = 1_760_000_000_250


def message(*pictures: bytes, **parts: Any) -> dict[str, Any]:
    frames = [{"at": NOON + 200 * n, "jpeg": base64.b64encode(data).decode()} for n, data in enumerate(pictures)]
    return {"frames": frames, "offset": -60, **parts}


def test_pictures_are_named_by_the_clock_of_the_camera() -> None:
    first, second = shots(message(b"one", b"two"))
    assert (first.name, first.data) == ("camera 2025-10-09 09-53-20-250.jpg", b"one")
    assert second.name == "camera 2025-10-09 09-53-20-450.jpg"


@pytest.mark.parametrize(
    "frame", [{}, {"at": 1, "jpeg": "no base64!"}, {"at": "noon", "jpeg": "YQ=="}, {"at": 1e30, "jpeg": "YQ=="}, None]
)
def test_what_is_no_picture_is_left_out(frame: Any) -> None:
    assert [shot.data for shot in shots({"frames": [frame, *message(b"one")["frames"]], "offset": "x"})] == [b"one"]
    assert len(shots(message(*[b"x"] * 500))) == 60


@pytest.mark.usefixtures("typed_options")
def test_a_burst_is_added_to_its_class_and_the_camera_stays_open(page: Photos, jpeg: Jpeg, finish: Finish) -> None:
    page.app.toggle(key="use_camera").set_value(True).run()
    page.app.selectbox(key="camera_class").set_value("robot").run()
    fire(page.app, "camera", "shots", message(jpeg(1), jpeg(2), b"no photo"))
    finish(page.app, photos_task(page.project))
    assert page.store.classes() == {"robot": 2}
    fire(page.app, "camera", "shots", message(jpeg(3)))
    finish(page.app, photos_task(page.project))
    assert page.store.classes() == {"robot": 3}
    assert page.app.toggle(key="use_camera").value and not page.app.exception
