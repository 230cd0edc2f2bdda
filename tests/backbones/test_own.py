"""The name of a network that somebody brought says all that is needed without its file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.backbones.catalog import BASES, get_base
from transfer_core.backbones.own import own_base, own_name
from transfer_core.errors import ConfigError


@given(st.text(max_size=80), st.integers(16, 1024), st.binary(min_size=32, max_size=32))
def test_whatever_it_is_called_its_name_is_a_path_that_tells_its_size(title: str, size: int, digest: bytes) -> None:
    name = own_name(title, size, digest.hex())
    base = own_base(name)
    assert base is not None and base.input_size == base.minimum_size == size and base.title
    assert name.isascii() and "/" not in name and "." not in name and len(name) < 70
    assert get_base(name) == base and base.weights.filename == f"own/{name}/base.keras"


def test_other_names_are_none_of_them() -> None:
    assert all(own_base(base.name) is None for base in BASES)
    for name in ("own", "own-x", "own-x-32-0123", "own-../x-32-01234567", "own-x-32-01234567/..", "own-X-32-01234567"):
        assert own_base(name) is None
    with pytest.raises(ConfigError, match="There is no base 'own-x'"):
        get_base("own-x")
