"""The photos of a finding, each with what can be done about it; what is mended or called fine is no longer shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.photos.classes import undo
from pages.photos.correct import correct, renamed
from pages.photos.edits import edit, form
from pages.ui.html import cells, middle_cut, page_of, plain, thumb
from transfer_core.labs.health.verdict import TITLES
from transfer_core.runs.hints import GOOD_START
from transfer_core.text import Sentence, plural, t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.store import Photo, PhotoStore
    from transfer_core.runs.folder import Run

__all__ = ["Desk", "section", "settled"]

_PER_PAGE = 12
_GROUPS_PER_PAGE = 6
_FINE = "fine"
_NAME = 34  # characters of a file's name
_COPIES = ("copies_in_two_classes", "near_copies")

Group = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Desk:
    """What mending works with."""

    project: Project
    photos: PhotoStore
    now: Mapping[str, Photo]
    """The photos as they are, by SHA-256."""
    called: Mapping[str, str | None]
    """What the classes of the result are called now; None: gone."""
    run: Run
    result: Mapping[str, Any]

    @staticmethod
    def of(project: Project, photos: PhotoStore, run: Run, result: Mapping[str, Any]) -> Desk:
        """For a result and the project's photos as they are."""
        now = {photo.sha256: photo for photo in photos.photos()}
        looked_at = run.manifest()
        named = [(photo.sha256, looked_at.classes[photo.label]) for photo in looked_at.photos]
        return Desk(project, photos, now, renamed(named, now), run, result)

    def sorted_groups(self, finding: Mapping[str, Any]) -> tuple[list[Group], int]:
        """What is neither mended nor called fine, and how many groups were called fine."""
        kind, found, fine = finding["kind"], [], 0
        known = set(self.project.choices.get(_FINE, {}).get(kind, ()))
        for group in finding["groups"]:
            left = [one for one in group if one["sha256"] in self.now]
            if not self._stands(kind, left):
                continue
            if self.name(kind, left) in known:
                fine += 1
            else:
                found.append(left)
        return found, fine

    def name(self, kind: str, group: Group) -> str:
        """What a group that was called fine is remembered by; a label is right only as long as it is the label."""
        shas = "+".join(sorted(one["sha256"][:16] for one in group))
        return f"{shas} {self.now[group[0]['sha256']].class_name}" if kind == "wrong_label" else shas

    def _stands(self, kind: str, left: Group) -> bool:
        classes = {self.now[one["sha256"]].class_name for one in left}
        if kind == "copies_in_two_classes":
            return len(classes) > 1
        if kind == "near_copies":
            return len(left) > 1
        if kind == "wrong_label" and left:
            to = self.called.get(left[0]["instead"])
            return classes == {self.called.get(left[0]["truth"])} and to is not None and to not in classes
        return bool(left)

    def ids(self, group: Group) -> list[int]:
        """The photos of a group in the store."""
        return [self.now[one["sha256"]].id for one in group]

    def spare(self, group: Group) -> list[int]:
        """The copies that can go: all but the largest."""
        best = max(group, key=lambda one: self._pixels(one["sha256"]))
        return self.ids([one for one in group if one is not best])

    def _pixels(self, sha256: str) -> int:
        return self.now[sha256].width * self.now[sha256].height


def _call_fine(project: Project, kind: str, names: Sequence[str]) -> None:
    """Remember that nothing is wrong with these."""
    current = project.workspace.open_project(project.id).choices.get(_FINE, {})
    known = [*current.get(kind, ()), *names]
    project.choose(**{_FINE: {**current, kind: list(dict.fromkeys(known))}})


def _forget_fine(project: Project) -> None:
    project.choose(**{_FINE: None})


