"""Reads a torch checkpoint of the older, non-zip form into NumPy arrays: without torch, and without running its code.

The form (torch/serialization.py, `_legacy_save`): four pickles (a magic number, the protocol, facts on the system, the
state dict), a pickled list of storage keys, then for each key an int64 element count and the raw little-endian data.
A pickle may name any Python object to call; every one here is read by an unpickler that knows only what state dicts
consist of.
"""

import math
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.errors import WeightsError

__all__ = ["read_checkpoint"]

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001

_TYPES: dict[str, np.dtype[Any]] = {
    "HalfStorage": np.dtype("<f2"),
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "ByteStorage": np.dtype("u1"),
    "CharStorage": np.dtype("i1"),
    "ShortStorage": np.dtype("<i2"),
    "IntStorage": np.dtype("<i4"),
    "LongStorage": np.dtype("<i8"),
    "BoolStorage": np.dtype("?"),
}

# What the standard library says unpickling may raise on damaged data, and what the checks below raise.
_DAMAGE = (
    pickle.UnpicklingError,
    struct.error,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class _Storage:
    dtype: np.dtype[Any]
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(tensor: _Tensor, *_: Any) -> _Tensor:
    return tensor


class _StateDictUnpickler(pickle.Unpickler):
    """Knows ordered dictionaries, tensors, parameters and storages; refuses any other name."""

    _KNOWN: dict[tuple[str, str], Any] = {  # noqa: RUF012 - a table, never changed
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    }

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        try:
            return self._KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no state dict holds") from None

    def persistent_load(self, pid: Any) -> _Storage:
        tag, dtype, key, _location, count, view = pid
        if tag != "storage" or view is not None or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"it holds a reference of an unknown kind: {tag!r}")
        return _Storage(dtype, str(key), int(count))


def read_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """Read a state dict.

    Args:
        path: a checkpoint of the older form, as `torch.save` wrote it before version 1.6.

    Returns:
        Arrays by name in the order of the file, in torch's layouts: convolutions (out, in, height, width), dense
        layers (out, in).

    Raises:
        WeightsError: the file can't be opened, is of another form, is damaged, or names objects that a state dict
            does not hold.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except OSError as error:
        raise WeightsError(
            "The weights file {path} can't be read: {strerror}.", path=path, strerror=error.strerror
        ) from error
    except _DAMAGE as error:
        raise WeightsError(
            "{path} is not a readable torch checkpoint of the older (non-zip) form: {reason}. "
            "Fetch it again, or choose other weights.",
            path=path,
            reason=error or type(error).__name__,
        ) from error


def _read(file: IO[bytes], size: int) -> dict[str, NDArray[Any]]:
    def unpickle() -> Any:
        return _StateDictUnpickler(file).load()

    if unpickle() != MAGIC:
        raise ValueError("it does not begin with torch's magic number")
    if unpickle() != PROTOCOL:
        raise ValueError("it has an unknown protocol version")
    system = unpickle()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ValueError("its data is not little-endian")
    tensors = unpickle()
    if not isinstance(tensors, dict) or not all(isinstance(value, _Tensor) for value in tensors.values()):
        raise ValueError("it does not hold a plain dictionary of tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    data: dict[str, NDArray[Any]] = {}
    for key in unpickle():
        storage = storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        # The count is checked against the file before anything of that size is asked for.
        if count != storage.count or not 0 <= count * storage.dtype.itemsize <= size - file.tell():
            raise ValueError(f"storage {key} is cut short or has another length than its tensors say")
        data[key] = np.frombuffer(file.read(count * storage.dtype.itemsize), storage.dtype)
    return {str(name): _view(data[tensor.storage.key], tensor) for name, tensor in tensors.items()}


def _view(data: NDArray[Any], tensor: _Tensor) -> NDArray[Any]:
    """The tensor's values out of its storage, copied."""
    if len(tensor.shape) != len(tensor.strides) or min((tensor.offset, *tensor.shape, *tensor.strides)) < 0:
        raise ValueError("a tensor has an impossible shape")
    # as_strided trusts its caller: a tensor that reaches outside its storage would read foreign memory.
    last = tensor.offset + sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.strides, strict=True))
    count = math.prod(tensor.shape)
    if count and (last >= len(data) or count > len(data)):
        raise ValueError("a tensor reaches outside its storage")
    itemsize = data.itemsize
    strides = [stride * itemsize for stride in tensor.strides]
    values: NDArray[Any] = np.lib.stride_tricks.as_strided(data[tensor.offset :], tensor.shape, strides)
    return np.array(values)
