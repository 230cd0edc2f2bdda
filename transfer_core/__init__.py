"""Transfer learning for small image classifiers: freeze, cache at the cut, fine-tune, and see how deep to go.

import transfer_core as thaw

plan = thaw.freeze_plan("efficientnet-lite0", train_last=2)
run = thaw.train(thaw.RunConfig(data=thaw.DataConfig("photos/"), plan=plan), "runs/first")
print(run.report()["val_accuracy"], run.report()["val_interval"])
for answer in thaw.predict(run, ["new.jpg"]):
    print(answer["label"], answer["probability"])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Python runs this file before any module of the package, so TensorFlow's settings are made in time whichever is first.
from transfer_core.nn import tensorflow as _tensorflow  # noqa: F401

if TYPE_CHECKING:
    from transfer_core.api import check, experiment, freeze_plan, layers, predict, train
    from transfer_core.backbones.freeze_plan import FreezePlan
    from transfer_core.disk.workspace import Workspace
    from transfer_core.errors import TransferError
    from transfer_core.labs.experiment import ExperimentConfig
    from transfer_core.runs.config import BaseConfig, DataConfig, FitConfig, PhaseConfig, RunConfig, TuningConfig
    from transfer_core.runs.folder import Run, open_run

__all__ = [
    "BaseConfig",
    "DataConfig",
    "ExperimentConfig",
    "FitConfig",
    "FreezePlan",
    "PhaseConfig",
    "Run",
    "RunConfig",
    "TransferError",
    "TuningConfig",
    "Workspace",
    "check",
    "experiment",
    "freeze_plan",
    "layers",
    "open_run",
    "predict",
    "train",
]

_MODULES = {
    "api": ("check", "experiment", "freeze_plan", "layers", "predict", "train"),
    "runs.config": ("BaseConfig", "DataConfig", "FitConfig", "PhaseConfig", "RunConfig", "TuningConfig"),
    "errors": ("TransferError",),
    "labs.experiment": ("ExperimentConfig",),
    "backbones.freeze_plan": ("FreezePlan",),
    "disk.workspace": ("Workspace",),
    "runs.folder": ("Run", "open_run"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the app's first page must not wait for what only scripts use.
    if name not in _HOMES:
        raise AttributeError(f"module 'transfer_core' has no attribute {name!r}")
    return getattr(import_module(f"transfer_core.{_HOMES[name]}"), name)