def settled(desk: Desk) -> None:
    """Say what is no longer shown, and offer to show again what was called fine."""
    sorted_out = [desk.sorted_groups(finding) for finding in desk.result["findings"]]
    every = sum(len(finding["groups"]) for finding in desk.result["findings"])
    shown, dismissed = sum(len(groups) for groups, _ in sorted_out), sum(fine for _, fine in sorted_out)
    conflicts = desk.photos.conflicts()
    mended = every - shown - dismissed + max(0, _disputed(desk.result) - len(conflicts))
    if not mended and not dismissed and desk.photos.last_undone() is None:
        return
    others = desk.result["shortcuts"] or any("classes" in finding for finding in desk.result["findings"])
    left = shown or others or conflicts
    words = []
    if mended:
        words.append(t(plural("{n:,} finding is mended.", "{n:,} findings are mended.", mended)))
    if dismissed:
        words.append(t(plural("You called {n:,} fine.", "You called {n:,} fine.", dismissed)))
    if not left:
        words.append(t("Nothing is left to mend here. Check the photos again, or go on."))
    with st.container(border=True, key="health_settled"):
        if words:
            st.markdown(f":material/task_alt: {' '.join(words)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if dismissed:
                st.button(
                    t("Show again what is fine"),
                    key="health_show_again",
                    on_click=edit,
                    args=(_forget_fine, desk.project),
                )
            undo(desk.photos)


def _disputed(result: Mapping[str, Any]) -> int:
    """How many pictures stood in two classes; the result names each of their photos."""
    return sum(len(finding["photos"]) // 2 for finding in result["findings"] if finding["kind"] == "conflict")


def section(desk: Desk, finding: Mapping[str, Any]) -> None:
    """A kind of finding: its title, what to do about all of it, and the photos."""
    kind, (groups, _) = finding["kind"], desk.sorted_groups(finding)
    if not groups:
        return
    st.header(t("{title} ({count:,})", title=t(TITLES[kind]), count=sum(map(len, groups))), anchor=False)
    st.caption(t(finding["advice"]))
    with st.container(horizontal=True, vertical_alignment="center", key=f"health_all_{kind}"):
        _all(desk, kind, groups)
    of_copies = kind in _COPIES
    page = page_of(groups, _GROUPS_PER_PAGE if of_copies else _PER_PAGE, key=f"health_page_{kind}_{desk.run.id}")
    if of_copies:
        with cells(f"health_{kind}", least=330, most=2):
            for number, group in enumerate(page):
                with st.container(border=True):
                    _copies(desk, kind, group, f"health_{kind}_{number}")
        return
    with cells(f"health_{kind}", least=170):
        for group in page:
            with st.container(gap="xxsmall"):
                _single(desk, kind, group)


def _all(desk: Desk, kind: str, groups: Sequence[Group]) -> None:
    """What can be done about all of a kind at once."""
    whole = form(f"health {desk.run.id} {kind} {len(groups)}")
    ids = [one for group in groups for one in (desk.spare(group) if kind in _COPIES else desk.ids(group))]
    words = {
        "near_copies": Sentence("Keep one of each ({n:,} go)", n=len(ids)),
        "wrong_label": None,
        "copies_in_two_classes": None,
    }.get(kind, plural("Remove {n:,} photo", "Remove all {n:,}", len(ids)))
    if words is not None:
        st.button(
            t(words),
            key=f"health_mend_{kind}",
            icon=":material/auto_fix_high:",
            on_click=whole.edit_with,
            args=(desk.photos.remove_photos, ids),
        )
        if ruined := _ruined(desk, ids):
            st.caption(f":material/warning: {ruined}", width="content")
    if len(groups) > 1:
        st.button(
            t("All of them are fine"),
            key=f"health_fine_{kind}",
            type="tertiary",
            on_click=whole.edit_with,
            args=(_call_fine, desk.project, kind, [desk.name(kind, group) for group in groups]),
        )


def _ruined(desk: Desk, ids: Sequence[int]) -> str:
    """Which classes would be left with hardly a photo."""
    gone = set(ids)
    before = Counter(photo.class_name for photo in desk.now.values())
    after = Counter(photo.class_name for photo in desk.now.values() if photo.id not in gone)
    few = [name for name, count in before.items() if after[name] < min(GOOD_START, count / 2)]
    each = [t("{name} {n:,} of {count:,}", name=plain(name), n=after[name], count=before[name]) for name in few]
    return t("This leaves few photos: {each}.", each=each) if few else ""


def _copies(desk: Desk, kind: str, group: Group, key: str) -> None:
    name = desk.name(kind, group)
    this = form(f"health {name}")
    with cells(key, least=130, most=4):
        for one in group:
            photo = desk.now[one["sha256"]]
            with st.container(gap="xxsmall"):
                thumb(one)
                st.markdown(f"**{plain(photo.class_name)}**  \n:small[{photo.width} × {photo.height}]")
                st.caption(plain(photo.name))
    with st.container(horizontal=True, vertical_alignment="center"):
        if kind == "near_copies":
            st.button(
                t("Keep the largest"),
                key=f"health_keep_{name}",
                on_click=this.edit_with,
                args=(desk.photos.remove_photos, desk.spare(group)),
            )
        else:
            for class_name in sorted({desk.now[one["sha256"]].class_name for one in group}):
                others = [one for one in group if desk.now[one["sha256"]].class_name != class_name]
                st.button(
                    t("Keep as {class_name}", class_name=plain(class_name)),
                    key=f"health_keep_{name}_{class_name}",
                    on_click=this.edit_with,
                    args=(desk.photos.remove_photos, desk.ids(others)),
                )
        _fine_button(desk, kind, group, t("They are different"))


def _single(desk: Desk, kind: str, group: Group) -> None:
    (one,) = group
    photo = desk.now[one["sha256"]]
    thumb(one)
    this = form(f"health {kind} {photo.id} {photo.class_name}")
    if kind != "wrong_label":
        st.markdown(f"**{plain(photo.class_name)}**")
        st.caption(plain(middle_cut(photo.name, _NAME)))
        _button(this, t("Remove it"), f"health_remove_{kind}_{photo.id}", desk.photos.remove_photos, [photo.id])
        _fine_button(desk, kind, group, t("It is fine"))
        return
    to = desk.called[one["instead"]] or ""  # one that is gone stands no longer
    said = t("{answer}, {share:.0%} sure", answer=plain(to), share=one["probability"])
    st.markdown(f"**{plain(photo.class_name)}**  \n:small[→ {said}]")
    st.caption(plain(middle_cut(photo.name, _NAME)))
    _button(
        this,
        t("Move it to {to}", to=plain(to)),
        f"health_move_{photo.id}",
        desk.photos.move_photos,
        [photo.id],
        to,
    )
    with st.container(horizontal=True, gap="small"):
        _fine_button(desk, kind, group, t("It is right"))
        correct(desk.photos, photo, to)


def _button(this: Any, label: str, key: str, change: Any, *values: Any) -> None:
    st.button(label, key=key, width="stretch", on_click=this.edit_with, args=(change, *values))


def _fine_button(desk: Desk, kind: str, group: Group, label: str) -> None:
    st.button(
        label,
        key=f"health_ok_{kind}_{desk.name(kind, group)}",
        type="tertiary",
        on_click=edit,
        args=(_call_fine, desk.project, kind, [desk.name(kind, group)]),
    )
