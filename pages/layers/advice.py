"""What a lab found about these photos, as a recommendation: taken with one click, never unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs import live
from pages.jobs.trained_runs import trained_runs
from pages.labs.start import active_experiment, start_experiment
from pages.labs.time_needed import seconds_needed
from pages.ui import format as figures
from pages.ui.html import sentence
from pages.ui.paths import page_path
from pages.ui.services import workspace
from transfer_core.backbones.cost import estimate
from transfer_core.backbones.freeze_plan import FreezePlan, from_block
from transfer_core.errors import ConfigError, TransferError
from transfer_core.labs.experiment import experiment_config, list_experiments, read_result
from transfer_core.labs.probe.settings import Settings, check_photos, probed
from transfer_core.labs.sweep.settings import HEAD, depth_plan
from transfer_core.runs.config import BaseConfig
from transfer_core.stats.paired import SIGNIFICANT
from transfer_core.text import Sentence, joined, plural, t

if TYPE_CHECKING:
    from pages.jobs.describe import PlanEditor
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.folder import Run

__all__ = ["advice"]

_LABS = ("sweep", "probe")
"""Those that say how deep to go, the surer first: a sweep has tried it, a probe has only looked."""
_SHOWN = 3  # runs: those that a person still has in mind
_POLL = 0.7  # seconds between looks at a probe that is going on


def advice(project: Project, desk: PlanEditor, photos: Manifest | None) -> None:
    """Recommend how deep to go with these photos, say why, and offer it; without a finding, offer to look for one.

    Args:
        project: whose experiments count.
        desk: changes the plan.
        photos: as they are split now; None while they can't be trained on.
    """
    with st.container(border=True, key="advice"):
        if running := active_experiment(project, "probe"):
            st.fragment(_looking, run_every=_POLL)(running)
        elif newest := _found(project, desk.base):
            _recommend(project, desk, newest, photos)
        else:
            _offer(project, photos)
        if problem := st.session_state.pop("advice_problem", None):
            st.error(sentence(problem), icon=":material/error:")


def _learned_by_heart(tree: LayerTree, block: str, photos: Manifest) -> bool:
    """Whether so few photos would be learned by heart if it trained from this block on."""
    if block not in {one.name for one in tree.blocks}:
        return False  # of another version of the base
    learned, checked = len(photos.of("train")), len(photos.of("validation"))
    plan = from_block(tree, block)
    return estimate(workspace(), tree, plan, len(photos.classes), learned, checked).overfitting == "likely"


def _found(project: Project, base: str) -> tuple[str, Run, dict[str, Any]] | None:
    """The experiment that says how deep to go with this base, with its lab and its result: a sweep before a probe, the
    newest."""
    weights = project.choices.get("base", {}).get("weights", "imagenet")
    for kind in _LABS:
        for run in list_experiments(project.experiments_dir, kind):
            try:
                result, about = read_result(run) or {}, experiment_config(run).base
            except TransferError:
                continue  # damaged: its lab says so
            if result.get("complete") and result.get("depths") and (about.name, about.weights) == (base, weights):
                return kind, run, result
    return None


def _recommend(
    project: Project, desk: PlanEditor, newest: tuple[str, Run, dict[str, Any]], photos: Manifest | None
) -> None:
    kind, run, result = newest
    later = _later(result) if kind == "probe" else None
    risky = later is not None and photos is not None and _learned_by_heart(desk.tree, later, photos)
    at = result["recommended"] if kind == "sweep" else HEAD if later else result["train_from"] or HEAD
    try:
        plan = depth_plan(desk.tree, at)
    except ConfigError:  # of another version of the base
        at, plan = HEAD, FreezePlan()
    if kind == "sweep":  # its conclusion says what to train
        said = t("**For these photos:**")
    elif at != HEAD:
        said = t("**For these photos: train from {block} on.**", block=at)
    elif later and risky:
        said = t(
            "**For these photos: the head alone, and with many more photos perhaps from {block} on.**", block=later
        )
    elif later:
        said = t("**For these photos: first the head alone, then perhaps from {block} on.**", block=later)
    else:
        said = t("**For these photos: the head alone.**")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/lightbulb: {t(joined([said, sentence(result['conclusion'])]))}", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            taken = plan == desk.plan
            st.button(
                t("In use") if taken else t("Use it"),
                key="use_advice",
                icon=":material/check:",
                type="secondary" if taken else "primary",
                disabled=taken,
                on_click=desk.change,
                args=(plan,),
                help=t("Sets what trains as recommended. You can undo it."),
            )
            if taken and not risky and later in {block.name for block in desk.tree.blocks}:
                st.button(
                    t("Train from {block} on", block=later),
                    key="use_later",
                    type="tertiary",
                    on_click=desk.change,
                    args=(from_block(desk.tree, later),),
                    help=t("For when you have trained the head alone and it is not good enough. You can undo it."),
                )
            st.page_link(
                page_path(kind),
                label=t("Why?"),
                icon=":material/science:",
                query_params={"project": project.id, "experiment": run.id},
            )
    if trained := _trained(project, desk.base):
        st.caption(
            t(
                plural(
                    "Trained so far with this base: {runs}.",
                    "Trained so far with this base, the newest first: {runs}.",
                    len(trained),
                    runs=t("; ").join(trained),
                )
            )
        )
    if photos is not None and _changed(run, photos):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("Your photos have changed since this was found."), width="content")
            _look(project, photos, t("Look again"), "tertiary")


def _trained(project: Project, base: str) -> list[str]:
    """What came of the newest runs with this base, one for each choice of what trains: a recommendation is a guess,
    these are figures."""
    weights = project.choices.get("base", {}).get("weights", "imagenet")
    newest: dict[str, str] = {}
    for trained in trained_runs(project):
        if trained.run.config().base == BaseConfig(base, weights):
            newest.setdefault(trained.learned, t("{one}, {other}", one=trained.learned, other=trained.told))
    return list(newest.values())[:_SHOWN]


def _later(result: dict[str, Any]) -> str | None:
    """The block to try training from once the head alone is not good enough; None where a probe found something else:
    that the end of the base has lost what an earlier block gives, or that every block helps."""
    lost = result["depths"][-1]["p_value"] < SIGNIFICANT
    return None if lost else result["train_from"]


def _changed(run: Run, photos: Manifest) -> bool:
    """Whether the photos are others than those that were looked at."""
    before = run.manifest()
    return before.classes != photos.classes or {(photo.sha256, photo.label) for photo in probed(before)} != {
        (photo.sha256, photo.label) for photo in probed(photos)
    }


def _offer(project: Project, photos: Manifest | None) -> None:
    said = t("Not sure how deep to go? Thaw can find out from which block on your photos can be told apart.")
    if photos is None:
        said = t(joined([said, Sentence("First it needs photos of at least two classes.")]))
        st.markdown(f":material/lightbulb: {said}")
        return
    try:
        check_photos(photos, Settings.folds)
    except TransferError as error:
        st.markdown(f":material/lightbulb: {said}")
        st.caption(sentence(str(error)))
        return
    seconds = seconds_needed("probe", project, photos)
    if seconds is not None:
        said = t(joined([said, Sentence("That takes about {span}.", span=figures.span(seconds))]))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/lightbulb: {said}", width="stretch")
        _look(project, photos, t("Find out"), "secondary")


def _look(project: Project, photos: Manifest, label: str, kind: Any) -> None:
    st.button(label, key="look", icon=":material/search:", type=kind, on_click=_begin, args=(project, photos))


def _begin(project: Project, photos: Manifest) -> None:
    try:
        start_experiment(project, "probe", Settings(), photos)
    except TransferError as error:
        st.session_state["advice_problem"] = str(error)


def _looking(run: Run) -> None:
    try:
        status = run.status()
    except TransferError:
        st.rerun()  # deleted in another tab
    if not status.active:
        st.rerun()
    live.experiment_progress(run, status, "stop_look", t("Looking where your photos can be told apart:"))
