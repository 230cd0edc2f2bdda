"""Train: start a run, watch it learn, and look at the runs there are."""

import streamlit as st

from pages.home.new_project import coming_photos
from pages.jobs.describe import trained_words
from pages.jobs.job_list import job_list, remember, shown_job
from pages.jobs.launch import active_run, configured, launch, split_photos
from pages.jobs.run_list import runs
from pages.train.augmentation import head_words
from pages.train.live import live_run
from pages.train.lr_finder import forget_refusal
from pages.train.settings import changed_elsewhere, settings
from pages.ui import format as figures
from pages.ui.frame import guard, heading, require_project
from pages.ui.html import sketch
from pages.ui.services import store, warm, workspace
from transfer_core.errors import TransferError
from transfer_core.jobs.engine import Likely
from transfer_core.runs.config import RunConfig
from transfer_core.runs.rates import far_rates
from transfer_core.text import Sentence, joined, t

project = require_project()
photos = store(project)
heading(t("Train"), t("Let it learn from your photos. You can leave this page and come back: training goes on."))


def summary(config: RunConfig, train: int, validation: int) -> str:
    """What a click on Train will do, in a sentence or two."""
    said = [head_words(config, train)]
    if config.fine_tunes:
        ratio = config.head.rate / config.for_photos(train).fine_tune.rate
        values = {"trained": trained_words(config), "epochs": config.fine_tune.epochs, "times": figures.amount(ratio)}
        said.append(
            Sentence(
                "Then fine-tuning changes **{trained}** as well, for at most {epochs} epochs, in steps {times} times "
                "smaller."
                if ratio > 1
                else "Then fine-tuning changes **{trained}** as well, for at most {epochs} epochs.",
                **values,
            )
        )
    said.append(Sentence("After each epoch, {count:,} other photos check what it can do.", count=validation))
    if config.fit.patience and config.tuning.schedule == "automatic":
        said.append(Sentence("When nothing gets better on them any more, the head's training ends by itself."))
    elif config.fit.patience and config.tuning.schedule != "cosine":
        said.append(Sentence("When nothing gets better on them any more, it ends by itself and keeps the best."))
    if config.base.weights == "none":
        said.append(Sentence("The base starts from **random weights**: it has not learned to see anything yet."))
    return t(joined(said))


def begin() -> None:
    """Start training and show the run; the project is read anew, because another tab may have changed it."""
    try:
        current = workspace().open_project(project.id)
        if changed_elsewhere(current) and not active_run(current):  # one that goes on is what this click shows
            st.session_state["train_problem"] = t(
                "The settings have been changed in another tab. They show below as they are now: click Train to train "
                "with them."
            )
            return
        forget_refusal(current)
        run = launch(current, photos)
    except TransferError as error:
        st.session_state["train_problem"] = str(error)
    else:
        remember(runs(), project, run)


config, manifest, reason = None, None, None
try:
    manifest = split_photos(project, photos)
    config = configured(project)
except TransferError as error:
    reason = str(error)
busy = active_run(project)
if busy:
    reason = (
        t("A training is waiting for its turn. When it has ended, you can train again with other choices.")
        if busy.status().state == "QUEUED"
        else t("Training is going on, see below. When it has ended, you can train again with other choices.")
    )

if config and manifest and not busy:
    counts = manifest.counts()
    learned = sum(counts["train"].values())
    st.markdown(summary(config, learned, sum(counts["validation"].values())))
    warm(Likely(config.base.name, config.base.weights, config.seed, not config.fine_tunes, len(manifest.photos)))
    for warning in far_rates(config, learned):
        st.warning(t(warning), icon=":material/speed:")
with st.container(horizontal=True, vertical_alignment="center", key="start"):
    st.button(
        t("Train"),
        key="train",
        type="primary",
        icon=":material/model_training:",
        disabled=reason is not None,
        on_click=begin,
    )
    if reason:
        st.markdown(reason, width="stretch")
if not config or not manifest:
    coming_photos(project)
if problem := st.session_state.pop("train_problem", None):
    st.error(problem, icon=":material/error:")
settings(project, manifest)

with guard():
    run = shown_job(runs(), project)
    if run is None:
        st.caption(t("Nothing has been trained here yet."))
        sketch("train")
    else:
        live_run(run, project)
    job_list(runs(), project, run)
