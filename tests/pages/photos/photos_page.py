"""The photos page as a test drives it."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from pages.home.new_project import photos_task
from pages.ui.services import store
from transfer_core.disk.workspace import Project
from transfer_core.photos.store import PhotoStore

Jpeg = Callable[[int], bytes]
Finish = Callable[[AppTest, str], AppTest]


class Photos:
    """The photos page of one project."""

    def __init__(self, app: AppTest, project: Project, finish: Finish) -> None:
        self.app, self.project, self._finish = app, project, finish

    @property
    def store(self) -> PhotoStore:
        return store(self.project)

    def add(self, way: str, files: list[tuple[str, bytes]], taken: int = 0) -> AppTest:
        """Drop files into an uploader and wait for the import."""
        uploads = [(name, data, "") for name, data in files]
        self.app.file_uploader(key=f"{way}_{taken}").set_value(uploads if way != "upload_zip" else uploads[0]).run()
        return self._finish(self.app, photos_task(self.project))

    def press(self, key: str) -> AppTest:
        self.app.button(key=key).click().run()
        assert not self.app.exception
        return self.app

    def press_twice(self, key: str) -> AppTest:
        """Click twice before the browser shows anything new: the second time it sends what it sent the first time."""
        self.app.button(key=key).click()
        sent = self.app._tree.get_widget_states()
        for state in reversed(sent.widgets):
            if state.WhichOneof("value") == "trigger_value" and not state.trigger_value:
                sent.widgets.remove(state)  # a browser says nothing of buttons that were not clicked
        for _ in range(2):
            self.app._run(sent)
            assert not self.app.exception
        return self.app
