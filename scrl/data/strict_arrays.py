"""Files of arrays (safetensors) from anywhere: opened, and checked against what they declare.

A file states its arrays' types and places in a header, which may lie. The header is checked first;
then types, shapes and ranges are checked against a schema, before any array is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.data.strict_json import strict_json

#: Bytes of a header, as the library reads; arrays in a file.
MAX_HEADER_BYTES, MAX_ARRAYS = 100_000_000, 10_000
_DTYPES = {
    "BOOL": "?", "U8": "<u1", "I8": "<i1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4",
    "I64": "<i8", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
#: Path -> what the array has to be, or several kinds of different numbers of axes.
Schema = Mapping[str, "Declared | tuple[Declared, ...]"]
#: Elements that are checked at once.
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Declared:
    """What an array in a file has to be.

    Attributes:
        kinds: of NumPy: ``"i"`` whole numbers, ``"f"`` numbers, ``"b"`` truths; a letter for each
            that is allowed.
        axes: a name for each axis, which has one length wherever it stands; ``"name+1"`` is one
            longer, ``"*"`` any length.
        low, high: bounds of the values, both included; the name of an axis for ``high`` stands
            for indices of it.
        nan, infinite: whether NaN and +∞ may stand there.
        rises: ``"weakly"`` or ``"strictly"`` where values never fall.
    """

    kinds: str
    axes: tuple[str, ...]
    low: float = -np.inf
    high: float | str = np.inf
    nan: bool = False
    infinite: bool = False
    rises: str = ""


def open_arrays(data: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The metadata and the arrays of a safetensors file; the arrays are views of its bytes.

    Raises:
        ValueError: a phrase that says what is wrong with it.
    """
    if len(data) < 8:
        raise ValueError("it is too short")
    length = int.from_bytes(data[:8], "little")
    if length > min(MAX_HEADER_BYTES, len(data) - 8):
        raise ValueError("its header is longer than the file")
    header = strict_json(data[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("its metadata are no texts")
    _check_places(header, len(data) - 8 - length)
    begin, arrays = 8 + length, {}
    for name, part in header.items():
        dtype, count = np.dtype(_DTYPES[part["dtype"]]), math.prod(part["shape"])
        place = begin + part["data_offsets"][0]
        flat = np.frombuffer(data, dtype, count, place) if count else np.empty(0, dtype)
        arrays[name] = flat.reshape(part["shape"])
    return metadata, arrays


def _check_places(header: Mapping[str, Any], size: int) -> None:
    """Refuse arrays of unknown types, or that overlap, leave a gap or lie outside the file."""
    if len(header) > MAX_ARRAYS:
        raise ValueError(f"it holds more than {MAX_ARRAYS:,} arrays")
    places = []
    for name, part in header.items():
        if not isinstance(part, dict) or part.keys() != {"dtype", "shape", "data_offsets"}:
            raise ValueError(f"the array {quoted(name)} is not declared as one")
        shape, place = part["shape"], part["data_offsets"]
        if not isinstance(part["dtype"], str) or part["dtype"] not in _DTYPES:
            raise ValueError(f"the array {quoted(name)} is of another type of number")
        lists = (shape, place)
        whole = all(
            isinstance(one, list) and all(type(n) is int and n >= 0 for n in one) for one in lists
        )
        if not whole or len(place) != 2 or len(shape) > 8:
            raise ValueError(f"the array {quoted(name)} has no shape and place")
        size_of_one = np.dtype(_DTYPES[part["dtype"]]).itemsize
        if math.prod(shape) * size_of_one != place[1] - place[0]:
            raise ValueError(f"the array {quoted(name)} has another size than its shape")
        places.append(tuple(place))
    end = 0
    for start, stop in sorted(places):
        if start != end:
            raise ValueError("its arrays overlap or leave a gap")
        end = stop
    if end != size:
        raise ValueError("its arrays are longer or shorter than the file")


def array_leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The path and the name of every array to which plain data refer (``dataclass_json``); the
    steps of a path are joined by points, and each index of a list is ``*``."""
    if isinstance(tree, Mapping):
        if tree.keys() == {"array"}:
            yield path[1:], str(tree["array"])
            return
        for key, value in tree.items():
            yield from array_leaves(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for value in tree:
            yield from array_leaves(value, f"{path}.*")


def check_tree(
    schema: Schema,
    tree: Any,
    arrays: Mapping[str, np.ndarray],
    sizes: dict[str, int],
) -> None:
    """Check every array to which plain data refer.

    Args:
        schema: what each array has to be, by its path.
        sizes: name of an axis -> its length, where it is known; those that are found are added.

    Raises:
        ValueError: a phrase that names the array and what is wrong with it.
    """
    found: list[tuple[str, str]] = list(array_leaves(tree))
    for path, name in found:
        if path not in schema:
            raise ValueError(f"{quoted(path)} is no array")
        if name not in arrays:
            raise ValueError(f"the array {quoted(path)} is not there")
    if arrays.keys() - {name for _, name in found}:
        raise ValueError("it holds arrays that nothing refers to")
    check_arrays(schema, [(path, arrays[name]) for path, name in found], sizes)


def check_arrays(
    schema: Schema, found: list[tuple[str, np.ndarray]], sizes: dict[str, int]
) -> None:
    """As ``check_tree``, for arrays by path; shapes first, then values."""
    declared = [_declared(schema[path], array) for path, array in found]
    for (path, array), wanted in zip(found, declared, strict=True):
        _check_shape(path, array, wanted, sizes)
    for (path, array), wanted in zip(found, declared, strict=True):
        _check_values(path, array, wanted, sizes)


def _declared(wanted: Declared | tuple[Declared, ...], array: np.ndarray) -> Declared:
    """Of several declarations, that of the array's number of axes."""
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    return next((one for one in several if len(one.axes) == array.ndim), several[0])


def _check_shape(path: str, array: np.ndarray, wanted: Declared, sizes: dict[str, int]) -> None:
    kind = {"u": "i"}.get(array.dtype.kind, array.dtype.kind)
    if kind not in wanted.kinds:
        raise ValueError(f"the array {quoted(path)} is of another type of number")
    if array.ndim != len(wanted.axes):
        raise ValueError(f"the array {quoted(path)} has {array.ndim} axes, not {len(wanted.axes)}")
    for axis, length in zip(wanted.axes, array.shape, strict=True):
        name, _, more = axis.partition("+")
        known = sizes.setdefault(name, length - int(more or 0)) if name != "*" else length
        if name != "*" and (known + int(more or 0) != length or known < 0):
            raise ValueError(
                f"the array {quoted(path)} has the shape {array.shape}, which does not fit the "
                f"{known:,} {name}"
            )


def _check_values(path: str, array: np.ndarray, wanted: Declared, sizes: dict[str, int]) -> None:
    high = wanted.high
    bound = sizes.get(high, 0) - 1 if isinstance(high, str) else high
    flat, last = array.reshape(-1), None
    for start in range(0, len(flat), _BLOCK):
        part = flat[start : start + _BLOCK]
        if part.dtype.kind == "b":
            continue
        if part.dtype.kind == "f":
            known = part[~np.isnan(part)] if wanted.nan else part
            bad = ~np.isfinite(known) & ~((known == np.inf) & wanted.infinite)
            if bad.any():
                raise ValueError(
                    f"the array {quoted(path)} holds {known[bad][0]}, which is no finite number"
                )
            # As doubles, since a bound may be larger than what a short float can hold.
            part = known[np.isfinite(known)].astype(np.float64)
        outside = (part < wanted.low) | (part > bound)
        if outside.any():
            raise ValueError(
                f"the array {quoted(path)} holds {part[outside][0]}, outside {wanted.low:g} to "
                f"{bound:g}"
            )
        if wanted.rises and len(part):
            step = np.diff(part if last is None else np.r_[last, part])
            if (step < (1 if wanted.rises == "strictly" else 0)).any():
                raise ValueError(f"the array {quoted(path)} does not rise {wanted.rises}")
            last = part[-1]
