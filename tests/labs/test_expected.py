"""How long each lab says it will take: one estimate, of this machine, this base and these photos."""

import pytest

from tests.support import workspace
from transfer_core.backbones.cost import record_speed
from transfer_core.labs import KINDS
from transfer_core.labs.experiment import expected_seconds
from transfer_core.labs.sanity.settings import Settings as Sanity
from transfer_core.labs.sweep.settings import Settings as Sweep
from transfer_core.photos.manifest import Manifest, ManifestPhoto


def photos(count: int) -> Manifest:
    """Two classes, a fifth of the photos to check on."""
    return Manifest(
        ("cat", "dog"),
        tuple(
            ManifestPhoto(f"{n:064x}", f"/{n}.jpg", f"{n}.jpg", n % 2, "train" if n % 5 else "validation")
            for n in range(count)
        ),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_lab_says_how_long_it_takes_before_it_starts(thaw_home: object, kind: str) -> None:
    seconds = expected_seconds(kind, workspace(), "efficientnet-lite0", photos(200))
    assert seconds is not None and 3 < seconds < 900
    # A slower base, a slower machine and more photos all take longer, unless a person sets the time.
    larger = expected_seconds(kind, workspace(), "vgg16", photos(200))
    more = expected_seconds(kind, workspace(), "efficientnet-lite0", photos(2000))
    assert larger is not None and more is not None
    if kind == "sweep":
        assert seconds == larger == more == 60 * Sweep().budget
        return
    assert more >= seconds and (larger > seconds or kind == "knowledge")  # there the same base always answers
    record_speed(workspace(), "EfficientNet-Lite0", "forward", 1e9, 10.0)
    slower = expected_seconds(kind, workspace(), "efficientnet-lite0", photos(200))
    assert slower is not None and slower > seconds


def test_the_settings_count(thaw_home: object) -> None:
    few = expected_seconds("sanity", workspace(), "vgg16", photos(200), Sanity(mistakes=(), epochs=1))
    usual = expected_seconds("sanity", workspace(), "vgg16", photos(200))
    assert few is not None and usual is not None and few < usual / 20
