"""What `thaw classroom` runs: the app behind its door."""

import os
from pathlib import Path

from starlette.middleware import Middleware
from streamlit import config
from streamlit.starlette import App

from pages.classroom.present import room
from transfer_core.classroom.door import Door

opened = room()
if opened is None:
    raise SystemExit(2)  # it is started by: thaw classroom
app = App(
    Path(__file__).parents[2] / "app.py",
    middleware=[
        Middleware(
            Door,
            room=opened,
            hosts=os.environ["THAW_CLASSROOM_HOSTS"].split(","),
            secure=bool(config.get_option("server.sslCertFile")),
        )
    ],
)
