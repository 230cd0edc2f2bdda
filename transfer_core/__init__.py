"""Transfer learning for small image classifiers: freeze, cache at the cut, fine-tune, and see how deep to go.

import transfer_core as thaw

plan = thaw.plan("efficientnet-lite0", train_last=2)
config = thaw.RunConfig(data=thaw.DataConfig("photos/"), plan=plan)
run = thaw.train(config, "runs/first")
print(run.report()["val_accuracy"], run.report()["val_interval"])
for answer in thaw.predict(run, ["new.jpg"]):
    print(answer["label"], answer["probability"])
"""

from transfer_core.api import check, layers, plan, predict, train
from transfer_core.config import BaseConfig, DataConfig, FitConfig, PhaseConfig, RunConfig
from transfer_core.errors import TransferError
from transfer_core.plan import FreezePlan
from transfer_core.runs import Run, open_run

__all__ = [
    "BaseConfig",
    "DataConfig",
    "FitConfig",
    "FreezePlan",
    "PhaseConfig",
    "Run",
    "RunConfig",
    "TransferError",
    "check",
    "layers",
    "open_run",
    "plan",
    "predict",
    "train",
]
