"""The reader of torch checkpoints: exact on good files, and safe on hostile or damaged ones."""

import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from transfer_core.errors import WeightsError
from transfer_core.nn.backbones.torch_checkpoint import MAGIC, PROTOCOL, read_checkpoint

STORAGES = {
    "<f4": "FloatStorage",
    "<f2": "HalfStorage",
    "<f8": "DoubleStorage",
    "<i8": "LongStorage",
    "|b1": "BoolStorage",
}
SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


class Pointer(NamedTuple):
    """Stands for a storage in a pickle, as torch's persistent ids do."""

    pid: tuple[Any, ...]


class Tensor:
    """Pickles as torch pickles a tensor."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.pid if isinstance(value, Pointer) else None


@contextmanager
def pretend_torch() -> Iterator[types.ModuleType]:
    """Modules of torch's names, for as long as something is pickled by reference to them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in [*STORAGES.values()]:
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def rebuild(*_: Any) -> None: ...

    rebuild.__module__, rebuild.__name__, rebuild.__qualname__ = ("torch._utils", *["_rebuild_tensor_v2"] * 2)
    utils._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    kept = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules.update({"torch": torch, "torch._utils": utils})
    try:
        yield torch
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def dump(value: Any) -> bytes:
    file = io.BytesIO()
    Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def parts(arrays: dict[str, NDArray[Any]], offset: int = 0, grow: int = 0) -> list[bytes]:
    """The five pickles of a checkpoint and its data. Transposed arrays keep their strides, as torch's views do."""
    with pretend_torch() as torch:
        tensors, data = OrderedDict(), b""
        for key, (name, array) in enumerate(arrays.items()):
            flat = array.T.ravel() if array.flags.f_contiguous else array.ravel()
            pid = ("storage", getattr(torch, STORAGES[array.dtype.str]), str(key), "cpu", flat.size, None)
            strides = tuple(stride // array.itemsize for stride in array.strides)
            shape = tuple(size + grow for size in array.shape)
            tensors[name] = Tensor(Pointer(pid), offset, shape, strides, False, OrderedDict())
            data += struct.pack("<q", flat.size) + flat.tobytes()
        keys = [str(key) for key in range(len(arrays))]
        return [dump(MAGIC), dump(PROTOCOL), dump(SYSTEM), dump(tensors), dump(keys), data]


ARRAYS = {"conv.weight": np.arange(24, dtype="<f4").reshape(2, 3, 2, 2), "bn.count": np.array(7, "<i8")}


def read(data: bytes, folder: Path) -> dict[str, NDArray[Any]]:
    path = folder / "checkpoint.pth"
    path.write_bytes(data)
    return read_checkpoint(path)


any_array = st.sampled_from(sorted(STORAGES)).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@shared_folder
@given(st.dictionaries(st.text(max_size=8), any_array, max_size=4), st.booleans())
def test_what_was_written_is_read(tmp_path: Path, arrays: dict[str, NDArray[Any]], transposed: bool) -> None:
    arrays = {name: np.asfortranarray(array) if transposed else array for name, array in arrays.items()}
    found = read(b"".join(parts(arrays)), tmp_path)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


class Call:
    """Pickles as a call of a function of the standard library."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("place", range(5), ids=["magic", "protocol", "system", "tensors", "keys"])
def test_nothing_in_a_file_is_called(tmp_path: Path, place: int) -> None:
    proof = tmp_path / "called"
    pieces = parts(ARRAYS)
    pieces[place] = dump(Call(proof))
    pickle.loads(pieces[place])
    assert proof.exists(), "the ordinary unpickler does call it"
    proof.unlink()
    with pytest.raises(WeightsError, match="no state dict holds"):
        read(b"".join(pieces), tmp_path)
    assert not proof.exists()


@shared_folder
@given(st.data())
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    whole = b"".join(parts(ARRAYS))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(WeightsError, match="checkpoint"):
        read(whole[:cut], tmp_path)


@settings(shared_folder, max_examples=300)
@given(st.data())
def test_a_changed_byte_is_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(b"".join(parts(ARRAYS)))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(whole), tmp_path)
    except WeightsError:
        return
    assert sum(array.size for array in found.values()) <= len(whole)


@pytest.mark.parametrize("change", [{"offset": 1}, {"grow": 1}, {"offset": -1}, {"grow": 1 << 40}])
def test_a_tensor_outside_its_storage_is_refused(tmp_path: Path, change: dict[str, int]) -> None:
    with pytest.raises(WeightsError, match="tensor"):
        read(b"".join(parts({"a": ARRAYS["conv.weight"]}, **change)), tmp_path)


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    pieces = parts(ARRAYS)
    for bad, reason in (
        (b"", "checkpoint"),
        (b"PK\x03\x04 a zip", "older"),
        (b"".join([dump(1), *pieces[1:]]), "magic"),
        (b"".join([pieces[0], dump(2), *pieces[2:]]), "protocol"),
        (b"".join([*pieces[:2], dump({**SYSTEM, "little_endian": False}), *pieces[3:]]), "little-endian"),
        (b"".join([*pieces[:3], dump({"a": 1}), *pieces[4:]]), "tensors"),
    ):
        with pytest.raises(WeightsError, match=reason):
            read(bad, tmp_path)
    with pytest.raises(WeightsError, match="can't be read"):
        read_checkpoint(tmp_path / "absent.pth")
