"""What a run is likely to need, made before it comes: used once, and nothing about the run is other for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError
from transfer_core.jobs.standby import Likely
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.features import litert
from transfer_core.nn.features.ahead import get_ready_for
from transfer_core.nn.training.run import train
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import PhaseConfig
from transfer_core.runs.folder import Run

Make = Callable[..., Run]
LIKELY = Likely("toy", "none", 0, head_only=True, photos=200)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Counts the networks that were built and converted."""
    done: list[str] = []

    def counted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def count(*arguments: Any) -> Any:
            done.append(name)
            return original(*arguments)

        monkeypatch.setattr(module, name, count)

    counted(bases, "_builder")
    counted(litert, "_convert")
    return done


def result(run: Run) -> tuple[Any, list[bytes]]:
    report = train(workspace(), run, lambda event: None)
    assert report is not None
    weights = keras.models.load_model(run.model_path).get_weights()
    return [epoch.metrics for epoch in run.epochs()], [np.asarray(value).tobytes() for value in weights]


@pytest.mark.parametrize("plan", [FreezePlan(), FreezePlan(("block2_bn", "block2_conv"))])
def test_a_run_takes_what_is_ready_and_ends_as_any_other(
    toy_run: Make, toy_manifest: Callable[..., Manifest], built: list[str], plan: FreezePlan, monkeypatch: Any
) -> None:
    if not litert.engine().startswith("litert"):
        pytest.skip("with a graphics processor, or without LiteRT, Keras itself is used")
    monkeypatch.setattr(litert, "MINIMUM_PHOTOS", 4)
    head = PhaseConfig(5, 1e-2)
    expected = result(toy_run(toy_manifest(), head=head, plan=plan))
    for path in (workspace().cache_dir).rglob("*.litert"):
        path.unlink()
    for path in (workspace().cache_dir).rglob("*.features"):
        path.unlink()
    built.clear()
    likely = Likely("toy", "none", 0, head_only=plan.head_only, photos=200)
    get_ready_for(workspace(), likely)
    get_ready_for(workspace(), likely)
    assert built == ["_builder", "_convert"] if likely.head_only else ["_builder"]
    built.clear()
    assert result(toy_run(toy_manifest(), head=head, plan=plan)) == expected
    assert "_builder" not in built
    assert ("_convert" in built) is not likely.head_only


def test_what_is_ready_serves_one_run_and_only_one_that_asks_for_the_very_same(toy_base: Any, built: list[str]) -> None:
    get_ready_for(workspace(), Likely("toy", "none", 0, head_only=False, photos=200))
    assert bases.build_base(workspace(), "toy", "none", seed=1).name == "toy"
    assert built == ["_builder"] * 2
    first = bases.build_base(workspace(), "toy", "none", seed=0)
    assert built == ["_builder"] * 2
    assert bases.build_base(workspace(), "toy", "none", seed=0) is not first


def test_what_the_run_would_be_refused_for_is_refused(thaw_home: Path) -> None:
    with pytest.raises(ConfigError, match="vgg61"):
        get_ready_for(workspace(), Likely("vgg61", "imagenet", 0, head_only=True, photos=200))
