"""The Python interface: complete, lazy, and what the docstring shows."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import transfer_core as thaw
from transfer_core.backbones.catalog import Base
from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.disk.cache import limit_bytes, usage


def test_every_public_name_is_there() -> None:
    assert [name for name in thaw.__all__ if getattr(thaw, name, None) is None] == []
    assert set(thaw.__all__) == set(thaw._HOMES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = thaw.nothing_here


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, transfer_core; print([n for n in ('numpy', 'PIL', 'keras', 'tensorflow') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_example_of_the_docstring_runs(thaw_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transfer_core.samples.sets import draw_sample

    draw_sample("patterns", tmp_path / "photos", per_class=4, seed=0)
    photo = next((tmp_path / "photos").rglob("*.[pj]*g"))
    (tmp_path / "new.jpg").write_bytes(photo.read_bytes())
    monkeypatch.chdir(tmp_path)
    example = textwrap.dedent((thaw.__doc__ or "").split("\n\n", 1)[1])
    example = example.replace(
        "plan=plan)", "plan=plan, head=thaw.PhaseConfig(1, 1e-3), fine_tune=thaw.PhaseConfig(1, 1e-5))"
    )
    exec(example, {})
    assert (tmp_path / "runs" / "first" / "model.keras").is_file()


def test_two_workspaces_in_one_process_do_not_meet(
    toy_base: Base, toy_manifest: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has projects, caches, trees and limits of its own, and the environment's stays untouched."""
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "ambient"))
    toy_manifest()
    one, two = thaw.Workspace(tmp_path / "one"), thaw.Workspace(tmp_path / "two", cache_gb="2")
    config = thaw.RunConfig(
        data=thaw.DataConfig(str(tmp_path / "toy-photos")),
        base=thaw.BaseConfig("toy", "none"),
        plan=thaw.freeze_plan("toy", train_last=1, workspace=one),
        head=thaw.PhaseConfig(1, 1e-2),
        fine_tune=thaw.PhaseConfig(1, 1e-3),
    )
    project = one.create_project("Mine")
    first = thaw.train(config, project.new_run_dir(), workspace=one)
    assert first.path.is_relative_to(one.root) and usage(one) > 0 and stored_tree(one, "toy")
    assert one.list_projects() == [project] and two.list_projects() == []
    assert not two.root.exists() and stored_tree(two, "toy") is None and usage(two) == 0

    cached = {path: path.stat().st_mtime_ns for path in one.cache_dir.rglob("*") if path.is_file()}
    second = thaw.train(config, tmp_path / "second", workspace=two)
    assert {path: path.stat().st_mtime_ns for path in one.cache_dir.rglob("*") if path.is_file()} == cached
    assert usage(two) == usage(one) and stored_tree(two, "toy")
    assert (limit_bytes(two), limit_bytes(one)) == (2 * 10**9, limit_bytes(thaw.Workspace(tmp_path / "three")))
    assert [epoch.metrics for epoch in first.epochs()] == [epoch.metrics for epoch in second.epochs()]
    assert not (tmp_path / "ambient").exists()
