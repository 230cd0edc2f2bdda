"""Fixtures every test may use."""

import os
from pathlib import Path

import hypothesis
import pytest

# Before any test imports TensorFlow or Keras: they start here as in every process of ours.
from transfer_core.nn.tensorflow import keep_quiet

keep_quiet()

pytest_plugins = ["tests.toys"]
# No test fails because the machine was busy; pytest-timeout ends what hangs.
hypothesis.settings.register_profile("thaw", deadline=None)
hypothesis.settings.load_profile("thaw")
PHOTOS = Path(os.environ.get("THAW_TEST_PHOTOS", Path(__file__).parents[2] / "shared" / "photos"))


@pytest.fixture
def photos() -> Path:
    """The folder of real photos (`cats_dogs`, `trash`); only the developers' machines and CI have it."""
    if not PHOTOS.is_dir():
        pytest.skip(f"no real photos at {PHOTOS} (set THAW_TEST_PHOTOS)")
    return PHOTOS


@pytest.fixture
def thaw_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty THAW_HOME of the test's own."""
    home = tmp_path / "thaw-home"
    monkeypatch.setenv("THAW_HOME", str(home))
    return home
