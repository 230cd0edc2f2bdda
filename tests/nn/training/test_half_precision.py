"""Activations kept as float16: half the bytes, marked as inexact, never taken for float32, repeatable, finite."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.arrays import content_key, find_array
from transfer_core.disk.half_precision import HALF_LIMIT, Widened, halve
from transfer_core.disk.mapped_memory import release
from transfer_core.nn.data.pixels import Pixels
from transfer_core.nn.features.extract import Origin, compute_features, find_features
from transfer_core.nn.features.model import POOLED
from transfer_core.nn.features.reuse import cached_start
from transfer_core.nn.training import session as session_module
from transfer_core.nn.training.run import train
from transfer_core.runs.config import FitConfig, RunConfig, TuningConfig
from transfer_core.runs.events import Event, Message
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter

Make = Callable[..., Run]
HALF = TuningConfig(cache_precision="float16")
ORIGIN = Origin("toy", "random-0", 8, "0" * 32, precision="float16")


def trained(run: Run) -> tuple[dict[str, Any], list[str]]:
    heard: list[Event] = []
    report = train(workspace(), run, heard.append)
    assert report is not None
    return report, [f"{event.level}: {event.text!s}" for event in heard if isinstance(event, Message)]


def losses(report: dict[str, Any]) -> list[dict[str, float]]:
    return [epoch["metrics"] for epoch in report["history"]]


def reporter() -> Reporter:
    quiet = Reporter(lambda event: None)
    quiet.start("features")
    return quiet


def computed(scale: float, origin: Origin = ORIGIN) -> dict[str, Any]:
    """Maps that are `scale` times the photos, and their average."""
    photo = keras.Input((8, 8, 3))
    maps = keras.layers.Rescaling(scale)(photo)
    model = keras.Model(photo, [maps, keras.layers.GlobalAveragePooling2D()(maps)])
    array = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    pixels = Pixels(array, ORIGIN.pixels, {str(row): row for row in range(40)})
    return compute_features(workspace(), model, ["maps", POOLED], origin, pixels, reporter())


@given(arrays.arrays(np.float32, (7,), elements=st.floats(width=32)))
def test_the_nearest_float16_and_never_infinite(values: np.ndarray[Any, Any]) -> None:
    halved, beyond = halve(values)
    assert halved.dtype == np.float16
    assert not np.isinf(halved).any()
    np.testing.assert_array_equal(np.isnan(halved), np.isnan(values))
    assert beyond == sum(abs(value) > HALF_LIMIT for value in values.tolist())
    inside = np.abs(values) <= HALF_LIMIT
    np.testing.assert_array_equal(halved[inside], values[inside].astype(np.float16))
    np.testing.assert_array_equal(np.abs(halved[np.abs(values) > HALF_LIMIT]), np.float16(HALF_LIMIT))


def test_rows_are_widened_when_asked_for_and_their_map_can_be_let_go(thaw_home: Path) -> None:
    array = computed(1.0)["maps"].array
    rows = Widened(array)
    assert (rows.shape, len(rows), rows.dtype) == (array.shape, 40, np.float32)
    chosen = rows[np.array([3, 1])]
    assert chosen.dtype == np.float32
    np.testing.assert_array_equal(chosen, array[[3, 1]])
    np.testing.assert_array_equal(rows[2:4], array[2:4])
    assert release(rows) == release(array)


def test_maps_take_half_the_bytes_and_pooled_features_stay_exact(thaw_home: Path) -> None:
    half, whole = computed(0.1), computed(0.1, ORIGIN.exact)
    assert half["maps"].array.nbytes * 2 == whole["maps"].array.nbytes
    assert half["maps"].path.stat().st_size < 0.6 * whole["maps"].path.stat().st_size
    assert half["maps"].notes | {"precision": "float16", "exact": False, "clipped": 0} == half["maps"].notes
    np.testing.assert_allclose(half["maps"].array, whole["maps"].array, rtol=2**-11)
    assert half[POOLED].path == whole[POOLED].path
    assert half[POOLED].array.dtype == np.float32 and "exact" not in half[POOLED].notes


def test_neither_is_taken_for_the_other(thaw_home: Path) -> None:
    made = computed(0.1)
    assert set(find_features(workspace(), ORIGIN, ["maps", POOLED])) == {"maps", POOLED}
    assert set(find_features(workspace(), ORIGIN.exact, ["maps", POOLED])) == {POOLED}
    made["maps"].path.unlink()
    computed(0.1, ORIGIN.exact)
    assert set(find_features(workspace(), ORIGIN, ["maps", POOLED])) == {POOLED}


def test_without_the_choice_everything_is_named_as_before(thaw_home: Path) -> None:
    parts = ORIGIN.exact.parts()
    assert list(parts) == ["base", "weights", "size", "pixels", "litert"]
    assert "cache_precision" not in RunConfig().to_dict()["tuning"]
    halved = RunConfig(tuning=HALF)
    assert RunConfig.from_dict(halved.to_dict()) == halved
    assert content_key(halved.to_dict()) != content_key(RunConfig().to_dict())


def test_what_float16_cannot_hold_is_cut_off_and_counted(thaw_home: Path) -> None:
    half, whole = computed(1000.0)["maps"], computed(1000.0, ORIGIN.exact)["maps"]
    assert np.abs(half.array).max() == HALF_LIMIT
    assert half.notes["clipped"] == np.count_nonzero(whole.array > HALF_LIMIT) > 0
    found = find_features(workspace(), ORIGIN, ["maps"])["maps"]
    assert found.notes["clipped"] == half.notes["clipped"], "a run that finds them is told too"


def test_a_run_comes_close_and_says_that_it_is_inexact(
    toy_run: Make, thaw_home: Path, last_toy_block: FreezePlan
) -> None:
    exact, said_exact = trained(toy_run(plan=last_toy_block))
    half, said = trained(toy_run(plan=last_toy_block, tuning=HALF))
    assert losses(half) != losses(exact)
    heads = [sum(epoch["phase"] == "head" for epoch in report["history"]) for report in (half, exact)]
    assert losses(half)[: heads[0]] == losses(exact)[: heads[1]], "the head is trained exactly"
    for one, other in zip(losses(half), losses(exact), strict=True):
        assert one["val_loss"] == pytest.approx(other["val_loss"], abs=5e-3)
    notes = {name: (found.get("precision"), found.get("exact")) for name, found in half["features"].items()}
    frontier = set(half["features"]) - {POOLED}
    assert frontier and notes == dict.fromkeys(frontier, ("float16", False)) | {POOLED: (None, None)}
    assert all("exact" not in found for found in exact["features"].values())
    assert [text for text in said if "float16" in text] == [text for text in said if "inexact" in text] != []
    assert not any("float16" in text for text in said_exact)
    assert half["parity"]["max_difference"] < 1e-5, "what is saved is held against what was not rounded"
    assert 0 < half["parity"]["cache_difference"] < 1e-2
    assert "cache_difference" not in exact["parity"]
    assert half["freeze_proof"]["frozen_unchanged"]
    model = keras.models.load_model(next(thaw_home.parent.glob("run-1/model.keras")), compile=False)
    assert {weight.dtype for weight in model.weights if "seed" not in weight.path} == {"float32"}
    sizes: dict[str, list[int]] = {}
    for path in (thaw_home / "cache" / "features").rglob("*.features"):
        stored = find_array(path)
        assert stored is not None
        sizes.setdefault(str(stored.array.shape), []).append(stored.array.nbytes)
    pairs = [found for found in sizes.values() if len(found) > 1]
    assert pairs and all(sorted(found)[0] * 2 == sorted(found)[-1] for found in pairs)


@pytest.mark.parametrize("augment", ["none", "cached", "live"])
def test_the_same_run_repeats_to_the_last_bit_whatever_was_cached(
    toy_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, last_toy_block: FreezePlan, augment: Any
) -> None:
    settings = {"tuning": HALF, "fit": FitConfig(batch_size=5, dropout=0.5, augment=augment)}
    first, _ = trained(toy_run(plan=last_toy_block, **settings))
    again, _ = trained(toy_run(plan=last_toy_block, **settings))
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "another-home"))
    trained(toy_run(plan=FreezePlan(("block1_conv", *last_toy_block.trainable)), fit=settings["fit"]))
    moved, _ = trained(toy_run(plan=last_toy_block, **settings))
    assert losses(first) == losses(again) == losses(moved)


def test_the_cut_never_moves_from_rounded_activations(
    toy_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shallow, deep = FreezePlan(("block1_conv",)), FreezePlan(("block2_conv",))
    expected, _ = trained(toy_run(plan=deep))
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "another-home"))
    starts: list[Any] = []

    def noted(*parts: Any) -> Any:
        starts.append(cached_start(*parts))
        return starts[-1]

    monkeypatch.setattr(session_module, "cached_start", noted)
    trained(toy_run(plan=shallow, tuning=HALF))
    report, _ = trained(toy_run(plan=deep))
    trained(toy_run(plan=deep, tuning=HALF))
    assert losses(report) == losses(expected)
    assert starts == [None, None, None]
    trained(toy_run(plan=shallow))
    half, _ = trained(toy_run(plan=FreezePlan(("block1_bn", "block2_conv")), tuning=HALF))
    assert starts[-1].array.dtype == np.float32, "from exact activations it may: rounded comes last"
    assert half["features"]["stem_act"]["exact"] is False


def test_values_beyond_the_range_warn_in_the_run(
    toy_run: Make, last_toy_block: FreezePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = session_module.compute_features

    def out_of_range(*parts: Any) -> Any:
        found = compute(*parts)
        for stored in found.values():
            if "clipped" in stored.notes:
                stored.notes["clipped"] = 1500
        return found

    monkeypatch.setattr(session_module, "compute_features", out_of_range)
    report, said = trained(toy_run(plan=last_toy_block, tuning=HALF))
    (warning,) = [text for text in said if "cut off at 65,504" in text]
    clipped = sum(found.get("clipped", 0) for found in report["features"].values())
    assert warning.startswith(f"warning: {clipped:,} values")


def test_where_nothing_is_kept_at_the_cut_nothing_is_rounded(toy_run: Make) -> None:
    plan = FreezePlan(("stem_conv",))
    (exact, _), (half, said) = trained(toy_run(plan=plan)), trained(toy_run(plan=plan, tuning=HALF))
    assert losses(exact) == losses(half)
    assert any("nothing is rounded" in text for text in said)
    assert dataclasses.asdict(HALF) == half["config"]["tuning"]
