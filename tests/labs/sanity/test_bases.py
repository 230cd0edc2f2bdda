"""Frozen or not on real photos: the equality and every failure for three kinds of base, by the command."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transfer_core.__main__ import main
from transfer_core.backbones import catalog
from transfer_core.labs.sanity.mistakes import MISTAKES
from transfer_core.labs.sanity.settings import TOLERANCE

ALL = {mistake.name for mistake in MISTAKES}
Sanity = Callable[..., dict[str, Any]]


@pytest.fixture
def sanity(
    photos: Path, tmp_path: Path, thaw_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sanity:
    """Run `thaw sanity` on some cats and dogs; `size` is the side of the photos in pixels."""

    def run(base: str, *options: str, size: int | None = None) -> dict[str, Any]:
        data = tmp_path / "pets"
        for name in ("cat", "dog"):
            (data / name).mkdir(parents=True, exist_ok=True)
            for path in sorted((photos / "cats_dogs" / "train" / name).iterdir())[:12]:
                shutil.copy(path, data / name)
        if size is not None:  # large bases only take long here; their layers are the same
            monkeypatch.setitem(catalog._BY_NAME, base, replace(catalog.get_base(base), input_size=size))
        sizes = ["--photos", "4", "--validation-photos", "2", "--epochs", "2", "--seed", "1"]
        main(["sanity", str(data), "--base", base, *sizes, *options, "--json"])
        (line,) = capsys.readouterr().out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found

    return run


def parted(found: dict[str, Any]) -> set[str]:
    """Mistakes that made a difference; what agrees, agrees to the last bit here."""
    for variant in found["variants"].values():
        differs = max(variant["max_loss_difference"], variant["max_logit_difference"])
        assert differs == 0 if variant["agrees"] else differs > TOLERANCE
    return {name for name, variant in found["variants"].items() if not variant["agrees"]}


def check_equality(found: dict[str, Any], tried: set[str] = ALL) -> None:
    assert found["max_loss_difference"] <= TOLERANCE and found["max_logit_difference"] <= TOLERANCE
    assert "are the same" in found["how_sure"] and set(found["variants"]) == tried


def test_efficientnet_lite0_as_it_comes_with_thaw(sanity: Sanity) -> None:
    """BatchNormalization, no dropout, its own ImageNet answer: all but the overruled training=False."""
    found = sanity("efficientnet-lite0")
    check_equality(found)
    assert parted(found) == ALL - {"overruled"}
    assert found["facts"]["top"] and found["facts"]["batch_norms"] == 49 and not found["facts"]["dropouts"]
    assert "no dropout inside" in found["variants"]["overruled"]["cause"]
    assert found["variants"]["batch_norm"]["max_loss_difference"] > 0.01  # not a matter of rounding


def test_a_base_with_dropout_inside(sanity: Sanity) -> None:
    """EfficientNetV2B0 drops whole branches at random while it trains; random weights show that as well.

    The mistakes that a base's dropout has no part in are left to the other bases: this one takes long.
    """
    tried = {"overruled", "training_true", "batch_norm"}
    only = [word for name in sorted(tried) for word in ("--mistake", name)]
    found = sanity("efficientnet-v2-b0", "--weights", "none", *only, size=32)
    check_equality(found, tried)
    assert parted(found) == tried
    assert found["facts"]["dropouts"] == 15
    assert "15 dropout layers" in found["variants"]["overruled"]["cause"]


def test_a_base_without_batch_normalization(sanity: Sanity) -> None:
    """VGG16 has neither that nor dropout: three of the mistakes can do nothing to it, to the last bit."""
    found = sanity("vgg16", "--weights", "none", size=32)
    check_equality(found)
    assert parted(found) == {"dropout", "scaling", "no_shuffle", "softmax"}
    assert found["variants"]["batch_norm"]["cause"] == "This base has no BatchNormalization, so nothing changes."
    assert "neither dropout nor BatchNormalization" in found["variants"]["training_true"]["cause"]
