"""The Python interface: complete, lazy, and what the docstring shows."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import transfer_core as thaw


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
