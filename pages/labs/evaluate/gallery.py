"""The photos behind a cell of the table, or all mistakes; each can be put into another class or removed right here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs import where
from pages.jobs.launch import launch
from pages.jobs.trained_runs import trained_runs
from pages.labs.what_changed import remember_to_compare
from pages.photos.classes import undo
from pages.photos.correct import correct, renamed
from pages.photos.edits import show_refusal
from pages.ui.frame import go, project
from pages.ui.html import cells, draw_thumb, page_of, plain, sentence, thumb_bytes
from pages.ui.services import store
from transfer_core.disk.workspace import Project
from transfer_core.errors import StorageError, TransferError
from transfer_core.labs.evaluate.verdict import FOLDS, confusions
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, plural, t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import Photo, PhotoStore

__all__ = ["draw", "shown_key", "turn"]

PER_PAGE = 12
_ALL = "all"
_PROBLEM = "evaluate_problem"


def shown_key(run: Run) -> str:
    """The key of what is shown of this result: `all`, or row and column of a cell."""
    return f"evaluate_shown_{run.id}"


def turn(shown: str) -> int:
    """How often the list, not the table, has chosen: the table is then another one, with no cell marked."""
    return int(st.session_state.get(f"{shown}_turn", 0))


def _chosen_by_list(shown: str) -> None:
    st.session_state[f"{shown}_turn"] = turn(shown) + 1


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
    chosen = st.selectbox(
        t("Which photos?"),
        list(choices),
        key=shown,
        format_func=lambda one: choices.get(one, one),
        on_change=_chosen_by_list,
        args=(shown,),
    )
    found = [photo for photo in result["answers"] if _belongs(photo, chosen, names)]
    opened = project()
    photos = store(opened) if opened else None
    # By content: the result holds the photos as they were.
    now = {photo.sha256: photo for photo in photos.photos()} if photos else {}
    called = renamed([(photo["sha256"], photo["truth"]) for photo in result["answers"]], now)
    if opened and photos:
        _corrected(opened, photos, result, now, called)
    page = page_of(found, PER_PAGE, key=f"evaluate_page_{run.id}_{chosen}")
    pictures = _looked(result, page)
    with cells("evaluate_photos", least=150):
        for photo, picture in zip(page, pictures, strict=True):
            with st.container(gap="xxsmall"):
                _card(photo, picture, photos, now.get(photo["sha256"]), called)


def _looked(result: Mapping[str, Any], page: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The pictures of a page of photos, lit where the classifier looked if that is asked for."""
    pictures = [thumb_bytes(photo) for photo in page]
    run = Run(Path(result["run"]))
    if result["on"] == FOLDS or not page or not run.model_path.is_file():
        return pictures  # each was answered by a classifier that is gone
    layer = where.choose(run, "evaluate_where")
    if layer is None:
        return pictures
    return where.lit(run, [(photo["path"], photo["answer"]) for photo in page], pictures, layer)


def _belongs(photo: Mapping[str, Any], chosen: str, names: Sequence[str]) -> bool:
    if chosen == _ALL:
        return bool(photo["truth"] != photo["answer"])
    truth, answer = (names[int(at)] for at in chosen.split(","))
    return bool(photo["truth"] == truth and photo["answer"] == answer)


def _card(
    photo: Mapping[str, Any],
    picture: bytes,
    photos: PhotoStore | None,
    now: Photo | None,
    called: Mapping[str, str | None],
) -> None:
    draw_thumb(photo, picture)
    said = t("{answer}, {share:.0%} sure", answer=plain(photo["answer"]), share=photo["probability"])
    st.markdown(f"**{plain(photo['truth'])}**  \n:small[→ {said}]")
    if photo.get("none"):
        st.caption(t("looks like “none of these”"))
    if photos is None:
        return
    if now is None:
        st.caption(t("removed since"))
        return
    if now.class_name != called.get(photo["truth"]):
        st.caption(t("moved to {class_name}", class_name=plain(now.class_name)))
    correct(photos, now, called.get(photo["answer"]))


def _corrected(
    opened: Project,
    photos: PhotoStore,
    result: Mapping[str, Any],
    now: Mapping[str, Photo],
    called: Mapping[str, str | None],
) -> None:
    """Say what was corrected since, with undo and the way to a new training."""
    show_refusal()
    changed = {
        photo["sha256"]
        for photo in result["answers"]
        if photo["sha256"] not in now or now[photo["sha256"]].class_name != called.get(photo["truth"])
    }
    if not changed and photos.last_undone() is None:
        return
    with st.container(border=True, key="evaluate_corrected"):
        learned = bool(changed) and _learned(opened, changed, now)
        if changed:
            st.markdown(t(_corrected_words(len(changed), learned)))
        with st.container(horizontal=True, vertical_alignment="center"):
            if (
                changed
                and not learned
                and st.button(t("Train again"), key="evaluate_train", type="primary", icon=":material/model_training:")
            ):
                try:
                    remember_to_compare(opened, Run(Path(result["run"])), launch(opened, photos))
                except TransferError as error:
                    st.session_state[_PROBLEM] = str(error)
                else:
                    go("train")
            undo(photos)
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(sentence(problem), icon=":material/error:")


def _corrected_words(count: int, learned: bool) -> Sentence:
    if learned:
        return plural(
            "{n:,} of these photos was corrected, and a newer classifier has been trained since. Choose it above and "
            "evaluate it.",
            "{n:,} of these photos were corrected, and a newer classifier has been trained since. Choose it above and "
            "evaluate it.",
            count,
        )
    return plural(
        "{n:,} of these photos has been corrected since. Train again, so that it counts; then you see "
        "what that changed.",
        "{n:,} of these photos have been corrected since. Train again, so that they count; then you see "
        "what that changed.",
        count,
    )


def _learned(opened: Project, changed: Collection[str], now: Mapping[str, Photo]) -> bool:
    """Whether the newest classifier was trained on these photos as they are now."""
    newest = next(iter(trained_runs(opened)), None)
    if newest is None:
        return False
    try:
        photos = newest.run.manifest()
    except StorageError:
        return False  # damaged; the list of runs says so
    known = {photo.sha256: photos.classes[photo.label] for photo in photos.photos}
    return all(known.get(sha) == (now[sha].class_name if sha in now else None) for sha in changed)
