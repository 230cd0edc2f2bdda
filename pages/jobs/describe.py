"""The freeze plan of a project: the one plan behind slider, tree and presets, with undo."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui.services import known_tree, workspace
from transfer_core.backbones import freeze_plan as planning
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.backbones.plan_words import trained_words as trained
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError, TransferError
from transfer_core.runs.config import RunConfig
from transfer_core.text import Sentence, plural, t

__all__ = [
    "PRESETS",
    "PlanEditor",
    "Preset",
    "config_words",
    "learned_words",
    "stored_plan",
    "trained_words",
]

UNDO_STEPS = 100


@dataclass(frozen=True)
class Preset:
    """A plan with a name."""

    key: str
    title: Sentence
    make: Callable[[LayerTree], FreezePlan]
    help: Sentence


PRESETS = (
    Preset(
        "head",
        Sentence("Head only"),
        planning.head_only,
        Sentence("The whole base stays as it is; only the new last layer learns. Fastest, and hard to go wrong with."),
    ),
    Preset(
        "last_block",
        plural("Last block", "Last {n} blocks", 1),
        planning.last_block,
        Sentence("The last block of the base learns too. A small step beyond the head."),
    ),
    Preset(
        "last_stage",
        Sentence("Last stage"),
        planning.last_stage,
        Sentence(
            "The last stage with several blocks learns too, and all that follows it. A good second try when the head "
            "alone is not enough."
        ),
    ),
    Preset(
        "everything",
        Sentence("Everything"),
        planning.everything,
        Sentence("The whole network changes. Slow, and with few photos it tends to learn them by heart."),
    ),
)


def preset_title(preset: Preset, tree: LayerTree, plan: FreezePlan) -> str:
    """What the button of a preset says, whose plan for this base is `plan`.

    The last block of some bases ends in a second, smaller one: the slider counts both.
    """
    if preset.key == "last_block" and (count := planning.count_last_blocks(tree, plan)):
        return t(plural("Last block", "Last {n} blocks", count))
    return t(preset.title)


def stored_plan(project: Project, base: str, tree: LayerTree) -> FreezePlan:
    """What the project says trains of `base`; the head alone when nothing was chosen, or for another base."""
    if project.choices.get("trainable_of", base) != base:
        return FreezePlan()
    try:
        plan = FreezePlan(tuple(project.choices.get("trainable", ())))
        plan.check(tree)
    except (ConfigError, TypeError):
        return FreezePlan()
    return plan


def trained_words(config: RunConfig) -> str:
    """What a run's fine-tuning trains, as `plan_words` says it; `the head only` when there is none."""
    plan = config.plan if config.fine_tunes else FreezePlan()
    return t(trained(known_tree(config.base.name), plan))


def learned_words(config: RunConfig) -> str:
    """What a run trains and on what: `trains the last 3 blocks, with augmentation`."""
    words = trained_words(config)
    if config.fit.augment == "none":
        return t("trains {trained}", trained=words)
    return t("trains {trained}, with augmentation", trained=words)


def config_words(config: RunConfig) -> str:
    """Base and depth of a run, short: `EfficientNet-Lite0 · trains the last 3 blocks`."""
    base, learned = get_base(config.base.name).title, learned_words(config)
    if config.base.weights == "none":
        return t("{base} (random weights) · {learned}", base=base, learned=learned)
    return f"{base} · {learned}"


class PlanEditor:
    """Reads and changes the plan of one project and base. What this tab did counts first; the disk follows.

    So a change survives a disk that can't be written, and a change made in another tab shows here at the next run.
    """

    def __init__(self, project_id: str, base: str, tree: LayerTree) -> None:
        self.base, self.tree = base, tree
        self.project = workspace().open_project(project_id)
        stored = stored_plan(self.project, base, tree)
        self._memory: dict[str, Any] = st.session_state.setdefault(
            f"plan_{project_id}_{base}", {"plan": stored, "stored": stored, "past": [], "problem": None}
        )
        if stored != self._memory["stored"]:
            self._memory |= {"plan": stored, "stored": stored}

    @property
    def plan(self) -> FreezePlan:
        """The plan now."""
        return self._memory["plan"]

    @property
    def problem(self) -> str | None:
        """Why the last change could not be stored, or None."""
        return self._memory["problem"]

    @property
    def undoable(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._memory["past"])

    def change(self, plan: FreezePlan) -> None:
        """Make `plan` the plan."""
        if plan != self.plan:
            self._memory["past"] = [*self._memory["past"], self.plan][-UNDO_STEPS:]
        self._put(plan)

    def undo(self) -> None:
        """Take back the last change."""
        if self._memory["past"]:
            self._put(self._memory["past"].pop())

    def confirm(self) -> None:
        """Store the plan even if it was never touched: the person has seen it and goes on."""
        self._put(self.plan)

    def _put(self, plan: FreezePlan) -> None:
        self._memory |= {"plan": plan, "problem": None}
        try:
            self.project.choose(trainable=list(plan.trainable), trainable_of=self.base)
        except TransferError as error:
            self._memory["problem"] = str(error)
        else:
            self._memory["stored"] = plan
