"""The photos behind a cell of the table, or all mistakes; each can be put into another class or removed right here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.launch import launch
from pages.photos.classes import undo
from pages.photos.edits import form, show_refusal
from pages.ui.frame import go, project
from pages.ui.html import cells, plain, sentence, thumb
from pages.ui.services import store
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs.evaluate.verdict import confusions
from transfer_core.runs.folder import Run
from transfer_core.text import plural, t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import Photo, PhotoStore

__all__ = ["draw", "shown_key"]

PER_PAGE = 12
_ALL = "all"
_PROBLEM = "evaluate_problem"


def shown_key(run: Run) -> str:
    """The key of what is shown of this result: `all`, or row and column of a cell."""
    return f"evaluate_shown_{run.id}"


def draw(run: Run, result: Mapping[str, Any], shown: str) -> None:
    """Draw the photos that are chosen."""
    st.header(t("The photos"), anchor=False)
    names = result["classes"]
    wrong = result["photos"] - result["right"]
    pairs = [(names.index(truth), names.index(answer), count) for truth, answer, count in confusions(result)]
    pairs += [(at, at, row[at]) for at, row in enumerate(result["confusion"]) if row[at]]
    choices = {_ALL: t("All mistakes, the surest first ({wrong:,})", wrong=wrong)} if wrong else {}
    for truth, answer, count in pairs:
        values = {"truth": visible(names[truth]), "answer": visible(names[answer]), "count": count}
        choices[f"{truth},{answer}"] = (
            t("{truth} taken for {answer} ({count:,})", **values)
            if truth != answer
            else t("{truth}, right ({count:,}), the least sure first", **values)
        )
    if not wrong:
        st.caption(t("Nothing is wrong here."))
    if st.session_state.get(shown) not in choices:
        st.session_state[shown] = next(iter(choices))
    chosen = st.selectbox(t("Which photos?"), list(choices), key=shown, format_func=lambda one: choices.get(one, one))
    found = [photo for photo in result["answers"] if _belongs(photo, chosen, names)]
    opened = project()
    photos = store(opened) if opened else None
    # By content: the result holds the photos as they were.
    now = {photo.sha256: photo for photo in photos.photos()} if photos else {}
    if opened and photos:
        _corrected(opened, photos, result, now)
    pages = -(-len(found) // PER_PAGE)
    number = st.pagination(pages, key=f"evaluate_page_{run.id}_{chosen}") if pages > 1 else 1
    start = (min(number, pages) - 1) * PER_PAGE
    with cells("evaluate_photos", least=150):
        for photo in found[start : start + PER_PAGE]:
            with st.container(gap="xxsmall"):
                _card(photo, photos, now.get(photo["sha256"]), names)


def _belongs(photo: Mapping[str, Any], chosen: str, names: Sequence[str]) -> bool:
    if chosen == _ALL:
        return bool(photo["truth"] != photo["answer"])
    truth, answer = (names[int(at)] for at in chosen.split(","))
    return bool(photo["truth"] == truth and photo["answer"] == answer)


def _card(photo: Mapping[str, Any], photos: PhotoStore | None, now: Photo | None, names: Sequence[str]) -> None:
    thumb(photo)
    said = t("{answer}, {share:.0%} sure", answer=plain(photo["answer"]), share=photo["probability"])
    st.markdown(f"**{plain(photo['truth'])}**  \n:small[→ {said}]")
    if photo.get("none"):
        st.caption(t("looks like “none of these”"))
    if photos is None:
        return
    if now is None:
        st.caption(t("removed since"))
    elif now.class_name != photo["truth"]:
        st.caption(t("moved to {class_name}", class_name=plain(now.class_name)))
    else:
        _correct(photos, now, photo["answer"], names)


def _correct(photos: PhotoStore, photo: Photo, answer: str, names: Sequence[str]) -> None:
    choice = form(f"correct {photo.id} {photo.class_name}")
    with st.popover(t("Correct"), icon=":material/edit:", key=choice.key(f"correct_{photo.id}"), type="tertiary"):
        st.caption(plain(photo.name))
        others = [name for name in photos.classes() if name != photo.class_name]
        to = st.selectbox(
            t("What it really shows"),
            others,
            index=others.index(answer) if answer in others else None,
            key=f"correct_to_{photo.id}",
            format_func=visible,
        )
        st.button(
            t("Move it to {to}", to=plain(to)) if to else t("Move it"),
            key=f"correct_move_{photo.id}",
            disabled=not to,
            on_click=choice.edit_with,
            args=(photos.move_photos, [photo.id], to),
        )
        st.button(
            t("Remove it"),
            key=f"correct_remove_{photo.id}",
            icon=":material/delete:",
            on_click=choice.edit_with,
            args=(photos.remove_photos, [photo.id]),
        )


def _corrected(opened: Project, photos: PhotoStore, result: Mapping[str, Any], now: Mapping[str, Photo]) -> None:
    """Say what was corrected since, with undo and the way to a new training."""
    show_refusal()
    changed = sum(
        photo["sha256"] not in now or now[photo["sha256"]].class_name != photo["truth"] for photo in result["answers"]
    )
    if not changed:
        return
    with st.container(border=True, key="evaluate_corrected"):
        st.markdown(
            t(
                plural(
                    "{n:,} of these photos has been corrected since. Train again, so that the classifier learns it.",
                    "{n:,} of these photos have been corrected since. Train again, so that the classifier learns it.",
                    changed,
                )
            )
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(t("Train again"), key="evaluate_train", type="primary", icon=":material/model_training:"):
                try:
                    launch(opened, photos)
                except TransferError as error:
                    st.session_state[_PROBLEM] = str(error)
                else:
                    go("train")
            undo(photos)
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(sentence(problem), icon=":material/error:")
