"""The photos page of a project, empty or with photos."""

from collections.abc import Callable, Iterator

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from pages.home.new_project import photos_task
from pages.ui import tasks
from tests.pages.photos.photos_page import Finish, Jpeg, Photos
from tests.support import workspace


@pytest.fixture
def page(open_page: Callable[[str, str], AppTest], finish: Finish, app: AppTest) -> Iterator[Photos]:
    project = workspace().create_project("Pets")
    yield Photos(open_page("photos", project.id), project, finish)
    tasks.dismiss(photos_task(project))


@pytest.fixture
def pets(page: Photos, jpeg: Jpeg) -> Photos:
    """The page with four cats and three dogs."""
    files = [(f"pets/cat/{number}.jpg", jpeg(number)) for number in range(4)]
    files += [(f"pets/dog/{number}.jpg", jpeg(number)) for number in range(4, 7)]
    page.add("upload_folder", files)
    return page


@pytest.fixture
def typed_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AppTest choose what is no option yet, as a person who types it: it sends only what was an option."""

    def sent(box: Selectbox[str]) -> WidgetState:
        return WidgetState(id=box.id, string_value=None if box.value is None else str(box.value))

    monkeypatch.setattr(Selectbox, "_widget_state", property(sent))
