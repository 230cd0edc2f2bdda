"""`thaw train --augment`: both modes from the command line, with preset and number of variants."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from transfer_core.backbones.catalog import Base
from transfer_core.cli.train import train
from transfer_core.photos.manifest import Manifest


@pytest.fixture
def photos(tmp_path: Path, toy_base: Base, toy_manifest: Callable[..., Manifest]) -> Path:
    """Eight photos of each of two classes."""
    toy_manifest(8, 0)
    return tmp_path / "toy-photos"


def run(photos: Path, *options: str) -> Any:
    out = photos.parent / "run"
    arguments = [str(photos), "--out", str(out), "--base", "toy", "--weights", "none", "--epochs", "2", "--json"]
    return CliRunner().invoke(train, [*arguments, *options])


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["cached", "--augment-preset", "gentle", "--augment-variants", "2"], ("cached", "gentle", 2)),
        (["live"], ("live", "photos", 4)),
    ],
)
def test_a_run_learns_from_variants(photos: Path, options: list[str], chosen: tuple[str, str, int]) -> None:
    done = run(photos, "--augment", *options)
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout.splitlines()[-1])
    assert value["freeze_proof"]["frozen_unchanged"]
    config = json.loads((Path(value["run"]) / "config.json").read_text())
    augmentation = config["augmentation"]
    assert (config["fit"]["augment"], augmentation["preset"], augmentation["variants"]) == chosen


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--augment", "often"], "Augmentation must be one of none, cached, live; 'often' came"),
        (["--augment-preset", "wild"], "preset must be one of gentle, photos"),
        (["--augment-variants", "0"], "number of variants must be a whole number from 1 to 100"),
    ],
)
def test_what_does_not_fit_is_a_sentence(photos: Path, options: list[str], words: str) -> None:
    done = run(photos, *options)
    assert words in str(done.exception) + done.output
    assert not (photos.parent / "run").exists()
