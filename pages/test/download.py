"""Taking the trained classifier away: the model, its labels, or both in a zip that says how to use them."""

from __future__ import annotations

import io
import zipfile
from importlib import resources

import streamlit as st

from pages.jobs.figure_words import figure_sentence
from pages.jobs.trained_runs import Trained
from transfer_core.disk.workspace import Project
from transfer_core.photos import reader
from transfer_core.text import Sentence, t, visible

__all__ = ["about", "buttons", "packed"]

_README = Sentence("""{project}: an image classifier trained with Thaw

model.keras    the classifier. It takes RGB photos as numbers from 0 to 255, {size} x {size} pixels;
               everything else it needs to do with them is inside.
labels.json    the classes, in the order of the model's answers.
known.npz      what it learned from, as it sees it: so it can say of a photo that it is none of these.
read_photo.py  how Thaw reads a photo: which way is up, the part that is looked at, colors, transparency.
               Another way of reading gives other answers.
predict.py     a program that asks the classifier about photos.

{measured}

How to use it:

    pip install keras tensorflow pillow numpy simplejpeg tifffile pi-heif
    python predict.py photo.jpg another.jpg
""")

_PROGRAM = resources.files("transfer_core.nn.export") / "predict_program.py"


def buttons(project: Project, chosen: Trained) -> None:
    """The three downloads; each is read from disk only when it is clicked."""
    st.markdown(t("**Take it with you**"))
    st.caption(t("The trained classifier, for use in other programs. It needs nothing else from Thaw."))
    stem = project.id.rpartition("-")[0] or project.id
    # Here: the zip is packed in a thread that knows neither the page nor its language.
    words = about(project, chosen)
    st.download_button(
        t("Everything, as a zip"),
        lambda: packed(chosen, words),
        file_name=f"{stem}.zip",
        mime="application/zip",
        key="download_zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        width="stretch",
    )
    with st.container(horizontal=True):
        st.download_button(
            t("Model"),
            chosen.run.model_path.read_bytes,
            file_name="model.keras",
            mime="application/octet-stream",
            key="download_model",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            t("Labels"),
            chosen.run.labels_path.read_bytes,
            file_name="labels.json",
            mime="application/json",
            key="download_labels",
            icon=":material/download:",
            on_click="ignore",
        )


def about(project: Project, chosen: Trained) -> str:
    """What the zip says of itself.

    Raises:
        RunError: the labels are gone.
    """
    measured = (
        t(figure_sentence(chosen.figure, visible)).replace("**", "") if chosen.figure else t("It was not measured.")
    )
    size = chosen.run.labels()["input_size"]
    return t(_README.id, project=project.name, size=size, measured=measured)


def packed(chosen: Trained, words: str) -> bytes:
    """The zip: model, labels, a program that uses them and reads photos with our own code, and a few `words`."""
    buffer = io.BytesIO()
    # The model is a zip itself: packing it again would cost seconds and save nothing.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.write(chosen.run.model_path, "model.keras")
        archive.write(chosen.run.labels_path, "labels.json")
        if chosen.run.known_path.is_file():  # earlier versions kept none
            archive.write(chosen.run.known_path, "known.npz")
        archive.write(reader.__file__, "read_photo.py")
        archive.writestr("predict.py", _PROGRAM.read_bytes())
        archive.writestr("README.txt", words)
    return buffer.getvalue()
